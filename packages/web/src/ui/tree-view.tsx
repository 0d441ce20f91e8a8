/** Files as a tree with checkboxes and priorities, before a torrent is added and after. */
import type { FilePriority } from '@shoal/daemon/contract'
import {
  type Accessor,
  createEffect,
  createMemo,
  createSignal,
  createUniqueId,
  For,
  type JSX,
  on,
  onMount,
  Show,
} from 'solid-js'
import { useApp } from '../app/context.ts'
import { type FileTree, pathOf, type TreeNode, tri } from '../model/file-tree.ts'
import { moved } from '../model/selection.ts'
import { f, t } from '../words/index.ts'
import { Icon } from './icon.tsx'
import type { MenuEntry } from './menu.tsx'
import { useNarrow } from './narrow.ts'
import { Bar } from './parts.tsx'
import { Virtual, type VirtualHandle } from './virtual.tsx'

const ROW_PX = 28
const THUMB_ROW_PX = 44
const MENU_PX = 200
const PRIORITIES: readonly FilePriority[] = ['skip', 'low', 'normal', 'high']

export interface TreeViewProps {
  readonly tree: FileTree
  /** Counts up when figures in the tree have changed. */
  readonly version: number
  readonly words: string
  readonly onChange: (indexes: readonly number[], priority: FilePriority) => void
  /** Once there is data: how far it is, and where it can be opened. */
  readonly progress?: boolean
  readonly urlOf?: (index: number) => string
  /** Names can be changed: by F2, and by the menu of a row; on a phone, that has the priority as well. */
  readonly onRename?: (node: TreeNode, name: string) => void
}

