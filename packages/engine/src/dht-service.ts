/**
 * The DHT node at work: its sockets, its turns on the engine's tick, and searches that wait until the node has a way
 * in. It is a help and never needed: without sockets nothing is found, and that is all.
 */
import type { PeerAddress } from './bytes/address.ts'
import { type Family, familyOf } from './dht/address-rules.ts'
import { Dht } from './dht/dht.ts'
import type { Contact } from './dht/distance.ts'
import { checkItem, type Item } from './dht/item.ts'
import type { Verify } from './dht/item-store.ts'
import type { DhtSnapshot } from './dht/node-types.ts'
import type { SearchSummary } from './dht/searches.ts'
import type { GetOptions, PutOptions } from './dht/tasks.ts'
import type { ShoalError } from './errors.ts'
import type { DatagramSocket, Ports } from './ports.ts'

/** Nodes named before there is a socket; more than torrent files and first peers name. */
const MAX_EARLY_NODES = 200
/** A socket that broke, or one that is needed and could not be had, is opened again after so long. */
const REOPEN_MS = 30_000

export type SavedDht = { readonly [family in Family]?: Uint8Array }

export interface DhtSetup {
  /** Where to enter when no node of before answers; {@link DhtService.bootstrap} adds to these. */
  readonly bootstrap: readonly PeerAddress[]
  /** What {@link DhtService.save} gave. */
  readonly saved: SavedDht | undefined
  /** Asks, but does not answer (BEP 43). */
  readonly readOnly?: boolean
  /** Ed25519; without it no mutable items (BEP 44). */
  readonly verify?: Verify
}

export interface DhtServiceObserver {
  /** All sockets that can be had are open, or there is an error for each. */
  onSettled(errors: readonly ShoalError[]): void
}

export interface Announce {
  /** Where peers reach us, asked when it matters; undefined: nobody is told of us. */
  readonly announcePort: () => number | undefined
  readonly seed: boolean
}

type Start = (dht: Dht, now: number) => () => void

/** A search that waits for the first answer of any node. */
interface Waiting {
  readonly start: Start
  cancel: () => void
}

export class DhtService {
  readonly #ports: Pick<Ports, 'clock' | 'random' | 'sha1' | 'datagrams'>
  readonly #setup: DhtSetup
  readonly #host: string | undefined
  readonly #observer: DhtServiceObserver
  readonly #sockets = new Map<Family, { socket: DatagramSocket; port: number | undefined }>()
  readonly #errors: ShoalError[] = []
  readonly #bootstrap: PeerAddress[]
  readonly #waiting = new Set<Waiting>()
  #early: PeerAddress[] = []
  /** From the time that all sockets are there. */
  #dht: Dht | undefined
  /** Some node has answered: a search finds something. */
  #hasEntered = false
  #isOpen = false
  #isClosed = false
  /** The port asked for. */
  #askedPort = 0
  #hasSettled = false
  /** To be opened again, and when. */
  readonly #lost = new Set<Family>()
  #reopenAt = Number.POSITIVE_INFINITY

  /** `host`: an address of this machine; undefined: every address, IPv4 and IPv6. */
  constructor(
    ports: Pick<Ports, 'clock' | 'random' | 'sha1' | 'datagrams'>,
    host: string | undefined,
    setup: DhtSetup,
    observer: DhtServiceObserver,
  ) {
    this.#ports = ports
    this.#host = host
    this.#setup = setup
    this.#observer = observer
    this.#bootstrap = [...setup.bootstrap]
  }

  /** The UDP port, of IPv4 if there is one; undefined without a socket. */
  get port(): number | undefined {
    return this.#sockets.get(4)?.port ?? this.#sockets.get(6)?.port
  }

  /** Our addresses, as other nodes agree that they see us. */
  get seenAs(): readonly string[] {
    return this.#dht?.seenAs ?? []
  }

