/** When seeding ends: as somebody else says, never, or at a number. */
import type { GoalValue } from '@shoal/daemon/contract'
import { createSignal, type JSX, Show } from 'solid-js'
import { t } from '../words/index.ts'
import { Field } from './parts.tsx'

const HOUR_SECONDS = 3600
/** What stands there when somebody wants a number of their own. */
const FIRST = 2

type Kind = 'default' | 'none' | 'own'

export interface GoalFieldProps {
  readonly goal: 'ratio' | 'seedSeconds' | 'idleSeconds'
  /** As it was when the field was made. */
  readonly value: GoalValue
  /** Undefined: what stands there is not a number. */
  readonly onChange: (value: GoalValue | undefined) => void
}

export function GoalField(props: GoalFieldProps): JSX.Element {
  // Times are typed in hours.
  const scale = (): number => (props.goal === 'ratio' ? 1 : HOUR_SECONDS)
  const given = props.value
  const [kind, setKind] = createSignal<Kind>(typeof given === 'number' ? 'own' : given)
  const [own, setOwn] = createSignal(typeof given === 'number' ? given / scale() : FIRST)
  const label = (): string =>
    ({ ratio: t().limits.ratio, seedSeconds: t().limits.seedTime, idleSeconds: t().limits.idleTime })[
      props.goal
    ]
  return (
    <Field label={label()}>
      <span class="joined">
        <select
          value={kind()}
          aria-label={label()}
          onChange={event => {
            const next = event.currentTarget.value as Kind
            setKind(next)
            props.onChange(next === 'own' ? own() * scale() : next)
          }}
        >
          <option value="default">{t().limits.asSettings}</option>
          <option value="none">{t().limits.none}</option>
          <option value="own">{t().limits.own}</option>
        </select>
        <Show when={kind() === 'own'}>
          <input
            type="number"
            min="0"
            step="any"
            required
            aria-label={label()}
            value={own()}
            onInput={event => {
              const value = event.currentTarget.valueAsNumber
              if (Number.isFinite(value)) setOwn(value)
              props.onChange(Number.isFinite(value) && value >= 0 ? value * scale() : undefined)
            }}
          />
        </Show>
      </span>
    </Field>
  )
}
