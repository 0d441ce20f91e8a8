/**
 * What `GET /api/v1/events` sends (server-sent events): the SSE `event` is `type`, `id` is the cursor. Who comes back with
 * `Last-Event-ID` goes on from there, or gets `reset` and asks for everything again.
 */
import type { TorrentPage } from './requests.ts'
import type { SessionInfo } from './session.ts'
import type { LogLine, TorrentRow } from './torrent.ts'

/** Only what changed; nested values come whole. */
export type RowDelta = Pick<TorrentRow, 'id'> & Partial<TorrentRow>

export type ShoalEvent =
  /** What was before is not known any more: ask for the lists again. */
  | { readonly type: 'reset' }
  /** At most one a second. Without `?window=` of all torrents; `added` come whole. */
  | {
      readonly type: 'torrents'
      readonly added: readonly TorrentRow[]
      readonly changed: readonly RowDelta[]
      readonly removed: readonly string[]
    }
  | { readonly type: 'session'; readonly changed: Partial<SessionInfo> }
  /**
   * With `?window=1&sort=…&offset=…` (as in lists): what changed in that window of the sorted list. `ids`: its order, when
   * that changed; rows that came in are whole.
   */
  | {
      readonly type: 'window'
      readonly total: number
      readonly ids?: readonly string[]
      readonly rows: readonly RowDelta[]
      readonly facets?: TorrentPage['facets']
    }
  | { readonly type: 'log'; readonly lines: readonly LogLine[] }
