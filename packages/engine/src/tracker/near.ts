/**
 * How far trackers reach into our own surroundings. Whoever wrote a torrent chose its trackers, and a tracker chooses
 * the peers it names; neither may use us to reach services that only we reach. See docs/decisions/0013.
 */
import { ipScope, isHost, isLinkLocal, mayTell } from '../bytes/ip-scope.ts'
import type { AnnounceReply } from './announce.ts'

/**
 * Why a tracker over HTTP is not asked at this address, or undefined when it may be. On this machine and on this
 * network only what looks like a tracker is: other services may act on a plain GET.
 *
 * @param path as in the URL, without the query
 */
export function refusalOfHttpTracker(
  address: string,
  path: string,
  operation: 'announce' | 'scrape',
): string | undefined {
  const scope = ipScope(address)
  if (scope === 'loopback') {
    return OWN_PATHS[operation].test(path) ? undefined : `on this machine only ${operation} URLs are asked`
  }
  const refusal = refusalOfUdpTracker(address)
  if (refusal !== undefined || scope !== 'local' || NEAR_PATHS[operation].test(path)) return refusal
  return `on a local network only ${operation} URLs are asked`
}

/**
 * Why a UDP tracker is not asked at this address, or undefined when it may be: what it gets before it has proven to be
 * a tracker holds nothing that anybody chose, so that near ones need no more precautions.
 */
export function refusalOfUdpTracker(address: string): string | undefined {
  if (!isHost(address)) return `${address} is no tracker's address`
  return isLinkLocal(address) ? 'link-local addresses are not asked' : undefined
}

/** The reply without the peers that a tracker at this address has no business to send us to. */
export function believedReply(reply: AnnounceReply, tracker: string): AnnounceReply {
  const peers = reply.peers.filter(peer => mayName(tracker, peer.host))
  return peers.length === reply.peers.length ? reply : { ...reply, peers }
}

/**
 * Unlike other peers, a tracker may name hosts of our network from outside it: whole campuses have a tracker with an
 * address of the internet and clients without. This machine is named by itself only.
 */
function mayName(tracker: string, peer: string): boolean {
  if (mayTell(tracker, peer)) return true
  return ipScope(peer) === 'local' && isHost(peer) && !isLinkLocal(peer)
}

/**
 * `/announce`, `/passkey/announce.php`. Nothing escaped: what a server makes of `/announce%2f..%2fshutdown` is not known
 * here.
 */
const OWN_PATHS = {
  announce: /^(?:\/[\w.~-]+)*\/announce[\w.-]*$/i,
  scrape: /^(?:\/[\w.~-]+)*\/scrape[\w.-]*$/i,
} as const

/** Also `/announce/passkey`. */
const NEAR_PATHS = {
  announce: /^(?:\/[\w.~-]+)*\/announce[\w.-]*(?:\/[\w.~-]*)*$/i,
  scrape: /^(?:\/[\w.~-]+)*\/scrape[\w.-]*(?:\/[\w.~-]*)*$/i,
} as const
