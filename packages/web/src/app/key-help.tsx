/** What the keyboard does. */
import { For, type JSX } from 'solid-js'
import { Dialog } from '../ui/dialog.tsx'
import { t } from '../words/index.ts'
import { useApp } from './context.ts'

export function KeyHelp(): JSX.Element {
  const app = useApp()
  return (
    <Dialog title={t().keys.title} onClose={() => app.open(undefined)}>
      <dl class="keys">
        <For each={t().keys.list}>
          {([key, text]) => (
            <div>
              <dt>
                <For each={key.split(' ')}>{part => <kbd>{part}</kbd>}</For>
              </dt>
              <dd>{text}</dd>
            </div>
          )}
        </For>
      </dl>
    </Dialog>
  )
}
