/** Trackers as Transmission shows them, and how a list of them is edited. */
import type { TrackerRow } from '../contract/index.ts'
import type { Arguments } from './arguments.ts'
import { CODE, RpcFailure } from './failure.ts'

/** Of Transmission: not asked, waits for its time, being asked. (2 is queued.) */
const STATE = { inactive: 0, waiting: 1, active: 3 } as const
const SUCCESS = 'Success'
/** As many lines as an edited list may have. */
const MAX_TRACKERS = 10_000

export type Tiers = readonly (readonly string[])[]

export function trackersOf(trackers: readonly TrackerRow[]): readonly object[] {
  return trackers.map(({ url, tier }, id) => ({
    announce: url,
    id,
    scrape: scrapeUrl(url),
    sitename: siteName(url),
    tier,
  }))
}

export function trackerStats(
  trackers: readonly TrackerRow[],
  { running, now }: { readonly running: boolean; readonly now: number },
): readonly object[] {
  return trackers.map((tracker, id) => {
    const { url, tier, state, message, seeds, peers, received, lastAnnounceAt, nextAnnounceSeconds } = tracker
    // While it is asked again, what it has to say for itself is what was wrong the last time.
    const succeeded =
      state === 'ok' || (state === 'announcing' && lastAnnounceAt !== null && message === null)
    const isDue = running && nextAnnounceSeconds !== null
    const next = isDue ? Math.round(now + nextAnnounceSeconds) : 0
    const last = lastAnnounceAt ?? 0
    // Shoal learns what a tracker counts by announcing: that stands in for asking about it.
    const counted = seeds !== null || peers !== null
    return {
      announce: url,
      announceState:
        running && state === 'announcing' ? STATE.active : isDue ? STATE.waiting : STATE.inactive,
      downloadCount: -1,
      downloaderCount: -1,
      hasAnnounced: lastAnnounceAt !== null,
      hasScraped: counted,
      host: hostOf(url),
      id,
      // In a tier the one that answers is asked; those that were not asked wait behind it.
      isBackup:
        state === 'idle' &&
        trackers.some(other => other !== tracker && other.tier === tier && other.state !== 'idle'),
      lastAnnouncePeerCount: received ?? 0,
      lastAnnounceResult: succeeded ? SUCCESS : (message ?? ''),
      lastAnnounceStartTime: state === 'announcing' ? Math.floor(now) : last,
      lastAnnounceSucceeded: succeeded,
      lastAnnounceTime: last,
      lastAnnounceTimedOut: false,
      lastScrapeResult: '',
      lastScrapeStartTime: 0,
      lastScrapeSucceeded: counted,
      lastScrapeTime: counted ? last : 0,
      lastScrapeTimedOut: false,
      leecherCount: peers ?? -1,
      nextAnnounceTime: next,
      nextScrapeTime: counted ? next : 0,
      scrape: scrapeUrl(url),
      scrapeState: counted && isDue ? STATE.waiting : STATE.inactive,
      seederCount: seeds ?? -1,
      sitename: siteName(url),
      tier,
    }
  })
}

/** A URL a line, tiers apart by an empty line. */
export function trackerList(trackers: readonly TrackerRow[]): string {
  return tiersOf(trackers)
    .map(tier => tier.map(url => `${url}\n`).join(''))
    .join('\n')
}

/** The tiers after `trackerList`, `trackerAdd`, `trackerRemove` and `trackerReplace`; undefined: as they were. */
export function editedTiers(given: Arguments, trackers: readonly TrackerRow[]): Tiers | undefined {
  const text = given.string('tracker_list')
  if (text !== undefined) return readList(text)
  const added = given.strings('tracker_add')
  const removed = given.indices('tracker_remove')
  const replaced = given.list('tracker_replace')
  if (added === undefined && removed === undefined && replaced === undefined) return undefined

  const rows: { url: string; tier: number; gone: boolean }[] = trackers.map(row => ({ ...row, gone: false }))
  const row = (id: unknown): (typeof rows)[number] => {
    const found = typeof id === 'number' ? rows[id] : undefined
    if (found === undefined) throw new RpcFailure(CODE.trackerList, 'error setting announce list')
    return found
  }
  for (const id of removed ?? []) row(id).gone = true
  for (let at = 0; at < (replaced?.length ?? 0); at += 2)
    row(replaced![at]).url = announceUrl(replaced![at + 1])
  let tier = rows.reduce((last, each) => Math.max(last, each.tier), -1)
  for (const url of added ?? []) {
    // Those that are there already stay where they are.
    if (rows.some(each => each.url === url)) continue
    tier += 1
    rows.push({ url: announceUrl(url), tier, gone: false })
  }
  return tiersOf(rows.filter(({ gone }) => !gone))
}

function readList(text: string): Tiers {
  const tiers = text
    .split(/\n\s*\n/)
    .map(tier => tier.split('\n').map(line => line.trim()))
    .map(lines => lines.filter(line => line !== '').map(announceUrl))
    .filter(tier => tier.length > 0)
  if (tiers.reduce((sum, tier) => sum + tier.length, 0) > MAX_TRACKERS) {
    throw new RpcFailure(CODE.trackerList, `trackerList: at most ${MAX_TRACKERS} trackers`)
  }
  return tiers
}

function announceUrl(value: unknown): string {
  if (typeof value === 'string' && /^(https?|udp|wss?):\/\/[^/]/i.test(value) && URL.canParse(value))
    return value
  throw new RpcFailure(
    CODE.trackerList,
    `error setting announce list: ${JSON.stringify(value)} is no tracker's URL`,
  )
}

function tiersOf(rows: readonly { readonly url: string; readonly tier: number }[]): Tiers {
  const tiers = new Map<number, string[]>()
  for (const { url, tier } of rows) {
    const urls = tiers.get(tier)
    if (urls === undefined) tiers.set(tier, [url])
    else urls.push(url)
  }
  return [...tiers].sort(([a], [b]) => a - b).map(([, urls]) => urls)
}

/** Where counts are asked for (BEP 48); '' where there is no such place. */
function scrapeUrl(url: string): string {
  if (url.startsWith('udp:')) return url
  const last = url.lastIndexOf('/') + 1
  return url.startsWith('announce', last) ? `${url.slice(0, last)}scrape${url.slice(last + 8)}` : ''
}

/** `http://tracker.example.org:80`: scheme, host and port. */
function hostOf(url: string): string {
  if (!URL.canParse(url)) return url
  const { protocol, hostname, port } = new URL(url)
  return `${protocol}//${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`
}

/** `example`, of `tracker.example.org`: what may be shown in little room. */
function siteName(url: string): string {
  if (!URL.canParse(url)) return ''
  const { hostname } = new URL(url)
  if (/^[\d.]+$|^\[/.test(hostname)) return hostname
  const labels = hostname.split('.')
  return labels.at(-2) ?? hostname
}
