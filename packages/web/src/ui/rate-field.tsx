/** A rate as people write it; empty is no limit. */
import { createSignal, type JSX } from 'solid-js'
import { parseRate } from '../format/format.ts'
import { f, t } from '../words/index.ts'
import { Field } from './parts.tsx'

export interface RateFieldProps {
  readonly label: string
  readonly hint?: string
  readonly value: number | null
  /** Undefined: what stands there is not a rate. */
  readonly onChange: (bytesPerSec: number | null | undefined) => void
}

export function RateField(props: RateFieldProps): JSX.Element {
  const [text, setText] = createSignal(props.value === null ? '' : f().bytes(props.value))
  const wrong = (): boolean => text().trim() !== '' && parseRate(text()) === undefined
  return (
    <Field label={props.label} hint={props.hint} error={wrong() ? t().limits.invalid : undefined}>
      <input
        value={text()}
        placeholder={t().limits.none}
        aria-invalid={wrong()}
        onInput={event => {
          setText(event.currentTarget.value)
          props.onChange(text().trim() === '' ? null : parseRate(text()))
        }}
      />
    </Field>
  )
}
