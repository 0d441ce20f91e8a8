/**
 * Standard error as people see it: lines that stay, and below them a few live ones that are drawn again in place.
 * Where nothing can be redrawn (a pipe, a dumb terminal) live lines do not appear.
 */
import { type ColorMode, canRedraw, chooseStyle, knowsUnicode, type Style } from './style.ts'
import { displayWidth } from './width.ts'

/** What a screen needs of `process.stderr`. */
export interface ScreenStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

/** Terminals that do not tell their width get this one. */
const COLUMNS = 80
const ROWS = 24

export class Screen {
  readonly style: Style
  readonly unicode: boolean
  /** Live lines can be shown. */
  readonly live: boolean
  readonly #stream: ScreenStream
  /** The live lines on the screen now, as widths: where a resize wrapped them, they take more rows. */
  #drawn: number[] = []

  constructor(stream: ScreenStream, color: ColorMode, env: NodeJS.ProcessEnv = process.env) {
    this.#stream = stream
    this.live = canRedraw(stream.isTTY === true, env)
    this.style = chooseStyle(color, stream.isTTY === true, env)
    this.unicode = knowsUnicode(env, process.platform)
  }

  get columns(): number {
    return Math.max(20, this.#stream.columns ?? COLUMNS)
  }

  get rows(): number {
    return Math.max(4, this.#stream.rows ?? ROWS)
  }

  /** Prints a line that stays, above the live ones. */
  print(line: string): void {
    this.#stream.write(`${this.#erase()}${line}\n`)
  }

  /** Shows these lines in place of the live ones before; each must fit into the columns. */
  draw(lines: readonly string[]): void {
    if (!this.live) return
    const body = lines.map(line => `${line}\x1b[K`).join('\n')
    const home = this.#home()
    this.#drawn = lines.map(line => displayWidth(stripSgr(line)))
    // The cursor waits in the first column: the ^C that a terminal echoes must not wrap the line.
    this.#stream.write(`${home}${body}\x1b[J\r`)
  }

  /** Takes the live lines away. */
  clear(): void {
    const erase = this.#erase()
    if (erase !== '') this.#stream.write(erase)
  }

  #erase(): string {
    if (this.#drawn.length === 0) return ''
    const erase = `${this.#home()}\x1b[J`
    this.#drawn = []
    return erase
  }

  /** To the first column of the first live row. */
  #home(): string {
    if (this.#drawn.length === 0) return ''
    const columns = this.columns
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    return rows > 1 ? `\r\x1b[${rows - 1}A` : '\r'
  }
}

function stripSgr(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
  return text.replace(/\x1b\[\d+m/g, '')
}
