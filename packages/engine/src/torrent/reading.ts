/** What those get who read a torrent while it downloads. What they need next is for {@link Readers} to know. */
import { ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { Store } from '../ports.ts'
import type { Picker } from './picker.ts'
import { READERS_MAX, type Reader, Readers } from './readers.ts'
import type { WantedFiles } from './wanted-files.ts'

export class Reading {
  readonly readers: Readers
  readonly #metainfo: Metainfo
  readonly #wanted: WantedFiles
  readonly #readOnly: boolean

  /** `readOnly`: nothing is ever fetched. */
  constructor(metainfo: Metainfo, wanted: WantedFiles, readOnly: boolean) {
    this.readers = new Readers(metainfo.geometry)
    this.#metainfo = metainfo
    this.#wanted = wanted
    this.#readOnly = readOnly
  }

  /** @throws ShoalError `OPTION_INVALID` */
  open(start: number, end: number, onNews: () => void): Reader {
    if (this.readers.size >= READERS_MAX) {
      throw new ShoalError('OPTION_INVALID', `${this.#metainfo.name} is read by ${READERS_MAX} already`)
    }
    return this.readers.open(start, end, onNews)
  }

  /**
   * The next bytes of a torrent at work; undefined: they are still to come. `geometry` has the paths that files have on
   * disk.
   *
   * @throws ShoalError `OPTION_INVALID`: they will not come
   */
  read(
    reader: Reader,
    store: Store,
    picker: Picker,
    geometry: Geometry,
    now: number,
  ): Uint8Array | undefined {
    const { piece, begin, length } = this.readers.nextRange(reader)
    if (!picker.have.has(piece)) {
      const [slice] = geometry.slices(reader.position, 1)
      const isSkipped = slice !== undefined && this.#wanted.priorities[slice.file.index] === 0
      if (picker.wantsPiece(piece) && !isSkipped) return undefined
      const path = slice?.file.path.join('/')
      const why = this.#readOnly ? 'is not all there, and nothing is downloaded' : 'is skipped'
      throw new ShoalError('OPTION_INVALID', `${path} ${why}: it cannot be read`, { subject: path })
    }
    const bytes = store.read(piece, begin, length)
    if (bytes !== undefined) this.readers.read(reader, length, now)
    return bytes
  }
}
