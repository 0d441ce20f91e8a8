/** Whom nobody speaks to: who is in the blocklist, and who was banned by hand. The engine has one list for both. */
import type { PackedRanges } from '@shoal/engine'
import { RangeCollector, v4Of, v6Of } from './ip-ranges.ts'

export class Unwanted {
  readonly #apply: (ranges: PackedRanges) => void
  #list: PackedRanges = new RangeCollector().pack()
  #bans: PackedRanges = new RangeCollector().pack()

  constructor(apply: (ranges: PackedRanges) => void) {
    this.#apply = apply
  }

  setList(ranges: PackedRanges): void {
    this.#list = ranges
    this.#applyBoth()
  }

  /** @param addresses IP literals */
  setBans(addresses: readonly string[]): void {
    const bans = new RangeCollector()
    for (const address of addresses) {
      const four = v4Of(address)
      const six = four === undefined ? v6Of(address) : undefined
      if (four !== undefined) bans.addV4(four, four)
      if (six !== undefined) bans.addV6(six, six)
    }
    this.#bans = bans.pack()
    this.#applyBoth()
  }

  #applyBoth(): void {
    const v4 = new Uint32Array(this.#list.v4.length + this.#bans.v4.length)
    v4.set(this.#list.v4)
    v4.set(this.#bans.v4, this.#list.v4.length)
    this.#apply({ v4, v6: new Uint8Array(Buffer.concat([this.#list.v6, this.#bans.v6])) })
  }
}
