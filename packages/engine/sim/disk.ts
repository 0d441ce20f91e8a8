/** What is on the disk of one host of one torrent: survives the stores that wrote it. */
import { Bitfield } from '../src/bytes/bitfield.ts'
import type { FileStamp } from '../src/ports.ts'
import type { SimTorrent } from './torrent.ts'
import type { World } from './world.ts'

export class SimDisk {
  readonly torrent: SimTorrent
  /** Pieces whose bytes are there and right. */
  readonly stored: Bitfield
  /** Pieces that somebody else overwrote: whoever believes to have them is not at fault. */
  readonly damaged = new Set<number>()
  readonly #world: World
  /** One per file: its size and when it was last written to. */
  readonly #files: { size: number; mtimeMs: number }[]
  readonly #exists: boolean[]

  constructor(world: World, torrent: SimTorrent) {
    this.#world = world
    this.torrent = torrent
    this.stored = new Bitfield(torrent.geometry.pieceCount)
    this.#files = torrent.geometry.files.map(() => ({ size: 0, mtimeMs: world.nowMs }))
    this.#exists = torrent.geometry.files.map(() => false)
  }

  /** Everything is there from the beginning. */
  fill(): void {
    for (let piece = 0; piece < this.stored.length; piece++) this.store(piece)
  }

  create(wanted: readonly boolean[]): void {
    for (const [at, isWanted] of wanted.entries()) if (isWanted) this.#exists[at] = true
  }

  store(piece: number): void {
    this.stored.add(piece)
    this.damaged.delete(piece)
    this.#touch(piece)
  }

  /** Somebody else writes to the file: its time changes, and the piece is no longer there. */
  damage(piece: number): void {
    this.stored.delete(piece)
    this.damaged.add(piece)
    this.#touch(piece)
  }

  stamps(): FileStamp[] {
    return this.#files.map((file, at) => (this.#exists[at] ? { ...file } : undefined))
  }

  #touch(piece: number): void {
    const { geometry } = this.torrent
    for (const { file, fileOffset, length } of geometry.slices(
      geometry.pieceOffset(piece),
      geometry.pieceSize(piece),
    )) {
      const entry = this.#files[file.index]!
      this.#exists[file.index] = true
      entry.size = Math.max(entry.size, fileOffset + length)
      entry.mtimeMs = this.#world.nowMs
    }
  }
}
