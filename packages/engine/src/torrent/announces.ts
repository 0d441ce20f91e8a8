/** What one torrent tells its trackers: the announcer's schedule put to work over the port, and what comes of it. */
import { ShoalError } from '../errors.ts'
import type { Random, Trackers } from '../ports.ts'
import type { AnnounceReply, TrackerPeer } from '../tracker/announce.ts'
import { Announcer, type TrackerStatus, type TrackersSummary } from '../tracker/announcer.ts'

export interface AnnouncesDeps {
  readonly trackers: Trackers
  readonly random: Random
  /** 20 bytes each. */
  readonly infoHash: Uint8Array
  readonly peerId: Uint8Array
  /** See `AnnounceRequest.key`. */
  readonly key: number
  readonly listenPort: () => number | undefined
  readonly now: () => number
  /** BEP 3: of the whole torrent. */
  readonly stats: () => { uploadedBytes: number; downloadedBytes: number; leftBytes: number }
  readonly onPeers: (peers: readonly TrackerPeer[], now: number) => void
  /** A tracker told where it sees us, an IP literal. */
  readonly onExternalIp?: (url: string, ip: string) => void
  /** A tracker warned, or failed. */
  readonly onMessage: (url: string, message: string) => void
  /** An announce has ended, whichever way. */
  readonly onEnd: () => void
}

/** With fewer peers than this the trackers are asked before their interval is over. */
const FEW_PEERS = 5
const NEED_PEERS_EVERY_MS = 15_000

/** A tracker wants a port; where we do not listen, the discard port tells peers not to try. */
const NO_PORT = 9

export class Announces {
  readonly #deps: AnnouncesDeps
  readonly #announcer: Announcer
  /** In flight, by URL: how to cancel. */
  readonly #inFlight = new Map<string, () => void>()
  #neededPeersAt = 0

  constructor(tiers: readonly (readonly string[])[], deps: AnnouncesDeps) {
    this.#deps = deps
    this.#announcer = new Announcer(tiers, { random: deps.random })
  }

  get status(): readonly TrackerStatus[] {
    return this.#announcer.status()
  }

  get summary(): TrackersSummary {
    return this.#announcer.summary()
  }

  /** Nothing is in flight. */
  get isIdle(): boolean {
    return this.#inFlight.size === 0
  }

  /** Begins a session: `started`. */
  start(now: number): void {
    this.#neededPeersAt = now
    this.#announcer.start(now)
    // Peers need not wait for a tick; but a port that is not known yet would not be told again for long.
    if (this.#deps.listenPort() !== undefined) this.tick(now)
  }

  /** The whole torrent was completed in this session. */
  complete(now: number): void {
    this.#announcer.complete(now)
    // Who stops at the end of a download would not live to see the next tick.
    this.tick(now)
  }

  needPeers(now: number): void {
    this.#announcer.needPeers(now)
  }

  /** So many are connected: when they are few, trackers are asked earlier. */
  hasPeers(count: number, now: number): void {
    if (count >= FEW_PEERS || now - this.#neededPeersAt <= NEED_PEERS_EVERY_MS) return
    this.#neededPeersAt = now
    this.#announcer.needPeers(now)
  }

  /** The user asks for it. */
  announceNow(now: number): void {
    this.#announcer.announceNow(now)
    this.tick(now)
  }

  /** Other trackers, see `Announcer.setTiers`. */
  setTiers(tiers: readonly (readonly string[])[], now: number): void {
    this.#cancel(this.#announcer.setTiers(tiers, now))
    this.tick(now)
  }

  /** Ends the session: `stopped`, to those who heard of us. */
  stop(now: number): void {
    this.#cancel(this.#announcer.stop(now))
    this.tick(now)
  }

  /** Gives up on answers. */
  cancel(): void {
    for (const cancel of this.#inFlight.values()) cancel()
    this.#inFlight.clear()
  }

  /** Announces what is due. */
  tick(now: number): void {
    const { infoHash, peerId, key, trackers } = this.#deps
    for (const { url, event, numWant, trackerId } of this.#announcer.poll(now)) {
      const port = this.#deps.listenPort() ?? NO_PORT
      const request = { infoHash, peerId, port, event, numWant, key, trackerId, ...this.#deps.stats() }
      this.#inFlight.get(url)?.()
      const cancel = trackers.announce(url, request, outcome => {
        this.#inFlight.delete(url)
        this.#onOutcome(url, outcome)
      })
      this.#inFlight.set(url, cancel)
    }
  }

  #cancel(urls: readonly string[]): void {
    for (const url of urls) {
      this.#inFlight.get(url)?.()
      this.#inFlight.delete(url)
    }
  }

  #onOutcome(url: string, outcome: AnnounceReply | ShoalError): void {
    const now = this.#deps.now()
    if (outcome instanceof ShoalError) {
      this.#announcer.onError(url, outcome, now)
      this.#deps.onMessage(url, outcome.message)
    } else {
      this.#announcer.onReply(url, outcome, now)
      if (outcome.externalIp !== undefined) this.#deps.onExternalIp?.(url, outcome.externalIp)
      this.#deps.onPeers(outcome.peers, now)
      if (outcome.warning !== undefined) this.#deps.onMessage(url, outcome.warning)
    }
    // The next tracker of the tier, or the next tier, need not wait for a tick.
    this.tick(now)
    this.#deps.onEnd()
  }
}
