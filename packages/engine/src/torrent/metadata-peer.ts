/**
 * One connection to one peer while the torrent's description is still unknown (BEP 9): handshakes and extended messages,
 * nothing else. What it says of pieces cannot be understood yet and is passed over.
 */
import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import { equalBytes } from '../bytes/bytes.ts'
import { ProtocolError } from '../errors.ts'
import type { Link, LinkHandler } from '../ports.ts'
import { Framer, type WireSink } from '../wire/framer.ts'
import { encodeHandshake, readReserved, reservedBits } from '../wire/handshake.ts'
import { encodeExtended, encodePort } from '../wire/messages.ts'
import { decodeExtendedHandshake, EXTENDED_HANDSHAKE, encodeExtendedHandshake } from './extended-handshake.ts'
import type { ExtensionLink, ExtensionRegistry, PeerExtensions } from './extensions.ts'
import { Cost, Patience } from './patience.ts'
import type { PeerBookEntry } from './peer-book.ts'

const CONNECT_TIMEOUT_MS = 6_000
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Without a piece of the description for so long, another peer may have its place: words alone keep nobody here. */
const USELESS_MS = 30_000
/** After that time, where places are scarce: a piece of 16 KiB in the time that a request may take. */
const SLOW_BYTES_PER_SEC = 3_200
/** Nor may all that it claims take longer than this: a large claim is no reason to hold a place for hours. */
const WHOLE_MAX_MS = 60_000
const MESSAGE_MAX_BYTES = 256 * 1024
const NO_MEMORY = new Uint8Array(0)
const SKIP = -1

export interface MetadataPeerOwner {
  readonly infoHash: Uint8Array
  /** Our own. */
  readonly peerId: Uint8Array
  readonly clientName: string
  readonly listenPort: number | undefined
  readonly dhtPort: number | undefined
  readonly extensions: ExtensionRegistry
  now(): number
  onDhtPort(address: PeerAddress): void
  onGone(peer: MetadataPeer, fault: ProtocolError | undefined): void
}

export class MetadataPeer implements LinkHandler, WireSink, ExtensionLink {
  readonly id: number
  readonly address: PeerAddress
  readonly key: string
  readonly entry: PeerBookEntry
  phase: 'connecting' | 'handshake' | 'open' | 'closed'
  readonly #owner: MetadataPeerOwner
  readonly #framer: Framer
  readonly #startedAt: number
  readonly #patience: Patience
  /** When the handshakes were done, or it last sent a piece. */
  #usefulAt: number
  #gainedBytes = 0
  /** What it says that the description has. */
  #claimedBytes = 0
  #link: Link | undefined
  #extensions: PeerExtensions | undefined
  #isExtended = false
  #hasDht = false

  constructor(
    owner: MetadataPeerOwner,
    { id, entry, direction }: { id: number; entry: PeerBookEntry; direction: 'in' | 'out' },
  ) {
    this.#owner = owner
    this.id = id
    this.entry = entry
    this.address = entry.address
    this.key = formatAddress(entry.address)
    this.phase = direction === 'out' ? 'connecting' : 'handshake'
    this.#startedAt = owner.now()
    this.#usefulAt = this.#startedAt
    this.#patience = new Patience(this.#startedAt)
    this.#framer = new Framer(NO_MEMORY, this, { maxMessageBytes: MESSAGE_MAX_BYTES })
  }

  attach(link: Link): void {
    this.#link = link
  }

