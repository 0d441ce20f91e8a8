/** Why a torrent is slow or not moving: one sentence, from facts. */

export interface WhyFacts {
  readonly complete: boolean
  /** Bytes a second. */
  readonly downloadRate: number
  readonly peersConnected: number
  readonly peersConnecting: number
  readonly peersKnown: number
  /** Connected peers that have something we lack. */
  readonly interesting: number
  /** Of those, how many let us ask. */
  readonly unchoking: number
  /** Wanted pieces that no connected peer has; asked for only when it matters, as it takes a walk over all of them. */
  readonly missingPieces: () => number
  readonly trackers: readonly {
    readonly url: string
    readonly state: string
    readonly message: string | undefined
  }[]
  readonly limitBytesPerSec: number | undefined
  /** Part of the piece memory that waits for the disk, 0 to 1. */
  readonly memoryStoring: number
}

export interface Why {
  readonly code: string
  readonly text: string
}

/** Undefined when all is well. */
export function why(facts: WhyFacts): Why | undefined {
  if (facts.complete) return undefined
  if (facts.peersConnected === 0) return nobody(facts)
  if (facts.interesting === 0) {
    return { code: 'NOTHING_NEW', text: `${peers(facts.peersConnected)}, none with a piece we lack` }
  }
  if (facts.unchoking === 0) {
    return {
      code: 'ALL_CHOKED',
      text: `${peers(facts.interesting)} with pieces we lack, none lets us ask yet`,
    }
  }
  if (facts.memoryStoring > 0.5)
    return { code: 'DISK', text: 'the disk is the limit: pieces wait to be written' }
  const { limitBytesPerSec: limit } = facts
  if (limit !== undefined && facts.downloadRate > limit * 0.8) {
    return { code: 'LIMIT', text: 'the download limit is reached' }
  }
  const missing = facts.downloadRate < 1024 ? facts.missingPieces() : 0
  if (missing > 0) return { code: 'MISSING_PIECES', text: `nobody connected has ${pieces(missing)}` }
  return undefined
}

function nobody(facts: WhyFacts): Why {
  const failed = facts.trackers.filter(tracker => tracker.state === 'error')
  if (facts.peersConnecting > 0) {
    return { code: 'CONNECTING', text: `connecting to ${peers(facts.peersConnecting)}` }
  }
  if (facts.peersKnown > 0) {
    return { code: 'NO_CONNECTION', text: `${peers(facts.peersKnown)} known, none can be reached now` }
  }
  if (facts.trackers.some(tracker => tracker.state === 'announcing')) {
    return { code: 'ASKING_TRACKERS', text: 'asking the tracker for peers' }
  }
  if (facts.trackers.length > 0 && failed.length === facts.trackers.length) {
    const { message } = failed[0]!
    return { code: 'TRACKERS_FAIL', text: `no tracker answers: ${message ?? 'no reason given'}` }
  }
  if (facts.trackers.length === 0) {
    return { code: 'NO_TRACKERS', text: 'the torrent names no tracker, and no peer was given' }
  }
  return { code: 'NO_PEERS', text: 'the tracker knows no other peer yet' }
}

function peers(count: number): string {
  return count === 1 ? '1 peer' : `${count} peers`
}

function pieces(count: number): string {
  return count === 1 ? 'one of the pieces' : `${count} of the pieces`
}
