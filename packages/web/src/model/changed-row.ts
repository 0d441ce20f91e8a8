/** A row with what is new of it. Another window tells rows whole that are known already: those stay the same object. */
import type { RowDelta, TorrentRow } from '@shoal/daemon/contract'

export function changedRow(before: TorrentRow, delta: RowDelta): TorrentRow {
  for (const key of Object.keys(delta) as (keyof TorrentRow)[]) {
    if (!isSame(before[key], delta[key])) return { ...before, ...delta }
  }
  return before
}

/** Labels, errors and reasons are small, and come anew each time. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  return typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b)
}