export function TreeView(props: TreeViewProps): JSX.Element {
  const app = useApp()
  const narrow = useNarrow()
  const folded = (): boolean => narrow() && props.onRename !== undefined
  const [turn, setTurn] = createSignal(0)
  const prefix = createUniqueId()
  const [editing, setEditing] = createSignal<TreeNode>()
  const [focus, setFocus] = createSignal(0)
  const [handle, setHandle] = createSignal<VirtualHandle>()
  const rows = createMemo(on([() => props.tree, () => props.words, turn], () => props.tree.rows(props.words)))
  const again = (): void => void setTurn(value => value + 1)
  // The nodes change in place: this is what makes the cells look at them again.
  const [figures, setFigures] = createSignal(0)
  createEffect(
    on(
      () => props.version,
      () => setFigures(value => value + 1),
    ),
  )

  const open = (node: TreeNode, wanted: boolean): void => {
    if (node.index >= 0 || node.open === wanted) return
    node.open = wanted
    again()
  }
  const toggle = (node: TreeNode): void => {
    const indexes = props.tree.toggle(node)
    setFigures(value => value + 1)
    props.onChange(indexes, tri(node) === 'none' ? 'skip' : 'normal')
  }
  const set = (node: TreeNode, priority: FilePriority): void => {
    const indexes = props.tree.setPriority(node, priority)
    setFigures(value => value + 1)
    props.onChange(indexes, priority)
  }

  const menu = (node: TreeNode, x: number, y: number): void => {
    const entries: MenuEntry[] = []
    if (props.urlOf !== undefined && node.index >= 0)
      entries.push({ text: t().files.open, icon: 'play', href: props.urlOf(node.index), apart: true })
    if (folded())
      entries.push({
        text: t().files.priority,
        icon: 'queue',
        entries: PRIORITIES.map(priority => ({
          text: t().priority[priority],
          checked: node.priority === priority,
          run: () => set(node, priority),
        })),
      })
    if (props.onRename !== undefined)
      entries.push({
        text: t().files.rename,
        icon: 'edit',
        ...(narrow() ? {} : { hint: 'F2' }),
        run: () => setEditing(node),
      })
    if (entries.length > 0) app.menu({ x, y }, entries)
  }
  const onContextMenu = (event: MouseEvent): void => {
    if (props.onRename === undefined || (event.target as HTMLElement).closest('input, select, a') !== null)
      return
    // By the keyboard it comes to the tree as a whole, and means the row that has the focus.
    const focused = handle()?.element.querySelector('.focused')?.getBoundingClientRect()
    const node = rows()[focus()]
    if (event.target !== handle()?.element || node === undefined || focused === undefined) return
    event.preventDefault()
    menu(node, focused.left + 40, focused.bottom)
  }
  const endEditing = (node: TreeNode, name: string | undefined): void => {
    setEditing(undefined)
    handle()?.element.focus()
    if (name !== undefined && name.trim() !== '' && name !== node.name) props.onRename?.(node, name)
  }
  /** Those of a folder that differ begin in the middle. */
  const step = (node: TreeNode, by: number): void => {
    const now = node.priority === 'mixed' ? 'normal' : node.priority
    const next = PRIORITIES[PRIORITIES.indexOf(now) + by]
    if (next !== undefined) set(node, next)
  }
  const linkOf = (index: number): HTMLElement | null =>
    document.getElementById(`${prefix}-${index}`)?.querySelector('a') ?? null

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== handle()?.element || event.ctrlKey || event.metaKey) return
    const node = rows()[focus()]
    const to = moved(event.key, focus(), handle()?.page() ?? 1, rows().length)
    if (to !== undefined) {
      setFocus(to)
      handle()?.show(to)
    } else if (node === undefined) return
    else if (event.key === 'ArrowRight') open(node, true)
    else if (event.key === 'ArrowLeft' && node.open) open(node, false)
    else if (event.key === 'ArrowLeft' && node.parent !== null)
      setFocus(Math.max(0, rows().indexOf(node.parent)))
    else if (event.key === ' ') toggle(node)
    else if (event.key === 'F2' && props.onRename !== undefined) setEditing(node)
    else if (event.key === 'Enter' && node.index < 0) open(node, !node.open)
    else if (event.key === 'Enter' && props.urlOf !== undefined) linkOf(focus())?.click()
    else if (event.key === '+' || event.key === '-') step(node, event.key === '+' ? 1 : -1)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  const Row = (row: { readonly node: Accessor<TreeNode>; readonly index: Accessor<number> }): JSX.Element => {
    const now = createMemo(() => {
      figures()
      turn()
      const node = row.node()
      return {
        node,
        wanted: tri(node),
        priority: node.priority,
        open: node.open,
        have: node.haveBytes,
        length: node.length,
      }
    })
    const folder = (): boolean => now().node.index < 0
    return (
      <div
        id={`${prefix}-${row.index()}`}
        class="tree-row"
        role="treeitem"
        aria-level={props.words === '' ? now().node.depth + 1 : 1}
        aria-expanded={folder() ? now().open : undefined}
        aria-selected={focus() === row.index()}
        classList={{
          focused: focus() === row.index(),
          off: now().wanted === 'none',
          figured: props.progress === true,
        }}
        onClick={event => {
          setFocus(row.index())
          if (folder() && !(event.target as HTMLElement).closest('input, select, a, button'))
            open(now().node, !now().open)
        }}
        onContextMenu={event => {
          if (props.onRename === undefined || (event.target as HTMLElement).closest('input, select, a'))
            return
          event.preventDefault()
          event.stopPropagation()
          setFocus(row.index())
          menu(now().node, event.clientX, event.clientY)
        }}
      >
        <span class="tree-name" style={{ '--depth': String(props.words === '' ? now().node.depth : 0) }}>
          <Show when={folder()} fallback={<span class="icon" />}>
            <Icon name="chevron" class={now().open ? 'turned' : ''} />
          </Show>
          <input
            type="checkbox"
            tabindex="-1"
            aria-label={now().node.name}
            checked={now().wanted === 'all'}
            ref={box => createEffect(() => (box.indeterminate = now().wanted === 'some'))}
            onChange={() => toggle(now().node)}
          />
          <Icon name={folder() ? 'folder' : 'file'} class="quiet" />
          <Show
            when={editing() === now().node}
            fallback={
              <span class="cut" title={pathOf(now().node)}>
                {props.words === '' ? now().node.name : pathOf(now().node)}
              </span>
            }
          >
            <NameField
              name={now().node.name}
              isFile={!folder()}
              onEnd={name => endEditing(now().node, name)}
            />
          </Show>
          <Show when={folder()}>
            <small class="quiet">{f().number(now().node.files)}</small>
          </Show>
        </span>
        <span class="tree-size">
          {folded() && now().priority !== 'normal' ? `${t().priority[now().priority]} · ` : ''}
          {f().bytes(now().length)}
        </span>
        <Show when={props.progress}>
          <span class="tree-progress">
            <Bar
              share={now().length === 0 ? 1 : now().have / now().length}
              state={now().have >= now().length ? 'whole' : ''}
              label={t().files.progress}
            />
            <span class="num">{f().percent(now().length === 0 ? 1 : now().have / now().length)}</span>
          </span>
        </Show>
        <Show when={!folded()}>
          <select
            tabindex="-1"
            aria-label={t().files.priority}
            value={now().priority}
            onChange={event => set(now().node, event.currentTarget.value as FilePriority)}
          >
            <Show when={now().priority === 'mixed'}>
              <option value="mixed" selected>
                {t().priority.mixed}
              </option>
            </Show>
            <For each={PRIORITIES}>
              {priority => (
                <option value={priority} selected={now().priority === priority}>
                  {t().priority[priority]}
                </option>
              )}
            </For>
          </select>
        </Show>
        <Show when={props.urlOf}>
          {urlOf => (
            <span class="tree-open">
              <Show when={!folder() && !narrow()}>
                <a
                  href={urlOf()(now().node.index)}
                  target="_blank"
                  rel="noreferrer"
                  title={t().files.openHint}
                  aria-label={t().files.open}
                  tabindex="-1"
                >
                  <Icon name="play" />
                </a>
              </Show>
              <Show when={props.onRename !== undefined}>
                {/* Not every browser that is used by touch has a menu of its own to take the place of. */}
                <button
                  type="button"
                  class="ghost tiny"
                  tabindex="-1"
                  aria-label={t().files.more(now().node.name)}
                  aria-haspopup="menu"
                  onClick={event => {
                    const box = event.currentTarget.getBoundingClientRect()
                    menu(now().node, box.right - MENU_PX, box.bottom)
                  }}
                >
                  <Icon name="more" />
                </button>
              </Show>
            </span>
          )}
        </Show>
      </div>
    )
  }

  return (
    <Show when={rows().length > 0} fallback={<p class="nothing">{t().files.noMatch}</p>}>
      <Virtual
        class="tree"
        count={rows().length}
        rowHeight={narrow() ? THUMB_ROW_PX : ROW_PX}
        handle={setHandle}
        attributes={{
          role: 'tree',
          tabindex: '0',
          'aria-label': t().tabs.files,
          'aria-activedescendant': `${prefix}-${focus()}`,
          onKeyDown,
          onContextMenu,
        }}
      >
        {index => <Show when={rows()[index()]}>{node => <Row node={node} index={index} />}</Show>}
      </Virtual>
    </Show>
  )
}

/** In place of a name: Enter, or going elsewhere, takes it; Escape leaves it as it was. */
function NameField(props: {
  readonly name: string
  readonly isFile: boolean
  readonly onEnd: (name: string | undefined) => void
}): JSX.Element {
  let field!: HTMLInputElement
  let over = false
  const end = (name: string | undefined): void => {
    if (over) return
    over = true
    props.onEnd(name)
  }
  onMount(() => {
    field.focus()
    // The ending stays, mostly.
    const dot = props.isFile ? props.name.lastIndexOf('.') : -1
    field.setSelectionRange(0, dot > 0 ? dot : props.name.length)
  })
  return (
    <input
      ref={field}
      class="name-field"
      aria-label={t().files.rename}
      value={props.name}
      spellcheck={false}
      maxlength="240"
      onClick={event => event.stopPropagation()}
      onBlur={() => end(field.value)}
      onKeyDown={event => {
        event.stopPropagation()
        if (event.key === 'Enter') end(field.value)
        else if (event.key === 'Escape') end(undefined)
        else return
        event.preventDefault()
      }}
    />
  )
}
