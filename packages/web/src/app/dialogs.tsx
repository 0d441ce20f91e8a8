/** What stands above the page. All but the choice itself is loaded when it is first wanted. */
import { type JSX, lazy, Match, Show, Suspense, Switch } from 'solid-js'
import { Filters } from '../list/filters.tsx'
import { SortChoice } from '../list/sort-choice.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { t } from '../words/index.ts'
import { type Dialog as Choice, useApp } from './context.ts'

const Add = lazy(async () => ({ default: (await import('../add/add.tsx')).Add }))
const Remove = lazy(async () => ({ default: (await import('./torrent-dialogs.tsx')).Remove }))
const Move = lazy(async () => ({ default: (await import('./torrent-dialogs.tsx')).Move }))
const Labels = lazy(async () => ({ default: (await import('./torrent-dialogs.tsx')).Labels }))
const Rename = lazy(async () => ({ default: (await import('./torrent-dialogs.tsx')).Rename }))
const CategoryDialog = lazy(async () => ({ default: (await import('./category-dialog.tsx')).CategoryDialog }))
const Limits = lazy(async () => ({ default: (await import('./limit-dialogs.tsx')).Limits }))
const RateLimits = lazy(async () => ({ default: (await import('./limit-dialogs.tsx')).RateLimits }))
const Conversation = lazy(async () => ({
  default: (await import('../detail/conversation.tsx')).Conversation,
}))
const Flags = lazy(async () => ({ default: (await import('../detail/flags.tsx')).Flags }))
const Keys = lazy(async () => ({ default: (await import('./key-help.tsx')).KeyHelp }))

type Of<K extends Choice['kind']> = Extract<Choice, { kind: K }>

export function Dialogs(): JSX.Element {
  const app = useApp()
  const is = <K extends Choice['kind']>(kind: K): Of<K> | undefined => {
    const now = app.dialog()
    return now?.kind === kind ? (now as Of<K>) : undefined
  }
  return (
    <Show when={app.dialog()} keyed>
      <Suspense>
        <Switch>
          <Match when={is('add')}>{choice => <Add {...choice()} />}</Match>
          <Match when={is('remove')}>{choice => <Remove {...choice()} />}</Match>
          <Match when={is('move')}>{choice => <Move {...choice()} />}</Match>
          <Match when={is('labels')}>{choice => <Labels {...choice()} />}</Match>
          <Match when={is('rename')}>{choice => <Rename {...choice()} />}</Match>
          <Match when={is('category')}>{choice => <CategoryDialog {...choice()} />}</Match>
          <Match when={is('conversation')}>{choice => <Conversation {...choice()} />}</Match>
          <Match when={is('flags')}>{choice => <Flags {...choice()} />}</Match>
          <Match when={is('limits')}>{choice => <Limits {...choice()} />}</Match>
          <Match when={is('rates')}>
            <RateLimits />
          </Match>
          <Match when={is('keys')}>
            <Keys />
          </Match>
          <Match when={is('filters')}>
            <Dialog title={t().app.filters} onClose={() => app.open(undefined)}>
              <SortChoice />
              <Filters />
            </Dialog>
          </Match>
        </Switch>
      </Suspense>
    </Show>
  )
}
