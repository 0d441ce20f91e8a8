/** All routes. Where two match, the first one answers. */
import type { Route } from '../route.ts'
import { accessRoutes } from './access.ts'
import { bansRoutes } from './bans.ts'
import { contentRoute } from './content.ts'
import { demoRoute } from './demo.ts'
import { householdRoutes } from './household.ts'
import { listsRoutes } from './lists.ts'
import { sessionRoutes } from './session.ts'
import { torrentRoutes } from './torrent.ts'
import { torrentsRoutes } from './torrents.ts'

export const API: string = '/api/v1'

export const ROUTES: readonly Route[] = [
  ...sessionRoutes,
  ...torrentsRoutes,
  ...torrentRoutes,
  contentRoute,
  ...householdRoutes,
  ...listsRoutes,
  ...bansRoutes,
  demoRoute,
  ...accessRoutes,
]

/** Below the base path. */
export function pathOf({ path }: Route): string {
  return path.startsWith('//') ? path.slice(1) : `${API}${path}`
}
