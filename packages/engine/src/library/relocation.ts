/**
 * Where the data of one torrent is, through moves, and through crashes in the midst of them (docs/decisions, 18).
 *
 * The embedder keeps the place and passes it when it adds the torrent. It may have died before it kept the new one, so
 * the note of a move stays until a torrent is added with the new place:
 *
 *                        added with the old place            added with the new place
 *     note says moving   what went over comes back           the move goes on
 *     note says moved    it is in the new place              nothing is left to do: the note goes
 */
import { ShoalError } from '../errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { cleanNames, pathsOf, type TorrentNames } from '../metainfo/other-names.ts'
import { absolutePath, type DataPlace } from '../node/file-plan.ts'
import type { MoveDisk } from '../node/move-disk.ts'
import {
  type MoveNote,
  moveNotePath,
  type NamedPlace,
  readMoveNote,
  removeMoveNote,
  writeMoveNote,
} from '../node/move-note.ts'
import { bringBack, type MoveProgress, relocate, removeCopies } from '../node/relocate.ts'
import { type ResumeFiles, resumeKey } from '../node/resume-files.ts'
import type { FileStamp } from '../ports.ts'
import { decodeResume, encodeResume, restamped } from '../torrent/resume.ts'

export interface RelocationDeps {
  readonly metainfo: Metainfo
  /** Undefined: nothing is remembered. */
  readonly stateDir: string | undefined
  readonly resume: ResumeFiles | undefined
  readonly disk?: MoveDisk | undefined
}

export interface MoveJob {
  readonly signal: AbortSignal
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined
  /** The torrent is in the new place from here on, and its record says so durably. One stamp a file each. */
  readonly switchTo: (
    place: NamedPlace,
    before: readonly FileStamp[],
    after: readonly FileStamp[],
  ) => Promise<void>
  /** Nobody needs the record of the old place any more. */
  readonly onMoved: () => Promise<void>
}

export class Relocation {
  readonly #deps: RelocationDeps
  readonly #infoHash: string

  constructor(deps: RelocationDeps) {
    this.#deps = deps
    this.#infoHash = deps.metainfo.infoHashHex
  }

  /** A place as an embedder names it. Throws OPTION_INVALID for names that cannot be. */
  place(dir: string, names: TorrentNames | undefined): NamedPlace {
    const place = { dir: absolutePath(dir), names: cleanNames(this.#deps.metainfo, names ?? {}) }
    this.#data(place)
    return place
  }

  /** The paths of all files. */
  paths({ names }: NamedPlace): (readonly string[])[] {
    return pathsOf(this.#deps.metainfo, names)
  }

  /** Ends what was interrupted; where the torrent really is. Before it is added. */
  async settle(place: NamedPlace, signal: AbortSignal | undefined): Promise<NamedPlace> {
    const path = this.#notePath(place)
    const note = await readMoveNote(path)
    if (note === undefined) return place
    const isOld = await this.#isSame(place, note.from)
    if (!isOld && !(await this.#isSame(place, note.to))) return place
    const from = this.#data(note.from)
    const to = this.#data(note.to)
    if (note.phase === 'moved') {
      await removeCopies(from, to, this.#deps.disk)
      if (!isOld) await removeMoveNote(path)
      return isOld ? note.to : place
    }
    if (isOld) await bringBack(from, to, this.#deps.disk)
    else await this.#goOn(path, note, signal)
    return place
  }

  /** Moves the data of a torrent that is stopped. What could not be removed from the old place is told. */
  async move(from: NamedPlace, to: NamedPlace, job: MoveJob): Promise<ShoalError | undefined> {
    if (await this.#isSame(from, to)) return undefined
    const path = this.#notePath(to)
    const note = await readMoveNote(path)
    const isOurs = note?.phase === 'moving' && (await this.#isSame(from, note.from))
    const resumed = isOurs && (await this.#isSame(to, note.to))
    if (isOurs && !resumed) await removeCopies(this.#data(note.to), this.#data(from), this.#deps.disk)
    const { signal, onProgress, switchTo, onMoved } = job
    const left = await relocate(this.#data(from), this.#data(to), {
      resumed,
      signal,
      onProgress,
      disk: this.#deps.disk,
      begin: async () => await this.#write(path, { phase: 'moving', from, to }),
      undone: async () => await removeMoveNote(path),
      commit: async (before, after) => {
        await switchTo(to, before, after)
        try {
          await this.#write(path, { phase: 'moved', from, to })
        } catch (error) {
          await switchTo(from, after, before)
          throw error
        }
        await onMoved()
      },
    })
    if (this.#deps.stateDir === undefined) await removeMoveNote(path)
    return left
  }

  /** The torrent is removed: nobody asks where it was, and copies of a move that was interrupted are of no use. */
  async forget(place: NamedPlace): Promise<void> {
    const path = this.#notePath(place)
    const note = await readMoveNote(path)
    if (note === undefined) return
    if (note.phase === 'moving' && (await this.#isSame(place, note.from)))
      await removeCopies(this.#data(note.to), this.#data(note.from), this.#deps.disk)
    await removeMoveNote(path)
  }

  /** The embedder knows the new place already, though the move had not come to its end. */
  async #goOn(path: string, { from, to }: MoveNote, signal: AbortSignal | undefined): Promise<void> {
    await relocate(this.#data(from), this.#data(to), {
      resumed: true,
      signal,
      disk: this.#deps.disk,
      begin: async () => {},
      undone: async () => {},
      commit: async (before, after) => {
        await this.#takeRecord(from, to, before, after)
        await this.#write(path, { phase: 'moved', from, to })
      },
    })
    await removeMoveNote(path)
  }

  /** The record of the old place, with its journal, for the new one. */
  async #takeRecord(
    from: NamedPlace,
    to: NamedPlace,
    before: readonly FileStamp[],
    after: readonly FileStamp[],
  ): Promise<void> {
    const { resume } = this.#deps
    const [oldKey, newKey] = await Promise.all([from, to].map(({ dir }) => resumeKey(this.#infoHash, dir)))
    const record = await resume?.load(oldKey!)
    if (resume === undefined || record === undefined) return
    const journal = await resume.loadJournal(oldKey!)
    let moved = record
    try {
      moved = encodeResume(restamped(decodeResume(record), before, after))
    } catch (error) {
      // Whoever reads it says what is wrong with it.
      if (!(error instanceof ShoalError)) throw error
    }
    await resume.save(newKey!, moved)
    if (journal !== undefined) resume.append(newKey!, journal, true)
    await resume.load(newKey!)
  }

  async #write(path: string, note: MoveNote): Promise<void> {
    await writeMoveNote(path, note, this.#deps.disk)
  }

  #notePath({ dir }: NamedPlace): string {
    return moveNotePath(this.#deps.stateDir, this.#infoHash, dir)
  }

  #data(place: NamedPlace): DataPlace {
    const { geometry } = this.#deps.metainfo
    return {
      dir: place.dir,
      infoHash: this.#infoHash,
      files: geometry.withPaths(this.paths(place)).files,
    }
  }

  /** By whatever links the folders are reached. */
  async #isSame(one: NamedPlace, other: NamedPlace): Promise<boolean> {
    if (JSON.stringify(this.paths(one)) !== JSON.stringify(this.paths(other))) return false
    const [a, b] = await Promise.all([one, other].map(({ dir }) => resumeKey(this.#infoHash, dir)))
    return a === b
  }
}
