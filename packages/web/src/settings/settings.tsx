/** All settings of the daemon with their explanations, and those of this page. */
import type { Setting } from '@shoal/daemon/contract'
import { createMemo, createResource, createSignal, For, type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import type { Theme } from '../app/preferences.ts'
import { Field } from '../ui/parts.tsx'
import { LANGUAGES, type Language, settingWords, spoken, t } from '../words/index.ts'
import { Bans } from './bans.tsx'
import { Control } from './control.tsx'
import { ListStatus } from './lists.tsx'
import { Password } from './password.tsx'

/** Settings that name a list, of which there is more to tell. */
const LISTS: Readonly<Record<string, 'blocklist' | 'countries'>> = {
  'blocklist.source': 'blocklist',
  'network.countries': 'countries',
}

export function Settings(): JSX.Element {
  const app = useApp()
  const [settings, { mutate }] = createResource(() => app.attempt(() => app.api.settings()))
  const [texts] = createResource(spoken, settingWords)
  const [words, setWords] = createSignal('')
  const textOf = ({ key, description }: Setting): string => texts.latest?.[key] ?? description
  const titleOf = (group: string): string => {
    const known = t().settings.groups
    return Object.hasOwn(known, group) ? known[group]! : group
  }
  const groups = createMemo(() => {
    const wanted = words().toLowerCase().split(/\s+/).filter(Boolean)
    const found = new Map<string, Setting[]>()
    for (const setting of settings.latest ?? []) {
      const text = `${setting.key} ${titleOf(setting.group)} ${textOf(setting)}`.toLowerCase()
      if (!wanted.every(word => text.includes(word))) continue
      const group = found.get(setting.group)
      if (group === undefined) found.set(setting.group, [setting])
      else group.push(setting)
    }
    return [...found]
  })
  const change = async (setting: Setting, value: unknown): Promise<void> => {
    await app.api.changeSettings({ [setting.key]: value })
    const fresh = await app.api.settings()
    mutate(fresh)
    app.toasts.done(`${setting.key}: ${t().settings.saved}`)
  }
  return (
    <div class="page-body">
      <PageSettings />
      <Password />
      <input
        type="search"
        class="finder"
        placeholder={t().settings.find}
        aria-label={t().settings.find}
        onInput={event => setWords(event.currentTarget.value)}
      />
      <Show
        when={groups().length > 0}
        fallback={<p class="quiet">{settings.loading ? t().app.loading : t().settings.noMatch}</p>}
      >
        <For each={groups()}>
          {([group, all]) => (
            <section class="group">
              <h2>{titleOf(group)}</h2>
              <For each={all}>
                {setting => (
                  <>
                    <Control
                      setting={setting}
                      text={textOf(setting)}
                      onChange={value => change(setting, value)}
                    />
                    <Show when={LISTS[setting.key]}>
                      {list => <ListStatus list={list()} source={setting.value} />}
                    </Show>
                  </>
                )}
              </For>
              <Show when={group === 'blocklist'}>
                <Bans />
              </Show>
            </section>
          )}
        </For>
      </Show>
    </div>
  )
}

/** What only this browser knows. */
function PageSettings(): JSX.Element {
  const app = useApp()
  const w = (): ReturnType<typeof t>['settings'] => t().settings
  const [theme, setTheme] = app.preferences.theme
  const [language, setLanguage] = app.preferences.language
  const [notify, setNotify] = app.preferences.notify
  const [blocked, setBlocked] = createSignal(false)
  const canNotify = 'Notification' in globalThis && isSecureContext
  const ask = async (wanted: boolean): Promise<void> => {
    if (wanted && (await Notification.requestPermission()) !== 'granted') {
      setBlocked(true)
      setNotify(false)
      return
    }
    setBlocked(false)
    setNotify(wanted)
  }
  return (
    <section class="group">
      <h2>{w().groups['page']}</h2>
      <div class="pair">
        <Field label={w().theme}>
          <select value={theme()} onChange={event => setTheme(event.currentTarget.value as Theme)}>
            <For each={['auto', 'light', 'dark'] as const}>
              {each => <option value={each}>{w().themes[each]}</option>}
            </For>
          </select>
        </Field>
        <Field label={w().language}>
          <select
            value={language()}
            onChange={event => setLanguage(event.currentTarget.value as Language | 'auto')}
          >
            <option value="auto">{w().auto}</option>
            <For each={Object.entries(LANGUAGES)}>{([key, name]) => <option value={key}>{name}</option>}</For>
          </select>
        </Field>
      </div>
      <Show when={canNotify}>
        <label class="check">
          <input
            type="checkbox"
            checked={notify()}
            onChange={event => void ask(event.currentTarget.checked)}
          />
          <span>
            {w().notify} <small class="quiet">{blocked() ? w().notifyBlocked : w().notifyHint}</small>
          </span>
        </label>
      </Show>
      <div class="buttons">
        <button
          type="button"
          onClick={() =>
            void app.attempt(async () => {
              await app.api.logout()
              location.reload()
            })
          }
        >
          {w().logout}
        </button>
      </div>
    </section>
  )
}