  /** Opens the sockets, once: at this port or, where it is taken, at any. */
  open(port: number): void {
    if (this.#isClosed || this.#isOpen) return
    this.#isOpen = true
    this.#askedPort = port
    const families: Family[] = this.#host === undefined ? [4, 6] : [familyOf(this.#host)]
    for (const family of families) this.#openSocket(family, port)
  }

  /** To be called every 100 ms or so: a search begins, and goes on after a loss, at a tick. */
  tick(now: number): void {
    if (now >= this.#reopenAt) this.#reopen()
    const dht = this.#dht
    if (dht === undefined) return
    dht.tick(now)
    this.#flush(dht, now)
  }

  close(): void {
    this.#isClosed = true
    for (const { socket } of this.#sockets.values()) socket.close()
    this.#sockets.clear()
    this.#waiting.clear()
    this.#lost.clear()
  }

  // -------------------------------------------------------------------------------------------------- commands

  /** Looks for peers, once, and tells the nodes nearest to the torrent of us. Returns how to end it. */
  findPeers(
    infoHash: Uint8Array,
    { announcePort, seed }: Announce,
    onPeers: (peers: readonly PeerAddress[]) => void,
    onDone: (summary: SearchSummary) => void = () => {},
  ): () => void {
    return this.#whenEntered((dht, now) => {
      const port = announcePort()
      const announce = port === undefined ? undefined : { port, impliedPort: false, seed }
      return dht.findPeers(infoHash, { onPeers, onDone, ...(announce && { announce }) }, now)
    })
  }

  /** Looks for an item (BEP 44) by its 20 bytes. */
  get(target: Uint8Array, options: GetOptions): () => void {
    return this.#whenEntered((dht, now) => dht.get(target, options, now))
  }

  /** Stores an item. Throws a ShoalError `OPTION_INVALID` when it is none that anybody would store. */
  put(item: Item, options: PutOptions): () => void {
    checkItem(item)
    return this.#whenEntered((dht, now) =>
      item.kind === 'immutable' ? dht.putImmutable(item, options, now) : dht.putMutable(item, options, now),
    )
  }

