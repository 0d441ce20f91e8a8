/** One tracker for the whole world, which answers, refuses, is dead or keeps silent. */
import { toHex } from '../src/bytes/hex.ts'
import { ShoalError } from '../src/errors.ts'
import type { Trackers } from '../src/ports.ts'
import type { AnnounceReply, AnnounceRequest, SwarmCounts, TrackerPeer } from '../src/tracker/announce.ts'
import type { SimHost } from './net.ts'
import type { World } from './world.ts'

export type TrackerMood = 'answers' | 'refuses' | 'dead' | 'silent'

/** When a tracker port gives up on a silent one, retransmissions included. */
const SILENCE_MS = 60_000
const LATENCY_MS = 60
const INTERVAL_MS = 30 * 60_000

interface Entry extends TrackerPeer {
  isSeed: boolean
}

/** An announce that was heard, for scenarios to look at. */
export interface Heard {
  readonly from: string
  readonly event: AnnounceRequest['event']
  readonly leftBytes: number
}

export class SimTracker {
  mood: TrackerMood = 'answers'
  intervalMs: number = INTERVAL_MS
  readonly heard: Heard[] = []
  readonly #world: World
  /** By info-hash, then by address. */
  readonly #swarms = new Map<string, Map<string, Entry>>()

  constructor(world: World) {
    this.#world = world
  }

  /** A peer that announces by no port of its own. */
  add(infoHash: string, peer: { host: string; port: number }): void {
    this.#swarm(infoHash).set(`${peer.host}:${peer.port}`, { ...peer, peerId: undefined, isSeed: false })
  }

  portOf(host: SimHost): Trackers {
    return {
      announce: (url, request, done) =>
        this.#exchange('announce', url, host, () => this.#answer(request, host), done),
      scrape: (url, infoHash, done) =>
        this.#exchange('scrape', url, host, () => this.#counts(infoHash), done),
    }
  }

  /** One question and what comes of it, as the mood is when the question arrives. */
  #exchange<Reply>(
    operation: string,
    url: string,
    host: SimHost,
    answer: () => Reply,
    done: (outcome: Reply | ShoalError) => void,
  ): () => void {
    const world = this.#world
    const details = { operation, subject: url }
    const isSilent = this.mood === 'silent' || host.silent
    if (isSilent) {
      return world.after(SILENCE_MS, host.name, 'tracker gives no answer', () =>
        done(new ShoalError('TRACKER_TIMEOUT', 'the tracker does not answer', details)),
      )
    }
    let cancelReply = (): void => {}
    const cancelRequest = world.after(LATENCY_MS, '', `${operation} of ${host.name}`, () => {
      const outcome = this.#failure(details) ?? answer()
      cancelReply = world.after(LATENCY_MS, host.name, 'tracker answers', () => done(outcome))
    })
    return () => {
      cancelRequest()
      cancelReply()
    }
  }

  #failure(details: { operation: string; subject: string }): ShoalError | undefined {
    if (this.mood === 'dead') return new ShoalError('TRACKER_UNREACHABLE', 'connection refused', details)
    if (this.mood === 'refuses') return new ShoalError('TRACKER_REFUSED', 'not registered', details)
    return undefined
  }

  #answer(request: AnnounceRequest, host: SimHost): AnnounceReply {
    this.heard.push({ from: host.name, event: request.event, leftBytes: request.leftBytes })
    const swarm = this.#swarm(toHex(request.infoHash))
    const key = `${host.address}:${request.port}`
    if (request.event === 'stopped') swarm.delete(key)
    else {
      swarm.set(key, {
        host: host.address,
        port: request.port,
        peerId: undefined,
        isSeed: request.leftBytes === 0,
      })
    }
    const others = [...swarm].filter(([other]) => other !== key).map(([, peer]) => peer)
    return {
      intervalMs: this.intervalMs,
      minIntervalMs: undefined,
      peers: this.#some(others, request.numWant),
      ...this.#counts(request.infoHash),
      trackerId: undefined,
      warning: undefined,
      externalIp: host.address,
    }
  }

  #counts(infoHash: Uint8Array): SwarmCounts {
    const swarm = this.#swarm(toHex(infoHash))
    const seeders = [...swarm.values()].filter(peer => peer.isSeed).length
    return { seeders, leechers: swarm.size - seeders, downloads: undefined }
  }

  #some(peers: Entry[], count: number): Entry[] {
    const { random } = this.#world
    for (let at = peers.length - 1; at > 0; at--) {
      const other = random.below(at + 1)
      const moved = peers[at]!
      peers[at] = peers[other]!
      peers[other] = moved
    }
    return peers.slice(0, count)
  }

  #swarm(infoHash: string): Map<string, Entry> {
    let swarm = this.#swarms.get(infoHash)
    if (swarm === undefined) {
      swarm = new Map()
      this.#swarms.set(infoHash, swarm)
    }
    return swarm
  }
}