  tick(now: number): void {
    const waiting = now - this.#startedAt
    if (this.phase === 'connecting' && waiting > CONNECT_TIMEOUT_MS) return this.close('no answer')
    if (this.phase === 'handshake' && waiting > HANDSHAKE_TIMEOUT_MS) return this.close('no handshake')
    if (this.phase === 'open' && now - this.#usefulAt > USELESS_MS) this.close('tells nothing of the torrent')
  }

  /** It sent a piece of the description. */
  gained(bytes: number, now: number): void {
    this.#gainedBytes += bytes
    this.#usefulAt = now
  }

  /** It had its time, and whoever tells nothing would tell no less. */
  isSlow(now: number): boolean {
    return this.#hadItsTime(now) && this.#gainedBytes * 1000 < (now - this.#startedAt) * SLOW_BYTES_PER_SEC
  }

  /** How long all that it claims takes at its pace, in ms, if that is too long; otherwise 0, as in its first time. */
  tooLongMs(now: number): number {
    if (!this.#hadItsTime(now)) return 0
    const wholeMs = ((now - this.#startedAt) * this.#claimedBytes) / Math.max(1, this.#gainedBytes)
    return wholeMs > WHOLE_MAX_MS ? wholeMs : 0
  }

  #hadItsTime(now: number): boolean {
    return this.phase === 'open' && now - this.#startedAt > USELESS_MS
  }

  close(_reason: string, fault?: ProtocolError): void {
    if (this.phase === 'closed') return
    this.phase = 'closed'
    this.#framer.close()
    this.#extensions?.leave()
    this.#link?.close()
    this.#owner.onGone(this, fault)
  }

  sendExtended(id: number, payload: Uint8Array): void {
    if (this.phase === 'open') this.#link?.send(encodeExtended(id, payload))
  }

  sendHandshake(): void {
    const { infoHash, peerId, dhtPort } = this.#owner
    const reserved = reservedBits({ fast: false, extended: true, dht: dhtPort !== undefined })
    this.#link?.send(encodeHandshake({ infoHash, peerId, reserved }))
  }

  // ------------------------------------------------------------------------------------------------ LinkHandler

  onOpen(): void {
    if (this.phase !== 'connecting') return
    this.phase = 'handshake'
    this.sendHandshake()
  }

  onBytes(chunk: Uint8Array): void {
    if (this.phase === 'closed') return
    try {
      this.#framer.feed(chunk)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.close(error.message, error)
    }
  }

  onDrain(): void {}

  onClose(): void {
    this.close('closed by the peer')
  }

  // --------------------------------------------------------------------------------------------------- WireSink

  onInfoHash(infoHash: Uint8Array, reserved: Uint8Array): void {
    if (!equalBytes(infoHash, this.#owner.infoHash)) {
      throw new ProtocolError('UNKNOWN_INFO_HASH', 'answered with another info-hash')
    }
    const theirs = readReserved(reserved)
    this.#isExtended = theirs.extended
    this.#hasDht = theirs.dht
  }

  onPeerId(peerId: Uint8Array): void {
    const owner = this.#owner
    if (equalBytes(peerId, owner.peerId)) throw new ProtocolError('SELF', 'that is ourselves')
    if (!this.#isExtended) return this.close('cannot tell what is in the torrent')
    this.phase = 'open'
    this.#usefulAt = owner.now()
    this.#extensions = owner.extensions.join(this)
    const handshake = encodeExtendedHandshake({
      client: owner.clientName,
      port: owner.listenPort,
      extensions: owner.extensions.ids,
      yourIp: this.address.host,
    })
    this.sendExtended(EXTENDED_HANDSHAKE, handshake)
    if (this.#hasDht && owner.dhtPort !== undefined) this.#link?.send(encodePort(owner.dhtPort))
  }

  onExtended(id: number, payload: Uint8Array): void {
    const now = this.#owner.now()
    // Pieces of the description are counted where it is put together.
    if (id === EXTENDED_HANDSHAKE || this.#extensions?.knows(id) !== true) this.#bear(Cost.news)
    if (id === EXTENDED_HANDSHAKE) {
      const theirs = decodeExtendedHandshake(payload)
      this.#claimedBytes = theirs.metadataSize ?? this.#claimedBytes
      this.#extensions?.onHandshake(theirs, now)
    } else this.#extensions?.onMessage(id, payload, now)
  }

  onPort(port: number): void {
    this.#bear(Cost.news)
    if (port > 0) this.#owner.onDhtPort({ host: this.address.host, port })
  }

  openBlock(): number {
    this.#bear()
    return SKIP
  }

  onHave(): void {
    this.#bear(Cost.have)
  }

  onBitfield(): void {
    this.#bear(Cost.bitfield)
  }

  onInterested(): void {
    this.#bear(Cost.interest)
  }

  onNotInterested(): void {
    this.#bear(Cost.interest)
  }

  onUnknown(_id: number, length: number): void {
    this.#patience.spendBytes(length, this.#owner.now())
  }

  onBlock(): void {}
  onSkipped(): void {}

  onKeepAlive(): void {
    this.#bear()
  }

  onChoke(): void {
    this.#bear()
  }

  onUnchoke(): void {
    this.#bear()
  }

  onRequest(): void {
    this.#bear()
  }

  onCancel(): void {
    this.#bear()
  }

  onSuggest(): void {
    this.#bear()
  }

  onHaveAll(): void {
    this.#bear()
  }

  onHaveNone(): void {
    this.#bear()
  }

  onReject(): void {
    this.#bear()
  }

  onAllowedFast(): void {
    this.#bear()
  }

  /** It sent something of no use. @throws ProtocolError `QUEUE_FLOOD` */
  #bear(cost: number = Cost.message): void {
    this.#patience.spend(cost, this.#owner.now())
  }
}
