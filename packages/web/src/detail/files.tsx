/** The files of a torrent: how far each is, which are wanted, and what can be opened. */
import type { FilePriority, FileRow } from '@shoal/daemon/contract'
import { createEffect, createMemo, createSignal, type JSX, on, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { FileTree } from '../model/file-tree.ts'
import { Icon } from '../ui/icon.tsx'
import { poll } from '../ui/poll.ts'
import { TreeView } from '../ui/tree-view.tsx'
import { f, t } from '../words/index.ts'

/** Tens of thousands are some megabytes: those are asked for less often. */
const FEW = 2000
const EVERY_MS = 3000
const MANY_EVERY_MS = 15_000

export function Files(props: { readonly id: string }): JSX.Element {
  const app = useApp()
  const [many, setMany] = createSignal(false)
  const [words, setWords] = createSignal('')
  const [tree, setTree] = createSignal<FileTree>()
  const [version, setVersion] = createSignal(0)
  let shown: { id: string; count: number } | undefined
  let last = 0
  const files = poll(async () => {
    const { id } = props
    // A large torrent that is looked at: the answer of before will do until the time has come.
    if (many() && shown?.id === id && Date.now() - last < MANY_EVERY_MS) return undefined
    const found = await app.api.files(id)
    last = Date.now()
    return { id, found }
  }, EVERY_MS)
  createEffect(
    on(files.value, now => {
      if (now === undefined) return
      take(now.id, now.found)
    }),
  )
  const take = (id: string, found: readonly FileRow[]): void => {
    const known = tree()
    if (known !== undefined && shown?.id === id && shown.count === found.length) known.update(found)
    else setTree(new FileTree(found))
    shown = { id, count: found.length }
    setMany(found.length > FEW)
    setVersion(value => value + 1)
  }
  const change = (indexes: readonly number[], priority: FilePriority): void =>
    void app.attempt(() =>
      app.api.patchFiles(
        props.id,
        indexes.map(index => ({ index, priority })),
      ),
    )

  const count = createMemo(
    on([tree, version, f], ([known]) =>
      known === undefined
        ? ''
        : `${t().files.count(known.root.files)} · ${t().add.wanted(f().bytes(known.wantedBytes()), f().bytes(known.root.length))}`,
    ),
  )
  return (
    <Show when={tree()} fallback={<p class="nothing">{t().app.loading}</p>}>
      {known => (
        <Show when={known().root.files > 0} fallback={<p class="nothing">{t().files.empty}</p>}>
          <div class="tab-tools">
            <input
              type="search"
              placeholder={t().add.filterFiles}
              aria-label={t().add.filterFiles}
              value={words()}
              onInput={event => setWords(event.currentTarget.value)}
            />
            <span class="quiet">{count()}</span>
            <span class="space" />
            <a class="button" href={app.api.playlistUrl(props.id)} download="">
              <Icon name="play" />
              {t().actions.playlist}
            </a>
          </div>
          <TreeView
            tree={known()}
            version={version()}
            words={words()}
            onChange={change}
            progress
            urlOf={index => app.api.fileUrl(props.id, index)}
          />
        </Show>
      )}
    </Show>
  )
}
