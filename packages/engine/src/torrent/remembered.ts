/** What a torrent remembers of earlier sessions when it is added, and what is told when that cannot be used. */
import { ShoalError } from '../errors.ts'
import type { Keeper } from './keeper.ts'
import type { ResumeRecord } from './resume.ts'
import type { TorrentObserver } from './torrent-deps.ts'
import type { TorrentOptions } from './torrent-options.ts'

/** Undefined: nothing. */
export function readRemembered(
  keeper: Keeper,
  { resume, journal }: Pick<TorrentOptions, 'resume' | 'journal'>,
  observer: TorrentObserver,
): ResumeRecord | undefined {
  if (resume === undefined) return undefined
  try {
    const { record, rest, damage } = keeper.read(resume, journal)
    if (damage !== undefined) {
      observer.onDamaged('journal', rest)
      observer.onWarning(`the journal of what was downloaded is damaged: ${damage}; it is used up to there`)
    } else if (rest !== undefined) {
      observer.onTorn(rest)
      observer.onWarning(
        'the journal of what was downloaded ends too early: what it may have told of is checked',
      )
    }
    return record
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
    observer.onDamaged('record')
    observer.onWarning(`${error.message}; the data is checked instead`)
    return undefined
  }
}
