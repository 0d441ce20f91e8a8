/**
 * Moves the data of a torrent that is stopped, or gives it other names: files, and the parts file where the folder is
 * another one. Up to `commit` all of it counts as being in the old place, and can be brought back there; from then on it
 * is in the new one, durably, and what is left in the old is only to be removed.
 *
 *     look     at both places; what is in the way is told before anything is done
 *     begin    the caller notes that files may be in either place
 *     move     each by rename where both places are on one disk; else a copy, durable and read again
 *     sync     the folders of both
 *     commit   the caller notes that all is in the new place
 *     clear    the originals of copies go, and folders that became empty
 *
 * A file has its name in the new place only once it is whole there. So whoever finds a file in one place only knows that
 * this is the one, and whoever finds it in both, before `commit`, that the old one is good.
 */
import { randomBytes } from 'node:crypto'
import { lstat, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ShoalError } from '../errors.ts'
import type { FileStamp } from '../ports.ts'
import { diskError, errnoOf, pathConflict } from './disk-errors.ts'
import { type DataPlace, filePath, partsPath } from './file-plan.ts'
import { assertFile, inspectFolders } from './folders.ts'
import { isSameContent, type MoveDisk, moveDisk } from './move-disk.ts'
import { type KeptMark, keptMarkOf } from './witness.ts'

/** Copies keep the times of their originals, as exactly as the file system can. */
const SAME_TIME_MS = 1
/** Goes with the files, and has no number. */
const PARTS = -1

export interface RelocateOptions {
  /** A move between the same places was interrupted: what is in the new one is ours. */
  readonly resumed: boolean
  /** From here on files may be in either place. */
  readonly begin: () => Promise<void>
  /** All is in the new place; one stamp a file, before and after. When it rejects, everything is brought back. */
  readonly commit: (before: readonly FileStamp[], after: readonly FileStamp[]) => Promise<void>
  /** After something went wrong: everything is back in the old place. */
  readonly undone: () => Promise<void>
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined
  readonly disk?: MoveDisk | undefined
}

export interface MoveProgress {
  readonly doneBytes: number
  readonly totalBytes: number
}

/** A file on its way. */
interface Move {
  /** {@link PARTS}: the parts file. */
  readonly index: number
  readonly from: { readonly path: string; readonly mark: KeptMark | undefined }
  readonly to: { readonly path: string; readonly elements: readonly string[]; mark: KeptMark | undefined }
  /** Nothing is to be done: it is in the new place only, or the places are the same. */
  isThere: boolean
  /** Whole in the new place, and the old one is still there. */
  isCopied: boolean
  /** It got to the new place by us. */
  isOurs: boolean
}

/**
 * Resolves when the data is in the new place; with what could not be removed from the old one, if anything. Rejects with a
 * ShoalError, `ABORTED` among them: everything is in the old place then, or, where even that failed, {@link bringBack}
 * is still to be done.
 */
export async function relocate(
  from: DataPlace,
  to: DataPlace,
  options: RelocateOptions,
): Promise<ShoalError | undefined> {
  const { disk = moveDisk, signal } = options
  let moves: Move[] = []
  let hasBegun = false
  try {
    moves = await look(from, to, options)
    await options.begin()
    hasBegun = true
    await moveAll(moves, to, disk, options)
    await commit(moves, from, options)
  } catch (cause) {
    if (hasBegun) {
      await undo(moves, from, to, disk)
      await options.undone()
    }
    if (signal?.aborted) throw aborted(signal)
    throw errnoOf(cause) === '' ? cause : diskError(cause, 'move', from.dir)
  }
  return await clear(moves, from, disk)
}

/** After an interruption: files that are in the new place only go back. Copies stay, for a move that goes on. */
export async function bringBack(from: DataPlace, to: DataPlace, disk: MoveDisk = moveDisk): Promise<void> {
  const folders = new Set<string>()
  for (const { old, other } of pairsOf(from, to)) {
    if (old.path === other.path) continue
    if ((await markAt(old)) !== undefined || (await markAt(other)) === undefined) continue
    await takeBack(other.path, old, disk, folders)
  }
  for (const folder of folders) await disk.syncFolder(folder)
}

/** Removes from `place` what is whole in `other`: copies that nobody wants, or originals after a move. */
export async function removeCopies(
  place: DataPlace,
  other: DataPlace,
  disk: MoveDisk = moveDisk,
): Promise<void> {
  for (const { old, other: copy, temporary } of pairsOf(other, place)) {
    const mark = await markAt(copy)
    const original = old.path === copy.path ? undefined : await markAt(old)
    const isCopy = mark !== undefined && original !== undefined && isLike(mark, original)
    if (isCopy && !isSameEntry(mark, original)) await remove(disk, copy.path)
    await remove(disk, temporary)
  }
  await disk.removeFolders(
    place.dir,
    place.files.map(file => file.path),
  )
}

// -------------------------------------------------------------------------------------------------------- steps

