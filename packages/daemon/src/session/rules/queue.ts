/**
 * Who has a turn: of those that are to run, the first in the queue, as many as the limits allow. Downloads and seeds are
 * counted apart. Who is forced runs and is not counted; nor is a running one that has been slow for long: what it does
 * not use others may have. It counts again once it has been fast for just as long, so nobody is stopped and started
 * with every change of a rate.
 */
export interface Candidate {
  readonly kind: 'download' | 'seed'
  readonly forced: boolean
  /** It runs, and has been slow for so long that it does not count. */
  readonly slow: boolean
}

export interface QueueLimits {
  readonly downloads: number | null
  readonly seeds: number | null
}

/** Place among those that wait for the same, from 1. */
export interface Waiting {
  readonly place: number
  readonly of: number
  readonly limit: number
}

export interface Turns<T> {
  readonly turns: ReadonlySet<T>
  readonly waiting: ReadonlyMap<T, Waiting>
}

/** @param candidates in the order of the queue */
export function takeTurns<T extends Candidate>(candidates: Iterable<T>, limits: QueueLimits): Turns<T> {
  const turns = new Set<T>()
  const left = {
    download: limits.downloads ?? Number.POSITIVE_INFINITY,
    seed: limits.seeds ?? Number.POSITIVE_INFINITY,
  }
  const queued: Record<Candidate['kind'], T[]> = { download: [], seed: [] }
  for (const candidate of candidates) {
    const { kind } = candidate
    if (candidate.forced || candidate.slow || left[kind] > 0) {
      turns.add(candidate)
      if (!candidate.forced && !candidate.slow) left[kind]--
    } else {
      queued[kind].push(candidate)
    }
  }
  const waiting = new Map<T, Waiting>()
  for (const kind of ['download', 'seed'] as const) {
    const limit = (kind === 'download' ? limits.downloads : limits.seeds) ?? 0
    const of = queued[kind].length
    queued[kind].forEach((candidate, index) => {
      waiting.set(candidate, { place: index + 1, of, limit })
    })
  }
  return { turns, waiting }
}

export interface Pace {
  readonly slow: boolean
  /** Since when it has been otherwise, ms; undefined: it is not. */
  readonly turningSince: number | undefined
}

export const FAST: Pace = { slow: false, turningSince: undefined }

/** Slow after `seconds` below the limit without a break, and fast again after as many above it. */
export function nextPace(
  pace: Pace,
  rateBytesPerSec: number,
  now: number,
  { slowBytesPerSec, slowSeconds }: { readonly slowBytesPerSec: number; readonly slowSeconds: number },
): Pace {
  const isSlow = rateBytesPerSec < slowBytesPerSec
  if (isSlow === pace.slow)
    return pace.turningSince === undefined ? pace : { ...pace, turningSince: undefined }
  const since = pace.turningSince ?? now
  if (now - since >= slowSeconds * 1000) return { slow: isSlow, turningSince: undefined }
  return pace.turningSince === since ? pace : { ...pace, turningSince: since }
}
