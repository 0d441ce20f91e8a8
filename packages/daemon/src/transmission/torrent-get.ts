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
  const now = backend.now()
  const torrents: unknown[] = asTable ? [[...fields.keys()]] : []
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    const some = await Promise.all(rows.slice(at, at + AT_ONCE).map(row => valuesOf(row)))
    for (const values of some) {
      if (values === undefined) continue
      torrents.push(asTable ? values.map(([, value]) => value) : Object.fromEntries(values))
    }
  }
  return new Exact({
    torrents,
    ...(isRecently(given.raw('ids')) ? { removed: backend.numbers.removed() } : {}),
  })

  /** Undefined: it was removed meanwhile. */
  async function valuesOf(row: TorrentRow): Promise<(readonly [string, unknown])[] | undefined> {
    const source = new Source(row, { ...backend, now })
    try {
      const values: (readonly [string, unknown])[] = []
      for (const [name, field] of fields) {
        const value = field(source, dialect)
        values.push([name, spelled(value instanceof Promise ? await value : value, dialect)])
      }
      return values
    } catch (error) {
      if (error instanceof SessionError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }
}
