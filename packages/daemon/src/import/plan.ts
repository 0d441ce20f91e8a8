/** What will become of each torrent of another client, before anything is written. */
import { type Metainfo, parseMagnet, parseTorrent } from '@shoal/engine'
import type { FoundTorrent } from './found.ts'
import { isUntouched, type Layout, layoutOf, unfinishedNames } from './layout.ts'

export type Trust =
  /** What the other client says counts where sizes, and times if it kept them, agree. */
  | 'records'
  /** Also where it says nothing, but sizes agree. */
  | 'sizes'
  | 'nothing'

export interface Planned {
  readonly found: FoundTorrent
  readonly name: string
  /** Undefined of a magnet link. */
  readonly metainfo: Metainfo | undefined
  readonly layout: Layout | undefined
  /** `trusted`: nothing is hashed. `checked`: what is there is hashed at the first start. */
  readonly data: 'trusted' | 'checked' | 'none yet'
  readonly renames: readonly { readonly from: string; readonly to: string }[]
}

/** @throws ShoalError `TORRENT_INVALID` and the like */
export function planOne(found: FoundTorrent, trust: Trust): Planned {
  if (typeof found.source === 'string') {
    const name = parseMagnet(found.source).name ?? found.id
    return { found, name, metainfo: undefined, layout: undefined, data: 'none yet', renames: [] }
  }
  const metainfo = parseTorrent(found.source)
  const layout = layoutOf(metainfo, found)
  const { state } = found.progress
  const isBelieved = trust !== 'nothing' && (state === 'whole' || (state === 'unknown' && trust === 'sizes'))
  return {
    found,
    name: layout.names?.root ?? metainfo.name,
    metainfo,
    layout,
    data: isBelieved && isUntouched(metainfo, layout, found) ? 'trusted' : 'checked',
    renames: unfinishedNames(layout),
  }
}
