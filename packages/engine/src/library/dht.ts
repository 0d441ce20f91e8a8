/** {@link createDht}: a node of the DHT on its own, to look around with. */
import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import { fromHex, toHex } from '../bytes/hex.ts'
import { type Item, mutableTarget } from '../dht/item.ts'
import { DhtService } from '../dht-service.ts'
import { ShoalError } from '../errors.ts'
import { checkNode, resolveNode } from '../node/resolve-peer.ts'
import { sha1, systemClock, systemRandom } from '../node/system.ts'
import { udp } from '../node/udp.ts'
import { abortedError } from './abort.ts'
import { DhtHome, snapshotDht } from './dht-home.ts'
import {
  conflictOf,
  draftOf,
  encodeValue,
  nextItem,
  parsePublicKey,
  publicItem,
  saltOf,
} from './dht-items.ts'
import type {
  Dht,
  DhtFindOptions,
  DhtFound,
  DhtGetMutableOptions,
  DhtItem,
  DhtNodeInfo,
  DhtOptions,
  DhtPong,
  DhtPut,
  DhtPutMutable,
  DhtPutMutableOptions,
  DhtSearchOptions,
  DhtSnapshot,
} from './types/dht.ts'

const TICK_MS = 100
const DEFAULT_TIMEOUT_MS = 30_000
const MAX_NODES = 100
const HASH_BYTES = 20

/** @throws ShoalError `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `NETWORK`, `OPTION_INVALID` */
export async function createDht(options: DhtOptions = {}): Promise<Dht> {
  const home = new DhtHome(options)
  const setup = await home.setup()
  const ports = { clock: systemClock, random: systemRandom, sha1, datagrams: udp }
  const service = await new Promise<DhtService>((resolve, reject) => {
    const opening = new DhtService(ports, options.bind, setup, {
      onSettled: ([error]) => (opening.port === undefined ? reject(error) : resolve(opening)),
    })
    opening.open(options.port ?? 0)
  })
  home.start(service)
  return new DhtHandle(service, home)
}

class DhtHandle implements Dht {
  readonly port: number
  readonly #service: DhtService
  readonly #home: DhtHome
  readonly #stopTicking: () => void
  readonly #closing = new AbortController()

  constructor(service: DhtService, home: DhtHome) {
    this.#service = service
    this.#home = home
    this.port = service.port!
    this.#stopTicking = systemClock.every(TICK_MS, () => service.tick(systemClock.now()))
  }

  async find(infoHash: string, options: DhtFindOptions = {}): Promise<DhtFound> {
    const target = parseHash(infoHash)
    return await this.#search(options, done => this.#find(target, options, done))
  }

  async ping(address: string): Promise<DhtPong | undefined> {
    checkNode(address)
    const [found] = await resolveNode(address)
    if (found === undefined) throw new ShoalError('NETWORK', `no host has the name in ${address}`)
    const beganAt = systemClock.now()
    const id = await new Promise<Uint8Array | undefined>(done => this.#service.ping(found, done))
    return id === undefined ? undefined : { id: toHex(id), durationMs: systemClock.now() - beganAt }
  }

  async nodes(options: DhtSearchOptions = {}): Promise<readonly DhtNodeInfo[]> {
    // Who looks for himself finds his neighbours.
    const target = Object.values(this.#service.snapshot())[0]?.id ?? systemRandom.bytes(HASH_BYTES)
    await this.#search<DhtFound>(options, done => this.#find(target, {}, done))
    return this.#service.nodes(MAX_NODES).map(node => ({ id: toHex(node.id), address: formatAddress(node) }))
  }

  async put(value: string | Uint8Array, options: DhtSearchOptions = {}): Promise<DhtPut> {
    const { target, stored } = await this.#put({ kind: 'immutable', value: encodeValue(value) }, options)
    return { target, stored }
  }

  async get(target: string, options: DhtSearchOptions = {}): Promise<DhtItem | undefined> {
    const item = await this.#get(parseHash(target), undefined, options)
    return item && publicItem(item)
  }

  async putMutable(value: string | Uint8Array, options: DhtPutMutableOptions): Promise<DhtPutMutable> {
    const draft = draftOf(value, options)
    const target = mutableTarget(draft.publicKey, draft.salt, sha1)
    const deadline = systemClock.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
    const found = await this.#get(target, draft.salt, options)
    const item = nextItem(draft, found, options)
    // Both searches have the time of one.
    const left = { ...options, timeoutMs: Math.max(1, deadline - systemClock.now()) }
    const { stored, refusals } = await this.#put(item, left, options.cas)
    const error = stored === 0 ? conflictOf(refusals) : undefined
    if (error !== undefined) throw error
    return { target: toHex(target), publicKey: toHex(item.publicKey), seq: item.seq, stored }
  }

  async getMutable(publicKey: string, options: DhtGetMutableOptions = {}): Promise<DhtItem | undefined> {
    const salt = saltOf(options.salt)
    const item = await this.#get(mutableTarget(parsePublicKey(publicKey), salt, sha1), salt, options)
    return item && publicItem(item)
  }

  snapshot(): DhtSnapshot {
    return snapshotDht(this.#service)
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#stopTicking()
    this.#service.close()
    await this.#home.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #put(
    item: Item,
    options: DhtSearchOptions,
    cas?: number,
  ): Promise<DhtPut & { readonly refusals: readonly number[] }> {
    return this.#search(options, done =>
      this.#service.put(item, {
        ...(cas !== undefined && { cas }),
        onDone: ({ stored, refusals }, target) => done({ target: toHex(target), stored, refusals }),
      }),
    )
  }

