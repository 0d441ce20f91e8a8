/** All methods, by Transmission's names up to 4.0 (see names.ts). */
import type { Action, Scope } from '../contract/index.ts'
import { chosenIds } from './choose.ts'
import type { Answer, Call, Method } from './method.ts'
import { bySnake } from './names.ts'
import {
  blocklistUpdate,
  freeSpace,
  portTest,
  sessionGet,
  sessionSet,
  sessionStats,
} from './session-calls.ts'
import { torrentAdd } from './torrent-add.ts'
import { torrentGet } from './torrent-get.ts'
import { renamePath, setLocation } from './torrent-place.ts'
import { torrentSet } from './torrent-set.ts'

const TABLE: Readonly<Record<string, Method>> = {
  'blocklist-update': method('full', blocklistUpdate),
  'free-space': method('read', freeSpace),
  // There are no groups: their limits would be one more kind besides categories'.
  'group-get': method('read', () => ({ group: [] })),
  'port-test': method('read', portTest),
  'queue-move-bottom': acting('queue-bottom'),
  'queue-move-down': acting('queue-down'),
  'queue-move-top': acting('queue-top'),
  'queue-move-up': acting('queue-up'),
  'session-close': method('full', ({ backend }) => {
    backend.close()
    return {}
  }),
  'session-get': method('read', sessionGet),
  'session-set': method('full', sessionSet),
  'session-stats': method('read', sessionStats),
  'torrent-add': method('add', torrentAdd),
  'torrent-get': method('read', torrentGet),
  'torrent-reannounce': acting('reannounce'),
  'torrent-remove': method('full', async call => {
    const data = call.given.boolean('delete_local_data') ?? false
    const ids = chosenIds(call)
    await call.backend.session.remove(ids, { data })
    call.backend.numbers.forget(ids)
    return {}
  }),
  'torrent-rename-path': method('full', renamePath),
  'torrent-set': method('full', torrentSet),
  'torrent-set-location': method('full', setLocation),
  'torrent-start': acting('start'),
  'torrent-start-now': acting('force'),
  'torrent-stop': acting('stop'),
  'torrent-verify': acting('check'),
}

/** By name in snake case. */
export const METHODS: ReadonlyMap<string, Method> = bySnake(TABLE)

function method(scope: Scope, run: Method['run']): Method {
  return { scope, run }
}

function acting(action: Action): Method {
  return method('full', async (call: Call): Promise<Answer> => {
    await call.backend.session.act(action, chosenIds(call))
    return {}
  })
}
