/** Addresses that were banned by hand, and the way back. */
import { createResource, createSignal, For, type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { f, t } from '../words/index.ts'

export function Bans(): JSX.Element {
  const app = useApp()
  const w = (): ReturnType<typeof t>['bans'] => t().bans
  const [bans, { refetch }] = createResource(() => app.attempt(() => app.api.bans()))
  const [address, setAddress] = createSignal('')
  const ban = (event: Event): void => {
    event.preventDefault()
    void app.attempt(async () => {
      await app.api.ban([address().trim()])
      setAddress('')
      await refetch()
    })
  }
  const unban = (banned: string): void =>
    void app.attempt(async () => {
      await app.api.unban(banned)
      app.toasts.done(w().unbanned(banned))
      await refetch()
    })
  return (
    <section class="group bans">
      <h2>{w().title}</h2>
      <p class="quiet">{w().intro}</p>
      <Show when={(bans.latest?.length ?? 0) > 0}>
        <ul class="cards-list">
          <For each={bans.latest ?? []}>
            {each => (
              <li>
                <div>
                  <p>
                    <code>{each.address}</code> <span class="quiet">{f().dateTime(each.at)}</span>
                  </p>
                </div>
                <button type="button" onClick={() => unban(each.address)}>
                  {w().unban}
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <form class="buttons" onSubmit={ban}>
        <input
          class="short"
          aria-label={w().address}
          placeholder={w().address}
          spellcheck={false}
          value={address()}
          onInput={event => setAddress(event.currentTarget.value)}
        />
        <button type="submit" disabled={address().trim() === ''}>
          {t().peers.ban}
        </button>
      </form>
    </section>
  )
}
