/** One setting: what it is, what it comes from, and a field that fits its type. Saved when the field is left. */
import type { Setting } from '@shoal/daemon/contract'
import { createEffect, createSignal, createUniqueId, For, type JSX, on, Show } from 'solid-js'
import { type Draft, draftOf, settingFrom } from '../model/setting-value.ts'
import { problemText } from '../words/daemon.ts'
import { t } from '../words/index.ts'
import { Watch } from './watch.tsx'

export interface ControlProps {
  readonly setting: Setting
  /** What it is for. */
  readonly text: string
  readonly onChange: (value: unknown) => Promise<void>
}

export function Control(props: ControlProps): JSX.Element {
  const id = createUniqueId()
  const w = (): ReturnType<typeof t>['settings'] => t().settings
  const [draft, setDraft] = createSignal<Draft>('')
  const [problem, setProblem] = createSignal<string>()
  const [busy, setBusy] = createSignal(false)
  createEffect(
    on(
      () => props.setting.value,
      () => setDraft(draftOf(props.setting)),
    ),
  )

  const save = async (value: unknown): Promise<void> => {
    setBusy(true)
    setProblem(undefined)
    try {
      await props.onChange(value)
    } catch (error) {
      setProblem(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  const leave = (): void => {
    if (busy()) return
    const value = settingFrom(props.setting, draft())
    if (value === undefined) return void setProblem(t().limits.invalid)
    if (JSON.stringify(value) !== JSON.stringify(props.setting.value)) void save(value)
    else setProblem(undefined)
  }
  const given = (): boolean => props.setting.source === 'env' || props.setting.source === 'flag'
  const source = (): string =>
    [
      w().source[props.setting.source],
      props.setting.restart ? w().restart : '',
      !props.setting.settable && !given() ? w().fixed : '',
    ]
      .filter(part => part !== '')
      .join(' · ')
  const fixed = (): boolean => !props.setting.settable || given() || busy()
  const differs = (): boolean =>
    props.setting.settable &&
    !given() &&
    JSON.stringify(props.setting.value) !== JSON.stringify(props.setting.default)

  return (
    <div class="setting" classList={{ large: props.setting.type === 'watch' }}>
      <div class="setting-text">
        <label for={id}>{props.text}</label>
        <p class="quiet">
          <code>{props.setting.key}</code> · {source()}
        </p>
        <Show when={problem()}>
          {text => (
            <p class="problem" role="alert">
              {text()}
            </p>
          )}
        </Show>
      </div>
      <Show
        when={props.setting.type !== 'watch'}
        fallback={<Watch setting={props.setting} fixed={fixed()} onSave={value => void save(value)} />}
      >
        <div class="setting-field">
          <Show
            when={props.setting.type !== 'boolean'}
            fallback={
              <input
                id={id}
                type="checkbox"
                disabled={fixed()}
                checked={props.setting.value === true}
                onChange={event => void save(event.currentTarget.checked)}
              />
            }
          >
            <Show
              when={props.setting.type !== 'choice'}
              fallback={
                <select
                  id={id}
                  disabled={fixed()}
                  value={draft()}
                  onChange={event => void save(event.currentTarget.value)}
                >
                  <For each={props.setting.choices ?? []}>
                    {choice => (
                      <option value={choice} selected={choice === props.setting.value}>
                        {choice}
                      </option>
                    )}
                  </For>
                </select>
              }
            >
              <Show
                when={props.setting.type !== 'strings' && props.setting.type !== 'paths'}
                fallback={
                  <textarea
                    id={id}
                    rows="3"
                    spellcheck={false}
                    disabled={fixed()}
                    placeholder={w().perLine}
                    value={draft()}
                    onInput={event => setDraft(event.currentTarget.value)}
                    onBlur={leave}
                  />
                }
              >
                <input
                  id={id}
                  disabled={fixed()}
                  spellcheck={false}
                  value={draft()}
                  placeholder={w().emptyNone}
                  onInput={event => setDraft(event.currentTarget.value)}
                  onBlur={leave}
                  onKeyDown={event => event.key === 'Enter' && leave()}
                />
              </Show>
            </Show>
          </Show>
          <Show when={differs()}>
            <button
              type="button"
              class="ghost"
              disabled={busy()}
              onClick={() => void save(props.setting.default)}
            >
              {w().reset}
            </button>
          </Show>
        </div>
      </Show>
    </div>
  )
}
