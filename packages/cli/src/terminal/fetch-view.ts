/**
 * Magnet links of which peers are still to tell what is in them, as lines. Pure: from figures and a width to text.
 *
 *     debian.iso: asking 2 trackers and the DHT (57 nodes)
 */
import { formatBytes, plural } from '../format.ts'
import { safeText } from './safe-text.ts'
import type { Look } from './transfer-view.ts'
import { truncateEnd, truncateMiddle } from './width.ts'

/** What is shown of one: the library's progress has all of it but the DHT. */
export interface FetchFigures {
  readonly infoHash: string
  readonly name?: string | undefined
  readonly connections: { readonly connected: number; readonly connecting: number; readonly known: number }
  /** Of the description. */
  readonly bytes?: number | undefined
  readonly totalBytes?: number | undefined
  readonly trackers: readonly {
    readonly url: string
    readonly state: string
    readonly message?: string | undefined
  }[]
  /** Undefined without DHT. */
  readonly dhtNodes?: number | undefined
}

/** At most `rows` lines, one each. */
export function renderFetches(figures: readonly FetchFigures[], rows: number, look: Look): string[] {
  const room = look.columns - 1
  const shown = figures.length > rows ? figures.slice(0, rows - 1) : figures
  const nameColumns = Math.max(10, Math.min(36, Math.floor(room * 0.4)))
  const lines = shown.map(each => {
    const name = truncateMiddle(fetchName(each), nameColumns)
    return truncateEnd(`${name}: ${describeFetch(each)}`, room)
  })
  const hidden = figures.length - shown.length
  if (hidden > 0) lines.push(look.style.dim(truncateEnd(`and ${plural(hidden, 'magnet link')} more`, room)))
  return lines
}

/** One in one line, for logs. */
export function plainFetch(figures: FetchFigures): string {
  return `${fetchName(figures)}: ${describeFetch(figures)}`
}

/** What the link calls it, or its info-hash. */
export function fetchName({ name, infoHash }: Pick<FetchFigures, 'name' | 'infoHash'>): string {
  return name === undefined ? infoHash : safeText(name)
}

/** What is going on: the step that is furthest on the way. */
export function describeFetch(figures: FetchFigures): string {
  const { bytes = 0, totalBytes, connections } = figures
  if (totalBytes !== undefined && totalBytes > 0)
    return `fetching the description (${formatBytes(bytes)} of ${formatBytes(totalBytes)})`
  if (connections.connected > 0) return `asking ${plural(connections.connected, 'peer')} for the description`
  if (connections.connecting > 0) return `connecting to ${plural(connections.connecting, 'peer')}`
  const asked = askedForPeers(figures)
  if (connections.known > 0) {
    const others = asked === undefined ? '' : `, asking ${asked} for more`
    return `${plural(connections.known, 'peer')} known, none connected${others}`
  }
  return asked === undefined ? whyNobody(figures) : `asking ${asked} for peers`
}

/** `2 trackers and the DHT (57 nodes)` */
function askedForPeers({ trackers, dhtNodes }: FetchFigures): string | undefined {
  const announcing = trackers.filter(({ state }) => state === 'announcing' || state === 'idle').length
  const asked: string[] = []
  if (announcing > 0) asked.push(announcing === 1 ? 'the tracker' : `${announcing} trackers`)
  if (dhtNodes !== undefined) asked.push(`the DHT (${plural(dhtNodes, 'node')})`)
  return asked.length === 0 ? undefined : asked.join(' and ')
}

function whyNobody({ trackers }: FetchFigures): string {
  if (trackers.length === 0) return 'nobody to ask, as no trackers and no peers are named'
  const failed = trackers.find(({ state }) => state === 'failed')
  if (failed === undefined)
    return `${trackers.length === 1 ? 'the tracker knows' : 'the trackers know'} no peers`
  const what = failed.message === undefined ? '' : `: ${safeText(failed.message)}`
  return `${trackers.length === 1 ? 'the tracker does not answer' : 'trackers do not answer'}${what}`
}
