/**
 * Why a torrent is slow or not moving: a stable code and one sentence, from facts. Undefined when all is well.
 *
 * The sentences are for the middle of a line, so they begin in lower case. What a tracker said is in some of them: they
 * are not safe for a terminal as they are.
 */

/** What each reason is made of, by its code; the same for whoever says it in another language. */
export interface Reasons {
  /** Nobody is known. */
  readonly NO_PEERS: { readonly trackers: number; readonly dhtNodes: number | null }
  readonly NO_TRACKERS: Record<never, never>
  /** All of them; `message` is what the first one said, or what became of asking it. */
  readonly TRACKERS_FAIL: {
    readonly trackers: number
    readonly message: string | null
    readonly dhtNodes: number | null
  }
  readonly ASKING_TRACKERS: { readonly trackers: number; readonly dhtNodes: number | null }
  /** Addresses. */
  readonly NO_CONNECTION: { readonly known: number; readonly dhtNodes: number | null }
  readonly CONNECTING: { readonly peers: number }
  readonly NOTHING_NEW: { readonly peers: number }
  readonly ALL_CHOKED: { readonly peers: number }
  /** Strangers from addresses whose ports were banned: they are tried one at a time. */
  readonly WAITING_TURNS: { readonly peers: number }
  /** `first` is one of the `pieces` that nobody connected has. */
  readonly MISSING_PIECES: { readonly pieces: number; readonly first: number }
  readonly DISK: { readonly waitingBytes: number; readonly bytesPerSec: number }
  readonly LIMIT: { readonly of: 'torrent' | 'all'; readonly bytesPerSec: number }
  readonly MEMORY: { readonly totalBytes: number }
  /** Connected. */
  readonly NOBODY_INTERESTED: { readonly peers: number }
  readonly UPLOAD_LIMIT: { readonly of: 'torrent' | 'all'; readonly bytesPerSec: number }
  readonly CHECKING: { readonly fraction: number; readonly totalBytes: number }
  /** An error that may pass; `error` is its code. */
  readonly DISK_WAIT: {
    readonly error: string
    readonly subject: string | null
    readonly message: string
    readonly seconds: number
  }
  /** Of the description; `totalBytes` 0: nobody told how long it is. */
  readonly FETCHING: { readonly bytes: number; readonly totalBytes: number; readonly peers: number }
}

/**
 * Why it is slow or not moving. Codes are stable; new ones may be added. The text is one sentence, and may hold what a
 * tracker said: not safe for a terminal as it is.
 */
export type Why<Code extends keyof Reasons = keyof Reasons> = {
  readonly [Each in Code]: { readonly code: Each; readonly text: string; readonly facts: Reasons[Each] }
}[Code]

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
  /** Of these, how many are asked for nothing before it is their turn. */
  readonly waitingTurns: number
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
    return whyMissing(missing)
  }
  if (interesting === 0) {
    const text = `${count(connected, 'peer')}, none with a piece we lack`
    return { code: 'NOTHING_NEW', text, facts: { peers: connected } }
  }
  if (facts.unchoking === 0) {
    const text =
      interesting === 1
        ? '1 peer with pieces we lack, and it does not let us ask yet'
        : `${interesting} peers with pieces we lack, none lets us ask yet`
    return { code: 'ALL_CHOKED', text, facts: { peers: interesting } }
  }
  if (standsStill && facts.waitingTurns === facts.unchoking) {
    const { waitingTurns: peers } = facts
    const who =
      peers === 1
        ? '1 peer with pieces we lack waits for its turn'
        : `${peers} peers with pieces we lack wait for their turns`
    const text = `${who}: others at the same address sent what does not match`
    return { code: 'WAITING_TURNS', text, facts: { peers } }
  }
  if (disk.waitingBytes > memory.totalBytes / 2) {
    const text = `the disk is the limit: ${amount(disk.waitingBytes)} wait to be written, at ${rate(disk.writtenBytesPerSec)}`
    const facts = { waitingBytes: disk.waitingBytes, bytesPerSec: disk.writtenBytesPerSec }
    return { code: 'DISK', text, facts }
  }
  const limit = whichLimit(facts.torrentLimit, facts.engineLimit)
  if (limit !== undefined) {
    return { code: 'LIMIT', text: `the download limit ${limitText(limit)} is reached`, facts: limit }
  }
  if (!standsStill) return undefined
  if (memory.freeBytes === 0) {
    const text = `waiting for piece memory: all ${amount(memory.totalBytes)} are taken by pieces that are not whole yet`
    return { code: 'MEMORY', text, facts: { totalBytes: memory.totalBytes } }
  }
  if (missing !== undefined && missing.count > 0) {
    return whyMissing(missing)
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
  const { connected } = facts
  if (connected === 0) {
    return { code: 'NOBODY_INTERESTED', text: 'nobody is connected', facts: { peers: 0 } }
  }
  if (facts.interested === 0) {
    const text = `${count(connected, 'peer')}, none wants anything of us`
    return { code: 'NOBODY_INTERESTED', text, facts: { peers: connected } }
  }
  const limit = whichLimit(facts.torrentLimit, facts.engineLimit)
  if (limit === undefined) return undefined
  return { code: 'UPLOAD_LIMIT', text: `the upload limit ${limitText(limit)} is reached`, facts: limit }
}

