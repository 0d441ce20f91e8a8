/**
 * What a torrent remembers over restarts, and when it is written down: the {@link ResumeRecord} now and then, what
 * became of pieces since in a {@link encodeEntry | journal}.
 *
 * The order is what counts. A piece is told to the journal when it is written, which holds after the process is
 * killed. Every few seconds, or 64 MiB, the data is made durable and then the journal is: that holds after a power
 * cut. A record claims durable pieces only. So there is never a claim without the data behind it.
 */
import { Bitfield } from '../bytes/bitfield.ts'
import { equalBytes } from '../bytes/bytes.ts'
import { ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Clock, FileStamp, Store } from '../ports.ts'
import { encodeEntry, type JournalFacts, readJournal } from './journal.ts'
import { decodeResume, encodeResume, type ResumeRecord, restamped, withJournal } from './resume.ts'

/** So much, or what came in since the last tick, may have to be fetched again after a kill, besides unfinished pieces. */
const JOURNAL_BYTES = 16 * 1024 * 1024
/** So much, or what came in so long, may have to be hashed again after a power cut. */
const SYNC_BYTES = 64 * 1024 * 1024
const SYNC_EVERY_MS = 5_000
/** Writing without an entry: the journal tells that the files' times are our doing. */
const ALIVE_EVERY_MS = 1_000
/** The journal may grow for so long. */
const RECORD_EVERY_MS = 60_000
/** So much is hashed within some hundredths of a second. */
const CHEAP_BYTES = 16 * 1024 * 1024
/** Totals of what was uploaded may be so old. */
const TOTALS_EVERY_MS = 5 * 60_000

/** What of a record is known to others. */
export type Facts = Pick<
  ResumeRecord,
  'uploadedBytes' | 'downloadedBytes' | 'corruptBytes' | 'addedAt' | 'completedAt' | 'peers'
> & {
  readonly have: Bitfield
  /** One per file. */
  readonly priorities: readonly number[]
}

/** What a record is made of, besides. */
interface Known {
  readonly have: Bitfield
  /** Undefined: all that is there was looked at. */
  readonly unchecked: Bitfield | undefined
  /** One per file. */
  readonly stamps: readonly FileStamp[]
}

export interface KeeperDeps {
  readonly infoHash: Uint8Array
  readonly geometry: Geometry
  readonly clock: Clock
  /** Names this boot of the machine; empty when unknown: then every unclean end is taken for a power cut. */
  readonly bootId: string
  readonly facts: () => Facts
  readonly onRecord: (bytes: Uint8Array) => void
  /** `durable`: it has to be on the disk itself. */
  readonly onJournal: (bytes: Uint8Array, durable: boolean) => void
}

export class Keeper {
  readonly #deps: KeeperDeps
  #record: ResumeRecord | undefined
  #journal: JournalFacts | undefined
  /** Only a beginning of the journal could be used. */
  #isCut = false
  #generation = 0
  /** The journal of this generation has been opened by this session. */
  #isOpen = false

  /** Found out, and not told to the journal yet. */
  #have: number[] = []
  #wrong: number[] = []
  #pendingBytes = 0
  /** Pieces in all `have` entries of this generation. */
  #told = 0
  #toldAt = 0
  #touched = false

  /** Stored when the record was made, but not durable: not in it. */
  #later: readonly number[] = []

  /** Pieces whose data may be in the system's memory only. */
  #unsynced: number[] = []
  #unsyncedBytes = 0
  #unsyncedSince = 0
  /** Those that a sync under way is about, and what the journal had been told by then. */
  #syncing: { readonly pieces: number[]; readonly told: number } | undefined

  /** Numbers of files that could not be read or written, or not as they should be. */
  readonly #suspects = new Set<number>()

  #uploadedBytes = 0
  #totalsChanged = false
  #isDirty = false
  #isUrgent = false
  #saving = false
  #savedAt: number

  constructor(deps: KeeperDeps) {
    this.#deps = deps
    this.#savedAt = deps.clock.now()
  }

  // ------------------------------------------------------------------------------------------------- the start

  /**
   * What was kept. Throws RESUME_INVALID for a record that cannot be used: nothing is remembered then. `rest`: of the
   * journal only this beginning can be used and appended to; `damage`: for what reason, other than a torn end. What the
   * lost end may have told of is hashed again.
   */
  read(
    record: Uint8Array,
    journal: Uint8Array | undefined,
  ): {
    readonly record: ResumeRecord
    readonly rest: Uint8Array | undefined
    readonly damage: string | undefined
  } {
    const { infoHash, geometry, bootId } = this.#deps
    const decoded = decodeResume(record)
    const fits = decoded.have.length === geometry.pieceCount && decoded.files.length === geometry.files.length
    if (!fits || !equalBytes(decoded.infoHash, infoHash)) {
      throw new ShoalError('RESUME_INVALID', 'the resume record is of another torrent', {
        operation: 'resume',
      })
    }
    this.#record = decoded
    this.#generation = decoded.generation
    this.#uploadedBytes = decoded.uploadedBytes
    if (journal === undefined) return { record: decoded, rest: undefined, damage: undefined }
    const { facts, wholeBytes, damage } = readJournal(journal, geometry.pieceCount, bootId)
    if (facts !== undefined && !equalBytes(facts.infoHash, infoHash))
      return { record: decoded, rest: new Uint8Array(0), damage: 'it is of another torrent' }
    // That of an earlier record has nothing to add.
    if (facts?.generation === decoded.generation) {
      this.#journal = facts
      this.#told = facts.told
      for (const piece of facts.unsynced) this.#addUnsynced(piece)
    }
    this.#isCut = wholeBytes < journal.length
    const rest = this.#isCut ? journal.slice(0, wholeBytes) : undefined
    return { record: decoded, rest, damage: journal.length === 0 ? 'it is empty' : damage }
  }

