/** What a message says, as data: for programs that have words of their own, in whatever language. */
import { readUint32 } from '../bytes/bytes.ts'
import { decodeExtendedHandshake, EXTENDED_HANDSHAKE } from '../torrent/extended-handshake.ts'
import { MessageId } from '../wire/messages.ts'
import { parseMetadataMessage } from '../wire/metadata-message.ts'
import { countPexContacts } from '../wire/pex-message.ts'
import type { Said } from './types/overheard.ts'

/**
 * `bytes` is one whole message with its four bytes of length, sound or not; `extensionName` knows which extension a
 * number stands for. Never throws.
 */
export function readSaid(bytes: Uint8Array, extensionName: (id: number) => string | undefined): Said {
  if (bytes.length < 4 || readUint32(bytes, 0) !== bytes.length - 4) return MALFORMED
  if (bytes.length === 4) return { kind: 'keep-alive' }
  const id = bytes[4]!
  if (!KNOWN.has(id)) return { kind: 'unknown', id }
  return readKnown(id, bytes, extensionName) ?? MALFORMED
}

/** In English, where more is known than `describeMessage` can tell without the names of extensions. */
export function describeExtension(says: Said, direction: 'in' | 'out'): string | undefined {
  const subject = direction === 'in' ? 'They' : 'We'
  switch (says.kind) {
    case 'extensions':
      return `${subject} tell which extensions ${direction === 'in' ? 'they' : 'we'} speak (extension handshake)`
    case 'peers':
      return `${subject} are connected to ${says.added} more peers, and to ${says.dropped} no longer (ut_pex)`
    case 'metadata': {
      const does = { request: 'ask for', data: 'send', reject: 'will not send' }[says.what]
      return `${subject} ${does} part ${says.piece} of the torrent's description (ut_metadata)`
    }
    case 'dont-have':
      return `${subject} no longer have piece ${says.piece} (lt_donthave)`
    default:
      return undefined
  }
}

const MALFORMED: Said = { kind: 'malformed' }
const KNOWN: ReadonlySet<number> = new Set(Object.values(MessageId))

/** Undefined: it is not as long as such a message is. */
function readKnown(
  id: number,
  bytes: Uint8Array,
  extensionName: (id: number) => string | undefined,
): Said | undefined {
  switch (id) {
    case MessageId.choke:
      return bare('choke', bytes)
    case MessageId.unchoke:
      return bare('unchoke', bytes)
    case MessageId.interested:
      return bare('interested', bytes)
    case MessageId.notInterested:
      return bare('not-interested', bytes)
    case MessageId.haveAll:
      return bare('have-all', bytes)
    case MessageId.haveNone:
      return bare('have-none', bytes)
    case MessageId.have:
      return ofPiece('have', bytes)
    case MessageId.suggest:
      return ofPiece('suggest', bytes)
    case MessageId.allowedFast:
      return ofPiece('allowed-fast', bytes)
    case MessageId.request:
      return ofRange('request', bytes)
    case MessageId.cancel:
      return ofRange('cancel', bytes)
    case MessageId.reject:
      return ofRange('reject', bytes)
    case MessageId.piece:
      if (bytes.length < 13) return undefined
      return {
        kind: 'block',
        piece: readUint32(bytes, 5),
        begin: readUint32(bytes, 9),
        length: bytes.length - 13,
      }
    case MessageId.bitfield:
      return { kind: 'bitfield', have: countBits(bytes.subarray(5)) }
    case MessageId.port:
      return bytes.length === 7 ? { kind: 'port', port: (bytes[5]! << 8) | bytes[6]! } : undefined
    default:
      return bytes.length < 6 ? undefined : ofExtension(bytes[5]!, bytes.subarray(6), extensionName)
  }
}

function bare(
  kind: 'choke' | 'unchoke' | 'interested' | 'not-interested' | 'have-all' | 'have-none',
  bytes: Uint8Array,
): Said | undefined {
  return bytes.length === 5 ? { kind } : undefined
}

function ofPiece(kind: 'have' | 'suggest' | 'allowed-fast', bytes: Uint8Array): Said | undefined {
  return bytes.length === 9 ? { kind, piece: readUint32(bytes, 5) } : undefined
}

function ofRange(kind: 'request' | 'cancel' | 'reject', bytes: Uint8Array): Said | undefined {
  if (bytes.length !== 17) return undefined
  return { kind, piece: readUint32(bytes, 5), begin: readUint32(bytes, 9), length: readUint32(bytes, 13) }
}

function ofExtension(
  id: number,
  payload: Uint8Array,
  extensionName: (id: number) => string | undefined,
): Said {
  if (id === EXTENDED_HANDSHAKE) return greeting(payload)
  const name = extensionName(id)
  try {
    if (name === 'ut_pex') return { kind: 'peers', ...countPexContacts(payload) }
    if (name === 'lt_donthave' && payload.length === 4) {
      return { kind: 'dont-have', piece: readUint32(payload, 0) }
    }
    if (name === 'ut_metadata') {
      const message = parseMetadataMessage(payload)
      if (message.kind !== 'unknown') return { kind: 'metadata', what: message.kind, piece: message.piece }
    }
  } catch {
    return MALFORMED
  }
  return { kind: 'extension', id, name }
}

function greeting(payload: Uint8Array): Said {
  const { client, extensions, requestQueue, port, metadataSize, uploadOnly, yourIp } =
    decodeExtendedHandshake(payload)
  const names = [...extensions].filter(([, id]) => id !== 0).map(([name]) => name)
  return {
    kind: 'extensions',
    client,
    names,
    requestQueue,
    port,
    metadataBytes: metadataSize,
    uploadOnly,
    yourIp,
  }
}

function countBits(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) for (let rest = byte; rest !== 0; rest &= rest - 1) count++
  return count
}
