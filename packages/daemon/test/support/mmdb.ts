/**
 * `mmdb({ '10.0.0.0/8': { country: { iso_code: 'DE' } } })`: the bytes of a database in MaxMind's format, as its
 * specification has it: a binary tree over addresses, what its leaves lead to, and what it tells of itself.
 */
import { v4Of, v6Of } from '../../src/household/ip-ranges.ts'

export type MmdbValue = string | number | { readonly [key: string]: MmdbValue }

export interface MmdbOptions {
  readonly type?: string
  readonly ipVersion?: 4 | 6
  readonly recordSize?: 24 | 28 | 32
  /** In place of what it would say of itself. */
  readonly metadata?: Readonly<Record<string, MmdbValue>>
}

const MARK = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
const V4_BITS = 96

/** Left and right: another node, a value, or nothing. */
type Node = [Branch, Branch]
type Branch = Node | { readonly value: MmdbValue } | undefined

export function mmdb(networks: Readonly<Record<string, MmdbValue>>, options: MmdbOptions = {}): Buffer {
  const { type = 'Test-Country', ipVersion = 6, recordSize = 28 } = options
  const root: Node = [undefined, undefined]
  for (const [network, value] of Object.entries(networks)) {
    const [address = '', length] = network.split('/')
    insert(root, bitsOf(address, ipVersion).slice(0, Number(length) + shift(address, ipVersion)), value)
  }
  const nodes = nodesOf(root)
  const numbers = new Map(nodes.map((node, at) => [node, at]))
  const data: Buffer[] = []
  let dataBytes = 0
  const numberOf = (branch: Branch): number => {
    if (branch === undefined) return nodes.length
    if (Array.isArray(branch)) return numbers.get(branch)!
    const encoded = encode(branch.value)
    data.push(encoded)
    dataBytes += encoded.length
    return nodes.length + 16 + dataBytes - encoded.length
  }
  const tree = Buffer.concat(nodes.map(([left, right]) => pack(numberOf(left), numberOf(right), recordSize)))
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_764_000_000,
    database_type: type,
    ip_version: ipVersion,
    node_count: nodes.length,
    record_size: recordSize,
    ...options.metadata,
  }
  return Buffer.concat([tree, Buffer.alloc(16), ...data, MARK, encode(metadata)])
}

/** IPv4 stands in the first of the IPv6 addresses. */
function shift(address: string, ipVersion: 4 | 6): number {
  return ipVersion === 6 && !address.includes(':') ? V4_BITS : 0
}

function bitsOf(address: string, ipVersion: 4 | 6): number[] {
  const four = v4Of(address)
  const bytes = four === undefined ? [...v6Of(address)!] : [24, 16, 8, 0].map(by => (four >>> by) & 255)
  const bits = bytes.flatMap(byte => [7, 6, 5, 4, 3, 2, 1, 0].map(by => (byte >> by) & 1))
  return [...new Array<number>(shift(address, ipVersion)).fill(0), ...bits]
}

function insert(root: Node, bits: readonly number[], value: MmdbValue): void {
  let node = root
  for (const bit of bits.slice(0, -1)) {
    const next = node[bit as 0 | 1]
    node = Array.isArray(next) ? next : [undefined, undefined]
    if (!Array.isArray(next)) replace(root, bits, node)
  }
  node[bits.at(-1) as 0 | 1] = { value }
}

/** Puts a new node in at the first place on the way where there is none. */
function replace(root: Node, bits: readonly number[], fresh: Node): void {
  let node = root
  for (const bit of bits) {
    const next = node[bit as 0 | 1]
    if (!Array.isArray(next)) {
      node[bit as 0 | 1] = fresh
      return
    }
    node = next
  }
}

function nodesOf(root: Node): Node[] {
  const all: Node[] = [root]
  for (const node of all) for (const branch of node) if (Array.isArray(branch)) all.push(branch)
  return all
}

function pack(left: number, right: number, recordSize: 24 | 28 | 32): Buffer {
  const node = Buffer.alloc(recordSize / 4)
  if (recordSize === 32) {
    node.writeUInt32BE(left, 0)
    node.writeUInt32BE(right, 4)
  } else {
    node.writeUIntBE(left & 0xff_ffff, 0, 3)
    node.writeUIntBE(right & 0xff_ffff, recordSize / 4 - 3, 3)
    if (recordSize === 28) node[3] = ((left >>> 24) << 4) | (right >>> 24)
  }
  return node
}

const STRING = 2
const UINT32 = 6
const MAP = 7

/** A control byte with type and size, then the value; sizes here are below 29, or take a byte more. */
function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([head(STRING, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([head(UINT32, 4), bytes])
  }
  const entries = Object.entries(value)
  return Buffer.concat([
    head(MAP, entries.length),
    ...entries.flatMap(([key, each]) => [encode(key), encode(each)]),
  ])
}

function head(type: number, size: number): Buffer {
  return size < 29 ? Buffer.of((type << 5) | size) : Buffer.of((type << 5) | 29, size - 29)
}
