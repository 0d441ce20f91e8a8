/** What the letters at a peer mean: a pointer that rests on them is told, too, but not every hand has one. */
import { For, type JSX } from 'solid-js'
import { useApp } from '../app/context.ts'
import { Dialog } from '../ui/dialog.tsx'
import { t } from '../words/index.ts'

export function meaningsOf(flags: string): (readonly [flag: string, meaning: string])[] {
  const known: Readonly<Record<string, string>> = t().peers.flagMeanings
  return [...flags].map(flag => [flag, Object.hasOwn(known, flag) ? known[flag]! : '–'])
}

export function Flags(props: { readonly address: string; readonly flags: string }): JSX.Element {
  const app = useApp()
  return (
    <Dialog title={t().peers.flagsOf(props.address)} onClose={() => app.open(undefined)}>
      <dl class="meanings">
        <For each={meaningsOf(props.flags)}>
          {([flag, meaning]) => (
            <div>
              <dt>
                <kbd>{flag}</kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          )}
        </For>
      </dl>
    </Dialog>
  )
}
