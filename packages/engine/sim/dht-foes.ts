/** Hosts of the DHT that are up to no good. */
import { decode } from '../src/bencode/decode.ts'
import { type Encodable, encode } from '../src/bencode/encode.ts'
import { BencodeDict } from '../src/bencode/value.ts'
import { type PeerAddress, toCompact } from '../src/bytes/address.ts'
import { concatBytes } from '../src/bytes/bytes.ts'
import type { DhtHost, DhtNet } from './dht-net.ts'

export interface FoeContact extends PeerAddress {
  readonly id: Uint8Array
}

/** An id that has so many leading bits in common with the target. */
export function near(target: Uint8Array, bytes: number, random: Uint8Array): Uint8Array {
  const id = random.slice()
  id.set(target.subarray(0, bytes))
  return id
}

/** A node that answers every question well-formed, with what `fields` gives. */
export class Liar implements DhtHost {
  readonly address: PeerAddress
  readonly id: Uint8Array
  readonly #net: DhtNet
  readonly #fields: (method: string) => Record<string, Encodable>
  asked = 0

  constructor(net: DhtNet, contact: FoeContact, fields: (method: string) => Record<string, Encodable>) {
    this.#net = net
    this.address = { host: contact.host, port: contact.port }
    this.id = contact.id
    this.#fields = fields
    net.add(this)
  }

  handle(datagram: Uint8Array, from: PeerAddress): void {
    const question = parseQuestion(datagram)
    if (question === undefined) return
    this.asked++
    const answer = { r: { id: this.id, ...this.#fields(question.method) }, t: question.transaction, y: 'r' }
    this.#net.send(this.address, from, encode(answer))
  }

  /** Makes itself known. */
  ping(to: PeerAddress): void {
    this.#net.send(this.address, to, encode({ a: { id: this.id }, q: 'ping', t: 'aa', y: 'q' }))
  }
}

/** A node that answers every question with something that is no answer, in turn. */
export class Babbler implements DhtHost {
  readonly address: PeerAddress
  readonly #net: DhtNet
  #turn = 0

  constructor(net: DhtNet, address: PeerAddress) {
    this.#net = net
    this.address = address
    net.add(this)
  }

  handle(datagram: Uint8Array, from: PeerAddress): void {
    const t = parseQuestion(datagram)?.transaction
    if (t === undefined) return
    const id = this.#net.random.bytes(20)
    const answers: Encodable[] = [
      { r: { id, nodes: 7, values: 'x', token: [] }, t, y: 'r' },
      { r: [id], t, y: 'r' },
      { r: { id: 'short' }, t, y: 'r' },
      { e: 'no', t, y: 'e' },
      { r: { id, nodes: this.#net.random.bytes(260), token: 't' }, t, y: 'r' },
      { r: { id, values: Array.from({ length: 80 }, () => this.#net.random.bytes(6)) }, t, y: 'r' },
      { r: { id }, t: 'zzzz', y: 'r' },
      { a: {}, q: 5, t, y: 'q' },
    ]
    const turn = this.#turn++ % (answers.length + 2)
    const answer = answers[turn]
    const bytes =
      answer !== undefined
        ? encode(answer)
        : turn % 2 === 0
          ? this.#net.random.bytes(65_000)
          : datagram.slice(0, 30)
    this.#net.send(this.address, from, bytes)
  }
}

export function compact(contacts: readonly FoeContact[]): Uint8Array {
  return concatBytes(contacts.flatMap(contact => [contact.id, toCompact(contact)!]))
}

function parseQuestion(datagram: Uint8Array): { method: string; transaction: Uint8Array } | undefined {
  const { value } = decode(datagram)
  if (!(value instanceof BencodeDict) || value.text('y') !== 'q') return undefined
  return { method: value.text('q') ?? '', transaction: value.bytes('t')! }
}
