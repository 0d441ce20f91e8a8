/** Colours and whether to use them: --color, then NO_COLOR and FORCE_COLOR, then what the stream is. */

export type ColorMode = 'auto' | 'always' | 'never'

export interface Style {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
  warn(text: string): string
  accent(text: string): string
}

export const PLAIN: Style = { bold: same, dim: same, good: same, bad: same, warn: same, accent: same }

const ANSI: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  good: sgr(32, 39),
  bad: sgr(31, 39),
  warn: sgr(33, 39),
  accent: sgr(36, 39),
}

type Env = Readonly<Record<string, string | undefined>>

export function chooseStyle(mode: ColorMode, isTerminal: boolean, env: Env): Style {
  return wantsColor(mode, isTerminal, env) ? ANSI : PLAIN
}

/** Whether lines can be drawn again where they are. */
export function canRedraw(isTerminal: boolean, env: Env): boolean {
  return isTerminal && env.TERM !== 'dumb' && !env.CI
}

/** Whether the terminal is likely to know more than ASCII. */
export function knowsUnicode(env: Env, platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return Boolean(env.WT_SESSION || env.TERM_PROGRAM || env.TERM)
  if (env.TERM === 'linux' || env.TERM === 'dumb') return false
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')
}

function wantsColor(mode: ColorMode, isTerminal: boolean, env: Env): boolean {
  if (mode !== 'auto') return mode === 'always'
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return !/^(0|false)$/.test(env.FORCE_COLOR)
  return isTerminal && env.TERM !== 'dumb'
}

function same(text: string): string {
  return text
}

function sgr(on: number, off: number): (text: string) => string {
  return text => `\x1b[${on}m${text}\x1b[${off}m`
}
