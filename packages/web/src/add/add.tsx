/** Adding: from wherever it comes, seen before it starts. */
import type { AddOptions, FilePriority } from '@shoal/daemon/contract'
import {
  createEffect,
  createMemo,
  createResource,
  createSignal,
  For,
  type JSX,
  on,
  onMount,
  Show,
} from 'solid-js'
import { useApp } from '../app/context.ts'
import { labelsIn } from '../app/torrent-dialogs.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { FolderField } from '../ui/folder-field.tsx'
import { Icon } from '../ui/icon.tsx'
import { Field } from '../ui/parts.tsx'
import { TreeView } from '../ui/tree-view.tsx'
import { useForm } from '../ui/use-form.ts'
import { answerText } from '../words/daemon.ts'
import { f, t } from '../words/index.ts'
import { type Entry, entries } from './entries.ts'
import '../style/add.css'

const TYPING_MS = 300

export function Add(props: {
  readonly sources: readonly string[]
  readonly files: readonly File[]
}): JSX.Element {
  const app = useApp()
  const list = entries(app.api)
  const w = (): ReturnType<typeof t>['add'] => t().add
  const [text, setText] = createSignal(props.sources.join('\n'))
  const [chosen, setChosen] = createSignal<string>()
  const [dir, setDir] = createSignal('')
  const [usual, setUsual] = createSignal('')
  const [category, setCategory] = createSignal('')
  const [labels, setLabels] = createSignal('')
  const [start, setStart] = createSignal(true)
  const [sequential, setSequential] = createSignal(false)
  const [merge, setMerge] = createSignal(false)
  const [words, setWords] = createSignal('')
  const [version, setVersion] = createSignal(0)
  const [categories] = createResource(() => app.api.categories().catch(() => []))
  let picker!: HTMLInputElement
  let typing: ReturnType<typeof setTimeout> | undefined

  const takeFiles = (files: readonly File[]): void =>
    void app.attempt(async () => {
      for (const { name, kind } of await list.addFiles(files)) {
        app.toasts.problem(kind === 'large' ? w().fileTooLarge(name) : w().notTorrent(name))
      }
    })
  onMount(() => {
    if (props.sources.length > 0) list.setLinks(props.sources)
    takeFiles(props.files)
    void app.api.settings().then(
      all => {
        setStart(all.find(setting => setting.key === 'queue.start_added')?.value !== false)
        setUsual(String(all.find(setting => setting.key === 'folders.downloads')?.value ?? ''))
      },
      () => undefined,
    )
  })
  createEffect(
    on(
      app.joining,
      more => {
        if (more === undefined) return
        setText([...text().split('\n'), ...more.sources].filter(line => line.trim() !== '').join('\n'))
        list.setLinks(text().split('\n'))
        takeFiles(more.files)
      },
      { defer: true },
    ),
  )
  createEffect(
    on(list.all, all => {
      if (!all.some(entry => entry.source === chosen())) setChosen(all[0]?.source)
    }),
  )
  const current = createMemo(() => list.all().find(entry => entry.source === chosen()))
  const needBytes = createMemo(
    on([list.all, version], ([all]) => all.reduce((sum, entry) => sum + (entry.tree?.wantedBytes() ?? 0), 0)),
  )

  const close = (): void => app.open(undefined)
  const form = useForm(async () => {
    clearTimeout(typing)
    list.setLinks(text().split('\n'))
    const shared: AddOptions = {
      start: start(),
      sequential: sequential(),
      ...(merge() ? { mergeTrackers: true } : {}),
      ...(dir() === '' ? {} : { dir: dir() }),
      ...(category() === '' ? {} : { category: category() }),
      ...(labels().trim() === '' ? {} : { labels: labelsIn(labels()) }),
    }
    // Those of which files were chosen have options of their own; all others go as one.
    const own = list.all().filter(entry => prioritiesOf(entry) !== undefined)
    const others = list.all().filter(entry => prioritiesOf(entry) === undefined)
    const results =
      others.length === 0
        ? []
        : [...(await app.api.add({ sources: others.map(entry => entry.source), options: shared }))]
    for (const entry of own) {
      results.push(
        ...(await app.api.add({
          sources: [entry.source],
          options: { ...shared, priorities: prioritiesOf(entry)! },
        })),
      )
    }
    const added = results.filter(result => result.outcome === 'added').length
    const duplicates = results.filter(result => result.outcome === 'duplicate').length
    const failed = results.filter(result => result.outcome === 'failed')
    const trackers = results.reduce(
      (sum, result) => sum + (result.outcome === 'duplicate' ? (result.newTrackers ?? 0) : 0),
      0,
    )
    const told = [
      added > 0 ? w().added(added) : '',
      duplicates > 0 ? w().duplicates(duplicates) : '',
      merge() && duplicates > 0 ? w().merged(trackers) : '',
    ]
      .join(' ')
      .trim()
    if (told !== '') app.toasts.done(told)
    if (failed.length > 0) {
      list.keepFailed(failed)
      setText(
        failed
          .filter(each => !each.source.startsWith('data:'))
          .map(each => each.source)
          .join('\n'),
      )
      throw new Error(`${w().someFailed(failed.length)} ${answerText(failed[0]!.code, failed[0]!.text)}`)
    }
  }, close)

  return (
    <Dialog
      title={w().title}
      wide
      onClose={close}
      onSubmit={form.submit}
      footer={
        <>
          <Show when={form.problem()}>
            {problem => (
              <p class="problem" role="alert">
                {problem()}
              </p>
            )}
          </Show>
          <MagnetHandler />
          <span class="space" />
          <button type="button" onClick={close}>
            {t().app.cancel}
          </button>
          <button
            type="submit"
            class="primary"
            disabled={form.busy() || (list.all().length === 0 && text().trim() === '')}
          >
            {w().confirm(list.all().length)}
          </button>
        </>
      }
    >
      <div class="adding">
        <div class="adding-form">
          <Field label={w().sources}>
            <textarea
              rows="3"
              spellcheck={false}
              placeholder={w().placeholder}
              value={text()}
              autofocus
              onInput={event => {
                setText(event.currentTarget.value)
                clearTimeout(typing)
                typing = setTimeout(() => list.setLinks(text().split('\n')), TYPING_MS)
              }}
            />
          </Field>
          <button type="button" onClick={() => picker.click()}>
            <Icon name="file" />
            {w().files}
          </button>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            accept=".torrent,application/x-bittorrent"
            onChange={event => {
              takeFiles([...(event.currentTarget.files ?? [])])
              event.currentTarget.value = ''
            }}
          />
          <FolderField
            label={w().folder}
            value={dir()}
            fallback={categories()?.find(each => each.name === category())?.dir ?? (usual() || undefined)}
            onChange={setDir}
            needBytes={needBytes()}
          />
          <div class="pair">
            <Field label={w().category}>
              <select value={category()} onChange={event => setCategory(event.currentTarget.value)}>
                <option value="">{t().category.none}</option>
                <For each={categories() ?? []}>{each => <option value={each.name}>{each.name}</option>}</For>
              </select>
            </Field>
            <Field label={w().labels}>
              <input
                value={labels()}
                title={t().labels.hint}
                onInput={event => setLabels(event.currentTarget.value)}
              />
            </Field>
          </div>
          <div>
            <label class="check">
              <input
                type="checkbox"
                checked={start()}
                onChange={event => setStart(event.currentTarget.checked)}
              />
              {w().start}
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={sequential()}
                onChange={event => setSequential(event.currentTarget.checked)}
              />
              <span>
                {w().sequential} <small class="quiet">{w().sequentialHint}</small>
              </span>
            </label>
            <Show when={list.all().some(entry => entry.inspection?.duplicate === true)}>
              <label class="check">
                <input
                  type="checkbox"
                  checked={merge()}
                  onChange={event => setMerge(event.currentTarget.checked)}
                />
                <span>
                  {w().mergeTrackers} <small class="quiet">{w().mergeTrackersHint}</small>
                </span>
              </label>
            </Show>
          </div>
        </div>
        <div class="adding-content">
          <Show when={list.all().length > 1}>
            <ul class="sources">
              <For each={list.all()}>
                {entry => (
                  <li classList={{ chosen: entry.source === chosen() }}>
                    <button
                      type="button"
                      class="source"
                      onClick={() => {
                        setChosen(entry.source)
                        list.look(entry.source)
                      }}
                    >
                      <Icon name={entry.isFile ? 'file' : 'magnet'} />
                      <span class="cut">{entry.label}</span>
                      <small
                        classList={{
                          bad: entry.state === 'failed',
                          why: entry.inspection?.duplicate === true,
                        }}
                      >
                        {noteOf(entry)}
                      </small>
                    </button>
                    <button
                      type="button"
                      class="ghost tiny"
                      aria-label={w().remove}
                      onClick={() => {
                        list.remove(entry.source)
                        setText(
                          text()
                            .split('\n')
                            .filter(line => line.trim() !== entry.source)
                            .join('\n'),
                        )
                      }}
                    >
                      <Icon name="close" />
                    </button>
                  </li>
                )}
              </For>
            </ul>
          </Show>
          <Show when={current()} fallback={<Hint />}>
            {entry => (
              <Content
                entry={entry()}
                words={words()}
                version={version()}
                onWords={setWords}
                onChange={() => setVersion(value => value + 1)}
                onLook={() => list.look(entry().source)}
              />
            )}
          </Show>
        </div>
      </div>
    </Dialog>
  )

  function noteOf(entry: Entry): string {
    if (entry.state === 'failed') return t().app.failed
    if (entry.state === 'looking') return '…'
    if (entry.inspection === undefined) return ''
    return entry.inspection.duplicate ? w().duplicate : f().bytes(entry.inspection.totalBytes)
  }
}