/** What is to be moved. Throws PATH_CONFLICT for what stands in the way. */
async function look(from: DataPlace, to: DataPlace, { resumed, signal }: RelocateOptions): Promise<Move[]> {
  const moves: Move[] = []
  for (const { index, length, old, other } of pairsOf(from, to)) {
    signal?.throwIfAborted()
    const mark = await markAt(old, length)
    const found = old.path === other.path ? mark : await markOfTarget(other)
    const move: Move = {
      index,
      from: { path: old.path, mark },
      to: { path: other.path, elements: other.elements, mark: found },
      isThere: old.path === other.path || mark === undefined,
      isCopied: false,
      isOurs: false,
    }
    if (old.path === other.path) {
      if (index !== PARTS) moves.push(move)
      continue
    }
    // One file by two ways, the same folder mounted twice for example: it is there. In one folder its name is to change.
    if (found !== undefined && isSameEntry(mark, found)) {
      move.isThere = from.dir !== to.dir
    } else if (found !== undefined) {
      if (mark === undefined) {
        if (!resumed) throw inTheWay(other.path)
        move.isOurs = true
      } else if (resumed ? isLike(mark, found) : await isSame(old.path, mark, other.path, found, signal)) {
        move.isCopied = true
        move.isOurs = resumed
      } else if (!resumed || found.size > length) throw inTheWay(other.path)
    }
    if (mark !== undefined || found !== undefined) moves.push(move)
  }
  if (moves.some(({ isCopied, isOurs }) => isCopied && !isOurs)) await assertDistinct(from, to)
  return moves
}

/**
 * Where equal files are in both places, what is put in one must not appear in the other: that would be one folder by two
 * ways, a share that is mounted beside it for example, and its only files would be taken for copies.
 */
async function assertDistinct(from: DataPlace, to: DataPlace): Promise<void> {
  const name = `.${from.infoHash}.${randomBytes(8).toString('hex')}.probe`
  const probe = join(to.dir, name)
  try {
    await writeFile(probe, '', { flag: 'wx' })
    const isSame = await lstat(join(from.dir, name)).then(
      () => true,
      () => false,
    )
    if (isSame) throw pathConflict(to.dir, `is the same folder as ${from.dir}`)
  } catch (cause) {
    throw diskError(cause, 'write', probe)
  } finally {
    await rm(probe, { force: true })
  }
}

async function moveAll(
  moves: readonly Move[],
  to: DataPlace,
  disk: MoveDisk,
  { signal, onProgress }: RelocateOptions,
): Promise<void> {
  const totalBytes = moves.reduce((sum, move) => sum + sizeOf(move), 0)
  let doneBytes = 0
  const onBytes = (bytes: number): void => {
    doneBytes += bytes
    onProgress?.({ doneBytes, totalBytes })
  }
  const folders = new Set<string>()
  for (const move of moves) {
    signal?.throwIfAborted()
    if (move.isThere || move.isCopied) {
      onBytes(sizeOf(move))
      continue
    }
    await disk.makeFolders(to.dir, move.to.elements)
    const before = doneBytes
    await moveOne(move, temporaryPath(to, move.index), disk, { signal, onBytes })
    doneBytes = before
    onBytes(sizeOf(move))
    // Names of new folders are in those above them.
    for (let folder = dirname(move.to.path); folder.length > to.dir.length; folder = dirname(folder))
      folders.add(folder)
    folders.add(dirname(move.from.path))
  }
  if (folders.size === 0) return
  for (const folder of folders.add(to.dir).add(dirname(to.dir))) await disk.syncFolder(folder)
}

async function moveOne(
  move: Move,
  temporary: string,
  disk: MoveDisk,
  options: { signal: AbortSignal | undefined; onBytes: (bytes: number) => void },
): Promise<void> {
  const { from, to } = move
  try {
    await disk.rename(from.path, to.path)
    move.isOurs = true
    return
  } catch (cause) {
    if (errnoOf(cause) !== 'EXDEV') throw diskError(cause, 'move', from.path)
  }
  try {
    await disk.copy(from.path, temporary, options)
    await disk.rename(temporary, to.path)
  } catch (cause) {
    await disk.remove(temporary).catch(() => {})
    if (options.signal?.aborted) throw cause
    throw diskError(cause, 'move', from.path)
  }
  move.isCopied = true
  move.isOurs = true
}

async function commit(moves: readonly Move[], from: DataPlace, options: RelocateOptions): Promise<void> {
  options.signal?.throwIfAborted()
  const before: FileStamp[] = from.files.map(() => undefined)
  const after: FileStamp[] = from.files.map(() => undefined)
  for (const { index, from: old, to } of moves) {
    if (index === PARTS) continue
    to.mark = keptMarkOf(await lstat(to.path))
    before[index] = old.mark ?? to.mark
    after[index] = to.mark
  }
  await options.commit(before, after)
}

