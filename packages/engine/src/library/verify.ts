/** Comparing what is on disk with a torrent. */
import { SLAB_BYTES } from '../bytes/slabs.ts'
import { ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { createStorage } from '../node/storage.ts'
import type { FileStamp, StoragePlan, Store, StoreHandler } from '../ports.ts'
import { abortable } from './abort.ts'
import type { HashProgress, VerifiedFile, VerifyOptions, VerifyReport } from './types/torrent-file.ts'

/** How often progress is told; nobody reads it for every piece of 16 KiB. */
const PROGRESS_BYTES = 8 * 1024 * 1024

/**
 * Hashes all of a torrent's data in `dir` and compares; changes nothing. That something is missing, or not a file, is
 * what the report is for; what may not or cannot be read is an error.
 *
 * @throws ShoalError `DISK_READ`, `DISK_PERMISSION`, `ABORTED`
 */
export async function verifyTorrent(
  metainfo: Metainfo,
  dir: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const { geometry } = metainfo
  const { signal } = options
  const plan: StoragePlan = {
    dir,
    geometry,
    hashes: metainfo.pieceHashes,
    infoHash: metainfo.infoHashHex,
    // Nothing is asked for, so nothing can be in the way: what exists is looked at all the same.
    wanted: geometry.files.map(() => false),
    allocation: 'sparse',
    readOnly: true,
  }
  return await abortable('verifying', signal, async () => {
    // Piece memory is for downloads: the least there may be.
    const storage = createStorage({ memoryBytes: SLAB_BYTES, eager: 'all' })
    try {
      const { found, bad } = await check(handler => storage.open(plan, handler), geometry, options)
      return report(geometry, found, bad)
    } finally {
      await storage.close()
    }
  })
}

interface Checked {
  readonly found: readonly FileStamp[]
  /** One per piece: 1 if it does not match. */
  readonly bad: Uint8Array
}

function check(
  open: (handler: StoreHandler) => Store,
  geometry: Geometry,
  { onProgress, signal }: VerifyOptions,
): Promise<Checked> {
  const totalBytes = geometry.totalLength
  const bad = new Uint8Array(geometry.pieceCount)
  let found: readonly FileStamp[] = []
  let hashedBytes = 0
  let toldBytes = 0
  const tell = (progress: HashProgress): void => {
    toldBytes = progress.hashedBytes
    onProgress?.(progress)
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    const store = open({
      onPrepared(stamps) {
        found = stamps
        store.check(allPieces(geometry.pieceCount))
      },
      onChecked(piece, matches) {
        if (signal?.aborted) return
        if (!matches) bad[piece] = 1
        hashedBytes += geometry.pieceSize(piece)
        if (hashedBytes - toldBytes >= PROGRESS_BYTES) tell({ hashedBytes, totalBytes })
      },
      onCheckDone() {
        signal?.removeEventListener('abort', abort)
        if (hashedBytes > toldBytes && !signal?.aborted) tell({ hashedBytes, totalBytes })
        resolve({ found, bad })
      },
      onError(error) {
        // A folder or a link where a file belongs: its pieces are bad, which the report says.
        if (error.code !== 'PATH_CONFLICT' || found.length === 0) reject(error)
      },
      onRun() {},
      onReadable() {},
      onReadError() {},
      onSynced() {},
      onStamps() {},
      onClosed() {
        // Only after an error or an abort, when nobody waits any more.
        reject(new ShoalError('CLOSED', 'the storage was closed'))
      },
    })
  })
}

function* allPieces(count: number): Generator<number, void, undefined> {
  for (let piece = 0; piece < count; piece++) yield piece
}

function report(geometry: Geometry, found: readonly FileStamp[], bad: Uint8Array): VerifyReport {
  const badPieces: number[] = []
  /** How many pieces before this one are bad. */
  const badBefore = new Uint32Array(bad.length + 1)
  for (let piece = 0; piece < bad.length; piece++) {
    if (bad[piece] === 1) badPieces.push(piece)
    badBefore[piece + 1] = badPieces.length
  }
  const files: VerifiedFile[] = []
  for (const file of geometry.files) {
    if (file.pad) continue
    const span = geometry.piecesOf(file)
    const count = span === undefined ? 0 : badBefore[span.last + 1]! - badBefore[span.first]!
    const state = stateOf(found[file.index], file.length, count)
    files.push({ path: file.path.join('/'), state, badPieces: count })
  }
  return {
    ok: badPieces.length === 0 && files.every(file => file.state === 'ok'),
    pieces: { good: bad.length - badPieces.length, total: bad.length },
    badPieces,
    files,
  }
}

function stateOf(stamp: FileStamp, length: number, badPieces: number): VerifiedFile['state'] {
  if (stamp === undefined) return 'missing'
  if (stamp.size !== length) return 'wrong size'
  return badPieces > 0 ? 'damaged' : 'ok'
}
