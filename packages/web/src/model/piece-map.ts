/** How pieces are laid out as squares, several to a square where there are more than fit. */

export interface MapLayout {
  readonly columns: number
  readonly rows: number
  /** Of a square with the gap after it. */
  readonly step: number
  readonly gap: number
  readonly cells: number
  readonly piecesPerCell: number
}

/** Smaller squares cannot be told apart. */
const SMALLEST = 6
const LARGEST = 18

export function layoutFor(count: number, width: number, height: number): MapLayout {
  const fits = (step: number): number => Math.floor(width / step) * Math.floor(height / step)
  let step = LARGEST
  while (step > SMALLEST && fits(step) < count) step--
  const room = Math.max(1, fits(step))
  const piecesPerCell = Math.max(1, Math.ceil(count / room))
  const cells = Math.ceil(count / piecesPerCell)
  const columns = Math.max(1, Math.floor(width / step))
  return { columns, rows: Math.ceil(cells / columns), step, gap: step > 8 ? 2 : 1, cells, piecesPerCell }
}

export interface Cell {
  readonly from: number
  /** The last one. */
  readonly to: number
  readonly have: number
  readonly active: number
  readonly rarest: number
  readonly commonest: number
}

export interface Pieces {
  readonly count: number
  readonly have: Uint8Array
  readonly availability: Uint8Array | undefined
  /** Received bytes by piece. */
  readonly active: ReadonlyMap<number, number>
}

export function cellAt(pieces: Pieces, layout: MapLayout, cell: number): Cell {
  const from = cell * layout.piecesPerCell
  const to = Math.min(pieces.count, from + layout.piecesPerCell) - 1
  let have = 0
  let active = 0
  let rarest = 255
  let commonest = 0
  for (let index = from; index <= to; index++) {
    if (hasPiece(pieces.have, index)) have++
    else if (pieces.active.has(index)) active++
    const copies = pieces.availability?.[index] ?? 0
    if (copies < rarest) rarest = copies
    if (copies > commonest) commonest = copies
  }
  return { from, to, have, active, rarest, commonest }
}

export function hasPiece(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), char => char.charCodeAt(0))
}
