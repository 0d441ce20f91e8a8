/**
 * Messages of `ut_metadata` (BEP 9), by which peers hand each other the info dictionary in pieces of 16 KiB. A bencoded
 * dictionary, and after that of a data message the bytes.
 */
import { decode } from '../bencode/decode.ts'
import { encode } from '../bencode/encode.ts'
import { BencodeDict } from '../bencode/value.ts'
import { concatBytes } from '../bytes/bytes.ts'
import { ProtocolError } from '../errors.ts'

export const METADATA_PIECE_BYTES: number = 16 * 1024

export type MetadataMessage =
  | { readonly kind: 'request'; readonly piece: number }
  | {
      readonly kind: 'data'
      readonly piece: number
      readonly totalSize: number | undefined
      /** A view of the payload: at most {@link METADATA_PIECE_BYTES}. */
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'reject'; readonly piece: number }
  /** A `msg_type` of the future, which is to be ignored. */
  | { readonly kind: 'unknown' }

/** Throws a ProtocolError when this is none; that `piece` exists is the receiver's to check. */
export function parseMetadataMessage(payload: Uint8Array): MetadataMessage {
  const { dict, end } = decodeDict(payload)
  const type = dict.int('msg_type')
  if (type === undefined) throw bad('has no msg_type')
  if (type < 0 || type > 2) return { kind: 'unknown' }
  const piece = dict.int('piece')
  if (piece === undefined || piece < 0) throw bad('has no piece')
  if (type === 0) return { kind: 'request', piece }
  if (type === 2) return { kind: 'reject', piece }
  const bytes = payload.subarray(end)
  if (bytes.length > METADATA_PIECE_BYTES) throw bad(`has a piece of ${bytes.length} bytes`)
  return { kind: 'data', piece, totalSize: dict.int('total_size'), bytes }
}

export function encodeMetadataRequest(piece: number): Uint8Array {
  return encode({ msg_type: 0, piece })
}

/** `bytes` are copied. */
export function encodeMetadataData(piece: number, totalSize: number, bytes: Uint8Array): Uint8Array {
  return concatBytes([encode({ msg_type: 1, piece, total_size: totalSize }), bytes])
}

export function encodeMetadataReject(piece: number): Uint8Array {
  return encode({ msg_type: 2, piece })
}

function decodeDict(payload: Uint8Array): { dict: BencodeDict; end: number } {
  let decoded: ReturnType<typeof decode>
  try {
    decoded = decode(payload, { maxDepth: 4, maxTokens: 32 })
  } catch (error) {
    throw bad(`is damaged: ${(error as Error).message}`)
  }
  if (!(decoded.value instanceof BencodeDict)) throw bad('is not a dictionary')
  return { dict: decoded.value, end: decoded.end }
}

function bad(problem: string): ProtocolError {
  return new ProtocolError('BAD_MESSAGE', `a metadata message ${problem}`)
}
