/** A message in plain words, for people who watch a connection. */
import { readUint32 } from '../bytes/bytes.ts'
import { HANDSHAKE_BYTES, PROTOCOL_HEADER, readReserved } from './handshake.ts'
import { MessageId } from './messages.ts'
import { clientName } from './peer-id.ts'

export interface Description {
  /** `unchoke`, `have`, `handshake`; `malformed` if the bytes are no message. */
  readonly name: string
  /** One sentence without a full stop. No control characters. */
  readonly text: string
}

/**
 * `bytes` is one whole message with its four bytes of length, or a handshake, as `splitMessages` gives them;
 * `direction` is seen from us. Never throws. `pieceCount` turns "12 pieces" into "12 of 40 pieces".
 */
export function describeMessage(
  bytes: Uint8Array,
  direction: 'in' | 'out',
  pieceCount?: number | undefined,
): Description {
  const say = direction === 'in' ? THEY : WE
  if (isHandshake(bytes)) return { name: 'handshake', text: handshake(bytes, say) }
  if (bytes.length < 4 || readUint32(bytes, 0) !== bytes.length - 4) {
    return {
      name: 'malformed',
      text: `${say.subject} sent ${count(bytes.length, 'byte')} that are no message`,
    }
  }
  if (bytes.length === 4)
    return { name: 'keep-alive', text: `${say.subject} keep the connection open (keep-alive)` }
  const id = bytes[4]!
  const kind = KINDS.get(id)
  if (kind === undefined) {
    return {
      name: 'unknown',
      text: `${say.subject} sent an unknown message (id ${id}, ${payload(bytes, 5)})`,
    }
  }
  if (bytes.length < kind.least || (kind.fixed && bytes.length > kind.least)) {
    const expected = kind.fixed ? `${kind.least}` : `at least ${kind.least}`
    const text = `${say.subject} sent a malformed ${kind.name}: ${bytes.length} bytes instead of ${expected}`
    return { name: 'malformed', text }
  }
  return { name: kind.name, text: `${kind.text(bytes, say, pieceCount)} (${kind.name})` }
}

interface Words {
  readonly subject: string
  readonly other: string
}

const THEY: Words = { subject: 'They', other: 'us' }
const WE: Words = { subject: 'We', other: 'them' }

interface Kind {
  readonly name: string
  /** Bytes of the whole message. */
  readonly least: number
  /** Not a byte more either. */
  readonly fixed: boolean
  readonly text: (bytes: Uint8Array, say: Words, pieceCount: number | undefined) => string
}

const KINDS: ReadonlyMap<number, Kind> = new Map([
  kind(MessageId.choke, 'choke', 5, (_, s) => `${s.subject} do not let ${s.other} ask for now`),
  kind(MessageId.unchoke, 'unchoke', 5, (_, s) => `${s.subject} let ${s.other} ask`),
  kind(
    MessageId.interested,
    'interested',
    5,
    (_, s) => `${s.subject} want pieces that ${s === WE ? 'they' : 'we'} have`,
  ),
  kind(MessageId.notInterested, 'not interested', 5, (_, s) => `${s.subject} want nothing from ${s.other}`),
  kind(MessageId.have, 'have', 9, (b, s) => `${s.subject} now have piece ${readUint32(b, 5)}`),
  open(MessageId.bitfield, 'bitfield', 5, (b, s, pieceCount) => bitfield(b, s, pieceCount)),
  kind(MessageId.request, 'request', 17, (b, s) => `${s.subject} ask for ${range(b)}`),
  open(MessageId.piece, 'piece', 13, (b, s) => `${s.subject} send ${stretch(b, b.length - 13)}`),
  kind(MessageId.cancel, 'cancel', 17, (b, s) => `${s.subject} no longer want ${range(b)}`),
  kind(
    MessageId.port,
    'port',
    7,
    (b, s) => `${s.subject} run a DHT node on UDP port ${(b[5]! << 8) | b[6]!}`,
  ),
  kind(
    MessageId.suggest,
    'suggest',
    9,
    (b, s) => `${s.subject} suggest that ${s === WE ? 'they' : 'we'} ask for piece ${readUint32(b, 5)}`,
  ),
  kind(MessageId.haveAll, 'have all', 5, (_, s) => `${s.subject} have every piece`),
  kind(MessageId.haveNone, 'have none', 5, (_, s) => `${s.subject} have no piece yet`),
  kind(MessageId.reject, 'reject', 17, (b, s) => `${s.subject} will not send ${range(b)}`),
  kind(
    MessageId.allowedFast,
    'allowed fast',
    9,
    (b, s) => `${s.subject} let ${s.other} ask for piece ${readUint32(b, 5)} even while choked`,
  ),
  open(MessageId.extended, 'extended', 6, (b, s) =>
    b[5] === 0
      ? `${s.subject} tell which extensions ${s === WE ? 'we' : 'they'} speak, in ${payload(b, 6)}`
      : `${s.subject} send extension message ${b[5]}, ${payload(b, 6)}`,
  ),
])

function kind(id: number, name: string, bytes: number, text: Kind['text']): [number, Kind] {
  return [id, { name, least: bytes, fixed: true, text }]
}

function open(id: number, name: string, least: number, text: Kind['text']): [number, Kind] {
  return [id, { name, least, fixed: false, text }]
}

function isHandshake(bytes: Uint8Array): boolean {
  return bytes.length === HANDSHAKE_BYTES && PROTOCOL_HEADER.every((byte, at) => bytes[at] === byte)
}

function handshake(bytes: Uint8Array, say: Words): string {
  const features = readReserved(bytes.subarray(20, 28))
  const spoken = [
    features.fast ? 'fast extension' : '',
    features.extended ? 'extension protocol' : '',
    features.dht ? 'DHT' : '',
  ].filter(name => name !== '')
  const extras = spoken.length === 0 ? 'no extensions' : spoken.join(', ')
  return `${say.subject} greet as ${clientName(bytes.subarray(48))}, with ${extras} (handshake)`
}

function bitfield(bytes: Uint8Array, say: Words, pieceCount: number | undefined): string {
  let have = 0
  for (const byte of bytes.subarray(5)) for (let rest = byte; rest !== 0; rest &= rest - 1) have++
  const pieces = pieceCount === undefined ? count(have, 'piece') : `${have} of ${count(pieceCount, 'piece')}`
  return `${say.subject} have ${pieces}`
}

/** Of request, cancel and reject. */
function range(bytes: Uint8Array): string {
  return stretch(bytes, readUint32(bytes, 13))
}

function stretch(bytes: Uint8Array, length: number): string {
  return `${count(length, 'byte')} of piece ${readUint32(bytes, 5)} from byte ${readUint32(bytes, 9)}`
}

function payload(bytes: Uint8Array, from: number): string {
  return count(bytes.length - from, 'byte')
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
