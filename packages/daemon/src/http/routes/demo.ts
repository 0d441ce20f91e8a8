/** Something to see for those who have no torrent yet. */
import type { Demo } from '../../contract/index.ts'
import { type Route, route } from '../route.ts'
import { demoInfo } from '../schema/session.ts'

export const demoRoute: Route = route<unknown, unknown, unknown, Demo>({
  method: 'POST',
  path: '/demo',
  scope: 'full',
  summary:
    'Makes a small swarm on the machine of the daemon, and downloads from it; the one that is there, if there is one.',
  answers: { kind: 'json', schema: demoInfo },
  handle: (_, { demo }) => demo(),
})
