/** Tokens: what programs sign in with. */
import type { Scope } from '@shoal/daemon/contract'
import { createResource, createSignal, For, type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { copy } from '../list/menus.ts'
import { Icon } from '../ui/icon.tsx'
import { Field } from '../ui/parts.tsx'
import { f, t } from '../words/index.ts'

const SCOPES: readonly Scope[] = ['read', 'add', 'full']

export function Tokens(): JSX.Element {
  const app = useApp()
  const w = (): ReturnType<typeof t>['tokens'] => t().tokens
  const [tokens, { refetch }] = createResource(() => app.attempt(() => app.api.tokens()))
  const [name, setName] = createSignal('')
  const [scope, setScope] = createSignal<Scope>('read')
  const [secret, setSecret] = createSignal<string>()
  const create = (event: Event): void => {
    event.preventDefault()
    void app.attempt(async () => {
      setSecret(await app.api.createToken(name().trim(), scope()))
      setName('')
      await refetch()
    })
  }
  return (
    <div class="page-body">
      <p class="quiet">{w().intro}</p>
      <Show
        when={(tokens.latest?.length ?? 0) > 0}
        fallback={<p class="quiet">{tokens.loading ? t().app.loading : w().empty}</p>}
      >
        <ul class="cards-list">
          <For each={tokens.latest ?? []}>
            {token => (
              <li>
                <Icon name="key" />
                <div>
                  <p>
                    <b>{token.name}</b> <span class="tag">{w().scopes[token.scope]}</span>
                  </p>
                  <p class="quiet">
                    {f().dateTime(token.createdAt)} ·{' '}
                    {token.usedAt === null ? w().never : w().used(f().ago(token.usedAt, Date.now() / 1000))}
                  </p>
                </div>
                <button
                  type="button"
                  onClick={() =>
                    void app.attempt(async () => {
                      await app.api.removeToken(token.name)
                      app.toasts.done(w().revoked(token.name))
                      await refetch()
                    })
                  }
                >
                  {w().revoke}
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={secret()}>
        {token => (
          <div class="secret" role="status">
            <p>{w().created}</p>
            <code>{token()}</code>
            <button type="button" onClick={() => void app.attempt(() => copy(token()))}>
              {t().app.copy}
            </button>
          </div>
        )}
      </Show>
      <form class="token-form" onSubmit={create}>
        <Field label={w().name}>
          <input value={name()} maxlength="60" onInput={event => setName(event.currentTarget.value)} />
        </Field>
        <Field label={w().scope}>
          <select value={scope()} onChange={event => setScope(event.currentTarget.value as Scope)}>
            <For each={SCOPES}>{each => <option value={each}>{w().scopes[each]}</option>}</For>
          </select>
        </Field>
        <button type="submit" class="primary" disabled={name().trim() === ''}>
          {w().create}
        </button>
      </form>
    </div>
  )
}
