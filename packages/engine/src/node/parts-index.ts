/**
 * The main thread's view of the parts file: which extents are in it, and where the next one goes. It alone gives out
 * room, so workers that write at the same moment never meet.
 */
import type { Geometry } from '../metainfo/geometry.ts'
import { extentLength } from './file-plan.ts'
import type { PartsContent } from './parts-file.ts'
import { partsDataStart } from './parts-file.ts'
import type { HeldExtent } from './store-messages.ts'

const NONE: readonly HeldExtent[] = []

export class PartsIndex {
  readonly #geometry: Geometry
  readonly #held = new Map<number, HeldExtent[]>()
  readonly #spare = new Map<string, HeldExtent>()
  #size = 0
  #nextEntry = 0
  #nextPosition = 0

  constructor(geometry: Geometry) {
    this.#geometry = geometry
    this.replace({ held: [], spare: [] })
  }

  /** How many extents are held. */
  get size(): number {
    return this.#size
  }

  /** Takes over what a worker found in the file, or left in it. */
  replace(content: PartsContent): void {
    this.#held.clear()
    this.#spare.clear()
    this.#size = 0
    this.#nextEntry = 0
    this.#nextPosition = partsDataStart(this.#geometry)
    for (const extent of content.held) this.#add(extent)
    for (const extent of content.spare) {
      this.#spare.set(keyOf(extent.piece, extent.file), extent)
      this.#skipBehind(extent)
    }
  }

  ofPiece(piece: number): readonly HeldExtent[] {
    return this.#held.get(piece) ?? NONE
  }

  content(): PartsContent {
    return { held: [...this.#held.values()].flat(), spare: [...this.#spare.values()] }
  }

  /** Makes room for what `piece` has of every file that is `elsewhere`, not in place; all extents of the piece. */
  reserve(piece: number, elsewhere: (file: number) => boolean): readonly HeldExtent[] {
    const geometry = this.#geometry
    for (const { file } of geometry.slices(geometry.pieceOffset(piece), geometry.pieceSize(piece))) {
      if (file.pad || !elsewhere(file.index)) continue
      if (this.ofPiece(piece).some(extent => extent.file === file.index)) continue
      const key = keyOf(piece, file.index)
      const fresh = { piece, file: file.index, entry: this.#nextEntry, position: this.#nextPosition }
      this.#add(this.#spare.get(key) ?? fresh)
      this.#spare.delete(key)
    }
    return this.ofPiece(piece)
  }

  #add(extent: HeldExtent): void {
    const ofPiece = this.#held.get(extent.piece)
    if (ofPiece === undefined) this.#held.set(extent.piece, [extent])
    else ofPiece.push(extent)
    this.#size++
    this.#skipBehind(extent)
  }

  #skipBehind(extent: HeldExtent): void {
    const length = extentLength(this.#geometry, extent.piece, this.#geometry.files[extent.file]!)
    this.#nextEntry = Math.max(this.#nextEntry, extent.entry + 1)
    this.#nextPosition = Math.max(this.#nextPosition, extent.position + length)
  }
}

function keyOf(piece: number, file: number): string {
  return `${piece}/${file}`
}
