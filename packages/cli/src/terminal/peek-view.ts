/**
 * What `shoal peek` sees, for people: answers of trackers and peers, then the dialogue with one of them, the words of
 * each message beside its bytes. Pure: events go in, lines come out.
 *
 *     → handshake  68 bytes  0.012 s
 *       BitTorrent, for torrent        13 42 69 74 54 6f 72 72 65 6e 74 20 70 72 6f 74
 *       2072a6…, we are -SH0100-       6f 63 6f 6c 00 00 00 00 00 10 00 05 20 72 a6 95
 */
import type { PeekEvent, PeekMessage } from '@shoal/engine'
import { formatCount, plural } from '../format.ts'
import { safeText } from './safe-text.ts'
import type { Look } from './transfer-view.ts'
import { displayWidth, padEnd, truncateEnd, wrap } from './width.ts'

/** Bytes in a row, with enough columns; half of it without. */
const ROW_BYTES = 16
/** From here words and bytes stand side by side. */
const BESIDE_COLUMNS = 76
/** Of messages of one kind in a row, so many are shown. */
const ALIKE_SHOWN = 2
const INDENT = '  '

export class PeekView {
  readonly #look: Look
  #section: PeekEvent['kind'] | undefined
  /** Messages of one kind in a row, so far. */
  #run: { readonly kind: string; count: number } = { kind: '', count: 0 }

  constructor(look: Look) {
    this.#look = look
  }

