/** A network of DHT nodes in virtual time: datagrams take a while, some are lost, some hosts are dead or lie. */
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto'
import { formatAddress, type PeerAddress } from '../src/bytes/address.ts'
import { DhtNode } from '../src/dht/node.ts'
import type { SearchSummary } from '../src/dht/searches.ts'
import { SeededRandom } from './random.ts'
import { World } from './world.ts'

const LATENCY_MS = 30
const JITTER_MS = 70

export const sha1 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha1').update(bytes).digest())

/** The fixed head of an Ed25519 public key in SPKI form. */
const SPKI_HEAD = Uint8Array.from([0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0])

export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, publicKey]), format: 'der', type: 'spki' })
  return verifySignature(null, message, key, signature)
}

/** What stands at an address: it gets datagrams, and answers by `send`. */
export interface DhtHost {
  readonly address: PeerAddress
  handle(datagram: Uint8Array, from: PeerAddress): void
}

export class DhtNet {
  readonly world: World
  readonly random: SeededRandom
  readonly nodes: SimNode[] = []
  readonly #hosts = new Map<string, DhtHost>()
  /** Share of datagrams that are lost. */
  loss = 0
  datagrams = 0
  bytes = 0

  constructor(scenario: string, seed: number) {
    this.world = new World({ scenario, seed })
    this.random = this.world.randomFor('dht')
  }

  add(host: DhtHost): void {
    this.#hosts.set(formatAddress(host.address), host)
  }

  remove(host: DhtHost): void {
    this.#hosts.delete(formatAddress(host.address))
  }

  send(from: PeerAddress, to: PeerAddress, datagram: Uint8Array): void {
    this.datagrams++
    this.bytes += datagram.length
    if (this.loss > 0 && this.random.chance(this.loss)) return
    const delayMs = LATENCY_MS + this.random.below(JITTER_MS)
    this.world.after(delayMs, '', 'datagram', () => {
      this.#hosts.get(formatAddress(to))?.handle(datagram, from)
    })
  }

  /** An address of the internet that nobody has yet. */
  freshAddress(family: 4 | 6 = 4): PeerAddress {
    for (;;) {
      const [a, b, c, d] = this.random.bytes(4)
      const host =
        family === 4
          ? `${20 + (a! % 60)}.${b}.${c}.${1 + (d! % 250)}`
          : `2a0${a! % 10}:${(0x100 + b!).toString(16)}:${(0x100 + c!).toString(16)}::${1 + (d! % 9)}`
      const address = { host, port: 1024 + this.random.below(60_000) }
      if (!this.#hosts.has(formatAddress(address))) return address
    }
  }

  /** So many nodes, each of which enters by one that is there already; then some quiet. */
  grow(count: number, family: 4 | 6 = 4): void {
    for (let n = 0; n < count; n++) {
      const node = new SimNode(this, this.freshAddress(family))
      if (this.nodes.length > 0) {
        const via = this.nodes[this.random.below(this.nodes.length)]!
        node.dht.bootstrap([via.address], this.world.nowMs)
      }
      this.nodes.push(node)
      node.wake()
      this.world.runFor(200)
    }
    this.world.runFor(10_000)
  }

  any(): SimNode {
    return this.nodes[this.random.below(this.nodes.length)]!
  }
}

export class SimNode implements DhtHost {
  readonly address: PeerAddress
  readonly dht: DhtNode
  readonly #net: DhtNet
  #plannedAt = Number.POSITIVE_INFINITY
  #cancel = (): void => {}
  #isDead = false

  constructor(net: DhtNet, address: PeerAddress, options: { readOnly?: boolean } = {}) {
    this.#net = net
    this.address = address
    const family = address.host.includes(':') ? 6 : 4
    const random = new SeededRandom(net.random.next())
    this.dht = new DhtNode({ family, random, sha1, verify, ...options }, net.world.nowMs)
    this.dht.externalIp(address.host, net.world.nowMs)
    net.add(this)
  }

  handle(datagram: Uint8Array, from: PeerAddress): void {
    this.dht.handle(datagram, from, this.#net.world.nowMs)
    this.wake()
  }

  /** Sends what there is to send and plans the next tick. */
  wake(): void {
    if (this.#isDead) return
    for (let next = this.dht.poll(); next !== undefined; next = this.dht.poll()) {
      this.#net.send(this.address, next.to, next.datagram)
    }
    const now = this.#net.world.nowMs
    const at = Math.max(now + 1, this.dht.nextTimeout(now))
    if (at >= this.#plannedAt && this.#plannedAt > now) return
    this.#cancel()
    this.#plannedAt = at
    this.#cancel = this.#net.world.after(at - now, '', 'tick', () => {
      this.#plannedAt = Number.POSITIVE_INFINITY
      this.dht.tick(this.#net.world.nowMs)
      this.wake()
    })
  }

  die(): void {
    this.#isDead = true
    this.#cancel()
    this.#net.remove(this)
  }

  announce(infoHash: Uint8Array, seed = false): SearchSummary {
    return this.#search(infoHash, { port: this.address.port, impliedPort: true, seed }).summary
  }

  find(infoHash: Uint8Array): { summary: SearchSummary; peers: PeerAddress[] } {
    return this.#search(infoHash, undefined)
  }

  #search(
    infoHash: Uint8Array,
    announce: { port: number; impliedPort: boolean; seed: boolean } | undefined,
  ): { summary: SearchSummary; peers: PeerAddress[] } {
    const peers: PeerAddress[] = []
    const summary = this.run<SearchSummary>('a search', (done, dht, now) => {
      const common = { onPeers: (found: readonly PeerAddress[]) => peers.push(...found), onDone: done }
      dht.findPeers(infoHash, { ...common, ...(announce && { announce }) }, now)
    })
    return { summary, peers }
  }

  /** Starts something and lets time pass until it reports. */
  run<T>(what: string, start: (done: (result: T) => void, dht: DhtNode, now: number) => void): T {
    const results: T[] = []
    start(result => results.push(result), this.dht, this.#net.world.nowMs)
    this.wake()
    this.#net.world.run(what, () => results.length > 0, { limitMs: 120_000 })
    return results[0]!
  }
}
