/** Ranges of addresses in the form in which the engine takes them, gathered one by one. */
import { isIPv6 } from 'node:net'
import type { PackedRanges } from '@shoal/engine'

const V6_BYTES = 16

export class RangeCollector {
  readonly #v4: number[] = []
  readonly #v6: Uint8Array[] = []

  get count(): number {
    return (this.#v4.length + this.#v6.length) / 2
  }

  /** Both ends belong to it. */
  addV4(first: number, last: number): void {
    this.#v4.push(first, last)
  }

  addV6(first: Uint8Array, last: Uint8Array): void {
    this.#v6.push(first, last)
  }

  pack(): PackedRanges {
    return { v4: Uint32Array.from(this.#v4), v6: new Uint8Array(Buffer.concat(this.#v6)) }
  }
}

export function rangeCount({ v4, v6 }: PackedRanges): number {
  return v4.length / 2 + v6.length / (2 * V6_BYTES)
}

/** `1.2.3.4` and, as old lists have it, `001.002.003.004`: decimal, not octal. */
export function v4Of(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  let value = 0
  for (let i = 1; i <= 4; i++) {
    const part = Number(match[i])
    if (part > 255) return undefined
    value = value * 256 + part
  }
  return value
}

/** Its 16 bytes. */
export function v6Of(text: string): Uint8Array | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [head = '', tail] = text.split('::')
  const left = groupsOf(head)
  const right = tail === undefined ? [] : groupsOf(tail)
  const groups = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
  return Uint8Array.from(groups.flatMap(group => [group >> 8, group & 255]))
}

/** The last two groups may be written as an IPv4 address. */
function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(group => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const value = v4Of(group)!
    return [Math.floor(value / 65_536), value % 65_536]
  })
}
