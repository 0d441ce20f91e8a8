/** The list: rows in columns, cards on a phone; selection by mouse, keyboard and touch. */
import type { TorrentRow } from '@shoal/daemon/contract'
import { type Accessor, createEffect, createMemo, createSignal, For, type JSX, on, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { shown, tracksOf } from '../model/columns.ts'
import { moved, NOTHING, only, ranged, rangeTo, toggled } from '../model/selection.ts'
import { Bar, Eta, StateDot, shareOf, statusOf } from '../ui/parts.tsx'
import { Virtual, type VirtualHandle } from '../ui/virtual.tsx'
import { f, t } from '../words/index.ts'
import { CELLS } from './cells.tsx'
import { Header } from './header.tsx'
import { openWithRows, torrentEntries } from './menus.ts'
import { NothingHere } from './nothing-here.tsx'
import { longPress } from './touch.ts'

const ROW_PX = 30
const HEADER_PX = 30
const CARD_PX = 84

export function List(props: { readonly narrow: boolean }): JSX.Element {
  const app = useApp()
  const { list } = app
  const [handle, setHandle] = createSignal<VirtualHandle>()
  const columns = createMemo(() => shown(app.preferences.columns[0]()))
  const width = (): number => columns().reduce((sum, column) => sum + column.width, 0)
  const selecting = (): boolean => list.selection().ids.size > 0
  const current = (): string | null => app.route.place().torrent

  // Another sort or filter begins at the top.
  createEffect(
    on(
      () => app.route.place().view,
      () => {
        const element = handle()?.element
        if (element !== undefined) element.scrollTop = 0
      },
      { defer: true },
    ),
  )

  const show = (row: TorrentRow): void => {
    if (current() !== null && !props.narrow) app.route.go({ torrent: row.id }, 'replace')
  }

  const click = (event: MouseEvent, row: TorrentRow, index: number): void => {
    const selection = list.selection()
    if (event.shiftKey) void extend(index)
    else if (event.ctrlKey || event.metaKey) list.select(toggled(selection, row.id, index))
    else if (props.narrow) {
      if (selecting()) list.select(toggled(selection, row.id, index))
      else app.route.go({ torrent: row.id })
    } else {
      list.select(only(row.id, index))
      show(row)
    }
  }

  const extend = async (index: number): Promise<void> => {
    const { from, to } = rangeTo(list.selection(), index)
    const before = list.selection()
    const ids = await app.attempt(() => list.idsOf(from, to))
    // A long range has to be asked for: whatever was chosen meanwhile counts.
    if (ids !== undefined && list.selection() === before) list.select(ranged(before, ids, index))
  }

  const menu = (x: number, y: number, row: TorrentRow, index: number): void => {
    if (!list.selection().ids.has(row.id)) list.select(only(row.id, index))
    const ids = [...list.selection().ids]
    void app.attempt(async () =>
      app.menu({ x, y }, torrentEntries(app, ids, row, await app.api.categories())),
    )
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    const selection = list.selection()
    const to = moved(event.key, selection.focus, handle()?.page() ?? 1, list.total())
    if (to !== undefined) {
      event.preventDefault()
      handle()?.show(to)
      if (event.shiftKey) return void extend(to)
      const row = list.at(to)
      if (event.ctrlKey || event.metaKey || row === undefined) return list.select({ ...selection, focus: to })
      list.select(only(row.id, to))
      return show(row)
    }
    const focus = selection.focus
    const row = focus === undefined ? undefined : list.at(focus)
    const ids = [...selection.ids]
    if ((event.ctrlKey || event.metaKey) && event.key === 'a') void app.attempt(() => list.selectAll())
    else if (event.ctrlKey || event.metaKey || event.altKey) return
    else if (event.key === ' ' && row !== undefined) list.select(toggled(selection, row.id, focus!))
    else if (event.key === 'Enter' && row !== undefined) app.route.go({ torrent: row.id })
    else if (event.key === 'Escape' && current() !== null) app.route.go({ torrent: null })
    else if (event.key === 'Escape' && ids.length > 0) list.select({ ...NOTHING, focus })
    else if (event.key === 's' && ids.length > 0) void app.attempt(() => app.actions.act('start', ids))
    else if (event.key === 'p' && ids.length > 0) void app.attempt(() => app.actions.act('stop', ids))
    else if (event.key === 'Delete' && ids.length > 0)
      openWithRows(app, ids, rows => app.open({ kind: 'remove', ids, rows }))
    else if (
      (event.key === 'm' || event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) &&
      row !== undefined
    ) {
      const box = handle()!.element.getBoundingClientRect()
      menu(
        box.left + 60,
        box.top + HEADER_PX + (focus! + 1) * ROW_PX - handle()!.element.scrollTop,
        row,
        focus!,
      )
    } else return
    event.preventDefault()
  }

  const Row = (row: { readonly index: Accessor<number> }): JSX.Element => {
    const torrent = createMemo(() => list.at(row.index()))
    // While scrolling fast, the elements stay and are hidden: making them anew is what takes time.
    const last = createMemo<TorrentRow | undefined>(before => torrent() ?? before)
    const selected = (): boolean => list.selection().ids.has(torrent()?.id ?? '')
    const press = longPress((x, y) => {
      const found = torrent()
      if (found === undefined) return
      const { ids } = list.selection()
      // On a wide screen it is the menu, unless others are chosen: then this one joins them.
      if (props.narrow || (ids.size > 0 && !ids.has(found.id)))
        list.select(toggled(list.selection(), found.id, row.index()))
      else menu(x, y, found, row.index())
    })
    return (
      <div
        id={`row-${row.index()}`}
        role="row"
        aria-rowindex={row.index() + 2}
        aria-selected={selected()}
        classList={{
          card: props.narrow,
          row: !props.narrow,
          unknown: torrent() === undefined,
          selected: selected(),
          focused: list.selection().focus === row.index(),
          current: torrent() !== undefined && torrent()!.id === current(),
          odd: row.index() % 2 === 1,
        }}
        {...press}
        onClick={event => torrent() !== undefined && click(event, torrent()!, row.index())}
        onDblClick={() => torrent() !== undefined && app.route.go({ torrent: torrent()!.id })}
        onContextMenu={event => {
          event.preventDefault()
          if (torrent() !== undefined && !props.narrow)
            menu(event.clientX, event.clientY, torrent()!, row.index())
        }}
      >
        <Show when={last()}>{found => (props.narrow ? <Card row={found()} /> : <Cells row={found} />)}</Show>
      </div>
    )
  }

  const Cells = (cells: { readonly row: Accessor<TorrentRow> }): JSX.Element => (
    <For each={columns()}>
      {column => (
        <div class={`cell in-${column.key}`} classList={{ end: column.end === true }} role="gridcell">
          {CELLS[column.key](cells.row)}
        </div>
      )}
    </For>
  )

  return (
    <Show when={!list.ready() || list.total() > 0} fallback={<NothingHere />}>
      <Virtual
        class={props.narrow ? 'list cards' : 'list'}
        count={list.total()}
        rowHeight={props.narrow ? CARD_PX : ROW_PX}
        headerHeight={props.narrow ? 0 : HEADER_PX}
        header={props.narrow ? undefined : <Header />}
        handle={setHandle}
        onVisible={range => list.see(range)}
        attributes={{
          id: 'list',
          role: 'grid',
          tabindex: '0',
          'aria-label': t().list.label,
          'aria-multiselectable': 'true',
          'aria-rowcount': list.total() + 1,
          'aria-activedescendant':
            list.selection().focus === undefined ? undefined : `row-${list.selection().focus}`,
          style: { '--columns': tracksOf(columns()), '--width': props.narrow ? '0' : `${width()}px` },
          onKeyDown,
        }}
      >
        {index => <Row index={index} />}
      </Virtual>
    </Show>
  )
}

function Card(props: { readonly row: TorrentRow }): JSX.Element {
  return (
    <div class="inside" role="gridcell">
      <div class="first">
        <StateDot row={props.row} />
        <span class="cut">{props.row.name}</span>
      </div>
      <div class="second">
        <Bar share={shareOf(props.row)} state={props.row.state} label={t().columns.progress} />
        <span class="num">{f().percent(shareOf(props.row))}</span>
      </div>
      <div class="third">
        <span class="cut" classList={{ bad: props.row.error !== null, why: props.row.why !== null }}>
          {props.row.error !== null || props.row.why !== null
            ? statusOf(props.row)
            : `${t().states[props.row.state]} · ${f().bytes(props.row.totalBytes)}`}
        </span>
        <Show when={props.row.downloadRate > 0}>
          <span class="num down">↓ {f().rate(props.row.downloadRate)}</span>
        </Show>
        <Show when={props.row.uploadRate > 0}>
          <span class="num up">↑ {f().rate(props.row.uploadRate)}</span>
        </Show>
        <Show when={props.row.etaSeconds !== null}>
          <span class="num">
            <Eta row={props.row} />
          </span>
        </Show>
      </div>
    </div>
  )
}
