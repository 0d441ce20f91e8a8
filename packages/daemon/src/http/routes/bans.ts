/** Addresses that were banned by hand. */
import { z } from 'zod'
import type { Ban } from '../../contract/index.ts'
import { type Route, route } from '../route.ts'
import { text } from '../schema/basics.ts'
import { ban } from '../schema/session.ts'
import { shape } from '../schema/shape.ts'

/** With a port, which does not matter; what it is otherwise is known to the session. */
const address = z.string().min(1).max(100)

interface Addresses {
  readonly addresses: readonly string[]
}

interface OfBan {
  readonly address: string
}

export const bansRoutes: readonly Route[] = [
  route<unknown, unknown, unknown, readonly Ban[]>({
    method: 'GET',
    path: '/bans',
    scope: 'read',
    summary: 'The addresses that were banned by hand.',
    answers: { kind: 'json', schema: z.array(ban) },
    handle: (_, { session }) => session.bans(),
  }),
  route<unknown, unknown, Addresses, undefined>({
    method: 'POST',
    path: '/bans',
    scope: 'full',
    summary: 'Bans addresses for all torrents, until it is taken back.',
    body: shape<Addresses>({ addresses: z.array(address).min(1).max(1000) }, 'BansRequest'),
    answers: { kind: 'none' },
    handle: async ({ body }, { session }) => {
      await session.ban(body.addresses)
    },
  }),
  route<OfBan, unknown, unknown, undefined>({
    method: 'DELETE',
    path: '/bans/:address',
    scope: 'full',
    summary: 'Takes it back: the address is as good as any other.',
    params: shape<OfBan>({ address: text }),
    answers: { kind: 'none' },
    handle: async ({ params }, { session }) => {
      await session.unban(params.address)
    },
  }),
]