  /** Asks for a node's id: undefined when no answer comes, or where there is no socket for its address. */
  ping(address: PeerAddress, onDone: (id: Uint8Array | undefined) => void): void {
    const dht = this.#dht
    const now = this.#ports.clock.now()
    if (dht === undefined || !this.#sockets.has(familyOf(address.host))) return onDone(undefined)
    dht.ping(address, onDone, now)
    this.#flush(dht, now)
  }

  /** Tells of a node: a peer's, or one that a torrent file names. */
  addNode(address: PeerAddress): void {
    const dht = this.#dht
    if (dht === undefined) {
      if (this.#early.length < MAX_EARLY_NODES) this.#early.push(address)
      return
    }
    const now = this.#ports.clock.now()
    dht.addNode(address, now)
    this.#flush(dht, now)
  }

  /** More nodes to enter by, also when all others are lost. */
  bootstrap(addresses: readonly PeerAddress[]): void {
    const dht = this.#dht
    const now = this.#ports.clock.now()
    if (dht === undefined) return void this.#bootstrap.push(...addresses)
    dht.bootstrap(addresses, now)
    this.#flush(dht, now)
  }

  /** Our nearest neighbours among the nodes that we know. */
  nodes(count: number): readonly Contact[] {
    return this.#dht?.nodes(count, this.#ports.clock.now()) ?? []
  }

  snapshot(): { readonly [family in Family]?: DhtSnapshot } {
    return this.#dht?.snapshot(this.#ports.clock.now()) ?? {}
  }

  /** For `saved` of the next start. A node that nobody answered keeps what it was given. */
  save(): SavedDht {
    const { saved } = this.#setup
    const dht = this.#dht
    if (dht === undefined) return saved ?? {}
    const now = this.#ports.clock.now()
    const records: { [family in Family]?: Uint8Array } = { ...saved }
    const snapshot = dht.snapshot(now)
    for (const [key, record] of Object.entries(dht.save(now))) {
      const family: Family = key === '4' ? 4 : 6
      if (records[family] === undefined || (snapshot[family]?.nodes ?? 0) > 0) records[family] = record
    }
    return records
  }

  // --------------------------------------------------------------------------------------------------- helpers

  #openSocket(family: Family, port: number): void {
    const { datagrams, clock } = this.#ports
    const entry: { socket: DatagramSocket; port: number | undefined } = {
      port: undefined,
      socket: datagrams.open(
        { family, host: this.#host, port },
        {
          onOpen: actual => {
            entry.port = actual
            this.#settle()
          },
          onDatagram: (bytes, from) => {
            const now = clock.now()
            if (this.#dht === undefined) return
            this.#dht.handle(bytes, from, now)
            this.#flush(this.#dht, now)
          },
          onError: error => {
            this.#sockets.delete(family)
            if (this.#isClosed) return
            if (error.code === 'PORT_IN_USE' && port !== 0) return this.#openSocket(family, 0)
            if (!this.#hasSettled) this.#errors.push(error)
            this.#lose(family)
            this.#settle()
          },
        },
      ),
    }
    this.#sockets.set(family, entry)
  }

  #lose(family: Family): void {
    this.#lost.add(family)
    this.#reopenAt = this.#ports.clock.now() + REOPEN_MS
  }

  #reopen(): void {
    this.#reopenAt = Number.POSITIVE_INFINITY
    const families = [...this.#lost]
    this.#lost.clear()
    for (const family of families) this.#openSocket(family, this.#askedPort)
  }

  /** Begins once no socket is still being opened. */
  #settle(): void {
    if (this.#dht !== undefined) return
    if ([...this.#sockets.values()].some(({ port }) => port === undefined)) return
    const { clock, random, sha1 } = this.#ports
    const { saved, readOnly, verify } = this.#setup
    const families = [...this.#sockets.keys()]
    if (families.length > 0) {
      const now = clock.now()
      // Many machines have but one family: what is not there at the beginning is not asked for again.
      this.#lost.clear()
      const dht = new Dht(
        {
          families,
          random,
          sha1,
          readOnly: readOnly ?? false,
          ...(saved && { saved }),
          ...(verify && { verify }),
        },
        now,
      )
      this.#dht = dht
      if (this.#bootstrap.length > 0) dht.bootstrap(this.#bootstrap, now)
      for (const address of this.#early) dht.addNode(address, now)
      this.#flush(dht, now)
      this.#early = []
    }
    if (this.#hasSettled) return
    this.#hasSettled = true
    this.#observer.onSettled(this.#errors)
  }

  #whenEntered(start: Start): () => void {
    const dht = this.#dht
    if (dht !== undefined && this.#hasEntered) {
      const now = this.#ports.clock.now()
      const cancel = start(dht, now)
      this.#flush(dht, now)
      return cancel
    }
    const waiting: Waiting = { start, cancel: () => void this.#waiting.delete(waiting) }
    this.#waiting.add(waiting)
    return () => waiting.cancel()
  }

  /** Sends what there is to send. */
  #flush(dht: Dht, now: number): void {
    if (!this.#hasEntered && this.#waiting.size > 0) this.#enter(dht, now)
    for (let next = dht.poll(); next !== undefined; next = dht.poll()) {
      this.#sockets.get(familyOf(next.to.host))?.socket.send(next.datagram, next.to)
    }
  }

  #enter(dht: Dht, now: number): void {
    this.#hasEntered = Object.values(dht.snapshot(now)).some(({ nodes }) => nodes > 0)
    if (!this.#hasEntered) return
    for (const waiting of this.#waiting) waiting.cancel = waiting.start(dht, now)
    this.#waiting.clear()
  }
}
