/** The columns of the list: which are shown, in which order, how wide. */
import type { SortKey } from '@shoal/daemon/contract'

export interface Column {
  readonly key: ColumnKey
  /** Null: the daemon does not sort by it. */
  readonly sort: SortKey | null
  /** Pixels; those that grow have at least so much. */
  readonly width: number
  /** Of what the others leave, while nobody has chosen a width. */
  readonly grow?: number
  readonly end?: boolean
}

const ALL = [
  { key: 'queue', sort: 'queue', width: 52, end: true },
  { key: 'name', sort: 'name', width: 190, grow: 1 },
  { key: 'progress', sort: 'progress', width: 116 },
  { key: 'status', sort: 'state', width: 200, grow: 0.6 },
  { key: 'size', sort: 'totalBytes', width: 76, end: true },
  { key: 'left', sort: 'leftBytes', width: 84, end: true },
  { key: 'down', sort: 'downloadRate', width: 84, end: true },
  { key: 'up', sort: 'uploadRate', width: 84, end: true },
  { key: 'eta', sort: 'etaSeconds', width: 84, end: true },
  { key: 'seeds', sort: 'seeds', width: 88, end: true },
  { key: 'peers', sort: 'peers', width: 84, end: true },
  { key: 'ratio', sort: 'ratio', width: 58, end: true },
  { key: 'downloaded', sort: 'downloadedBytes', width: 92, end: true },
  { key: 'uploaded', sort: 'uploadedBytes', width: 92, end: true },
  { key: 'availability', sort: 'availability', width: 84, end: true },
  { key: 'category', sort: 'category', width: 96 },
  { key: 'labels', sort: null, width: 130 },
  { key: 'tracker', sort: 'tracker', width: 160 },
  { key: 'dir', sort: null, width: 180 },
  { key: 'added', sort: 'addedAt', width: 106 },
  { key: 'completed', sort: 'completedAt', width: 112 },
  { key: 'active', sort: 'activeAt', width: 112 },
] as const satisfies readonly {
  key: string
  sort: SortKey | null
  width: number
  grow?: number
  end?: boolean
}[]

export type ColumnKey = (typeof ALL)[number]['key']
export const COLUMNS: readonly Column[] = ALL

const SHOWN: readonly ColumnKey[] = [
  'name',
  'progress',
  'status',
  'size',
  'down',
  'up',
  'eta',
  'seeds',
  'peers',
  'ratio',
  'added',
]
const NARROWEST = 40
const WIDEST = 1200

/** As it is kept. */
export interface ColumnChoice {
  readonly order: readonly ColumnKey[]
  readonly widths: Readonly<Partial<Record<ColumnKey, number>>>
}

export const DEFAULT_COLUMNS: ColumnChoice = { order: SHOWN, widths: {} }

/** What was kept by whatever version: unknown columns are left out, the name is always there. */
export function columnsFrom(kept: unknown): ColumnChoice {
  if (typeof kept !== 'object' || kept === null) return DEFAULT_COLUMNS
  const { order, widths } = kept as { order?: unknown; widths?: unknown }
  if (!Array.isArray(order)) return DEFAULT_COLUMNS
  const known = new Set(COLUMNS.map(column => column.key))
  const keys = [...new Set(order)].filter((key): key is ColumnKey => known.has(key))
  const sizes: Partial<Record<ColumnKey, number>> = {}
  if (typeof widths === 'object' && widths !== null) {
    for (const [key, width] of Object.entries(widths)) {
      if (known.has(key as ColumnKey) && typeof width === 'number') sizes[key as ColumnKey] = bounded(width)
    }
  }
  return { order: keys.includes('name') ? keys : ['name', ...keys], widths: sizes }
}

export function shown(choice: ColumnChoice): Column[] {
  return choice.order.map(key => {
    const column = COLUMNS.find(each => each.key === key)!
    const width = choice.widths[key]
    if (width === undefined) return column
    const { grow: _, ...fixed } = column
    return { ...fixed, width }
  })
}

/** As CSS has it. */
export function tracksOf(columns: readonly Column[]): string {
  return columns
    .map(({ width, grow }) => (grow === undefined ? `${width}px` : `minmax(${width}px, ${grow}fr)`))
    .join(' ')
}

export function toggledColumn(choice: ColumnChoice, key: ColumnKey): ColumnChoice {
  if (key === 'name') return choice
  if (choice.order.includes(key)) return { ...choice, order: choice.order.filter(each => each !== key) }
  return { ...choice, order: [...choice.order, key] }
}

export function resizedColumn(choice: ColumnChoice, key: ColumnKey, width: number): ColumnChoice {
  return { ...choice, widths: { ...choice.widths, [key]: bounded(width) } }
}

/** `key` goes to where `target` stands. */
export function movedColumn(choice: ColumnChoice, key: ColumnKey, target: ColumnKey): ColumnChoice {
  const from = choice.order.indexOf(key)
  const to = choice.order.indexOf(target)
  if (from < 0 || to < 0 || from === to) return choice
  const order = choice.order.filter(each => each !== key)
  order.splice(to, 0, key)
  return { ...choice, order }
}

function bounded(width: number): number {
  return Math.round(Math.max(NARROWEST, Math.min(WIDEST, width)))
}