/** All that we brought to the new place goes back, or away where the original is still there. */
async function undo(moves: readonly Move[], from: DataPlace, to: DataPlace, disk: MoveDisk): Promise<void> {
  const folders = new Set<string>()
  for (const move of moves) {
    if (!move.isOurs) continue
    if (move.isCopied) await remove(disk, move.to.path)
    else if (move.from.path !== move.to.path)
      await takeBack(move.to.path, { ...spotOf(from, move.index), path: move.from.path }, disk, folders)
  }
  for (const folder of folders) await disk.syncFolder(folder)
  await disk.removeFolders(
    to.dir,
    to.files.map(file => file.path),
  )
}

async function takeBack(path: string, spot: Spot, disk: MoveDisk, folders: Set<string>): Promise<void> {
  try {
    await disk.makeFolders(spot.dir, spot.elements)
    await disk.rename(path, spot.path)
  } catch (cause) {
    // It was copied, and somebody has removed the original since: that is not undone.
    if (errnoOf(cause) === 'EXDEV') return
    throw diskError(cause, 'move', path)
  }
  folders.add(dirname(spot.path)).add(dirname(path))
}

/** The originals of copies; what could not be removed is told. */
async function clear(
  moves: readonly Move[],
  from: DataPlace,
  disk: MoveDisk,
): Promise<ShoalError | undefined> {
  let failure: ShoalError | undefined
  for (const move of moves) {
    if (!move.isCopied) continue
    try {
      await remove(disk, move.from.path)
    } catch (cause) {
      failure ??= diskError(cause, 'remove', move.from.path)
    }
  }
  await disk.removeFolders(
    from.dir,
    from.files.map(file => file.path),
  )
  return failure
}

// ------------------------------------------------------------------------------------------------------ helpers

interface Spot {
  readonly dir: string
  readonly elements: readonly string[]
  readonly path: string
}

interface Pair {
  /** {@link PARTS}: the parts file. */
  readonly index: number
  readonly length: number
  readonly old: Spot
  readonly other: Spot
  /** Where a copy is made. */
  readonly temporary: string
}

function* pairsOf(from: DataPlace, to: DataPlace): Iterable<Pair> {
  for (let index = PARTS; index < from.files.length; index++) {
    const file = from.files[index]
    if (file?.pad) continue
    const length = file?.length ?? Number.POSITIVE_INFINITY
    const temporary = temporaryPath(to, index)
    yield { index, length, old: spotOf(from, index), other: spotOf(to, index), temporary }
  }
}

function spotOf({ dir, files, infoHash }: DataPlace, index: number): Spot {
  const path = index === PARTS ? partsPath(dir, infoHash) : filePath(dir, files[index]!)
  const elements = index === PARTS ? [basename(path)] : files[index]!.path
  return { dir, elements, path }
}

function temporaryPath({ dir, infoHash }: DataPlace, index: number): string {
  return join(dir, `.${infoHash}.${index === PARTS ? 'parts' : index}.moving`)
}

/** How a file of ours looks; undefined where there is none, and for what only has its name. */
async function markAt({ dir, elements, path }: Spot, length?: number): Promise<KeptMark | undefined> {
  try {
    await inspectFolders(dir, elements)
    const stats = await lstat(path)
    if (!stats.isFile() || (length !== undefined && stats.size > length)) return undefined
    return keptMarkOf(stats)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT' || cause instanceof ShoalError) return undefined
    throw diskError(cause, 'move', path)
  }
}

/** The same where something is to be put: what is no file is in the way. */
async function markOfTarget({ dir, elements, path }: Spot): Promise<KeptMark | undefined> {
  try {
    await inspectFolders(dir, elements)
    const stats = await lstat(path)
    assertFile(path, stats)
    return keptMarkOf(stats)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw diskError(cause, 'move', path)
  }
}

async function isSame(
  old: string,
  mark: KeptMark,
  other: string,
  found: KeptMark,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return mark.size === found.size && (await isSameContent(old, other, { signal }))
}

/** By size and time. */
function isLike(one: KeptMark, other: KeptMark): boolean {
  return one.size === other.size && Math.abs(one.mtimeMs - other.mtimeMs) < SAME_TIME_MS
}

/** Two ways to one file: the letters of its name differ in case only, or a folder is mounted twice. */
function isSameEntry(one: KeptMark | undefined, other: KeptMark): boolean {
  return one !== undefined && one.mark === other.mark
}

function sizeOf({ from, to }: Move): number {
  return (from.mark ?? to.mark)?.size ?? 0
}

async function remove(disk: MoveDisk, path: string): Promise<void> {
  try {
    await disk.remove(path)
  } catch (cause) {
    throw diskError(cause, 'remove', path)
  }
}

function inTheWay(path: string): ShoalError {
  return pathConflict(path, 'is there already: nothing was moved')
}

function aborted(signal: AbortSignal): ShoalError {
  return new ShoalError('ABORTED', 'the move was ended', { operation: 'move', cause: signal.reason })
}
