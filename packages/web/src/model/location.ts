/** What the address shows after `#`: a view can be kept as a bookmark, and the daemon may stand under any path. */
import {
  type ListQuery,
  SORT_KEYS,
  type SortKey,
  STATE_FILTERS,
  type StateFilter,
} from '@shoal/daemon/contract'

export const PAGES = ['settings', 'tokens', 'categories', 'log', 'graph', 'about'] as const
export type Page = (typeof PAGES)[number]
export const TABS = ['general', 'files', 'peers', 'trackers', 'pieces', 'speed', 'log'] as const
export type Tab = (typeof TABS)[number]

/** What a view of the list is: all but the window. */
export type View = Required<
  Pick<ListQuery, 'sort' | 'order' | 'state' | 'category' | 'label' | 'tracker' | 'text'>
>

export interface Place {
  readonly view: View
  readonly page: Page | null
  readonly torrent: string | null
  readonly tab: Tab
  /** Of the one-time link. */
  readonly setup: string | null
  /** A magnet link that the browser handed over. */
  readonly add: string | null
}

export const DEFAULT_VIEW: View = {
  sort: 'addedAt',
  order: 'desc',
  state: [],
  category: [],
  label: [],
  tracker: [],
  text: '',
}

export function placeFrom(hash: string): Place {
  const params = new URLSearchParams(hash.replace(/^#/, ''))
  const sort = params.get('sort')
  const page = params.get('page')
  const tab = params.get('tab')
  const torrent = params.get('torrent')
  return {
    view: {
      sort: isOneOf(SORT_KEYS, sort) ? sort : DEFAULT_VIEW.sort,
      order:
        params.get('order') === 'asc' ? 'asc' : params.get('order') === 'desc' ? 'desc' : DEFAULT_VIEW.order,
      state: params
        .getAll('state')
        .filter((state): state is StateFilter => (STATE_FILTERS as readonly string[]).includes(state)),
      category: params.getAll('category'),
      label: params.getAll('label'),
      tracker: params.getAll('tracker'),
      text: params.get('text') ?? '',
    },
    page: isOneOf(PAGES, page) ? page : null,
    torrent: torrent !== null && /^[0-9a-f]{40}$/.test(torrent) ? torrent : null,
    tab: isOneOf(TABS, tab) ? tab : 'general',
    setup: params.get('setup'),
    add: params.get('add'),
  }
}

/** '' for the plain list. */
export function hashOf(place: Place): string {
  const params = new URLSearchParams()
  const { view } = place
  if (view.sort !== DEFAULT_VIEW.sort || view.order !== DEFAULT_VIEW.order) {
    params.set('sort', view.sort)
    params.set('order', view.order)
  }
  for (const key of ['state', 'category', 'label', 'tracker'] as const) {
    for (const value of view[key]) params.append(key, value)
  }
  if (view.text !== '') params.set('text', view.text)
  if (place.page !== null) params.set('page', place.page)
  if (place.torrent !== null) params.set('torrent', place.torrent)
  if (place.add !== null) params.set('add', place.add)
  if (place.torrent !== null && place.tab !== 'general') params.set('tab', place.tab)
  const text = params.toString()
  return text === '' ? '' : `#${text}`
}

/** Clicking a header: that one, or the other way round; sizes, rates and times begin with the largest. */
export function sortedBy(view: View, sort: SortKey): View {
  if (view.sort === sort) return { ...view, order: view.order === 'asc' ? 'desc' : 'asc' }
  const ascending: readonly SortKey[] = ['queue', 'name', 'state', 'category', 'tracker', 'etaSeconds']
  return { ...view, sort, order: ascending.includes(sort) ? 'asc' : 'desc' }
}

function isOneOf<T extends string>(list: readonly T[], value: string | null): value is T {
  return value !== null && (list as readonly string[]).includes(value)
}
