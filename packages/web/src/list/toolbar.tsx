/** Above the list: search, and what can be done with the selection. */
import { createEffect, type JSX, on, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { NOTHING } from '../model/selection.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { t } from '../words/index.ts'
import { columnEntries, openWithRows, torrentEntries } from './menus.ts'

/** While somebody types, the daemon is asked when they rest for so long. */
const TYPING_MS = 180

export function Search(): JSX.Element {
  const app = useApp()
  let field!: HTMLInputElement
  let resting: ReturnType<typeof setTimeout> | undefined
  const text = (): string => app.route.place().view.text
  createEffect(
    on(text, now => {
      if (document.activeElement !== field) field.value = now
    }),
  )
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={field}
        id="search"
        type="search"
        autocomplete="off"
        spellcheck={false}
        aria-label={t().app.searchNames}
        placeholder={t().app.searchNames}
        value={text()}
        onInput={() => {
          clearTimeout(resting)
          resting = setTimeout(() => app.route.view({ text: field.value }, 'replace'), TYPING_MS)
        }}
        onKeyDown={event => {
          if (event.key === 'ArrowDown' || event.key === 'Enter') document.getElementById('list')?.focus()
          else if (event.key === 'Escape' && field.value === '') field.blur()
          else return
          event.preventDefault()
        }}
      />
    </div>
  )
}

export function SelectionTools(): JSX.Element {
  const app = useApp()
  const ids = (): string[] => [...app.list.selection().ids]
  const act = (action: 'start' | 'stop') => () => void app.attempt(() => app.actions.act(action, ids()))
  const more = (event: MouseEvent & { currentTarget: HTMLElement }): void => {
    const box = event.currentTarget.getBoundingClientRect()
    void app.attempt(async () => {
      const all = ids()
      const row = app.list.row(all[0]!) ?? (await app.api.list({ ids: all.slice(0, 1) })).items[0]
      if (row === undefined) return
      app.menu({ x: box.left, y: box.bottom + 4 }, torrentEntries(app, all, row, await app.api.categories()))
    })
  }
  const Tool = (tool: {
    icon: IconName
    text: string
    danger?: boolean
    run: (event: MouseEvent & { currentTarget: HTMLElement }) => void
  }): JSX.Element => (
    <button
      type="button"
      class="tool"
      classList={{ danger: tool.danger === true }}
      onClick={event => tool.run(event)}
    >
      <Icon name={tool.icon} />
      <span>{tool.text}</span>
    </button>
  )
  return (
    <div class="tools" role="toolbar" aria-label={t().list.selected(ids().length)}>
      <button
        type="button"
        class="tool chosen"
        title={t().list.deselect}
        onClick={() => app.list.select(NOTHING)}
      >
        <Icon name="close" />
        <span>{t().list.selected(ids().length)}</span>
      </button>
      <Tool icon="start" text={t().actions.start} run={act('start')} />
      <Tool icon="stop" text={t().actions.stop} run={act('stop')} />
      <Tool
        icon="remove"
        text={t().actions.remove}
        danger
        run={() => openWithRows(app, ids(), rows => app.open({ kind: 'remove', ids: ids(), rows }))}
      />
      <Tool icon="more" text={t().app.more} run={more} />
    </div>
  )
}

export function Toolbar(): JSX.Element {
  const app = useApp()
  return (
    <div class="toolbar">
      <Search />
      <Show
        when={app.list.selection().ids.size > 0}
        fallback={<p class="total">{t().list.count(app.list.total())}</p>}
      >
        <SelectionTools />
      </Show>
      <button
        type="button"
        class="ghost columns-button"
        aria-label={t().list.columns}
        title={t().list.columns}
        onClick={event => {
          const box = event.currentTarget.getBoundingClientRect()
          app.menu({ x: box.right - 220, y: box.bottom + 4 }, columnEntries(app))
        }}
      >
        <Icon name="columns" />
      </button>
    </div>
  )
}
