/** The files of a torrent: how far each is, which are wanted, what they are called, and what can be opened. */
import type { FilePriority, FileRow } from '@shoal/daemon/contract'
import { createEffect, createMemo, createSignal, type JSX, on, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { FileTree, type TreeNode } from '../model/file-tree.ts'
import { Icon } from '../ui/icon.tsx'
import { poll } from '../ui/poll.ts'
import { TreeView } from '../ui/tree-view.tsx'
import { f, t } from '../words/index.ts'
import { carryOut, type Naming, namingOf, reopened } from './rename-files.ts'

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
  let shown: string | undefined
  let last = 0
  const files = poll(async () => {
    const { id } = props
    // A large torrent that is looked at: the answer of before will do until the time has come.
    if (many() && shown === id && Date.now() - last < MANY_EVERY_MS) return undefined
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
  const take = (id: string, found: readonly FileRow[], naming?: Naming): void => {
    const known = tree()
    const same = known !== undefined && shown === id
    if (same && known.isOf(found)) known.update(found)
    else setTree(new FileTree(found, same ? reopened(known.openFolders(), naming) : undefined))
    shown = id
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

  const name = async (id: string, naming: Naming): Promise<void> => {
    const found = await carryOut(app.api, id, naming)
    if (found !== undefined && props.id === id) take(id, found, naming)
  }
  const rename = (node: TreeNode, wanted: string): void =>
    void app.attempt(async () => {
      const { id } = props
      const before = node.name
      const naming = namingOf(tree()!, node, wanted)
      await name(id, naming)
      app.toasts.done(t().files.renamed(before, wanted), () => name(id, naming.back))
    })

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
            onRename={rename}
            urlOf={index => app.api.fileUrl(props.id, index)}
          />
        </Show>
      )}
    </Show>
  )
}
