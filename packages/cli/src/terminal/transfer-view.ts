/**
 * Torrents on their way, as lines that fit a terminal. Pure: from figures and a width to text.
 *
 *     ━━━━━━━━━━━━━──────────  57.3 %  1.15 of 2.00 GB   12.4 MB/s  1 min 9 s left  14 peers
 *     slow: all 14 peers choke us
 */
import { formatBytes, formatPercent, formatRate, formatRatio, formatWholeSeconds, plural } from '../format.ts'
import { safeText } from './safe-text.ts'
import type { Style } from './style.ts'
import { displayWidth, padEnd, padStart, truncateEnd, truncateMiddle, wrap } from './width.ts'

/** What is shown of a torrent: its snapshot has all of it, and so has a `progress` event of `--json`. */
export interface TransferFigures {
  readonly name: string
  readonly state: 'stopped' | 'checking' | 'downloading' | 'seeding' | 'error'
  readonly error?: { readonly message: string } | undefined
  readonly wantedBytes: number
  readonly haveBytes: number
  readonly checkedFraction: number
  readonly uploadedBytes: number
  readonly downloadRate: number
  readonly uploadRate: number
  readonly etaSeconds?: number | undefined
  readonly ratio: number
  readonly connections: { readonly connected: number; readonly connecting: number; readonly known: number }
  readonly why?: { readonly text: string } | undefined
}

export interface Look {
  readonly columns: number
  readonly unicode: boolean
  readonly style: Style
}

const BAR_COLUMNS = 30
const LEAST_BAR_COLUMNS = 8
const PERCENT_COLUMNS = 6
const RATE_COLUMNS = 9

/** One torrent in one or two lines, several in one each with a total; at most `rows` lines. */
export function renderTransfers(figures: readonly TransferFigures[], rows: number, look: Look): string[] {
  const only = figures[0]
  if (only === undefined) return []
  if (figures.length === 1) return renderOne(only, look)
  const moving = figures.filter(each => each.state !== 'seeding' && each.state !== 'stopped')
  const others = moving.length === 0 ? figures : moving
  const shown = others.slice(0, Math.max(1, rows - 1))
  return [...shown.map(each => renderRow(each, look)), renderTotal(figures, shown.length, look)]
}

/** One torrent in one line, for logs: no bar, no colour, no padding. */
export function plainLine(figures: TransferFigures): string {
  const name = safeText(figures.name)
  const why = whyOf(figures)
  const facts = [headline(figures), ...factsOf(figures).map(fact => fact.text)]
  return `${name}: ${facts.join(', ')}${why ? ` (${safeText(why.text)})` : ''}`
}

function renderOne(figures: TransferFigures, look: Look): string[] {
  const line = renderBarLine(figures, look)
  const why = whyOf(figures)
  if (!why) return [line]
  const [first = '', ...rest] = wrap(safeText(why.text), look.columns - 1)
  const second = rest.length === 0 ? [] : [truncateEnd(rest.join(' '), look.columns - 1)]
  return [line, ...[first, ...second].map(look.style.warn)]
}

/** A seed that nobody wants anything of is as it should be, and a check tells its progress already. */
function whyOf({ state, why }: TransferFigures): TransferFigures['why'] {
  return state === 'downloading' || state === 'error' ? why : undefined
}

function renderBarLine(figures: TransferFigures, look: Look): string {
  const room = look.columns - 1
  if (figures.state === 'error') {
    const text = `error: ${safeText(figures.error?.message ?? 'unknown')}`
    return look.style.bad(truncateEnd(text, room))
  }
  const head = headline(figures)
  const barColumns = hasBar(figures) ? LEAST_BAR_COLUMNS + 1 : 0
  const facts = fit(factsOf(figures), room - barColumns - Math.max(PERCENT_COLUMNS, head.length))
  if (barColumns === 0) return truncateEnd([head, ...facts].join('  '), room)
  const text = [padStart(head, PERCENT_COLUMNS), ...facts].join('  ')
  const columns = Math.min(BAR_COLUMNS, room - displayWidth(text) - 1)
  return `${bar(fractionOf(figures), columns, look)} ${text}`
}

function renderRow(figures: TransferFigures, look: Look): string {
  const room = look.columns - 1
  const nameColumns = Math.max(10, Math.min(36, Math.floor(room * 0.4)))
  const name = padEnd(truncateMiddle(safeText(figures.name), nameColumns), nameColumns)
  if (figures.state === 'error') {
    const text = safeText(figures.error?.message ?? 'error')
    return `${name} ${look.style.bad(truncateEnd(text, room - nameColumns - 1))}`
  }
  const head = padStart(headline(figures), PERCENT_COLUMNS)
  const left = room - nameColumns - 1 - head.length
  const reason = figures.downloadRate === 0 ? whyOf(figures) : undefined
  const why = reason ? truncateEnd(safeText(reason.text), left - 2) : ''
  const tail =
    why === ''
      ? fit(factsOf(figures), left)
          .map(fact => `  ${fact}`)
          .join('')
      : `  ${look.style.warn(why)}`
  return `${name} ${head}${tail}`
}

