/** The messages at the edge. */
import { For, type JSX, Show } from 'solid-js'
import { Icon } from '../ui/icon.tsx'
import { t } from '../words/index.ts'
import { useApp } from './context.ts'

export function Toasts(): JSX.Element {
  const app = useApp()
  return (
    <div class="toasts" role="status" aria-live="polite">
      <For each={app.toasts.all()}>
        {toast => (
          <div class={`toast ${toast.kind}`}>
            <Icon name={toast.kind === 'done' ? 'check' : 'warn'} />
            <p>{toast.text}</p>
            <Show when={toast.undo}>
              {undo => (
                <button
                  type="button"
                  onClick={() => {
                    app.toasts.dismiss(toast.id)
                    void app.attempt(async () => {
                      await undo()()
                      app.toasts.done(t().actions.done.undone)
                    })
                  }}
                >
                  {t().app.undo}
                </button>
              )}
            </Show>
            <button
              type="button"
              class="ghost"
              aria-label={t().app.close}
              onClick={() => app.toasts.dismiss(toast.id)}
            >
              <Icon name="close" />
            </button>
          </div>
        )}
      </For>
    </div>
  )
}
