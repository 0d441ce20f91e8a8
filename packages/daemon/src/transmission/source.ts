/** One torrent while it is asked about: what fields need is fetched once, and only when one needs it. */
import type {
  FileRow,
  PeerRow,
  PiecesView,
  TorrentDetail,
  TorrentRow,
  TrackerRow,
} from '../contract/index.ts'
import type { Session, Terms } from '../session/session.ts'
import type { Entry, Numbers } from './numbers.ts'
import type { RpcSettings } from './settings.ts'

export class Source {
  readonly row: TorrentRow
  readonly entry: Entry
  readonly numbers: Numbers
  readonly settings: RpcSettings
  /** Seconds since 1970. */
  readonly now: number
  readonly #session: Session
  #terms: Terms | undefined
  #detail: Promise<TorrentDetail> | undefined
  #files: Promise<readonly FileRow[]> | undefined
  #trackers: Promise<readonly TrackerRow[]> | undefined
  #pieces: Promise<PiecesView> | undefined
  #peers: readonly PeerRow[] | undefined

  constructor(
    row: TorrentRow,
    around: {
      readonly session: Session
      readonly numbers: Numbers
      readonly settings: RpcSettings
      readonly now: number
    },
  ) {
    this.row = row
    this.entry = around.numbers.of(row)
    this.numbers = around.numbers
    this.settings = around.settings
    this.now = around.now
    this.#session = around.session
  }

  get terms(): Terms {
    this.#terms ??= this.#session.terms(this.row.id)
    return this.#terms
  }

  /** Of a torrent that does not run, this and the next three read its file. */
  get detail(): Promise<TorrentDetail> {
    this.#detail ??= this.#session.detail(this.row.id)
    return this.#detail
  }

  get files(): Promise<readonly FileRow[]> {
    this.#files ??= this.#session.files(this.row.id)
    return this.#files
  }

  get trackers(): Promise<readonly TrackerRow[]> {
    this.#trackers ??= this.#session.trackers(this.row.id)
    return this.#trackers
  }

  get pieces(): Promise<PiecesView> {
    this.#pieces ??= this.#session.pieces(this.row.id)
    return this.#pieces
  }

  get peers(): readonly PeerRow[] {
    this.#peers ??= this.#session.peers(this.row.id)
    return this.#peers
  }

  /** The description is there: what is in it can be told. */
  get isDescribed(): boolean {
    return this.row.state !== 'fetching' && this.row.totalBytes > 0
  }
}
