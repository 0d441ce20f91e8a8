/** What every part of the page may reach. */
import type { Category, LogLine, SessionInfo, TorrentRow } from '@shoal/daemon/contract'
import { type Accessor, createContext, useContext } from 'solid-js'
import type { Api, Picked } from '../api/api.ts'
import type { ListState } from '../list/list-state.ts'
import type { MenuEntry } from '../ui/menu.tsx'
import type { Actions } from './actions.ts'
import type { Preferences } from './preferences.ts'
import type { Route } from './route.ts'
import type { Toasts } from './toasts.ts'

/** Of what is to be added. */
export interface Sources {
  /** Links, hashes, addresses. */
  readonly sources: readonly string[]
  readonly files: readonly File[]
}

/** What stands above the page; one at a time. */
export type Dialog =
  | ({ readonly kind: 'add' } & Sources)
  | { readonly kind: 'remove'; readonly rows: readonly ChosenRow[]; readonly ids: readonly string[] }
  | { readonly kind: 'move'; readonly rows: readonly ChosenRow[]; readonly ids: readonly string[] }
  | { readonly kind: 'labels'; readonly rows: readonly ChosenRow[]; readonly ids: readonly string[] }
  | { readonly kind: 'conversation'; readonly id: string; readonly address: string }
  | { readonly kind: 'flags'; readonly address: string; readonly flags: string }
  | { readonly kind: 'rename'; readonly row: TorrentRow }
  | { readonly kind: 'limits'; readonly ids: readonly string[] }
  | { readonly kind: 'category'; readonly ids: readonly string[]; readonly category?: Category }
  | { readonly kind: 'rates' }
  | { readonly kind: 'keys' }
  | { readonly kind: 'filters' }

/** Of torrents that something is about to be done to. */
export type ChosenRow = Picked<'name' | 'dir' | 'haveBytes' | 'labels'>

export interface App {
  readonly api: Api
  readonly route: Route
  readonly preferences: Preferences
  readonly toasts: Toasts
  readonly list: ListState
  readonly actions: Actions
  readonly session: Accessor<SessionInfo | undefined>
  /** Lines of the log that came in just now. */
  readonly news: Accessor<readonly LogLine[]>
  readonly dialog: Accessor<Dialog | undefined>
  open(dialog: Dialog | undefined): void
  /** What came while others were about to be added: it joins them. */
  readonly joining: Accessor<Sources | undefined>
  add(sources: Sources): void
  menu(at: { readonly x: number; readonly y: number }, entries: readonly MenuEntry[]): void
  /** Runs it; what fails is told at the edge of the page. */
  attempt<T>(work: () => Promise<T>): Promise<T | undefined>
}

export const AppContext = createContext<App>()

export function useApp(): App {
  return useContext(AppContext)!
}