function renderTotal(figures: readonly TransferFigures[], shown: number, look: Look): string {
  const sum = (of: (each: TransferFigures) => number): number =>
    figures.reduce((total, each) => total + of(each), 0)
  const complete = figures.filter(
    each => each.haveBytes >= each.wantedBytes && each.state !== 'checking',
  ).length
  const down = sum(each => each.downloadRate)
  const up = sum(each => each.uploadRate)
  const facts = [`${complete} of ${figures.length} complete`, formatRate(down)]
  if (up > 0) facts.push(`${formatRate(up)} up`)
  const hidden = figures.length - complete - shown
  if (hidden > 0) facts.push(`${hidden} more not shown`)
  return look.style.dim(truncateEnd(facts.join('  '), look.columns - 1))
}

/** What comes first: how far it is, or what it does when that is not a matter of how far. */
function headline(figures: TransferFigures): string {
  if (figures.state === 'error') return 'error'
  if (figures.state === 'stopped') return 'stopped'
  if (figures.state === 'seeding') return 'sharing'
  if (figures.state === 'checking') return `checking ${formatPercent(figures.checkedFraction)}`
  return formatPercent(fractionOf(figures))
}

function hasBar(figures: TransferFigures): boolean {
  return figures.state === 'checking' || figures.state === 'downloading'
}

function fractionOf(figures: TransferFigures): number {
  if (figures.state === 'checking') return figures.checkedFraction
  return figures.wantedBytes === 0 ? 1 : figures.haveBytes / figures.wantedBytes
}

interface Fact {
  readonly text: string
  /** Where there is less room. */
  readonly short?: string
  /** Columns that it always takes, so that what follows does not jump. */
  readonly columns?: number
  /** The highest goes first when there is no room. */
  readonly dispensable: number
}

function factsOf(figures: TransferFigures): Fact[] {
  const { connections } = figures
  const peers = { text: plural(connections.connected, 'peer'), dispensable: 2 }
  if (figures.state === 'seeding') {
    const sent = `${formatBytes(figures.uploadedBytes)} sent, ratio ${formatRatio(figures.ratio)}`
    return [
      { text: `${formatRate(figures.uploadRate)} up`, dispensable: 0 },
      { text: sent, dispensable: 3 },
      peers,
    ]
  }
  if (figures.state !== 'downloading') return []
  const facts: Fact[] = [
    { text: amount(figures.haveBytes, figures.wantedBytes), dispensable: 3 },
    { text: formatRate(figures.downloadRate), columns: RATE_COLUMNS, dispensable: 0 },
  ]
  if (figures.etaSeconds !== undefined) {
    const text = `${formatWholeSeconds(figures.etaSeconds)} left`
    facts.push({ text, short: text.replace(/^(\S+ \S+) .*(?= left)/, '$1'), dispensable: 1 })
  }
  facts.push(
    connections.connected === 0 && connections.known === 0 ? { text: 'no peers', dispensable: 2 } : peers,
  )
  return facts
}

/** `1.15 of 2.00 GB`: the unit once where it is the same. */
function amount(have: number, wanted: number): string {
  const total = formatBytes(wanted)
  const part = formatBytes(have)
  const unit = total.slice(total.indexOf(' '))
  return `${part.endsWith(unit) ? part.slice(0, -unit.length) : part} of ${total}`
}

/** The facts that fit: what is dispensable is shortened, then left out. */
function fit(facts: readonly Fact[], room: number): string[] {
  let kept = facts.map(fact => ({ ...fact, text: padStart(fact.text, fact.columns ?? 0) }))
  const width = (): number => kept.reduce((sum, fact) => sum + 2 + displayWidth(fact.text), 0)
  while (kept.length > 0 && width() > room) {
    const worst = kept.reduce((most, fact) => (fact.dispensable > most.dispensable ? fact : most))
    if (worst.short !== undefined && worst.short !== worst.text) worst.text = worst.short
    else kept = kept.filter(fact => fact !== worst)
  }
  return kept.map(fact => fact.text)
}

/** The bar alone; nothing where there is no room for one. */
export function bar(fraction: number, columns: number, look: Look): string {
  if (columns < 1) return ''
  const [full, empty] = look.unicode ? ['━', '─'] : ['#', '.']
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * columns + 1e-9)
  return look.style.accent(full.repeat(filled)) + look.style.dim(empty.repeat(columns - filled))
}
