/** Lists, adding, and what is done to many torrents at once. */
import { z } from 'zod'
import type {
  ActionRequest,
  AddOptions,
  AddRequest,
  AddResult,
  Inspection,
  ListQuery,
  MoveRequest,
  PickRequest,
  RemoveRequest,
  RowPart,
  TorrentPage,
} from '../../contract/index.ts'
import { HttpProblem } from '../problem.ts'
import { type Route, route, type Services } from '../route.ts'
import { count } from '../schema/basics.ts'
import {
  actionRequest,
  addRequest,
  addResult,
  type InspectRequest,
  inspection,
  inspectRequest,
  listQuery,
  moveRequest,
  pickRequest,
  removeRequest,
  torrentPage,
} from '../schema/requests.ts'
import { shape } from '../schema/shape.ts'
import { rowPart } from '../schema/torrent.ts'
import { parseSource, refusedSource, requireSource } from './sources.ts'

/** Some thousand torrent files at once, or 10,000 magnet links. */
export const UPLOAD_BYTES: number = 32 * 1024 * 1024
/** 100,000 ids. */
const IDS_BYTES = 8 * 1024 * 1024

interface Count {
  readonly count: number
}
const counted = shape<Count>({ count }, 'Count')

export const torrentsRoutes: readonly Route[] = [
  route<unknown, ListQuery, unknown, TorrentPage>({
    method: 'GET',
    path: '/torrents',
    scope: 'read',
    summary: 'A window of the list: sorted, filtered, 100 unless told.',
    query: listQuery,
    answers: { kind: 'json', schema: torrentPage },
    handle: ({ query }, { session }) => session.list(query),
  }),
  route<unknown, unknown, PickRequest, readonly RowPart[]>({
    method: 'POST',
    path: '/torrents/pick',
    scope: 'read',
    summary: 'Some fields of all that match, or of many by their ids.',
    body: pickRequest,
    isQuestion: true,
    maxBodyBytes: IDS_BYTES,
    answers: { kind: 'json', schema: z.array(rowPart) },
    handle: ({ body: { query, fields } }, { session }) => session.pick(query, fields),
  }),
  route<unknown, unknown, AddRequest, readonly AddResult[]>({
    method: 'POST',
    path: '/torrents',
    scope: 'add',
    summary: 'Adds torrents. When it answers, what was added survives a power cut.',
    body: addRequest,
    upload: true,
    maxBodyBytes: UPLOAD_BYTES,
    answers: { kind: 'json', schema: z.array(addResult) },
    handle: async ({ body, files, caller }, services) => {
      if (body.options?.mergeTrackers === true && caller?.scope !== 'full') {
        const text = 'Trackers of torrents that are here are changed with the scope `full` only.'
        throw new HttpProblem('FORBIDDEN', text, { where: 'body.options.mergeTrackers' })
      }
      const options = await admitted(body.options, services)
      // Those that are nothing have their answers already, at their places.
      const parsed = [...body.sources.map(parseSource), ...files]
      const added = await services.session.add(
        parsed.filter(source => source !== undefined),
        options,
      )
      let next = 0
      return parsed.map((source, at) =>
        source === undefined ? refusedSource(body.sources[at]!) : added[next++]!,
      )
    },
  }),
  route<unknown, unknown, ActionRequest, Count>({
    method: 'POST',
    path: '/torrents/actions',
    scope: 'full',
    summary:
      'Starts, stops, checks, announces, or moves torrents within the queue. Unknown ids are left out.',
    body: actionRequest,
    maxBodyBytes: IDS_BYTES,
    answers: { kind: 'json', schema: counted },
    handle: async ({ body }, { session }) => ({ count: await session.act(body.action, body.ids) }),
  }),
  route<unknown, unknown, RemoveRequest, Count>({
    method: 'POST',
    path: '/torrents/remove',
    scope: 'full',
    summary: 'Removes torrents, with or without their data. Unknown ids are left out.',
    body: removeRequest,
    maxBodyBytes: IDS_BYTES,
    answers: { kind: 'json', schema: counted },
    handle: async ({ body: { ids, data } }, { session }) => ({ count: await session.remove(ids, { data }) }),
  }),
  route<unknown, unknown, MoveRequest, Count>({
    method: 'POST',
    path: '/torrents/move',
    scope: 'full',
    summary:
      'Moves the data of torrents to another folder. Answers when that is recorded; it shows as state `moving`.',
    body: moveRequest,
    maxBodyBytes: IDS_BYTES,
    answers: { kind: 'json', schema: counted },
    handle: async ({ body }, { session, roots }) => {
      const dir = await roots.admit(body.dir, 'body.dir')
      return { count: await session.move(body.ids, dir, body.move === undefined ? {} : { move: body.move }) }
    },
  }),
  route<unknown, unknown, InspectRequest, Inspection>({
    method: 'POST',
    path: '/inspect',
    scope: 'add',
    summary: 'What is in a source, before it is added. For a magnet link, peers are asked.',
    body: inspectRequest,
    isQuestion: true,
    upload: true,
    maxBodyBytes: UPLOAD_BYTES,
    answers: { kind: 'json', schema: inspection },
    handle: async ({ body, files, signal }, { session }) => {
      const [file, ...others] = files
      if (others.length > 0 || (file !== undefined && body.source !== undefined)) {
        throw new HttpProblem('INVALID', 'One source is looked at at a time.', { where: 'body' })
      }
      return session.inspect(file ?? requireSource(body.source, 'body.source'), signal)
    },
  }),
]

async function admitted(options: AddOptions | undefined, { roots }: Services): Promise<AddOptions> {
  if (options?.dir === undefined) return options ?? {}
  return { ...options, dir: await roots.admit(options.dir, 'body.options.dir') }
}
