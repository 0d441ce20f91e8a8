/** What Shoal was given lists of: addresses that are blocked, countries of addresses. */
import type { Lists } from '../../contract/index.ts'
import { type Route, route } from '../route.ts'
import { lists } from '../schema/session.ts'

export const listsRoutes: readonly Route[] = [
  route<unknown, unknown, unknown, Lists>({
    method: 'GET',
    path: '/lists',
    scope: 'full',
    summary: 'The blocklist and the database of countries: where from, since when, and what went wrong last.',
    answers: { kind: 'json', schema: lists },
    handle: (_, { lists: access }) => access.get(),
  }),
  route<unknown, unknown, unknown, Lists>({
    method: 'POST',
    path: '/lists/reload',
    scope: 'full',
    summary: 'Reads both again; answers when that is over.',
    answers: { kind: 'json', schema: lists },
    handle: async (_, { lists: access }) => {
      await access.reload()
      return access.get()
    },
  }),
]
