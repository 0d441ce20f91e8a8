import { toHex } from '../../src/bytes/hex.ts'
import type { WireSink } from '../../src/wire/sink.ts'

/** Writes down every call as a line; blocks with the bytes that are in memory when they are told. */
export class Recording implements WireSink {
  readonly calls: string[] = []
  readonly memory: Uint8Array
  /** Where blocks go. */
  place: (index: number, begin: number, length: number) => number = () => 0
  #target = 0

  constructor(memory: Uint8Array) {
    this.memory = memory
  }

  onInfoHash(infoHash: Uint8Array, reserved: Uint8Array): void {
    this.calls.push(`info-hash ${toHex(infoHash)} ${toHex(reserved)}`)
  }

  onPeerId(peerId: Uint8Array): void {
    this.calls.push(`peer id ${toHex(peerId)}`)
  }

  onKeepAlive(): void {
    this.calls.push('keep-alive')
  }

  onChoke(): void {
    this.calls.push('choke')
  }

  onUnchoke(): void {
    this.calls.push('unchoke')
  }

  onInterested(): void {
    this.calls.push('interested')
  }

  onNotInterested(): void {
    this.calls.push('not interested')
  }

  onHave(index: number): void {
    this.calls.push(`have ${index}`)
  }

  onBitfield(bytes: Uint8Array): void {
    this.calls.push(`bitfield ${toHex(bytes)}`)
  }

  onRequest(index: number, begin: number, length: number): void {
    this.calls.push(`request ${index} ${begin} ${length}`)
  }

  openBlock(index: number, begin: number, length: number): number {
    this.#target = this.place(index, begin, length)
    this.calls.push(`open ${index} ${begin} ${length}`)
    return this.#target
  }

  onSkipped(length: number): void {
    this.calls.push(`skipped ${length}`)
  }

  onBlock(index: number, begin: number, length: number): void {
    const bytes = this.memory.slice(this.#target, this.#target + length)
    this.calls.push(`block ${index} ${begin} ${toHex(bytes)}`)
  }

  onCancel(index: number, begin: number, length: number): void {
    this.calls.push(`cancel ${index} ${begin} ${length}`)
  }

  onPort(port: number): void {
    this.calls.push(`port ${port}`)
  }

  onSuggest(index: number): void {
    this.calls.push(`suggest ${index}`)
  }

  onHaveAll(): void {
    this.calls.push('have all')
  }

  onHaveNone(): void {
    this.calls.push('have none')
  }

  onReject(index: number, begin: number, length: number): void {
    this.calls.push(`reject ${index} ${begin} ${length}`)
  }

  onAllowedFast(index: number): void {
    this.calls.push(`allowed fast ${index}`)
  }

  onExtended(id: number, payload: Uint8Array): void {
    this.calls.push(`extended ${id} ${toHex(payload)}`)
  }

  onUnknown(id: number, length: number): void {
    this.calls.push(`unknown ${id} ${length}`)
  }
}
