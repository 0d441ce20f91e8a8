/**
 * Rows in columns that fit a terminal. Pure: from cells and a width to lines. Where the width is not known (a pipe) nothing
 * is cut. A column that finds no room is left out, the least important first, as is one that has nothing to say; others
 * shrink instead.
 */
import type { Style } from './style.ts'
import { displayWidth, padEnd, padStart, truncateMiddle } from './width.ts'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  readonly align?: 'left' | 'right'
  /** May be cut down to so many columns. */
  readonly least?: number
  /** Left out when there is no room, the highest first; without it, never. */
  readonly dispensable?: number
  readonly paint?: (text: string, row: Row) => string
}

export interface TableLook {
  /** Undefined: as wide as it takes. */
  readonly columns: number | undefined
  readonly style: Style
}

const GAP = '  '

/** A head and a line a row. Cells have to be safe for a terminal. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  look: TableLook,
): string[] {
  const cells = new Map(columns.map(column => [column, rows.map(column.cell)]))
  const told = columns.filter(
    column =>
      column.dispensable === undefined || rows.length === 0 || cells.get(column)!.some(cell => cell !== ''),
  )
  const natural = new Map(
    told.map(column => [
      column,
      Math.max(displayWidth(column.title), ...cells.get(column)!.map(displayWidth)),
    ]),
  )
  const { shown, widths } = fit(told, natural, look.columns)
  const line = (texts: readonly string[]): string => texts.join(GAP).trimEnd()
  const place = (column: Column<Row>, text: string, isLast: boolean): string => {
    const width = widths.get(column)!
    const short = truncateMiddle(text, width)
    if (column.align === 'right') return padStart(short, width)
    return isLast ? short : padEnd(short, width)
  }
  const last = shown.at(-1)
  const head = line(shown.map(column => place(column, column.title, column === last)))
  const body = rows.map((row, at) =>
    line(
      shown.map(column => {
        const text = place(column, cells.get(column)![at]!, column === last)
        return column.paint === undefined ? text : column.paint(text, row)
      }),
    ),
  )
  return [look.style.dim(head), ...body]
}

function fit<Row>(
  columns: readonly Column<Row>[],
  natural: ReadonlyMap<Column<Row>, number>,
  room: number | undefined,
): { shown: readonly Column<Row>[]; widths: ReadonlyMap<Column<Row>, number> } {
  if (room === undefined) return { shown: columns, widths: natural }
  let shown = [...columns]
  const widthOf = (column: Column<Row>, isLeast: boolean): number => {
    const full = natural.get(column)!
    return isLeast ? Math.min(full, column.least ?? full) : full
  }
  const total = (isLeast: boolean): number =>
    shown.reduce((sum, column) => sum + widthOf(column, isLeast), GAP.length * (shown.length - 1))
  while (total(true) > room) {
    const worst = shown.reduce((most, column) =>
      (column.dispensable ?? 0) > (most.dispensable ?? 0) ? column : most,
    )
    if (worst.dispensable === undefined) break
    shown = shown.filter(column => column !== worst)
  }
  const widths = new Map(shown.map(column => [column, widthOf(column, false)]))
  let over = total(false) - room
  // The widest gives way, a column at a time: a long name must not take all from a short one.
  const elastic = shown.filter(column => column.least !== undefined)
  while (over > 0) {
    const widest = elastic.reduce<Column<Row> | undefined>((most, column) => {
      if (widths.get(column)! <= widthOf(column, true)) return most
      return most === undefined || widths.get(column)! > widths.get(most)! ? column : most
    }, undefined)
    if (widest === undefined) break
    widths.set(widest, widths.get(widest)! - 1)
    over--
  }
  return { shown, widths }
}
