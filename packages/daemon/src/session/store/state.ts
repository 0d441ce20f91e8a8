/** What the lines of snapshot and journal say together. */
import type { Ban, Category, Totals } from '../../contract/index.ts'
import { decodeRecord, isObject, type TorrentRecord } from '../record.ts'
import type { DecodedLines } from './lines.ts'

export const VERSION = 1

/** What is remembered beside the torrents. */
export interface Meta {
  readonly ever: Totals
  readonly categories: readonly Category[]
  /** The alternative limits, switched by hand; until the timetable says something else than it did then. */
  readonly alternative: { readonly on: boolean; readonly scheduled: boolean } | undefined
  readonly bans: readonly Ban[]
}

export const NO_META: Meta = {
  ever: { downloadedBytes: 0, uploadedBytes: 0 },
  categories: [],
  alternative: undefined,
  bans: [],
}

export interface State {
  readonly records: Map<string, TorrentRecord>
  readonly meta: Meta
  readonly generation: number
  /** More can be appended to the journal. */
  readonly journalUsable: boolean
  readonly tooNew: boolean
  readonly snapshotDamage: Damage | undefined
  readonly journalDamage: Damage | undefined
}

export interface Damage {
  readonly text: string
  readonly isMissing?: true
}

export function readState(snapshot: DecodedLines, journal: DecodedLines): State {
  const builder = new StateBuilder()
  const head = headOf(snapshot, 'session')
  const journalHead = headOf(journal, 'journal')
  const badSnapshot = builder.take(snapshot)
  // Without its first line nobody knows whether a journal belongs to it: it does no harm to read one that does not.
  const isOvertaken =
    journalHead !== undefined && head !== undefined && journalHead.generation < head.generation
  const badJournal = isOvertaken ? 0 : builder.take(journal)
  const isEmpty = snapshot.values.length === 0 && snapshot.damaged === 0 && snapshot.tornAt === undefined
  const isWhole = isEmpty || (head !== undefined && builder.end === builder.countInSnapshot)
  const journalEmpty = journal.values.length === 0 && journal.damaged === 0 && journal.tornAt === undefined
  return {
    records: builder.records,
    meta: builder.meta,
    generation: Math.max(head?.generation ?? 0, journalHead?.generation ?? 0),
    journalUsable:
      !isEmpty &&
      isWhole &&
      badSnapshot === 0 &&
      badJournal === 0 &&
      !isOvertaken &&
      journal.tornAt === undefined &&
      journalHead?.generation === head?.generation,
    tooNew: [head, journalHead].some(each => each !== undefined && each.version > VERSION),
    snapshotDamage: damageText(badSnapshot, isWhole, isEmpty && !journalEmpty),
    // The first one is made after the first snapshot; later ones take the place of one that is there.
    journalDamage: damageText(badJournal, true, journalEmpty && (head?.generation ?? 0) > 1),
  }
}

interface Head {
  readonly version: number
  readonly generation: number
}

function headOf({ values }: DecodedLines, kind: 'session' | 'journal'): Head | undefined {
  const [first] = values
  if (!isObject(first) || first.shoal !== kind) return undefined
  const { version, generation } = first
  return typeof version === 'number' && typeof generation === 'number' ? { version, generation } : undefined
}

class StateBuilder {
  readonly records = new Map<string, TorrentRecord>()
  meta: Meta = NO_META
  /** What the last line of the snapshot counts. */
  end: number | undefined
  countInSnapshot = 0

  /** @returns how many lines say nothing that can be used */
  take({ values, damaged }: DecodedLines): number {
    let bad = damaged
    for (const value of values) {
      if (!isObject(value) || !this.#takeLine(value)) bad++
    }
    return bad
  }

  #takeLine(line: Record<string, unknown>): boolean {
    if (line.put !== undefined) {
      if (this.end === undefined) this.countInSnapshot++
      const record = decodeRecord(line.put)
      if (record === undefined) return false
      this.records.set(record.id, record)
      return true
    }
    if (typeof line.del === 'string') {
      this.records.delete(line.del)
      return true
    }
    if (line.meta !== undefined) {
      const meta = decodeMeta(line.meta)
      if (meta === undefined) return false
      this.meta = meta
      return true
    }
    if (typeof line.end === 'number') {
      this.end = line.end
      return true
    }
    return line.shoal !== undefined
  }
}

function decodeMeta(value: unknown): Meta | undefined {
  if (!isObject(value)) return undefined
  const { ever, categories, alternative, bans } = value
  const isTotals =
    isObject(ever) && typeof ever.downloadedBytes === 'number' && typeof ever.uploadedBytes === 'number'
  const areCategories =
    Array.isArray(categories) && categories.every(each => isObject(each) && typeof each.name === 'string')
  if (!isTotals || !areCategories) return undefined
  const byHand =
    isObject(alternative) && typeof alternative.on === 'boolean' && typeof alternative.scheduled === 'boolean'
      ? { on: alternative.on, scheduled: alternative.scheduled }
      : undefined
  return {
    ever: { downloadedBytes: ever.downloadedBytes as number, uploadedBytes: ever.uploadedBytes as number },
    categories: categories as Category[],
    alternative: byHand,
    // Earlier versions had none.
    bans: Array.isArray(bans) ? bans.filter(isBan) : [],
  }
}

function isBan(value: unknown): value is Ban {
  return isObject(value) && typeof value.address === 'string' && typeof value.at === 'number'
}

function damageText(bad: number, isWhole: boolean, isMissing: boolean): Damage | undefined {
  if (isMissing) return { text: 'it is missing', isMissing }
  if (bad > 0) return { text: bad === 1 ? 'one of its lines is damaged' : `${bad} of its lines are damaged` }
  return isWhole ? undefined : { text: 'its end is missing' }
}
