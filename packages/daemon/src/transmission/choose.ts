/** Which torrents a call means. */
import type { TorrentRow } from '../contract/index.ts'
import { CODE, RpcFailure } from './failure.ts'
import type { Call } from './method.ts'

/** By number. Ids that nobody has are passed over, as Transmission does; without `ids` all are meant. */
export function chosen({ backend, given }: Call): readonly TorrentRow[] {
  const { session, numbers } = backend
  const rows = session.rows()
  const ids = given.raw('ids')
  if (ids === undefined) return sorted(rows, backend.numbers)
  if (isRecently(ids))
    return sorted(
      rows.filter(row => numbers.isRecent(row)),
      numbers,
    )

  const wanted = new Set<string>()
  for (const each of Array.isArray(ids) ? (given.list('ids') ?? []) : [ids]) {
    const id =
      typeof each === 'number'
        ? numbers.idOf(each)
        : typeof each === 'string'
          ? each.toLowerCase()
          : undefined
    if (typeof each !== 'number' && typeof each !== 'string') {
      throw new RpcFailure(
        CODE.invalidParams,
        'ids: numbers and info-hashes are wanted here, or "recently-active"',
      )
    }
    if (id !== undefined) wanted.add(id)
  }
  return sorted(
    rows.filter(row => wanted.has(row.id)),
    numbers,
  )
}

export function chosenIds(call: Call): readonly string[] {
  return chosen(call).map(row => row.id)
}

export function isRecently(ids: unknown): boolean {
  return ids === 'recently-active' || ids === 'recently_active'
}

function sorted(rows: readonly TorrentRow[], numbers: Call['backend']['numbers']): readonly TorrentRow[] {
  return [...rows].sort((a, b) => numbers.of(a).number - numbers.of(b).number)
}
