/** What a torrent makes of the files it finds when it starts. */

import { Bitfield } from '../bytes/bitfield.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { FileStamp } from '../ports.ts'
import { type ResumeRecord, reconcile, sameStamp } from './resume.ts'

/** Pieces all of whose files have their full size. */
export function piecesTrusted(geometry: Geometry, found: readonly FileStamp[]): Bitfield {
  const have = Bitfield.full(geometry.pieceCount)
  for (const file of geometry.files) {
    const span = file.pad || found[file.index]?.size === file.length ? undefined : geometry.piecesOf(file)
    for (let piece = span?.first ?? 0; span !== undefined && piece <= span.last; piece++) have.delete(piece)
  }
  return have
}

/**
 * What is had without looking, and what has to be hashed to know: pieces that the record claims but cannot vouch for,
 * and every piece with bytes in a file that has changed since the record, or that no record knows. Data that someone
 * put there is never fetched again.
 */
export function piecesToCheck(
  record: ResumeRecord | undefined,
  geometry: Geometry,
  found: readonly FileStamp[],
): { have: Bitfield; check: number[] } {
  const { have, recheck } =
    record === undefined
      ? { have: new Bitfield(geometry.pieceCount), recheck: [] }
      : reconcile(record, geometry, found)
  const check = new Bitfield(geometry.pieceCount)
  for (const piece of recheck) check.add(piece)
  for (const piece of record?.unchecked ?? []) {
    if (!have.has(piece) && hasData(piece, geometry, found)) check.add(piece)
  }
  for (const file of geometry.files) {
    const now = found[file.index]
    const then = record?.files[file.index]?.stamp
    if (now === undefined || now.size === 0 || file.pad || sameStamp(then, now)) continue
    const span = geometry.piecesOf(file)
    // Beyond the end of the file there is nothing to look at.
    const end = Math.min(file.offset + now.size, file.offset + file.length)
    for (let piece = span?.first ?? 0; span !== undefined && piece <= span.last; piece++) {
      if (geometry.pieceOffset(piece) < end && !have.has(piece)) check.add(piece)
    }
  }
  return { have, check: [...check] }
}

/** Pieces that are had whose files are, by their marks, exactly those that the record was made of. */
export function piecesUntouched(
  record: ResumeRecord | undefined,
  geometry: Geometry,
  found: readonly FileStamp[],
  have: Bitfield,
): Bitfield {
  const untouched = have.clone()
  for (const file of geometry.files) {
    const isSame = isUntouched(record?.files[file.index]?.stamp, found[file.index])
    const span = file.pad || isSame ? undefined : geometry.piecesOf(file)
    for (let piece = span?.first ?? 0; span !== undefined && piece <= span.last; piece++)
      untouched.delete(piece)
  }
  return untouched
}

/** What may be said of the files before they are hashed: what is in one with a mark needs no proof any more. */
export function stampsBeforeCheck(
  record: ResumeRecord | undefined,
  found: readonly FileStamp[],
): readonly FileStamp[] {
  return found.map((now, index) => {
    if (now === undefined || isUntouched(record?.files[index]?.stamp, now)) return now
    return { size: now.size, mtimeMs: now.mtimeMs }
  })
}

function isUntouched(then: FileStamp, now: FileStamp): boolean {
  return then?.mark !== undefined && now !== undefined && then.mark === now.mark && sameStamp(then, now)
}

/** Whether any file reaches into the piece. */
function hasData(piece: number, geometry: Geometry, found: readonly FileStamp[]): boolean {
  const slices = geometry.slices(geometry.pieceOffset(piece), geometry.pieceSize(piece))
  return slices.some(({ file, fileOffset }) => !file.pad && (found[file.index]?.size ?? 0) > fileOffset)
}
