/**
 * Why a torrent is slow or not moving: a stable code and one sentence, from facts. Undefined when all is well.
 *
 * The sentences are for the middle of a line, so they begin in lower case. What a tracker said is in some of them: they
 * are not safe for a terminal as they are.
 */

export interface Why {
  readonly code: string
  readonly text: string
}

/** Below this a download stands still, as far as people see. */
const STILL_BYTES_PER_SEC = 1024

export interface LimitFacts {
  /** Undefined: none. */
  readonly bytesPerSec: number | undefined
  /** It holds something back at this moment. */
  readonly isShort: boolean
}

export interface WhyFacts {
  /** Bytes a second. */
  readonly downloadRate: number
  readonly connected: number
  /** Connected peers that have something we lack. */
  readonly interesting: number
  /** Of those, how many let us ask. */
  readonly unchoking: number
  /** Wanted pieces that no connected peer has, and the first of them; asked for only when it matters. */
  readonly unavailable: () => { readonly count: number; readonly first: number }
  /** What is known where nobody is connected; asked for only then. */
  readonly search: () => SearchFacts
  readonly torrentLimit: LimitFacts
  readonly engineLimit: LimitFacts
  readonly disk: {
    /** Received, and not known to be written. */
    readonly waitingBytes: number
    readonly writtenBytesPerSec: number
  }
  readonly memory: {
    readonly totalBytes: number
    readonly freeBytes: number
  }
}

/** What was done to find peers, and what came of it. */
export interface SearchFacts {
  readonly connecting: number
  /** Addresses. */
  readonly known: number
  readonly trackers: readonly TrackerFacts[]
  /** Nodes of the DHT that we know; undefined where it is not asked. */
  readonly dhtNodes: number | undefined
}

export interface TrackerFacts {
  readonly state: 'idle' | 'announcing' | 'ok' | 'error'
  /** Why it failed. */
  readonly message: string | undefined
}

/** Of a torrent that lacks something. */
export function why(facts: WhyFacts): Why | undefined {
  const { connected, interesting, disk, memory } = facts
  if (connected === 0) return whyNobody(facts.search())
  const standsStill = facts.downloadRate < STILL_BYTES_PER_SEC
  const missing = standsStill ? facts.unavailable() : undefined
  if (missing !== undefined && missing.count > 0 && facts.unchoking === 0 && interesting === 0) {
    return { code: 'MISSING_PIECES', text: missingText(missing) }
  }
  if (interesting === 0) {
    return { code: 'NOTHING_NEW', text: `${count(connected, 'peer')}, none with a piece we lack` }
  }
  if (facts.unchoking === 0) {
    const text =
      interesting === 1
        ? '1 peer with pieces we lack, and it does not let us ask yet'
        : `${interesting} peers with pieces we lack, none lets us ask yet`
    return { code: 'ALL_CHOKED', text }
  }
  if (disk.waitingBytes > memory.totalBytes / 2) {
    const text = `the disk is the limit: ${amount(disk.waitingBytes)} wait to be written, at ${rate(disk.writtenBytesPerSec)}`
    return { code: 'DISK', text }
  }
  const limit = whichLimit(facts.torrentLimit, facts.engineLimit)
  if (limit !== undefined) return { code: 'LIMIT', text: `the download limit ${limit} is reached` }
  if (!standsStill) return undefined
  if (memory.freeBytes === 0) {
    const text = `waiting for piece memory: all ${amount(memory.totalBytes)} are taken by pieces that are not whole yet`
    return { code: 'MEMORY', text }
  }
  if (missing !== undefined && missing.count > 0) {
    return { code: 'MISSING_PIECES', text: missingText(missing) }
  }
  return undefined
}

export interface WhySeedingFacts {
  readonly connected: number
  /** Connected peers that want something of us. */
  readonly interested: number
  readonly torrentLimit: LimitFacts
  readonly engineLimit: LimitFacts
}

