/** Writes torrent files (BEP 3, 12, 19, 27), canonically: the same content gives the same info-hash everywhere. */

import { type Encodable, encode } from '../bencode/encode.ts'
import { concatBytes } from '../bytes/bytes.ts'
import { ShoalError } from '../errors.ts'
import { MAX_PIECE_LENGTH, MAX_PIECES, PIECE_HASH_BYTES } from './info.ts'

/** What {@link encodeTorrent} writes; what is undefined or empty is left out. */
export interface TorrentContent {
  /** Of the file, or of the folder. */
  readonly name: string
  /** The length in bytes of a single file named `name`, or the files of a folder named `name`, in order. */
  readonly files: number | readonly { readonly path: readonly string[]; readonly length: number }[]
  readonly pieceLength: number
  /** 20 bytes a piece. */
  readonly pieceHashes: Uint8Array
  /** Tiers (BEP 12). */
  readonly trackers?: readonly (readonly string[])[] | undefined
  readonly webSeeds?: readonly string[] | undefined
  readonly private?: boolean | undefined
  readonly source?: string | undefined
  readonly comment?: string | undefined
  readonly createdBy?: string | undefined
  /** Seconds since 1970. */
  readonly creationDate?: number | undefined
}

/** Throws `OPTION_INVALID` where the parts contradict each other. */
export function encodeTorrent(content: TorrentContent): Uint8Array {
  checkContent(content)
  const tiers = (content.trackers ?? []).filter(tier => tier.length > 0)
  const first = tiers[0]?.[0]
  const several = tiers.length > 1 || (tiers[0]?.length ?? 0) > 1
  const seeds = content.webSeeds ?? []
  return encode({
    announce: first,
    'announce-list': several ? tiers : undefined,
    comment: content.comment || undefined,
    'created by': content.createdBy || undefined,
    'creation date': content.creationDate,
    info: infoOf(content),
    'url-list': seeds.length > 1 ? seeds : seeds[0],
  })
}

const MIN_CHOSEN_BYTES = 16 * 1024
const MAX_CHOSEN_BYTES = 16 * 1024 * 1024
/** Enough to share by, few enough for a small torrent file and little talk about who has what. */
const AIMED_PIECES = 2000

/** The power of two from 16 KiB to 16 MiB that comes closest to 2,000 pieces. */
export function choosePieceLength(totalBytes: number): number {
  let length = MIN_CHOSEN_BYTES
  // Doubling helps while the count is further above the aim than its half would be below.
  while (length < MAX_CHOSEN_BYTES && totalBytes / length > AIMED_PIECES * Math.SQRT2) length *= 2
  return length
}

function infoOf(content: TorrentContent): Encodable {
  const { files } = content
  const single = typeof files === 'number'
  return {
    files: single ? undefined : files.map(({ path, length }) => ({ length, path })),
    length: single ? files : undefined,
    name: content.name,
    'piece length': content.pieceLength,
    pieces: content.pieceHashes,
    private: content.private ? 1 : undefined,
    source: content.source || undefined,
  }
}

/** A torrent file around an info dictionary as it is, byte for byte (BEP 3, 12, 19). */
export function wrapInfo(
  infoBytes: Uint8Array,
  extras: {
    readonly trackers: readonly (readonly string[])[]
    readonly webSeeds: readonly string[]
  },
): Uint8Array {
  const tiers = extras.trackers.filter(tier => tier.length > 0)
  const before = encode({
    announce: tiers[0]?.[0],
    'announce-list': tiers.length > 1 || (tiers[0]?.length ?? 0) > 1 ? tiers : undefined,
  })
  const after = encode({ 'url-list': extras.webSeeds.length > 0 ? extras.webSeeds : undefined })
  const key = new TextEncoder().encode('4:info')
  // Each is a dictionary: without its end, and without its beginning, they become one, with the keys in order.
  return concatBytes([before.subarray(0, -1), key, infoBytes, after.subarray(1)])
}

function checkContent({ name, files, pieceLength, pieceHashes }: TorrentContent): void {
  if (name === '') throw refused('the name is empty')
  if (!Number.isInteger(pieceLength) || pieceLength < 1 || pieceLength > MAX_PIECE_LENGTH) {
    throw refused(`the piece length ${pieceLength} is not between 1 and ${MAX_PIECE_LENGTH}`)
  }
  const lengths = typeof files === 'number' ? [files] : files.map(file => file.length)
  let total = 0
  for (const length of lengths) {
    if (!Number.isSafeInteger(length) || length < 0) throw refused(`${length} is not the length of a file`)
    total += length
  }
  if (!Number.isSafeInteger(total)) throw refused('the files are too large')
  if (total === 0) throw refused('there is no data in any file')
  const pieces = Math.ceil(total / pieceLength)
  if (pieces > MAX_PIECES) throw refused(`${pieces} pieces are more than the ${MAX_PIECES} allowed`)
  if (pieceHashes.length !== pieces * PIECE_HASH_BYTES) {
    throw refused(
      `${pieces} pieces need ${pieces * PIECE_HASH_BYTES} bytes of hashes, not ${pieceHashes.length}`,
    )
  }
  if (typeof files !== 'number' && files.some(file => file.path.length === 0))
    throw refused('a file has no path')
}

function refused(problem: string): ShoalError {
  return new ShoalError('OPTION_INVALID', problem, { operation: 'create' })
}
