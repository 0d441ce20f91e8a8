/** Watch folders: where they are, and what becomes of what lies there. */
import type { Setting } from '@shoal/daemon/contract'
import { createEffect, createSignal, Index, type JSX, on, Show } from 'solid-js'
import { Icon } from '../ui/icon.tsx'
import { t } from '../words/index.ts'

interface WatchFolder {
  readonly folder: string
  readonly dir: string | null
  readonly category: string | null
  readonly labels: readonly string[]
  readonly start: boolean | null
  readonly after: 'rename' | 'delete'
}

const NEW: WatchFolder = { folder: '', dir: null, category: null, labels: [], start: null, after: 'rename' }

export interface WatchProps {
  readonly setting: Setting
  readonly fixed: boolean
  readonly onSave: (value: readonly WatchFolder[]) => void
}

export function Watch(props: WatchProps): JSX.Element {
  const w = (): ReturnType<typeof t>['watch'] => t().watch
  const [folders, setFolders] = createSignal<readonly WatchFolder[]>([])
  createEffect(
    on(
      () => props.setting.value,
      value => setFolders(Array.isArray(value) ? (value as WatchFolder[]) : []),
    ),
  )
  const change = (at: number, part: Partial<WatchFolder>): void =>
    void setFolders(all => all.map((each, index) => (index === at ? { ...each, ...part } : each)))
  const changed = (): boolean => JSON.stringify(folders()) !== JSON.stringify(props.setting.value)
  return (
    <div class="watch">
      <Index each={folders()}>
        {(each, at) => (
          <div class="watch-folder">
            <input
              aria-label={w().folder}
              placeholder={w().folder}
              spellcheck={false}
              disabled={props.fixed}
              value={each().folder}
              onInput={event => change(at, { folder: event.currentTarget.value })}
            />
            <input
              aria-label={t().add.category}
              placeholder={t().add.category}
              disabled={props.fixed}
              value={each().category ?? ''}
              onInput={event => change(at, { category: event.currentTarget.value.trim() || null })}
            />
            <select
              aria-label={w().after}
              disabled={props.fixed}
              value={each().after}
              onChange={event => change(at, { after: event.currentTarget.value as WatchFolder['after'] })}
            >
              <option value="rename">{w().rename}</option>
              <option value="delete">{w().delete}</option>
            </select>
            <button
              type="button"
              class="ghost"
              aria-label={w().remove}
              disabled={props.fixed}
              onClick={() => setFolders(all => all.filter((_, index) => index !== at))}
            >
              <Icon name="close" />
            </button>
          </div>
        )}
      </Index>
      <div class="buttons">
        <button type="button" disabled={props.fixed} onClick={() => setFolders(all => [...all, NEW])}>
          <Icon name="add" />
          {w().add}
        </button>
        <Show when={changed()}>
          <button
            type="button"
            class="primary"
            disabled={props.fixed || folders().some(each => each.folder.trim() === '')}
            onClick={() => props.onSave(folders())}
          >
            {t().app.save}
          </button>
        </Show>
      </div>
    </div>
  )
}
