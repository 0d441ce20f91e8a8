/**
 * Who goes when somebody comes to us while all places are taken, so that a swarm that is full mixes and lets newcomers
 * in (BEP 40). Those who have been of no use for long are let go elsewhere, visitor or not.
 */
import type { PeerAddress } from '../bytes/address.ts'

/** For a handshake, and for what is said right after it. */
const FIRST_WORDS_MS = 3_000

export interface Occupant {
  /** The other end of the connection. */
  readonly address: PeerAddress
  /** Where it listens, if that is another port. */
  readonly listens: number | undefined
  readonly phase: string
  readonly startedAt: number
  /** Its interest in us, and ours in it. */
  readonly interested: boolean
  readonly interesting: boolean
  /** It may request nothing of us, and we of it. */
  readonly choked: boolean
  readonly choking: boolean
  /** It let us wait for long in vain, and has sent nothing of what we asked for since. */
  readonly snubbed: boolean
  /** It is asked for nothing for now, as others of its host lied. */
  readonly waitsForTurn: boolean
  readonly entry: { readonly sources: readonly string[] }
  downloadRate(now: number): number
  uploadRate(now: number): number
}

/**
 * One of no use to either side for `idleMs`, the longest first; else, of those that nothing goes to or comes from, the
 * one of lowest priority, if the visitor's is higher. Undefined: the visitor has to go. `priorityOf` is undefined where
 * priorities are unknown: nobody has to go then, as nobody is known to be better. Who was given by the user stays.
 *
 * A host that is connected already displaces nobody: one good address is not to fill all places.
 */
export function whoMakesRoom<P extends Occupant>(
  visitor: PeerAddress,
  occupants: Iterable<P>,
  priorityOf: (address: PeerAddress) => number | undefined,
  idleMs: number,
  now: number,
): P | undefined {
  let lowest = priorityOf(visitor)
  if (lowest === undefined) return undefined
  let idlest: P | undefined
  let least: P | undefined
  for (const peer of occupants) {
    if (peer.address.host === visitor.host) return undefined
    if (peer.phase !== 'open' || peer.entry.sources.includes('given')) continue
    if (isIdle(peer) && now - peer.startedAt > idleMs && peer.startedAt < (idlest?.startedAt ?? now))
      idlest = peer
    if (isAtWork(peer, now)) continue
    const { host, port } = peer.address
    const priority = priorityOf({ host, port: peer.listens ?? port })
    if (priority === undefined || priority >= lowest) continue
    lowest = priority
    least = peer
  }
  return idlest ?? least
}

/**
 * Who may go for anybody who comes: one that has not even greeted, says nothing that either side could want, or sends
 * nothing of what it promised, and has had the time to; the longest first.
 */
export function whoIsUseless<P extends Occupant>(occupants: Iterable<P>, now: number): P | undefined {
  let longest: P | undefined
  for (const peer of occupants) {
    const isUseless =
      peer.phase === 'handshake' || (peer.phase === 'open' && (isIdle(peer) || isHoldingBack(peer, now)))
    if (!isUseless || now - peer.startedAt < FIRST_WORDS_MS || peer.entry.sources.includes('given')) continue
    if (longest === undefined || peer.startedAt < longest.startedAt) longest = peer
  }
  return longest
}

/** So many of them, for whom there is no place any more: who is not connected yet, then idle, then slow; those given last. */
export function leastUseful<P extends Occupant>(occupants: Iterable<P>, count: number, now: number): P[] {
  if (count <= 0) return []
  const rank = (peer: P): number => {
    if (peer.entry.sources.includes('given')) return 3
    if (peer.phase !== 'open') return 0
    return isIdle(peer) ? 1 : 2
  }
  const rate = (peer: P): number => peer.downloadRate(now) + peer.uploadRate(now)
  const known = Array.from(occupants, peer => ({ peer, rank: rank(peer), rate: rate(peer) }))
  known.sort((a, b) => a.rank - b.rank || a.rate - b.rate || b.peer.startedAt - a.peer.startedAt)
  return known.slice(0, count).map(({ peer }) => peer)
}

/** The most that everybody may keep, so that all together keep no more than `total`. */
export function fairShare(sizes: readonly number[], total: number): number {
  let left = total
  let others = sizes.length
  for (const size of sizes.toSorted((a, b) => a - b)) {
    const share = Math.floor(left / others)
    if (size > share) return share
    left -= size
    others--
  }
  return Number.POSITIVE_INFINITY
}

function isIdle({ interested, interesting }: Occupant): boolean {
  return !interested && !interesting
}

/**
 * It lets us ask, however much else it says, and what we ask for does not come, or we do not dare to ask; nor does it take
 * anything.
 */
export function isHoldingBack(peer: Occupant, now: number): boolean {
  return (
    (peer.snubbed || peer.waitsForTurn) && peer.interesting && !peer.choking && peer.uploadRate(now) === 0
  )
}

/** Something goes to it or comes from it, or may at any moment. */
function isAtWork(peer: Occupant, now: number): boolean {
  const mayAsk = peer.interesting && !peer.choking && !peer.snubbed && !peer.waitsForTurn
  const isOpen = (peer.interested && !peer.choked) || mayAsk
  return isOpen || peer.downloadRate(now) > 0 || peer.uploadRate(now) > 0
}