/** Of a torrent that has all it wants. */
export function whySeeding(facts: WhySeedingFacts): Why | undefined {
  if (facts.connected === 0) return { code: 'NOBODY_INTERESTED', text: 'nobody is connected' }
  if (facts.interested === 0) {
    return { code: 'NOBODY_INTERESTED', text: `${count(facts.connected, 'peer')}, none wants anything of us` }
  }
  const limit = whichLimit(facts.torrentLimit, facts.engineLimit)
  if (limit === undefined) return undefined
  return { code: 'UPLOAD_LIMIT', text: `the upload limit ${limit} is reached` }
}

export function whyChecking(fraction: number, totalBytes: number): Why {
  const percent = Math.floor(fraction * 100)
  const text = `looking at what is on the disk: ${percent} % of ${amount(totalBytes)}`
  return { code: 'CHECKING', text }
}

export interface WhyFetchingFacts extends SearchFacts {
  readonly connected: number
  /** Of the description; `totalBytes` 0: nobody told how long it is. */
  readonly bytes: number
  readonly totalBytes: number
}

/** Of a magnet link whose description is on its way. */
export function whyFetching(facts: WhyFetchingFacts): Why {
  const { connected, bytes, totalBytes } = facts
  if (totalBytes > 0) {
    const part = `${amount(bytes)} of ${amount(totalBytes)}`
    return {
      code: 'FETCHING',
      text: `fetching the description: ${part} so far, from ${count(connected, 'peer')}`,
    }
  }
  if (connected > 0)
    return { code: 'FETCHING', text: `asking ${count(connected, 'peer')} for the description` }
  return whyNobody(facts)
}

/** The furthest that the search for peers came. */
function whyNobody({ connecting, known, trackers, dhtNodes }: SearchFacts): Why {
  if (connecting > 0) return { code: 'CONNECTING', text: `connecting to ${count(connecting, 'peer')}` }
  const dht = dhtNodes === undefined ? undefined : `the DHT is asked (${count(dhtNodes, 'node')})`
  const also = dht === undefined ? '' : `; ${dht}`
  if (known > 0) {
    return { code: 'NO_CONNECTION', text: `${count(known, 'peer')} known, none can be reached now${also}` }
  }
  const one = trackers.length === 1
  if (trackers.some(({ state }) => state === 'announcing')) {
    return {
      code: 'ASKING_TRACKERS',
      text: `asking ${one ? 'the tracker' : 'the trackers'} for peers${also}`,
    }
  }
  const failed = trackers.filter(({ state }) => state === 'error')
  if (trackers.length > 0 && failed.length === trackers.length) {
    const reason = failed[0]!.message ?? 'no reason given'
    const whose = one ? 'the tracker does not help' : `none of ${trackers.length} trackers helps`
    return { code: 'TRACKERS_FAIL', text: `${whose}: ${reason}${also}` }
  }
  if (trackers.length === 0) {
    if (dht !== undefined)
      return { code: 'NO_PEERS', text: `no peers found yet: ${dht}, no tracker is named` }
    return { code: 'NO_TRACKERS', text: 'the torrent names no tracker, and no peer was given' }
  }
  const told = one ? 'the tracker knows no other peer yet' : 'the trackers know no other peer yet'
  return { code: 'NO_PEERS', text: `${told}${also}` }
}

/** The one that is reached, in words; the torrent's own where both are. */
function whichLimit(torrent: LimitFacts, engine: LimitFacts): string | undefined {
  if (torrent.isShort && torrent.bytesPerSec !== undefined) {
    return `of this torrent (${rate(torrent.bytesPerSec)})`
  }
  if (engine.isShort && engine.bytesPerSec !== undefined) {
    return `of all torrents together (${rate(engine.bytesPerSec)})`
  }
  return undefined
}

function missingText({ count: missing, first }: { readonly count: number; readonly first: number }): string {
  if (missing === 1) return `nobody connected has piece ${first}`
  return `nobody connected has piece ${first} and ${count(missing - 1, 'other')}`
}

function count(amount: number, noun: string): string {
  return amount === 1 ? `1 ${noun}` : `${amount} ${noun}s`
}

function rate(bytesPerSec: number): string {
  return `${amount(bytesPerSec)}/s`
}

/** Decimal, two or three digits: `900 B`, `16.4 kB`, `1.2 MB`. */
function amount(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`
  let value = bytes
  let unit = -1
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`
}

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const
