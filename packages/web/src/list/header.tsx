/**
 * The heads of the columns: sort by a click, size by the edge, order by dragging, choice by the menu. By keys they are
 * one stop: arrows go along them, with Shift they move the column, with Ctrl they size it.
 */
import { For, type JSX } from 'solid-js'
import { useApp } from '../app/context.ts'
import { type Column, movedColumn, resizedColumn, shown } from '../model/columns.ts'
import { sortedBy } from '../model/location.ts'
import { t } from '../words/index.ts'
import { columnEntries } from './menus.ts'

const STEP_PX = 16

export function Header(): JSX.Element {
  const app = useApp()
  const [choice, setChoice] = app.preferences.columns
  const view = (): ReturnType<typeof app.route.place>['view'] => app.route.place().view
  let dragged: Column['key'] | undefined

  const sorted = (column: Column): 'ascending' | 'descending' | 'none' | undefined => {
    if (column.sort === null) return undefined
    if (view().sort !== column.sort) return 'none'
    return view().order === 'asc' ? 'ascending' : 'descending'
  }

  const resize = (column: Column, event: PointerEvent & { currentTarget: HTMLElement }): void => {
    event.preventDefault()
    event.stopPropagation()
    const start = event.clientX
    const handle = event.currentTarget
    const before = widthOf(handle)
    handle.setPointerCapture(event.pointerId)
    const move = (at: PointerEvent): void =>
      setChoice(resizedColumn(choice(), column.key, before + at.clientX - start))
    handle.addEventListener('pointermove', move)
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), {
      once: true,
    })
  }

  const onKeyDown = (column: Column, event: KeyboardEvent & { currentTarget: HTMLElement }): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const next = choice().order[choice().order.indexOf(column.key) + step]
    const row = event.currentTarget.closest('.heads')!
    const focusOn = (key: Column['key']): void =>
      row.querySelector<HTMLElement>(`[data-column="${key}"] > button`)?.focus()
    if (event.ctrlKey) {
      const width = event.currentTarget.parentElement!.offsetWidth + step * STEP_PX
      setChoice(resizedColumn(choice(), column.key, width))
      focusOn(column.key)
    } else if (event.shiftKey && next !== undefined) {
      setChoice(movedColumn(choice(), column.key, next))
      focusOn(column.key)
    } else if (next !== undefined) focusOn(next)
  }

  return (
    <div
      class="heads"
      role="row"
      aria-rowindex="1"
      onContextMenu={event => {
        event.preventDefault()
        app.menu({ x: event.clientX, y: event.clientY }, columnEntries(app))
      }}
    >
      <For each={shown(choice())}>
        {column => (
          <div
            class="head"
            data-column={column.key}
            role="columnheader"
            aria-sort={sorted(column)}
            classList={{ end: column.end === true }}
            draggable="true"
            onDragStart={event => {
              dragged = column.key
              event.dataTransfer?.setData('application/x-shoal-column', column.key)
            }}
            onDragOver={event => dragged !== undefined && event.preventDefault()}
            onDrop={event => {
              event.preventDefault()
              if (dragged !== undefined) setChoice(movedColumn(choice(), dragged, column.key))
              dragged = undefined
            }}
          >
            <button
              type="button"
              tabindex={column.key === choice().order[0] ? 0 : -1}
              aria-disabled={column.sort === null}
              title={t().columns[column.key]}
              onKeyDown={event => onKeyDown(column, event)}
              onClick={() => column.sort !== null && app.route.go({ view: sortedBy(view(), column.sort) })}
            >
              {t().columns[column.key]}
            </button>
            <span
              class="grip"
              role="separator"
              aria-orientation="vertical"
              aria-label={t().list.resize(t().columns[column.key])}
              aria-valuenow={column.width}
              tabindex="-1"
              onPointerDown={event => resize(column, event)}
              onKeyDown={event => {
                const step = { ArrowLeft: -STEP_PX, ArrowRight: STEP_PX }[event.key]
                if (step !== undefined)
                  setChoice(resizedColumn(choice(), column.key, widthOf(event.currentTarget) + step))
              }}
            />
          </div>
        )}
      </For>
    </div>
  )
}

/** On the screen: a column may have grown. */
function widthOf(grip: HTMLElement): number {
  return grip.parentElement!.offsetWidth
}
