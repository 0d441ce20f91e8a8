import { createHash } from 'node:crypto'
import { SeededRandom } from '../../sim/random.ts'
import { type Encodable, encode } from '../../src/bencode/encode.ts'
import type { PeerAddress } from '../../src/bytes/address.ts'
import type { Incoming } from '../../src/dht/krpc.ts'
import { decodeMessage } from '../../src/dht/krpc-decode.ts'
import { DhtNode } from '../../src/dht/node.ts'
import type { Datagram, DhtOptions } from '../../src/dht/node-types.ts'

export const START_MS = 1_000_000

export function seeded(seed: number): SeededRandom {
  return new SeededRandom(seed)
}

export function sha1(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha1').update(bytes).digest())
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** 20 bytes that begin with these. */
export function id(...start: number[]): Uint8Array {
  const bytes = new Uint8Array(20)
  bytes.set(start)
  return bytes
}

export function makeNode(options: Partial<DhtOptions> = {}): DhtNode {
  return new DhtNode({ family: 4, random: seeded(1), sha1, ...options }, START_MS)
}

export function drain(node: { poll(): Datagram | undefined }): Datagram[] {
  const all: Datagram[] = []
  for (let next = node.poll(); next !== undefined; next = node.poll()) all.push(next)
  return all
}

export function question(method: string, args: Record<string, Encodable>, transaction = 'aa'): Uint8Array {
  return encode({ a: { id: id(9, 9), ...args }, q: method, t: transaction, y: 'q' })
}

export type Fields<K extends Incoming['kind']> = Incoming & { readonly kind: K }

/** The datagrams to this address, decoded. */
export function to(address: PeerAddress, datagrams: readonly Datagram[]): Incoming[] {
  return datagrams
    .filter(each => each.to.host === address.host && each.to.port === address.port)
    .map(each => decodeMessage(each.datagram)!)
}

export function repliesOf(messages: readonly Incoming[]): Fields<'reply'>[] {
  return messages.filter(message => message.kind === 'reply')
}

export function queriesOf(messages: readonly Incoming[]): Fields<'query'>[] {
  return messages.filter(message => message.kind === 'query')
}

/** Adds nodes that answer: `count` of them, each of another network. */
export function populate(
  node: DhtNode,
  count: number,
  now: number,
  random: SeededRandom = seeded(77),
): PeerAddress[] {
  const addresses: PeerAddress[] = []
  for (let n = 0; n < count; n++) {
    const host = node.family === 4 ? `${30 + (n >> 8)}.7.${n & 255}.1` : `2a00:${(n + 1).toString(16)}::1`
    const address = { host, port: 6881 }
    addresses.push(address)
    node.addNode(address, now + n * 250)
    for (const query of queriesOf(to(address, drain(node)))) {
      const answer = encode({ r: { id: random.bytes(20) }, t: query.transaction, y: 'r' })
      node.handle(answer, address, now + n * 250)
    }
  }
  return addresses
}
