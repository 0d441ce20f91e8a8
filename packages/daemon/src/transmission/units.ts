/** Transmission's units, kB a second and minutes, and the numbers by which it says what cannot be told. */
import type { GoalValue, TorrentRow } from '../contract/index.ts'
import type { Terms } from '../session/session.ts'

const KILO = 1000

/** What Transmission itself shows for a limit that nobody has set. */
export const DEFAULTS = {
  speedKBps: 100,
  alternativeKBps: 50,
  ratio: 2,
  idleMinutes: 30,
  downloads: 5,
  seeds: 10,
} as const

export const ETA_NOT_AVAILABLE = -1
export const ETA_UNKNOWN = -2
export const RATIO_NOT_AVAILABLE = -1
export const RATIO_INFINITE = -2

/** Of seeding limits: what the session says, one's own, none. */
export const MODE = { session: 0, own: 1, none: 2 } as const

export function kiloOf(bytesPerSec: number): number {
  return Math.round(bytesPerSec / KILO)
}

export function bytesOf(kiloPerSec: number): number {
  return kiloPerSec * KILO
}

export function modeOf(goal: GoalValue): number {
  if (goal === 'default') return MODE.session
  return goal === 'none' ? MODE.none : MODE.own
}

export function ratioOf(uploadedBytes: number, base: number): number {
  if (base > 0) return uploadedBytes / base
  return uploadedBytes > 0 ? RATIO_INFINITE : RATIO_NOT_AVAILABLE
}

/** Seconds until a goal is reached that ends seeding. */
export function seedingEta({
  row,
  terms,
  now,
}: {
  readonly row: TorrentRow
  readonly terms: Pick<Terms, 'goalsInForce'>
  readonly now: number
}): { readonly eta: number; readonly etaIdle: number } {
  const { goalsInForce } = terms
  const { uploadRate, uploadedBytes, downloadedBytes, haveBytes, completedAt, activeAt } = row
  const base = downloadedBytes || haveBytes
  const left =
    goalsInForce.ratio === null ? undefined : Math.max(0, goalsInForce.ratio * base - uploadedBytes)
  const eta =
    left === undefined
      ? ETA_NOT_AVAILABLE
      : left === 0
        ? 0
        : uploadRate < 1
          ? ETA_UNKNOWN
          : Math.round(left / uploadRate)
  const idleSince = activeAt ?? completedAt
  const etaIdle =
    goalsInForce.idleSeconds === null || idleSince === null || uploadRate >= 1
      ? ETA_NOT_AVAILABLE
      : Math.max(0, Math.round(goalsInForce.idleSeconds - (now - idleSince)))
  return { eta, etaIdle }
}
