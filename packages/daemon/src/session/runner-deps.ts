/** What is given to whoever carries out what torrents are to do. */
import type { Category } from '../contract/index.ts'
import type { SessionEngine } from './engine-port.ts'
import type { Inspections } from './inspections.ts'
import type { Item } from './item.ts'
import type { Counts } from './look.ts'
import type { Namesakes } from './namesakes.ts'
import type { SessionSettings } from './session.ts'
import type { Store } from './store/store.ts'
import type { TorrentFiles } from './torrent-files.ts'

export interface RunnerDeps {
  readonly engine: SessionEngine
  readonly store: Store
  readonly files: TorrentFiles
  readonly inspections: Inspections
  readonly now: () => number
  readonly settings: () => SessionSettings
  readonly category: (name: string | undefined) => Category | undefined
  /** Of all torrents there are now. */
  readonly namesakes: () => Namesakes
  /** Its row may have changed, and who has a turn. */
  readonly onChange: (item: Item) => void
  readonly onCounted: (counts: Counts) => void
  readonly onRemoved: (item: Item) => void
  readonly log: (level: 'info' | 'warn' | 'error', text: string, item: Item) => void
}
