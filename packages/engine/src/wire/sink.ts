/**
 * What a {@link import('./framer.ts').Framer} tells. All numbers are as the peer sent them, 0 to 2^32 - 1, and mean
 * nothing until checked. A method may throw a ProtocolError, and may close the framer; it must not feed it.
 */
export interface WireSink {
  /** The first 48 bytes are here: which torrent (20 bytes) and which extensions (8 bytes); both may be kept. */
  onInfoHash(infoHash: Uint8Array, reserved: Uint8Array): void
  /** The handshake is complete; some clients send these 20 bytes later than the rest. May be kept. */
  onPeerId(peerId: Uint8Array): void
  onKeepAlive(): void
  onChoke(): void
  onUnchoke(): void
  onInterested(): void
  onNotInterested(): void
  onHave(index: number): void
  /** Valid during the call only. Spare bits are not checked. */
  onBitfield(bytes: Uint8Array): void
  onRequest(index: number, begin: number, length: number): void
  /**
   * A block begins: at which byte of the memory its payload (1 byte to 128 KiB) goes, or -1 to jump over it. The
   * memory is written to, now and in later feeds, until `onBlock` or {@link import('./framer.ts').Framer.skipBlock}.
   */
  openBlock(index: number, begin: number, length: number): number
  /** The payload is whole, where `openBlock` said. Not called for blocks that were jumped over. */
  onBlock(index: number, begin: number, length: number): void
  /** The payload, all of it or the rest, was jumped over and has come to its end. */
  onSkipped(length: number): void
  onCancel(index: number, begin: number, length: number): void
  /** BEP 5: the UDP port of the peer's DHT node. */
  onPort(port: number): void
  onSuggest(index: number): void
  onHaveAll(): void
  onHaveNone(): void
  onReject(index: number, begin: number, length: number): void
  onAllowedFast(index: number): void
  /** BEP 10: 0 is the extension handshake. The payload is valid during the call only. */
  onExtended(id: number, payload: Uint8Array): void
  /** A message that nobody knows begins; its `length` bytes of payload are jumped over. */
  onUnknown(id: number, length: number): void
}
