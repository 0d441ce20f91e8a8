/** Signing in, and the first minute: the one-time link where the password is chosen. */
import { createSignal, type JSX, Show } from 'solid-js'
import { type Api, ApiError } from '../api/api.ts'
import { Mark } from '../ui/icon.tsx'
import { Coded, Field } from '../ui/parts.tsx'
import { useForm } from '../ui/use-form.ts'
import { t } from '../words/index.ts'

const SHORTEST = 8

export interface DoorProps {
  readonly api: Api
  /** Of the one-time link. */
  readonly ticket: string | null
  /** No password is set, and there is no link. */
  readonly needed: boolean
  readonly onEnter: () => void
}

export function Door(props: DoorProps): JSX.Element {
  const [password, setPassword] = createSignal('')
  const [again, setAgain] = createSignal('')
  const [bad, setBad] = createSignal(false)
  const setsUp = (): boolean => props.ticket !== null
  const form = useForm(async () => {
    if (!setsUp()) return await props.api.login(password())
    if (password().length < SHORTEST) throw new Error(t().login.tooShort)
    if (password() !== again()) throw new Error(t().login.differ)
    try {
      await props.api.setup(props.ticket!, password())
    } catch (error) {
      setBad(error instanceof ApiError && error.where === 'body.key')
      throw error
    }
  }, props.onEnter)
  return (
    <div class="door">
      <form
        onSubmit={event => {
          event.preventDefault()
          form.submit()
        }}
      >
        <p class="brand">
          <Mark /> Shoal
        </p>
        <Show
          when={setsUp() || !props.needed}
          fallback={
            <p>
              <Coded text={t().login.needed} />
            </p>
          }
        >
          <h1>{setsUp() ? t().login.setupTitle : t().login.title}</h1>
          <Show when={setsUp()}>
            <p class="quiet">{t().login.setupText}</p>
          </Show>
          {/* So that password managers know whose it is. */}
          <input type="text" name="username" autocomplete="username" value="shoal" hidden readonly />
          <Field label={t().login.password} hint={setsUp() ? t().login.tooShort : undefined}>
            <input
              type="password"
              name="password"
              autocomplete={setsUp() ? 'new-password' : 'current-password'}
              required
              // Also where this takes the place of a page that was used before.
              ref={field => queueMicrotask(() => field.focus())}
              value={password()}
              onInput={event => setPassword(event.currentTarget.value)}
            />
          </Field>
          <Show when={setsUp()}>
            <Field label={t().login.repeat}>
              <input
                type="password"
                autocomplete="new-password"
                required
                value={again()}
                onInput={event => setAgain(event.currentTarget.value)}
              />
            </Field>
          </Show>
          <Show when={form.problem()}>
            {problem => (
              <p class="problem" role="alert">
                <Coded text={problem()} />
              </p>
            )}
          </Show>
          <button type="submit" class="primary wide" disabled={form.busy()}>
            {setsUp() ? t().login.setupSubmit : t().login.submit}
          </button>
          {/* A link that is of no use, where there may be a password. */}
          <Show when={setsUp() && bad()}>
            <button type="button" class="wide" onClick={props.onEnter}>
              {t().first.signIn}
            </button>
          </Show>
          <Show when={!setsUp()}>
            <small class="quiet">
              <Coded text={t().login.forgot} />
            </small>
          </Show>
        </Show>
      </form>
    </div>
  )
}
