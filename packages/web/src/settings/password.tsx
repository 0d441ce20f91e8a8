/** Another password. */
import { createSignal, type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { Field } from '../ui/parts.tsx'
import { useForm } from '../ui/use-form.ts'
import { t } from '../words/index.ts'

export function Password(): JSX.Element {
  const app = useApp()
  const [current, setCurrent] = createSignal('')
  const [fresh, setFresh] = createSignal('')
  const form = useForm(
    () => app.api.changePassword(current(), fresh()),
    () => {
      setCurrent('')
      setFresh('')
      app.toasts.done(t().login.changed)
    },
  )
  return (
    <form
      class="group"
      onSubmit={event => {
        event.preventDefault()
        form.submit()
      }}
    >
      <h2>{t().login.password}</h2>
      {/* So that password managers know whose it is. */}
      <input type="text" autocomplete="username" value="shoal" hidden readonly />
      <div class="pair">
        <Field label={t().login.current}>
          <input
            type="password"
            autocomplete="current-password"
            value={current()}
            onInput={event => setCurrent(event.currentTarget.value)}
          />
        </Field>
        <Field label={t().login.fresh} hint={t().login.tooShort}>
          <input
            type="password"
            autocomplete="new-password"
            minlength="8"
            value={fresh()}
            onInput={event => setFresh(event.currentTarget.value)}
          />
        </Field>
      </div>
      <Show when={form.problem()}>
        {problem => (
          <p class="problem" role="alert">
            {problem()}
          </p>
        )}
      </Show>
      <div class="buttons">
        <button type="submit" disabled={form.busy() || current() === '' || fresh() === ''}>
          {t().login.change}
        </button>
      </div>
    </form>
  )
}