export function whyChecking(fraction: number, totalBytes: number): Why {
  const percent = Math.floor(fraction * 100)
  const text = `looking at what is on the disk: ${percent} % of ${amount(totalBytes)}`
  return { code: 'CHECKING', text, facts: { fraction, totalBytes } }
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
    const text = `fetching the description: ${part} so far, from ${count(connected, 'peer')}`
    return { code: 'FETCHING', text, facts: { bytes, totalBytes, peers: connected } }
  }
  if (connected > 0) {
    const text = `asking ${count(connected, 'peer')} for the description`
    return { code: 'FETCHING', text, facts: { bytes: 0, totalBytes: 0, peers: connected } }
  }
  return whyNobody(facts)
}

/** The furthest that the search for peers came. */
function whyNobody({ connecting, known, trackers: all, dhtNodes: nodes }: SearchFacts): Why {
  if (connecting > 0) {
    return {
      code: 'CONNECTING',
      text: `connecting to ${count(connecting, 'peer')}`,
      facts: { peers: connecting },
    }
  }
  const trackers = all.length
  const dhtNodes = nodes ?? null
  const dht = nodes === undefined ? undefined : `the DHT is asked (${count(nodes, 'node')})`
  const also = dht === undefined ? '' : `; ${dht}`
  if (known > 0) {
    const text = `${count(known, 'peer')} known, none can be reached now${also}`
    return { code: 'NO_CONNECTION', text, facts: { known, dhtNodes } }
  }
  const one = trackers === 1
  if (all.some(({ state }) => state === 'announcing')) {
    const text = `asking ${one ? 'the tracker' : 'the trackers'} for peers${also}`
    return { code: 'ASKING_TRACKERS', text, facts: { trackers, dhtNodes } }
  }
  const failed = all.filter(({ state }) => state === 'error')
  if (trackers > 0 && failed.length === trackers) {
    const message = failed[0]!.message ?? null
    const whose = one ? 'the tracker does not help' : `none of ${trackers} trackers helps`
    const text = `${whose}: ${message ?? 'no reason given'}${also}`
    return { code: 'TRACKERS_FAIL', text, facts: { trackers, message, dhtNodes } }
  }
  if (trackers === 0 && dht === undefined) {
    return { code: 'NO_TRACKERS', text: 'the torrent names no tracker, and no peer was given', facts: {} }
  }
  const told = one ? 'the tracker knows no other peer yet' : 'the trackers know no other peer yet'
  const text = trackers === 0 ? `no peers found yet: ${dht}, no tracker is named` : `${told}${also}`
  return { code: 'NO_PEERS', text, facts: { trackers, dhtNodes } }
}

interface LimitReached {
  readonly of: 'torrent' | 'all'
  readonly bytesPerSec: number
}

/** The one that is reached; the torrent's own where both are. */
function whichLimit(torrent: LimitFacts, engine: LimitFacts): LimitReached | undefined {
  if (torrent.isShort && torrent.bytesPerSec !== undefined) {
    return { of: 'torrent', bytesPerSec: torrent.bytesPerSec }
  }
  if (engine.isShort && engine.bytesPerSec !== undefined) {
    return { of: 'all', bytesPerSec: engine.bytesPerSec }
  }
  return undefined
}

function limitText({ of, bytesPerSec }: LimitReached): string {
  return `of ${of === 'torrent' ? 'this torrent' : 'all torrents together'} (${rate(bytesPerSec)})`
}

function whyMissing({ count: pieces, first }: { readonly count: number; readonly first: number }): Why {
  const others = pieces === 1 ? '' : ` and ${count(pieces - 1, 'other')}`
  return {
    code: 'MISSING_PIECES',
    text: `nobody connected has piece ${first}${others}`,
    facts: { pieces, first },
  }
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
