/** The daemon itself: figures, settings, folders, health. */
import { z } from 'zod'
import type {
  Finding,
  FolderInfo,
  ListQuery,
  LogLine,
  RateHistory,
  SessionInfo,
  Setting,
} from '../../contract/index.ts'
import { SessionError } from '../../session/session.ts'
import { DATA_HEADERS } from '../doors/headers.ts'
import { metricsText } from '../metrics.ts'
import { type Route, route, type Services } from '../route.ts'
import { flag, folder } from '../schema/basics.ts'
import { listQuery } from '../schema/requests.ts'
import {
  finding,
  folderInfo,
  rateHistory,
  type SettingsPatch,
  sessionInfo,
  setting,
  settingsPatch,
} from '../schema/session.ts'
import { extended, optional, shape } from '../schema/shape.ts'
import { logLine } from '../schema/torrent.ts'

interface Health {
  readonly ok: true
}

interface FoldersQuery {
  readonly path?: string
}

interface Alternative {
  readonly on: boolean | null
}

interface EventsQuery extends ListQuery {
  readonly window?: boolean
  readonly cursor?: string
}

export const sessionRoutes: readonly Route[] = [
  route<unknown, unknown, unknown, Health>({
    method: 'GET',
    path: '/health',
    scope: 'open',
    summary: 'Answers as long as Shoal does. It tells nothing else, and so needs no token.',
    answers: { kind: 'json', schema: shape<Health>({ ok: z.literal(true) }, 'Health') },
    handle: () => ({ ok: true }),
  }),
  route<unknown, unknown, unknown, SessionInfo>({
    method: 'GET',
    path: '/session',
    scope: 'read',
    summary: 'Figures of all torrents together, and what stands in their way.',
    answers: { kind: 'json', schema: sessionInfo },
    handle: (_, { session }) => session.info(),
  }),
  route<unknown, unknown, unknown, RateHistory>({
    method: 'GET',
    path: '/history',
    scope: 'read',
    summary: 'Rates of the last minutes, for a graph.',
    answers: { kind: 'json', schema: rateHistory },
    handle: (_, { session }) => session.history(),
  }),
  route<unknown, EventsQuery, unknown, unknown>({
    method: 'GET',
    path: '/events',
    scope: 'read',
    summary:
      'What changes, as server-sent events. `Last-Event-ID` or `cursor` goes on from there. With `window=1`, of a window of the list.',
    query: extended<EventsQuery, ListQuery>(
      listQuery,
      { window: optional(flag), cursor: optional(z.string().max(200)) },
      'EventsQuery',
    ),
    answers: { kind: 'raw', type: 'text/event-stream', statuses: [200] },
    handle: ({ query: { window, cursor, ...list }, caller, raw }, { events, access }) => {
      events.requireRoom()
      const last = raw.incoming.headers['last-event-id']
      raw.outgoing.writeHead(200, {
        ...DATA_HEADERS,
        'Content-Type': 'text/event-stream; charset=utf-8',
        'X-Accel-Buffering': 'no',
      })
      events.add({
        response: raw.outgoing,
        window: window === true ? list : undefined,
        cursor: typeof last === 'string' ? last : cursor,
        isAllowed: () => caller !== undefined && access.isCurrent(caller),
      })
    },
  }),
  route<unknown, unknown, unknown, readonly LogLine[]>({
    method: 'GET',
    path: '/log',
    scope: 'read',
    summary: 'What happened lately.',
    answers: { kind: 'json', schema: z.array(logLine) },
    handle: (_, { session }) => session.log(),
  }),
  route<unknown, unknown, Alternative, undefined>({
    method: 'PUT',
    path: '/alternative',
    scope: 'full',
    summary: 'Alternative limits on or off by hand; `null`: as the timetable says.',
    body: shape<Alternative>({ on: flag.nullable() }, 'AlternativeRequest'),
    answers: { kind: 'none' },
    handle: async ({ body }, { session }) => {
      await session.setAlternative(body.on ?? undefined)
    },
  }),
  route<unknown, unknown, unknown, readonly Setting[]>({
    method: 'GET',
    path: '/settings',
    scope: 'full',
    summary: 'All settings: what they are, and where they come from.',
    answers: { kind: 'json', schema: z.array(setting) },
    handle: (_, { settings }) => settings.list(),
  }),
  route<unknown, unknown, SettingsPatch, readonly Setting[]>({
    method: 'PATCH',
    path: '/settings',
    scope: 'full',
    summary: 'Changes settings by their keys: all of them, or none when one is wrong.',
    body: settingsPatch,
    answers: { kind: 'json', schema: z.array(setting) },
    handle: async ({ body }, services) => {
      await changed(services, await admitted(body, services))
      return services.settings.list()
    },
  }),
  route<unknown, FoldersQuery, unknown, FolderInfo>({
    method: 'GET',
    path: '/folders',
    scope: 'add',
    summary:
      'What folders there are below one, to choose from; without `path`, those below which data may be.',
    query: shape<FoldersQuery>({ path: optional(folder) }),
    answers: { kind: 'json', schema: folderInfo },
    handle: ({ query }, { roots }) => roots.browse(query.path),
  }),
  route<unknown, unknown, unknown, readonly Finding[]>({
    method: 'GET',
    path: '/doctor',
    scope: 'read',
    summary: 'Looks at the port, names, clock, folders and handles, and says what is wrong.',
    answers: { kind: 'json', schema: z.array(finding) },
    handle: (_, { doctor }) => doctor(),
  }),
  route<unknown, unknown, unknown, string>({
    method: 'GET',
    path: '/openapi.json',
    scope: 'read',
    summary: 'This description of the API.',
    answers: { kind: 'text', type: 'application/json' },
    handle: (_, { describe }) => describe(),
  }),
  route<unknown, unknown, unknown, string>({
    method: 'GET',
    path: '//metrics',
    scope: 'read',
    summary: 'Figures for Prometheus.',
    answers: { kind: 'text', type: 'text/plain; version=0.0.4; charset=utf-8' },
    handle: (_, { session, events }) => metricsText(session.info(), events.clientCount),
  }),
]

async function changed({ settings }: Services, changes: SettingsPatch): Promise<void> {
  try {
    await settings.change(changes)
  } catch (error) {
    if (!(error instanceof SessionError) || error.where === undefined) throw error
    throw new SessionError(error.code, error.message, `body.${error.where.replace(/^body\./, '')}`)
  }
}

/** Folders in the settings have to be allowed as all others: else they would be a way to allow any. */
async function admitted(changes: SettingsPatch, { settings, roots }: Services): Promise<SettingsPatch> {
  const folders = new Set(
    settings.list().flatMap(({ key, type }) => (type === 'path' || type === 'paths' ? [key] : [])),
  )
  const result: Record<string, unknown> = { ...changes }
  for (const [key, value] of Object.entries(changes)) {
    if (!folders.has(key)) continue
    const admit = (path: unknown): unknown =>
      typeof path === 'string' ? roots.admit(path, `body.${key}`) : path
    result[key] = Array.isArray(value) ? await Promise.all(value.map(admit)) : await admit(value)
  }
  return result
}