interface ContentProps {
  readonly entry: Entry
  readonly words: string
  readonly version: number
  readonly onWords: (words: string) => void
  readonly onChange: () => void
  readonly onLook: () => void
}

function Content(props: ContentProps): JSX.Element {
  const w = (): ReturnType<typeof t>['add'] => t().add
  const wanted = createMemo(
    on([() => props.entry.tree, () => props.version, f], ([tree]) =>
      tree === undefined ? '' : w().wanted(f().bytes(tree.wantedBytes()), f().bytes(tree.root.length)),
    ),
  )
  const set = (priority: FilePriority): void => {
    const tree = props.entry.tree
    if (tree === undefined) return
    tree.setPriority(tree.root, priority)
    props.onChange()
  }
  return (
    <Show
      when={props.entry.tree}
      fallback={
        <div class="waiting">
          <p class="cut">{props.entry.label}</p>
          <Show when={props.entry.state === 'looking'}>
            <p>{w().looking}</p>
            <p class="quiet">{props.entry.isFile ? '' : w().lookingHint}</p>
          </Show>
          <Show when={props.entry.state === 'failed'}>
            <p class="bad">
              {w().failed}: {props.entry.problem}
            </p>
          </Show>
          <Show when={props.entry.state === 'waiting'}>
            <button type="button" onClick={() => props.onLook()}>
              {w().look}
            </button>
          </Show>
        </div>
      }
    >
      {tree => (
        <>
          <div class="content-head">
            <h3 class="cut" title={props.entry.label}>
              {props.entry.label}
            </h3>
            <p class="quiet">
              {wanted()} · {w().files_(tree().root.files)}
              {props.entry.inspection?.private === true ? ` · ${w().private}` : ''}
            </p>
            <Show when={props.entry.inspection?.duplicate}>
              <p class="why">{w().duplicate}</p>
            </Show>
            <Show when={props.entry.inspection?.comment}>
              {comment => <p class="quiet cut">{comment()}</p>}
            </Show>
          </div>
          <div class="content-tools">
            <input
              type="search"
              placeholder={w().filterFiles}
              aria-label={w().filterFiles}
              value={props.words}
              onInput={event => props.onWords(event.currentTarget.value)}
              onKeyDown={event => event.key === 'Enter' && event.preventDefault()}
            />
            <button type="button" onClick={() => set('normal')}>
              {w().allFiles}
            </button>
            <button type="button" onClick={() => set('skip')}>
              {w().noFiles}
            </button>
          </div>
          <TreeView
            tree={tree()}
            version={props.version}
            words={props.words}
            onChange={() => props.onChange()}
          />
        </>
      )}
    </Show>
  )
}

function Hint(): JSX.Element {
  return (
    <div class="waiting hint">
      <Icon name="magnet" />
      <p>{t().list.emptyText}</p>
    </div>
  )
}

/** Browsers hand magnet links over only to pages that came securely, or from this machine. */
function MagnetHandler(): JSX.Element {
  const app = useApp()
  const offered = 'registerProtocolHandler' in navigator
  return (
    <Show
      when={offered}
      fallback={<small class="quiet">{isSecureContext ? '' : t().add.handlerBlocked}</small>}
    >
      <button
        type="button"
        class="ghost magnet-handler"
        title={t().add.handlerHint}
        onClick={() =>
          void app.attempt(async () => {
            const here = new URL('.', location.href)
            navigator.registerProtocolHandler('magnet', `${here.href}#add=%s`)
          })
        }
      >
        <Icon name="magnet" />
        {t().add.handler}
      </button>
    </Show>
  )
}

/** Undefined: all are wanted as they are. */
function prioritiesOf(entry: Entry): Record<number, FilePriority> | undefined {
  const other = entry.tree
    ?.priorities()
    .flatMap((priority, index) => (priority === 'normal' ? [] : [[index, priority] as const]))
  return other === undefined || other.length === 0 ? undefined : Object.fromEntries(other)
}
