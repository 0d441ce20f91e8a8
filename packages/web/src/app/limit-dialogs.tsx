/** Limits over all torrents, and those of some. */
import type { Goals, GoalValue, TorrentLimits } from '@shoal/daemon/contract'
import { createResource, createSignal, For, type JSX, Show } from 'solid-js'
import { Dialog } from '../ui/dialog.tsx'
import { GoalField } from '../ui/goal-field.tsx'
import { Field } from '../ui/parts.tsx'
import { RateField } from '../ui/rate-field.tsx'
import { useForm } from '../ui/use-form.ts'
import { t } from '../words/index.ts'
import { useApp } from './context.ts'
import { Footer } from './torrent-dialogs.tsx'

export function RateLimits(): JSX.Element {
  const app = useApp()
  const session = app.session()
  const [down, setDown] = createSignal<number | null | undefined>(session?.limits.download ?? null)
  const [up, setUp] = createSignal<number | null | undefined>(session?.limits.upload ?? null)
  const close = (): void => app.open(undefined)
  const form = useForm(async () => {
    await app.api.changeSettings({ 'limits.download': down(), 'limits.upload': up() })
  }, close)
  return (
    <Dialog
      title={t().limits.global}
      onClose={close}
      onSubmit={form.submit}
      footer={
        <Footer form={form} text={t().app.apply} blocked={down() === undefined || up() === undefined} />
      }
    >
      <div class="pair">
        <RateField label={t().limits.download} value={down() ?? null} onChange={setDown} />
        <RateField label={t().limits.upload} value={up() ?? null} onChange={setUp} />
      </div>
      <p class="quiet">{t().limits.rateHint}</p>
      <Alternative />
    </Dialog>
  )
}

function Alternative(): JSX.Element {
  const app = useApp()
  const set = (on: boolean | null): void => void app.attempt(() => app.api.setAlternative(on))
  return (
    <Show when={app.session()?.alternative}>
      {alternative => (
        <section class="inset">
          <h3>{t().limits.alternative}</h3>
          <p class="quiet">
            {alternative().active
              ? `${t().limits.alternativeOn} (${alternative().by === 'timetable' ? t().limits.byTimetable : t().limits.byHand}).`
              : ''}
          </p>
          <div class="buttons">
            <button type="button" onClick={() => set(!alternative().active)}>
              {alternative().active ? t().limits.switchOff : t().limits.switchOn}
            </button>
            <Show when={alternative().by === 'hand'}>
              <button type="button" onClick={() => set(null)}>
                {t().limits.useTimetable}
              </button>
            </Show>
          </div>
        </section>
      )}
    </Show>
  )
}

export function Limits(props: { readonly ids: readonly string[] }): JSX.Element {
  const app = useApp()
  const [detail] = createResource(() => app.api.detail(props.ids[0]!))
  return (
    <Show when={detail()} keyed>
      {first => <LimitsOf ids={props.ids} limits={first.limits} goals={first.goals} />}
    </Show>
  )
}

function LimitsOf(props: {
  readonly ids: readonly string[]
  readonly limits: TorrentLimits
  readonly goals: Goals
}): JSX.Element {
  const app = useApp()
  const [limits, setLimits] = createSignal<Partial<TorrentLimits>>({})
  const [goals, setGoals] = createSignal<Partial<Goals>>({})
  const [wrong, setWrong] = createSignal<ReadonlySet<string>>(new Set())
  const close = (): void => app.open(undefined)
  // Only what was touched: the others of several torrents keep what they have.
  const form = useForm(async () => {
    for (const id of props.ids) await app.api.patch(id, { limits: limits(), goals: goals() })
  }, close)
  const told = (key: string, value: unknown): void =>
    void setWrong(before => {
      const after = new Set(before)
      if (value === undefined) after.add(key)
      else after.delete(key)
      return after
    })
  const limit = (key: keyof TorrentLimits, value: number | boolean | null | undefined): void => {
    told(key, value)
    if (value !== undefined) setLimits(before => ({ ...before, [key]: value }))
  }
  const Count = (count: { key: 'connections' | 'uploadSlots'; label: string }): JSX.Element => (
    <Field label={count.label}>
      <input
        type="number"
        min="1"
        placeholder={t().limits.none}
        value={props.limits[count.key] ?? ''}
        onInput={event =>
          limit(count.key, event.currentTarget.value === '' ? null : event.currentTarget.valueAsNumber)
        }
      />
    </Field>
  )
  const goal = (key: keyof Goals, value: GoalValue | undefined): void => {
    told(key, value)
    if (value !== undefined) setGoals(before => ({ ...before, [key]: value }))
  }
  return (
    <Dialog
      title={t().limits.title}
      onClose={close}
      onSubmit={form.submit}
      footer={<Footer form={form} text={t().app.apply} blocked={wrong().size > 0} />}
    >
      <div class="pair">
        <RateField
          label={t().limits.download}
          value={props.limits.download}
          onChange={value => limit('download', value)}
        />
        <RateField
          label={t().limits.upload}
          value={props.limits.upload}
          onChange={value => limit('upload', value)}
        />
        <Count key="connections" label={t().limits.connections} />
        <Count key="uploadSlots" label={t().limits.slots} />
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={props.limits.obeyGlobal}
          onChange={event => limit('obeyGlobal', event.currentTarget.checked)}
        />
        {t().limits.obey}
      </label>
      <div class="pair three">
        <For each={['ratio', 'seedSeconds', 'idleSeconds'] as const}>
          {key => <GoalField goal={key} value={props.goals[key]} onChange={value => goal(key, value)} />}
        </For>
      </div>
    </Dialog>
  )
}