  /** The lines that an event adds, a heading where a new part begins. */
  render(event: PeekEvent): string[] {
    const kind = event.kind === 'message' ? `${event.direction} ${event.name}` : ''
    const repeats = kind !== '' && kind === this.#run.kind
    if (repeats && ++this.#run.count > ALIKE_SHOWN) return []
    const hidden = repeats ? 0 : this.#run.count - ALIKE_SHOWN
    if (!repeats) this.#run = { kind, count: 1 }
    const more = hidden > 0 ? [`${INDENT}… ${hidden} more like it`] : []
    const heading = this.#section === event.kind ? [] : this.#heading(event)
    this.#section = event.kind
    return [...more, ...heading, ...this.#body(event)]
  }

  #heading(event: PeekEvent): string[] {
    const gap = this.#section === undefined ? [] : ['']
    switch (event.kind) {
      case 'tracker':
        return [...gap, this.#look.style.bold('Trackers')]
      case 'peer':
        return [...gap, this.#look.style.bold('Peers')]
      case 'message':
        return [
          ...gap,
          this.#look.style.bold('Dialogue'),
          `${INDENT}${this.#arrow('out')} from us, ${this.#arrow('in')} to us`,
        ]
      case 'block': {
        const { piece, begin, bytes } = event
        const about = `piece ${piece}, byte ${begin}: ${plural(bytes.length, 'byte')} from ${event.address}`
        const lines = wrap(about, this.#look.columns - 1 - INDENT.length)
        return [...gap, this.#look.style.bold('Block'), ...lines.map(line => INDENT + line)]
      }
      case 'gave-up':
        return gap
    }
  }

  #body(event: PeekEvent): string[] {
    const { style } = this.#look
    switch (event.kind) {
      case 'tracker':
        return this.#answer(safeText(event.url), event.outcome.ok, trackerWords(event.outcome))
      case 'peer': {
        const { outcome } = event
        const words = outcome.ok ? (outcome.chosen ? 'chosen' : 'would do, too') : safeText(outcome.reason)
        const who = event.client === undefined ? '' : safeText(event.client)
        return this.#answer(event.address, outcome.ok, who === '' ? words : `${who}: ${words}`)
      }
      case 'message':
        return this.#message(event)
      case 'block':
        return hexDump(event.bytes, this.#look)
      case 'gave-up':
        return [style.bad(`No block: ${safeText(event.reason)}`)]
    }
  }

  /** Who, and what came of it: in one line, or where that is too long in two. */
  #answer(who: string, ok: boolean, words: string): string[] {
    const { columns, style } = this.#look
    const room = columns - 1 - INDENT.length
    const paint = (text: string): string => (ok ? text : style.warn(text))
    const column = 24
    if (displayWidth(who) <= column && column + 2 + displayWidth(words) <= room)
      return [`${INDENT}${padEnd(who, column)}  ${paint(words)}`]
    if (displayWidth(who) + 2 + displayWidth(words) <= room) return [`${INDENT}${who}  ${paint(words)}`]
    const lines = wrap(words, room - INDENT.length).map(line => `${INDENT}${INDENT}${paint(line)}`)
    return [`${INDENT}${truncateEnd(who, room)}`, ...lines]
  }

  #message(message: PeekMessage): string[] {
    const { columns, style } = this.#look
    const at = `${(message.atMs / 1000).toFixed(3)} s`
    const size = plural(message.totalBytes, 'byte')
    const head = `${this.#arrow(message.direction)} ${style.bold(safeText(message.name))}  ${style.dim(`${size}  ${at}`)}`
    // The name stands above already.
    const words = safeText(message.text).replace(` (${safeText(message.name)})`, '')
    const beside = columns > BESIDE_COLUMNS
    const rowBytes = beside || columns > ROW_BYTES * 3 + 4 ? ROW_BYTES : ROW_BYTES / 2
    const hexColumns = rowBytes * 3 - 1
    const rows = hexRows(message.bytes, rowBytes)
    if (message.totalBytes > message.bytes.length)
      rows.push(`… ${formatCount(message.totalBytes - message.bytes.length)} more`)
    if (!beside) {
      const lines = words === '' ? [] : wrap(words, columns - 1 - INDENT.length)
      return [head, ...lines.map(line => INDENT + line), ...rows.map(row => INDENT + style.accent(row))]
    }
    const wordColumns = columns - 1 - INDENT.length * 2 - hexColumns
    const lines = wrap(words, wordColumns)
    const body = Array.from({ length: Math.max(lines.length, rows.length) }, (_, row) => {
      const line = `${INDENT}${padEnd(lines[row] ?? '', wordColumns)}${INDENT}${style.accent(rows[row] ?? '')}`
      return line.trimEnd()
    })
    return [head, ...body]
  }

  #arrow(direction: 'in' | 'out'): string {
    const { style, unicode } = this.#look
    if (direction === 'out') return style.good(unicode ? '→' : '>')
    return style.accent(unicode ? '←' : '<')
  }
}

/** `0010  13 42 69 …  .Bi…`, as wide as fits. */
function hexDump(bytes: Uint8Array, look: Look): string[] {
  const rowBytes = look.columns >= 78 ? ROW_BYTES : ROW_BYTES / 2
  const withText = look.columns >= INDENT.length + 8 + rowBytes * 4 + 4
  return hexRows(bytes, rowBytes).map((hex, row) => {
    const at = row * rowBytes
    const text = look.style.dim(printable(bytes.subarray(at, at + rowBytes)))
    const tail = withText ? `  ${' '.repeat(rowBytes * 3 - 1 - hex.length)}${text}` : ''
    return `${INDENT}${look.style.dim(at.toString(16).padStart(4, '0'))}  ${look.style.accent(hex)}${tail}`
  })
}

function hexRows(bytes: Uint8Array, rowBytes: number): string[] {
  const rows: string[] = []
  for (let at = 0; at < bytes.length; at += rowBytes)
    rows.push(
      Array.from(bytes.subarray(at, at + rowBytes), byte => byte.toString(16).padStart(2, '0')).join(' '),
    )
  return rows
}

function printable(bytes: Uint8Array): string {
  return Array.from(bytes, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
}

function trackerWords(outcome: Extract<PeekEvent, { kind: 'tracker' }>['outcome']): string {
  if (!outcome.ok) return safeText(outcome.error.message)
  const { peers, seeders, leechers } = outcome
  const known =
    seeders === undefined ? '' : ` (knows ${plural(seeders, 'seed')}, ${plural(leechers ?? 0, 'other')})`
  return `${plural(peers, 'peer')}${known}`
}
