/** Peers that are asked what is in a torrent (BEP 9), and do not say so: one function a kind. */
import { encode } from '../src/bencode/encode.ts'
import { decodeExtendedHandshake, EXTENDED_HANDSHAKE } from '../src/torrent/extended-handshake.ts'
import { encodeExtended } from '../src/wire/messages.ts'
import {
  encodeMetadataData,
  encodeMetadataReject,
  METADATA_PIECE_BYTES,
  parseMetadataMessage,
} from '../src/wire/metadata-message.ts'
import { encodePexMessage, PexFlag } from '../src/wire/pex-message.ts'
import type { Script, Session } from './peer.ts'

/** The numbers that we are to be sent messages by. */
const METADATA_ID = 3
const PEX_ID = 5
/** Nobody asked to be sent messages by it. */
const UNKNOWN_ID = 99

/** How one asks and is answered; what is left out is done honestly. */
interface MetadataScript {
  /** What the handshake claims; default the truth. Undefined: nothing. */
  readonly size?: (truth: number) => number | undefined
  /** Default: sends the piece. */
  readonly onRequest?: (answer: Answer) => void
  /** The other end supports what it needs. */
  readonly onReady?: (answer: Omit<Answer, 'piece'>) => void
}

interface Answer {
  readonly session: Session
  readonly piece: number
  /** The true bytes of a piece. */
  readonly truth: (piece: number) => Uint8Array
  readonly size: number
  /** Sends a piece. */
  data(piece: number, bytes: Uint8Array, totalSize?: number): void
  reject(piece: number): void
  /** Any extension's message. */
  send(name: string, payload: Uint8Array): void
}

function script(of: MetadataScript): Script {
  const theirs = new WeakMap<Session, ReadonlyMap<string, number>>()
  return {
    onReady: session => {
      session.tellPieces()
      const { length } = session.peer.torrent.metainfo.infoBytes
      const handshake = {
        m: { ut_metadata: METADATA_ID, ut_pex: PEX_ID },
        metadata_size: of.size === undefined ? length : of.size(length),
      }
      session.send(encodeExtended(EXTENDED_HANDSHAKE, encode(handshake)))
    },
    onExtended: (session, id, payload) => {
      const { infoBytes } = session.peer.torrent.metainfo
      const size = (of.size ?? (truth => truth))(infoBytes.length) ?? 0
      const send = (name: string, message: Uint8Array): void => {
        const theirId = theirs.get(session)?.get(name)
        if (theirId !== undefined && theirId !== 0) session.send(encodeExtended(theirId, message))
      }
      const tools = {
        session,
        size,
        truth: (piece: number) =>
          infoBytes.subarray(piece * METADATA_PIECE_BYTES, (piece + 1) * METADATA_PIECE_BYTES),
        data: (piece: number, bytes: Uint8Array, totalSize = size) =>
          send('ut_metadata', encodeMetadataData(piece, totalSize, bytes)),
        reject: (piece: number) => send('ut_metadata', encodeMetadataReject(piece)),
        send,
      }
      if (id === EXTENDED_HANDSHAKE) {
        const isFirst = !theirs.has(session)
        theirs.set(session, decodeExtendedHandshake(payload).extensions)
        if (isFirst) of.onReady?.(tools)
      }
      if (id !== METADATA_ID) return
      const message = parseMetadataMessage(payload)
      if (message.kind !== 'request') return
      const answer = { ...tools, piece: message.piece }
      if (of.onRequest === undefined) answer.data(answer.piece, answer.truth(answer.piece))
      else of.onRequest(answer)
    },
  }
}

/** Of the size that was claimed, and without any meaning. */
function junk({ session, piece, size }: Pick<Answer, 'session' | 'piece' | 'size'>): Uint8Array {
  const length = Math.min(METADATA_PIECE_BYTES, size - piece * METADATA_PIECE_BYTES)
  return new Uint8Array(length).fill(1 + session.random.below(255))
}

/** Claims another size, and sends so much. */
export function claimsSize(size: (truth: number) => number): Script {
  return script({ size, onRequest: answer => answer.data(answer.piece, junk(answer)) })
}

/** Says one size in the handshake and another with each piece. */
export function changesSize(): Script {
  return script({ onRequest: ({ data, piece, truth, size }) => data(piece, truth(piece), size + 1) })
}

/** The right size in all; each piece a byte short. */
export function sendsShort(): Script {
  return script({ onRequest: ({ data, piece, truth }) => data(piece, truth(piece).subarray(1)) })
}

/** The right sizes, a wrong byte in one piece of so many. */
export function sendsWrong(oneIn: number): Script {
  return script({
    onRequest: ({ session, data, piece, truth }) => {
      const bytes = truth(piece).slice()
      if (session.random.chance(1 / oneIn)) bytes[session.random.below(bytes.length)]! ^= 1
      data(piece, bytes)
    },
  })
}

/** A claim of much, and a piece every now and then. */
export function trickles(everyMs: number, claimedBytes: number = 30 * 1024 * 1024): Script {
  return script({
    size: () => claimedBytes,
    onRequest: answer =>
      answer.session.after(everyMs, 'trickles', () => answer.data(answer.piece, junk(answer))),
  })
}

/** Never answers what it is asked. */
export function neverAnswers(): Script {
  return script({ onRequest: () => {} })
}

/** Never answers either, but is never silent: it repeats its handshake, and speaks what nobody understands. */
export function chatters(everyMs: number): Script {
  return script({
    onRequest: () => {},
    onReady: ({ session, reject }) => {
      const chat = (): void => {
        session.send(encodeExtended(EXTENDED_HANDSHAKE, encode({})))
        session.send(encodeExtended(UNKNOWN_ID, session.random.bytes(10)))
        reject(0)
        session.after(everyMs, 'chatters', chat)
      }
      chat()
    },
  })
}

export function rejectsAll(): Script {
  return script({ onRequest: ({ reject, piece }) => reject(piece) })
}

/** Has no description, and says so; but tells of others at these hosts. */
export function tellsOf(hosts: () => readonly { host: string; port: number }[]): Script {
  return script({
    size: () => undefined,
    onRequest: ({ reject, piece }) => reject(piece),
    onReady: ({ send }) => {
      const contacts = hosts().map(address => ({ address, flags: PexFlag.reachable }))
      send('ut_pex', encodePexMessage(contacts, []))
    },
  })
}
