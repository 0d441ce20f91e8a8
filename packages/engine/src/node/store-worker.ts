/** The thread that hashes and writes: takes batches of jobs, answers in batches. All its work is synchronous. */
import { createHash, type Hash } from 'node:crypto'
import { fstatSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { ShoalError } from '../errors.ts'
import { type FileSlice, Geometry } from '../metainfo/geometry.ts'
import { diskError, type PlainError, packError } from './disk-errors.ts'
import { readFully } from './file-io.ts'
import { Handles } from './handles.ts'
import type { Answer, HashJob, HeldExtent, Job, Reply, ToWorker } from './store-messages.ts'
import { TorrentDisk } from './torrent-disk.ts'

/** Answers are sent when this much was written since the last: slabs come back early, messages stay few. */
const ANSWER_BYTES = 1024 * 1024
const DIGEST_BYTES = 20
/** Read at a time for hashing: fits the second-level cache. */
const HASH_CHUNK_BYTES = 256 * 1024

const port = parentPort
if (port === null) throw new Error('store-worker runs as a worker only')
const handles = new Handles()
const chunk = new Uint8Array(HASH_CHUNK_BYTES)
const disks = new Map<number, TorrentDisk>()

port.on('message', (batch: ToWorker[]) => {
  let replies: Reply[] = []
  let writtenBytes = 0
  for (const message of batch) {
    switch (message.type) {
      case 'open':
        disks.set(message.plan.id, new TorrentDisk(message.plan, new Uint8Array(message.memory), handles))
        break
      case 'abandon':
        disks.get(message.id)?.abandon(message.piece)
        break
      case 'forget-parts':
        handles.close(`${message.id}:parts`)
        break
      case 'job':
        replies.push({ n: message.n, answer: answer(message.job) })
        // What hashes for milliseconds is answered at once: the next of it is to arrive while another one is hashed.
        writtenBytes += message.job.type === 'run' ? message.job.length : ANSWER_BYTES
        break
    }
    if (writtenBytes >= ANSWER_BYTES) {
      port.postMessage(replies)
      replies = []
      writtenBytes = 0
    }
  }
  if (replies.length > 0) port.postMessage(replies)
})

// Says that we listen: until then we had better not be stopped, see StoreWorker.end.
port.postMessage([])

function answer(job: Job): Answer {
  try {
    return job.type === 'hash' ? { kind: 'hashes', hashes: hashPieces(job) } : answerFor(job, diskOf(job.id))
  } catch (cause) {
    // Anything else is a fault of ours and ends this worker.
    if (cause instanceof ShoalError) return { kind: 'failed', error: packError(cause) }
    throw cause
  }
}

function answerFor(job: Exclude<Job, HashJob>, disk: TorrentDisk): Answer {
  switch (job.type) {
    case 'run':
      return disk.run(job)
    case 'check':
      return check(disk, job.pieces, job.held)
    case 'prepare':
      return disk.prepare(job.wanted)
    case 'select':
      return disk.select(job.wanted, { held: job.held, spare: job.spare })
    case 'stamp':
      return { kind: 'stamps', stamps: disk.stamps([]) }
    case 'release':
      disk.releaseFiles()
      disks.delete(job.id)
      return { kind: 'done' }
  }
}

function diskOf(id: number): TorrentDisk {
  const disk = disks.get(id)
  if (disk === undefined) throw new Error(`store ${id} was not opened on this worker`)
  return disk
}

function check(disk: TorrentDisk, pieces: readonly number[], held: readonly HeldExtent[]): Answer {
  // A file may have been removed or replaced since it was opened.
  disk.releaseFiles()
  const matches = new Uint8Array(pieces.length)
  let error: PlainError | undefined
  for (let at = 0; at < pieces.length; at++) {
    if (disk.isCancelled) break
    const piece = pieces[at]!
    try {
      const ofPiece = held.length === 0 ? held : held.filter(extent => extent.piece === piece)
      if (disk.check(piece, ofPiece)) matches[at] = 1
    } catch (cause) {
      if (!(cause instanceof ShoalError)) throw cause
      error ??= packError(cause)
    }
  }
  return { kind: 'checked', matches, error }
}

function hashPieces(job: HashJob): Uint8Array {
  const { pieceLength } = job
  const files = job.files.map(file => ({ path: [file.path], length: file.length, pad: false }))
  const geometry = new Geometry(pieceLength, files)
  const hashes = new Uint8Array(Math.ceil(job.length / pieceLength) * DIGEST_BYTES)
  for (let done = 0, at = 0; done < job.length; done += pieceLength, at += DIGEST_BYTES) {
    const hasher = createHash('sha1')
    for (const slice of geometry.slices(job.offset + done, Math.min(pieceLength, job.length - done))) {
      hashSlice(slice, hasher)
    }
    hashes.set(hasher.digest(), at)
  }
  return hashes
}

function hashSlice(slice: FileSlice, hasher: Hash): void {
  const path = slice.file.path[0]!
  try {
    // These are the user's own files: links among them are followed.
    const fd = handles.reader(`hash:${path}`, path, () => undefined, 0)
    if (fstatSync(fd).size !== slice.file.length) throw sizeChanged(path)
    for (let done = 0; done < slice.length; done += chunk.length) {
      const bytes = chunk.subarray(0, Math.min(chunk.length, slice.length - done))
      if (readFully(fd, bytes, slice.fileOffset + done) < bytes.length) throw sizeChanged(path)
      hasher.update(bytes)
    }
  } catch (cause) {
    throw diskError(cause, 'read', path)
  }
}

function sizeChanged(path: string): ShoalError {
  return new ShoalError('DISK_READ', `${path} changed its size while it was hashed`, {
    operation: 'read',
    subject: path,
  })
}