  #get(
    target: Uint8Array,
    salt: Uint8Array | undefined,
    options: DhtSearchOptions,
  ): Promise<Item | undefined> {
    return this.#search<Item | undefined>(options, done =>
      this.#service.get(target, { ...(salt && { salt }), onDone: item => done(item) }),
    )
  }

  #find(target: Uint8Array, options: DhtFindOptions, done: (found: DhtFound) => void): () => void {
    const peers: string[] = []
    const onPeers = (found: readonly PeerAddress[]): void => {
      const texts = found.map(formatAddress)
      peers.push(...texts)
      options.onPeers?.(texts)
    }
    const announce = { announcePort: () => options.announcePort, seed: false }
    return this.#service.findPeers(target, announce, onPeers, summary => {
      const { messages, replies, stored, durationMs } = summary
      done({ peers, queries: messages, replies, announced: stored, durationMs })
    })
  }

  /** Runs a search until it is done; fails when it is aborted, or takes too long, or the node is closed. */
  #search<T>(options: DhtSearchOptions, start: (done: (result: T) => void) => () => void): Promise<T> {
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options
    const closing = this.#closing.signal
    return new Promise<T>((resolve, reject) => {
      if (closing.aborted) return reject(new ShoalError('CLOSED', 'the DHT node is closed'))
      if (signal?.aborted) return reject(abortedError('the search', signal))
      let end: () => void = () => {}
      const onAbort = (): void => fail(abortedError('the search', signal!))
      const onClose = (): void => fail(new ShoalError('CLOSED', 'the DHT node was closed'))
      const settle = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        closing.removeEventListener('abort', onClose)
      }
      const fail = (error: ShoalError): void => {
        settle()
        end()
        reject(error)
      }
      const timer = setTimeout(() => fail(this.#silence(timeoutMs)), timeoutMs)
      signal?.addEventListener('abort', onAbort)
      closing.addEventListener('abort', onClose)
      try {
        end = start(result => {
          settle()
          resolve(result)
        })
      } catch (error) {
        settle()
        reject(error)
      }
    })
  }

  #silence(timeoutMs: number): ShoalError {
    const { nodes } = this.snapshot()
    const what = nodes === 0 ? 'no node of the DHT answered' : 'the search was not over'
    return new ShoalError('NETWORK', `${what} within ${timeoutMs / 1000} s`, { operation: 'search' })
  }
}

function parseHash(text: string): Uint8Array {
  const bytes = /^[0-9a-f]{40}$/i.test(text) ? fromHex(text.toLowerCase()) : undefined
  if (bytes !== undefined) return bytes
  throw new ShoalError('OPTION_INVALID', `${JSON.stringify(text)} is not 40 hex digits`)
}
