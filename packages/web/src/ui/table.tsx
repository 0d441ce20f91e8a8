/** A small table that is sorted here: peers, trackers. Rows are virtual, there may be hundreds. */
import { type Accessor, createMemo, createSignal, For, type JSX, Show } from 'solid-js'
import { Virtual } from './virtual.tsx'

export interface TableColumn<T> {
  readonly key: string
  readonly title: string
  /** At least; what is left over goes to those that grow. */
  readonly widthPx: number
  readonly grow?: number
  readonly end?: boolean
  /** Stays at the right edge however narrow the window is. */
  readonly stuck?: boolean
  readonly value?: (row: T) => string | number
  readonly cell: (row: Accessor<T>) => JSX.Element
}

export interface TableProps<T> {
  readonly label: string
  readonly rows: readonly T[]
  readonly columns: readonly TableColumn<T>[]
  readonly sort?: string
  readonly empty: string
}

const ROW_PX = 28
const EDGE_PX = 8

export function Table<T>(props: TableProps<T>): JSX.Element {
  const [sort, setSort] = createSignal(props.sort)
  const [descending, setDescending] = createSignal(props.sort !== undefined)
  const rows = createMemo(() => {
    const value = props.columns.find(column => column.key === sort())?.value
    if (value === undefined) return props.rows
    const sign = descending() ? -1 : 1
    return [...props.rows].sort((a, b) => {
      const [left, right] = [value(a), value(b)]
      return left === right ? 0 : left < right ? -sign : sign
    })
  })
  const tracks = (): string =>
    props.columns
      .map(({ widthPx, grow }) => (grow === undefined ? `${widthPx}px` : `minmax(${widthPx}px, ${grow}fr)`))
      .join(' ')
  const leastPx = (): number => props.columns.reduce((sum, column) => sum + column.widthPx, 2 * EDGE_PX)
  const press = (column: TableColumn<T>): void => {
    if (column.value === undefined) return
    if (sort() === column.key) setDescending(!descending())
    else {
      setSort(column.key)
      setDescending(column.end === true)
    }
  }
  return (
    <Show when={props.rows.length > 0} fallback={<p class="nothing">{props.empty}</p>}>
      <Virtual
        class="table"
        count={rows().length}
        rowHeight={ROW_PX}
        headerHeight={ROW_PX}
        attributes={{
          role: 'table',
          tabindex: '0',
          'aria-label': props.label,
          'aria-rowcount': rows().length + 1,
          style: { '--columns': tracks(), '--width': `${leastPx()}px` },
        }}
        header={
          <div class="heads" role="row">
            <For each={props.columns}>
              {column => (
                <div
                  class="head"
                  classList={{ end: column.end === true, stuck: column.stuck === true }}
                  role="columnheader"
                  aria-sort={sort() !== column.key ? undefined : descending() ? 'descending' : 'ascending'}
                >
                  <Show when={column.value !== undefined} fallback={column.title}>
                    <button type="button" onClick={() => press(column)}>
                      {column.title}
                    </button>
                  </Show>
                </div>
              )}
            </For>
          </div>
        }
      >
        {index => (
          <Show when={rows()[index()]}>
            {row => (
              <div class="row small" role="row" aria-rowindex={index() + 2}>
                <For each={props.columns}>
                  {column => (
                    <div
                      class="cell"
                      classList={{ end: column.end === true, stuck: column.stuck === true }}
                      role="cell"
                    >
                      {column.cell(row)}
                    </div>
                  )}
                </For>
              </div>
            )}
          </Show>
        )}
      </Virtual>
    </Show>
  )
}
