/** The DHT: what an engine tells of its own, and a node without torrents. */
import type { EngineOptions } from './engine.ts'

/** IPv4 and IPv6 together. */
export interface DhtSnapshot {
  /** UDP; undefined while, or where, there is no socket. */
  readonly port: number | undefined
  /** Our address as other nodes see it. */
  readonly externalIps: readonly string[]
  readonly nodes: number
  /** Of those, the ones that have answered lately. */
  readonly goodNodes: number
  /** Going on now. */
  readonly searches: number
  /** What others keep with us. */
  readonly storedPeers: number
  readonly storedItems: number
  /** Datagrams. */
  readonly sent: number
  readonly received: number
  readonly dropped: number
}

export interface DhtOptions {
  /** UDP port; 0, any, unless told. */
  readonly port?: number | undefined
  /** The address of this machine to use. Not given: all of them. */
  readonly bind?: string | undefined
  /** As of {@link EngineOptions.dhtBootstrap}. */
  readonly bootstrap?: readonly string[] | undefined
  /** The state folder of an engine: its table is a way in; a node that is not read-only saves its own there. */
  readonly stateDir?: string | undefined
  /** Ask, but do not answer (BEP 43): for a node that is there for a moment only. */
  readonly readOnly?: boolean | undefined
}

/** A node of the DHT without torrents. All that it is asked fails with `NETWORK` where no node answers in time. */
export interface Dht extends AsyncDisposable {
  readonly port: number
  /** @param infoHash 40 hex digits */
  find(infoHash: string, options?: DhtFindOptions): Promise<DhtFound>
  /** Undefined: no answer. @throws ShoalError `OPTION_INVALID` */
  ping(address: string): Promise<DhtPong | undefined>
  /** Looks around, then names the nearest nodes that it knows. */
  nodes(options?: DhtSearchOptions): Promise<readonly DhtNodeInfo[]>
  /** Stores a byte string of at most 996 bytes (BEP 44) for some hours. Text goes as UTF-8. */
  put(value: string | Uint8Array, options?: DhtSearchOptions): Promise<DhtPut>
  /** @param target 40 hex digits; undefined when nobody has it */
  get(target: string, options?: DhtSearchOptions): Promise<DhtItem | undefined>
  /**
   * Stores a byte string of at most 996 bytes under a key, for some hours, in place of what the key's owner put before.
   *
   * @throws ShoalError `DHT_CONFLICT` when what is there is newer, or not what {@link DhtPutMutableOptions.cas} says
   */
  putMutable(value: string | Uint8Array, options: DhtPutMutableOptions): Promise<DhtPutMutable>
  /** The newest that the owner of the key has put; its signature is checked. @param publicKey 64 hex digits */
  getMutable(publicKey: string, options?: DhtGetMutableOptions): Promise<DhtItem | undefined>
  snapshot(): DhtSnapshot
  close(): Promise<void>
}

export interface DhtSearchOptions {
  /** 30 s unless told. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface DhtFindOptions extends DhtSearchOptions {
  /** Tells the nodes that a peer listens here, at this TCP port. */
  readonly announcePort?: number | undefined
  /** As they are found, as `host:port`. */
  readonly onPeers?: ((peers: readonly string[]) => void) | undefined
}

export interface DhtFound {
  readonly peers: readonly string[]
  /** Nodes asked, and answers. */
  readonly queries: number
  readonly replies: number
  /** Nodes that took our announce. */
  readonly announced: number
  readonly durationMs: number
}

export interface DhtPong {
  /** 40 hex digits. */
  readonly id: string
  readonly durationMs: number
}

export interface DhtNodeInfo {
  /** 40 hex digits. */
  readonly id: string
  readonly address: string
}

export interface DhtPut {
  /** 40 hex digits, to get it by. */
  readonly target: string
  /** Nodes that have it now. */
  readonly stored: number
}

/** An Ed25519 key, as `parseDhtKey` makes it of a PEM file; any other that signs will do. */
export interface DhtKey {
  /** 64 hex digits. */
  readonly publicKey: string
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

export interface DhtGetMutableOptions extends DhtSearchOptions {
  /** Tells several items of one key apart; at most 64 bytes, text as UTF-8. */
  readonly salt?: string | Uint8Array | undefined
}

export interface DhtPutMutableOptions extends DhtGetMutableOptions {
  readonly key: DhtKey
  /** The highest counts. Not given: one more than that of the item that is there, or 1. */
  readonly seq?: number | undefined
  /** Store only in place of the item with this seq, or of none. */
  readonly cas?: number | undefined
}

export interface DhtPutMutable extends DhtPut {
  /** 64 hex digits, to get it by. */
  readonly publicKey: string
  readonly seq: number
}

export interface DhtItem {
  /** The value as it is stored. */
  readonly bencoded: Uint8Array
  /** Where it is a byte string. Comes from anybody: not safe for a terminal as it is. */
  readonly bytes: Uint8Array | undefined
  /** Signed by the owner of a key, and may change. */
  readonly mutable: boolean
  /** Of a mutable one: the higher, the newer. */
  readonly seq: number | undefined
}

export type CreateDht = (options?: DhtOptions) => Promise<Dht>