  /** What is remembered, given the files as they are now; undefined: nothing. */
  recall(found: readonly FileStamp[]): ResumeRecord | undefined {
    const record =
      this.#record && this.#journal
        ? withJournal(this.#record, this.#journal, found, this.#isCut, this.#cheapPieces)
        : this.#withLater()
    if (record === undefined || !this.hasSuspects) return record
    const files = record.files.map((file, index) =>
      this.#suspects.has(index) ? { ...file, stamp: undefined } : file,
    )
    return { ...record, files }
  }

  get #cheapPieces(): number {
    return Math.floor(CHEAP_BYTES / this.#deps.geometry.pieceLength)
  }

  /** There are files of which nothing is believed that was not hashed again. */
  get hasSuspects(): boolean {
    return this.#suspects.size > 0
  }

  suspect(file: number): void {
    this.#suspects.add(file)
    this.#isDirty = true
  }

  /** All files that the piece holds bytes of. */
  suspectPiece(piece: number): void {
    const { geometry } = this.#deps
    for (const { file } of geometry.slices(geometry.pieceOffset(piece), geometry.pieceSize(piece))) {
      if (!file.pad) this.suspect(file.index)
    }
  }

  /** What is in the suspects was hashed again. */
  trust(): void {
    this.#suspects.clear()
  }

  /** Makes the first record of a torrent, before anything is known: it is not forgotten from here on. */
  begin(): void {
    if (this.#record !== undefined) return
    const { geometry } = this.#deps
    this.#save({ have: new Bitfield(geometry.pieceCount), unchecked: undefined, stamps: [] })
  }

  /** Remembers how far a check is to go, so that one that is cut short goes on from there. */
  beginCheck(have: Bitfield, unchecked: Bitfield, stamps: readonly FileStamp[]): void {
    this.#saveSynced({ have, unchecked, stamps })
  }

  /** The files are elsewhere now, or have other names. One stamp a file, of before and after. */
  relocated(before: readonly FileStamp[], after: readonly FileStamp[]): void {
    const record = this.recall(before)
    if (record === undefined) return
    const { have, unchecked, files } = restamped(record, before, after)
    this.#saveSynced({ have, unchecked, stamps: files.map(({ stamp }) => stamp) })
  }

  // ------------------------------------------------------------------------------------------------- at work

  /** A piece was stored, or hashed and found to match. */
  piece(piece: number): void {
    this.#have.push(piece)
    this.#addUnsynced(piece)
    this.#pendingBytes += this.#deps.geometry.pieceSize(piece)
    this.#isDirty = true
    if (this.#pendingBytes >= JOURNAL_BYTES) this.flush()
  }

  /** A piece was hashed and does not match. */
  wrong(piece: number): void {
    this.#wrong.push(piece)
    this.#isDirty = true
  }

  /** Something was written to the files. */
  touch(): void {
    this.#touched = true
    if (!this.#isOpen) this.#open()
  }

  /** Something else changed that a record holds; `urgent`: the next one is made at once. */
  changed(urgent: boolean): void {
    this.#isDirty = true
    if (urgent) this.#isUrgent = true
  }

  /** So much was uploaded by now, in all. */
  uploaded(bytes: number): void {
    if (bytes !== this.#uploadedBytes) this.#totalsChanged = true
  }

  /** Tells the journal what is pending. */
  flush(): void {
    this.#pendingBytes = 0
    if (this.#have.length === 0 && this.#wrong.length === 0) return
    if (!this.#isOpen) this.#open()
    if (this.#have.length > 0) this.#append(encodeEntry({ kind: 'have', pieces: this.#have }, this.#unix()))
    if (this.#wrong.length > 0)
      this.#append(encodeEntry({ kind: 'wrong', pieces: this.#wrong }, this.#unix()))
    this.#told += this.#have.length
    this.#have = []
    this.#wrong = []
  }

  /** `store` undefined: it is not the time for records. */
  tick(now: number, store: Store | undefined): void {
    this.flush()
    if (this.#touched && now - this.#toldAt >= ALIVE_EVERY_MS) {
      this.#touched = false
      this.#append(encodeEntry({ kind: 'alive' }, this.#unix()))
    }
    if (store === undefined || this.#syncing !== undefined || this.#saving) return
    const ageMs = now - this.#savedAt
    const isDue =
      (this.#isDirty && ageMs >= RECORD_EVERY_MS) || (this.#totalsChanged && ageMs >= TOTALS_EVERY_MS)
    if (this.#isUrgent || isDue) {
      this.save(store)
    } else if (
      this.#unsyncedBytes >= SYNC_BYTES ||
      (this.#unsynced.length > 0 && now - this.#unsyncedSince >= SYNC_EVERY_MS)
    ) {
      this.#sync(store)
    }
  }

  // ------------------------------------------------------------------------------------------------ the record

  /**
   * There is something that a record should hold and none does: also what only a journal tells of, after a kill, since it
   * may not be on the disk yet.
   */
  get isDirty(): boolean {
    return this.#isDirty || this.#totalsChanged || this.#saving || this.#unsynced.length > 0
  }

  /** Makes a record: the store's `onSynced` and `onStamps` follow. */
  save(store: Store): void {
    this.#isUrgent = false
    if (this.#saving) return
    this.#saving = true
    if (this.#syncing === undefined) this.#sync(store)
  }

  /** Call it from the store's handler. */
  onSynced(store: Store): void {
    const told = this.#syncing?.told ?? 0
    this.#syncing = undefined
    if (told > 0) this.#append(encodeEntry({ kind: 'synced', pieces: told }, this.#unix()), true)
    if (this.#saving) store.stamp()
  }

  /** Call it from the store's handler, after {@link save}. */
  onStamps(stamps: readonly FileStamp[]): void {
    this.#saving = false
    this.#saveSynced({ have: this.#deps.facts().have, unchecked: undefined, stamps })
  }

  /** The store failed: what it was asked for does not come. Of these pieces nobody knows whether they are on the disk. */
  onStoreGone(): readonly number[] {
    const doubtful = this.#syncing?.pieces ?? []
    this.#unsynced = [...(this.#syncing?.pieces ?? []), ...this.#unsynced]
    this.#syncing = undefined
    this.#saving = false
    return doubtful
  }

  /** The record that this session made: of some pieces only its journal tells, though its stamps are as they were. */
  #withLater(): ResumeRecord | undefined {
    const record = this.#record
    if (record === undefined || this.#later.length === 0) return record
    const have = record.have.clone()
    for (const piece of this.#later) have.add(piece)
    return { ...record, have }
  }

  #addUnsynced(piece: number): void {
    if (this.#unsynced.length === 0) this.#unsyncedSince = this.#now()
    this.#unsynced.push(piece)
    this.#unsyncedBytes += this.#deps.geometry.pieceSize(piece)
  }

  #sync(store: Store): void {
    this.flush()
    const pieces = this.#unsynced
    this.#syncing = { pieces, told: this.#told }
    this.#unsynced = []
    this.#unsyncedBytes = 0
    store.sync(pieces)
  }

  /** What is not synced yet is for the journal. */
  #saveSynced({ have, unchecked, stamps }: Known): void {
    const synced = have.clone()
    const unsynced = this.#unsynced.filter(piece => have.has(piece))
    for (const piece of unsynced) synced.delete(piece)
    this.#save({ have: synced, unchecked, stamps })
    this.#isDirty = unsynced.length > 0
    this.#have = unsynced
    this.#later = [...unsynced]
    this.#wrong = []
    this.flush()
  }

  #save(known: Known): void {
    const { infoHash, onRecord, facts } = this.#deps
    const { have: _, priorities, ...rest } = facts()
    // Not 1 after a record that was lost: its journal may still be there.
    this.#generation = Math.max(this.#generation + 1, this.#unix())
    this.#uploadedBytes = rest.uploadedBytes
    this.#totalsChanged = false
    this.#isOpen = false
    this.#told = 0
    this.#touched = false
    this.#journal = undefined
    this.#later = []
    this.#isDirty = false
    this.#savedAt = this.#now()
    this.#record = {
      ...rest,
      infoHash,
      generation: this.#generation,
      savedAt: this.#unix(),
      have: known.have,
      unchecked: known.unchecked,
      files: priorities.map((priority, file) => {
        return { stamp: this.#suspects.has(file) ? undefined : known.stamps[file], priority }
      }),
    }
    onRecord(encodeResume(this.#record))
  }

  #open(): void {
    this.#isOpen = true
    // What was opened has to be closed by a record.
    this.#isDirty = true
    const { infoHash, bootId } = this.#deps
    this.#append(encodeEntry({ kind: 'open', infoHash, generation: this.#generation, bootId }, this.#unix()))
  }

  #append(entry: Uint8Array, durable = false): void {
    this.#toldAt = this.#now()
    this.#deps.onJournal(entry, durable)
  }

  #now(): number {
    return this.#deps.clock.now()
  }

  #unix(): number {
    return Math.round(this.#deps.clock.unixTime())
  }
}
