/** What is asked before something is done to torrents. */
import type { TorrentRow } from '@shoal/daemon/contract'
import { createSignal, For, type JSX, Show } from 'solid-js'
import { without } from '../model/selection.ts'
import { Dialog } from '../ui/dialog.tsx'
import { FolderField } from '../ui/folder-field.tsx'
import { Field } from '../ui/parts.tsx'
import { type Form, useForm } from '../ui/use-form.ts'
import { f, t } from '../words/index.ts'
import { type ChosenRow, useApp } from './context.ts'

interface Chosen {
  readonly ids: readonly string[]
  readonly rows: readonly ChosenRow[]
}

/** Names shown before `and 12 more`. */
const NAMES = 5

export function Footer(props: {
  readonly form: Form
  readonly text: string
  readonly danger?: boolean
  readonly blocked?: boolean
}): JSX.Element {
  const app = useApp()
  return (
    <>
      <Show when={props.form.problem()}>
        {problem => (
          <p class="problem" role="alert">
            {problem()}
          </p>
        )}
      </Show>
      <button type="button" onClick={() => app.open(undefined)}>
        {t().app.cancel}
      </button>
      <button
        type="submit"
        class={props.danger === true ? 'primary danger' : 'primary'}
        disabled={props.form.busy() || props.blocked === true}
      >
        {props.text}
      </button>
    </>
  )
}

export function Remove(props: Chosen): JSX.Element {
  const app = useApp()
  const [data, setData] = createSignal(false)
  const close = (): void => app.open(undefined)
  const form = useForm(async () => {
    await app.actions.remove(props.ids, data())
    app.list.select(without(app.list.selection(), props.ids))
    if (props.ids.includes(app.route.place().torrent ?? '')) app.route.go({ torrent: null }, 'replace')
  }, close)
  const size = (): string => f().bytes(props.rows.reduce((sum, row) => sum + row.haveBytes, 0))
  const w = (): ReturnType<typeof t>['remove'] => t().remove
  return (
    <Dialog
      title={w().title(props.ids.length)}
      onClose={close}
      onSubmit={form.submit}
      footer={
        <Footer
          form={form}
          danger={data()}
          text={data() ? w().confirmDelete(size()) : w().confirmKeep(props.ids.length)}
        />
      }
    >
      <ul class="names">
        <For each={props.rows.slice(0, NAMES)}>{row => <li class="cut">{row.name}</li>}</For>
        <Show when={props.rows.length > NAMES}>
          <li class="quiet">{w().andMore(props.rows.length - NAMES)}</li>
        </Show>
      </ul>
      <label class="option">
        <input type="radio" name="data" checked={!data()} onChange={() => setData(false)} />
        <span>
          <b>{w().keep}</b>
          <small>{w().keepHint}</small>
        </span>
      </label>
      <label class="option">
        <input type="radio" name="data" checked={data()} onChange={() => setData(true)} />
        <span>
          <b>{w().delete}</b>
          <small>{w().deleteHint(size())}</small>
        </span>
      </label>
    </Dialog>
  )
}

export function Move(props: Chosen): JSX.Element {
  const app = useApp()
  const [dir, setDir] = createSignal(props.rows[0]?.dir ?? '')
  const [there, setThere] = createSignal(false)
  const close = (): void => app.open(undefined)
  const form = useForm(() => app.actions.move(props.ids, dir(), !there()), close)
  return (
    <Dialog
      title={t().move.title(props.ids.length)}
      onClose={close}
      onSubmit={form.submit}
      footer={<Footer form={form} text={t().move.confirm} blocked={dir() === ''} />}
    >
      <FolderField
        label={t().move.folder}
        value={dir()}
        onChange={setDir}
        needBytes={there() ? 0 : props.rows.reduce((sum, row) => sum + row.haveBytes, 0)}
      />
      <label class="check">
        <input type="checkbox" checked={there()} onChange={event => setThere(event.currentTarget.checked)} />
        {t().move.there}
      </label>
    </Dialog>
  )
}

export function Labels(props: Chosen): JSX.Element {
  const app = useApp()
  const shared =
    props.rows[0]?.labels.filter(label => props.rows.every(row => row.labels.includes(label))) ?? []
  const [text, setText] = createSignal(shared.join(', '))
  const close = (): void => app.open(undefined)
  const form = useForm(() => app.actions.setLabels(props.ids, labelsIn(text())), close)
  return (
    <Dialog
      title={t().labels.title}
      onClose={close}
      onSubmit={form.submit}
      footer={<Footer form={form} text={t().app.apply} />}
    >
      <Field label={t().labels.title} hint={t().labels.hint}>
        <input
          value={text()}
          onInput={event => setText(event.currentTarget.value)}
          list="known-labels"
          autofocus
        />
      </Field>
      <datalist id="known-labels">
        <For each={Object.keys(app.list.facets()?.labels ?? {})}>{label => <option value={label} />}</For>
      </datalist>
    </Dialog>
  )
}

export function labelsIn(text: string): string[] {
  return [
    ...new Set(
      text
        .split(',')
        .map(label => label.trim())
        .filter(label => label !== ''),
    ),
  ]
}

export function Rename(props: { readonly row: TorrentRow }): JSX.Element {
  const app = useApp()
  const [name, setName] = createSignal(props.row.name)
  const close = (): void => app.open(undefined)
  const form = useForm(() => app.api.patch(props.row.id, { name: name() }), close)
  return (
    <Dialog
      title={t().rename.title}
      onClose={close}
      onSubmit={form.submit}
      footer={<Footer form={form} text={t().rename.title} blocked={name().trim() === ''} />}
    >
      <Field label={t().rename.name} hint={t().rename.hint}>
        <input value={name()} onInput={event => setName(event.currentTarget.value)} autofocus />
      </Field>
    </Dialog>
  )
}
