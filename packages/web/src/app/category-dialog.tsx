/** A category, new or as it is: where its data goes, when its torrents stop seeding, how fast they may be. */
import type { Category, Goals, GoalValue } from '@shoal/daemon/contract'
import { createSignal, For, type JSX } from 'solid-js'
import { Dialog } from '../ui/dialog.tsx'
import { FolderField } from '../ui/folder-field.tsx'
import { GoalField } from '../ui/goal-field.tsx'
import { Field } from '../ui/parts.tsx'
import { RateField } from '../ui/rate-field.tsx'
import { useForm } from '../ui/use-form.ts'
import { t } from '../words/index.ts'
import { useApp } from './context.ts'
import { Footer } from './torrent-dialogs.tsx'

const GOALS: readonly (keyof Goals)[] = ['ratio', 'seedSeconds', 'idleSeconds']

export interface CategoryDialogProps {
  /** Undefined: a new one. */
  readonly category?: Category | undefined
  /** Torrents that get it. */
  readonly ids: readonly string[]
}

export function CategoryDialog(props: CategoryDialogProps): JSX.Element {
  const app = useApp()
  const before = props.category
  const [name, setName] = createSignal(before?.name ?? '')
  const [dir, setDir] = createSignal(before?.dir ?? '')
  const [down, setDown] = createSignal(before?.limits.download ?? null)
  const [up, setUp] = createSignal(before?.limits.upload ?? null)
  const [goals, setGoals] = createSignal<Partial<Goals>>(before?.goals ?? {})
  const [wrong, setWrong] = createSignal<ReadonlySet<string>>(new Set())
  const close = (): void => app.open(undefined)
  const form = useForm(async () => {
    const wanted = name().trim()
    if (before === undefined && (await app.api.categories()).some(each => each.name === wanted))
      throw new Error(t().category.exists(wanted))
    await app.api.setCategory({
      name: wanted,
      dir: dir() === '' ? null : dir(),
      goals: goals(),
      limits: { download: down(), upload: up() },
    })
    if (props.ids.length > 0) await app.actions.setCategory(props.ids, wanted)
    else app.toasts.done(t().category.saved(wanted))
  }, close)
  /** @returns whether it can be used */
  const told = (key: string, value: unknown): boolean => {
    setWrong(known => {
      const after = new Set(known)
      if (value === undefined) after.add(key)
      else after.delete(key)
      return after
    })
    return value !== undefined
  }
  const setGoal = (goal: keyof Goals, value: GoalValue | undefined): void => {
    if (!told(goal, value)) return
    const { [goal]: _, ...others } = goals()
    setGoals(value === 'default' ? others : { ...others, [goal]: value })
  }
  return (
    <Dialog
      title={before === undefined ? t().category.title : t().category.editTitle(before.name)}
      onClose={close}
      onSubmit={form.submit}
      footer={
        <Footer
          form={form}
          text={before === undefined ? t().category.add : t().app.save}
          blocked={name().trim() === '' || wrong().size > 0}
        />
      }
    >
      {before === undefined && (
        <Field label={t().category.name}>
          <input
            value={name()}
            maxlength="100"
            onInput={event => setName(event.currentTarget.value)}
            autofocus
          />
        </Field>
      )}
      <FolderField
        label={t().category.folder}
        hint={t().category.folderHint}
        value={dir()}
        onChange={setDir}
      />
      <div class="pair">
        <RateField
          label={t().limits.download}
          value={down()}
          onChange={value => void (told('down', value) && setDown(value!))}
        />
        <RateField
          label={t().limits.upload}
          value={up()}
          onChange={value => void (told('up', value) && setUp(value!))}
        />
      </div>
      <div class="pair three">
        <For each={GOALS}>
          {goal => (
            <GoalField
              goal={goal}
              value={before?.goals[goal] ?? 'default'}
              onChange={value => setGoal(goal, value)}
            />
          )}
        </For>
      </div>
      <p class="quiet">{t().category.goalsHint}</p>
    </Dialog>
  )
}
