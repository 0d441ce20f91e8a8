/** `torrent-get`: fields of torrents, each torrent as an object, or all as a table. */
import type { TorrentRow } from '../contract/index.ts'
import { SessionError } from '../session/session.ts'
import { chosen, isRecently } from './choose.ts'
import { CODE, RpcFailure } from './failure.ts'
import { type Call, Exact } from './method.ts'
import { snakeOf, spelled } from './names.ts'
import { Source } from './source.ts'
import { type Field, TORRENT_FIELDS } from './torrent-fields.ts'

/** Torrents whose details are waited for at once: enough to keep a disk busy, few enough to keep memory small. */
const AT_ONCE = 64
/** Torrents that are told of before others get a turn: some 10 ms. */
const A_TURN = 16 * AT_ONCE
/** There are not a hundred fields, in three spellings. */
const MAX_FIELDS = 1000

export async function torrentGet(call: Call): Promise<Exact> {
  const { backend, given, dialect } = call
  const names = given.strings('fields')
  if (names === undefined || names.length === 0)
    throw new RpcFailure(CODE.invalidParams, 'no fields specified')
  if (names.length > MAX_FIELDS) throw given.wrong('fields', `a list of at most ${MAX_FIELDS}`)
  const fields = new Map<string, Field>()
  for (const name of names) {
    const field = TORRENT_FIELDS.get(snakeOf(name))
    if (field !== undefined) fields.set(name, field)
  }
  const asTable = given.string('format') === 'table'

  const rows = chosen(call)
  const around = { ...backend, now: backend.now() }
  const torrents: unknown[] = asTable ? [[...fields.keys()]] : []
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    if (at > 0 && at % A_TURN === 0) await new Promise(resolve => setImmediate(resolve))
    const some = await Promise.all(rows.slice(at, at + AT_ONCE).map(row => valuesOf(row)))
    for (const values of some) {
      if (values === undefined) continue
      torrents.push(asTable ? values : objectOf(fields.keys(), values))
    }
  }
  return new Exact({
    torrents,
    ...(isRecently(given.raw('ids')) ? { removed: backend.numbers.removed() } : {}),
  })

  /** In the order of the fields. Undefined: it was removed meanwhile. */
  async function valuesOf(row: TorrentRow): Promise<readonly unknown[] | undefined> {
    const source = new Source(row, around)
    try {
      const values: unknown[] = []
      for (const field of fields.values()) {
        const value = field(source, dialect)
        values.push(spelled(value instanceof Promise ? await value : value, dialect))
      }
      return values
    } catch (error) {
      if (error instanceof SessionError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }
}

function objectOf(names: Iterable<string>, values: readonly unknown[]): Readonly<Record<string, unknown>> {
  const object: Record<string, unknown> = {}
  let at = 0
  for (const name of names) object[name] = values[at++]
  return object
}
