/**
 * The HTTP side of the daemon in a process of its own, over a session that only remembers what it was told: what is
 * measured here is what stands before it. The parent is told port and tokens, and asks for memory and for what came
 * through.
 */
import { openAccess } from '../../../packages/daemon/dist/http/access/access.js'
import { createHttp } from '../../../packages/daemon/dist/http/create-http.js'
import { SessionError } from '../../../packages/daemon/dist/session/session.js'

const { state, root, web } = JSON.parse(process.argv[2])
const dirs = []
const ROWS = 10_000

const known = {
  info: () => ({ version: 'torture' }),
  list: ({ limit = 100 }) => ({
    total: ROWS,
    offset: 0,
    items: Array.from({ length: limit }, (_, n) => ({
      id: n.toString(16).padStart(40, '0'),
      name: `torrent ${n}`,
    })),
    facets: {},
    cursor: 'torture.0',
  }),
  add: async (sources, options) => {
    if (options?.dir !== undefined) dirs.push(options.dir)
    return sources.map(() => ({ outcome: 'duplicate', id: '0'.repeat(40), name: 'torrent' }))
  },
  changes: { cursor: 'torture.0', since: () => undefined, subscribe: () => () => undefined },
}
/** Whatever else is asked for is about a torrent that is not there. */
const session = new Proxy(known, {
  get: (target, name) =>
    target[name] ??
    (() => {
      throw new SessionError('NOT_FOUND', 'There is no such torrent.', 'path.id')
    }),
})

const access = await openAccess(state)
const password = 'correct horse battery'
const cookie = await access.setUp(access.createSetupKey(), password)
const { token } = await access.createToken('owner', 'full')
const faults = []
const http = createHttp({
  session,
  access,
  settings: { list: () => [], change: async () => undefined },
  roots: () => [root],
  doctor: async () => [],
  demo: async () => ({ id: '0'.repeat(40), name: 'demo', isNew: true, endsAt: 0 }),
  webDir: web,
  onFault: (error, where) => faults.push(`${where}: ${error?.stack ?? error}`),
})
const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
process.send({ port, token, cookie, password })

const ASKED = {
  memory: () => {
    globalThis.gc?.()
    return process.memoryUsage.rss()
  },
  handles: () => process.getActiveResourcesInfo().filter(name => name.includes('TCP')).length,
  dirs: () => dirs,
  faults: () => faults,
}
process.on('message', what => process.send({ [what]: ASKED[what]() }))
process.on('disconnect', () => process.exit(0))
