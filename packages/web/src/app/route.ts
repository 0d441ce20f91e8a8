/** Where the page is, in the address: going back goes back, and a view can be kept as a bookmark. */
import { type Accessor, createSignal } from 'solid-js'
import { hashOf, type Place, placeFrom, type View } from '../model/location.ts'

export interface Route {
  readonly place: Accessor<Place>
  /** A step that going back undoes, or, with `replace`, not: for what is typed. */
  go(change: Partial<Place>, how?: 'push' | 'replace'): void
  view(change: Partial<View>, how?: 'push' | 'replace'): void
}

export function route(): Route {
  const [place, setPlace] = createSignal(placeFrom(location.hash))
  addEventListener('popstate', () => setPlace(placeFrom(location.hash)))
  const go = (change: Partial<Place>, how: 'push' | 'replace' = 'push'): void => {
    const next = { ...place(), ...change }
    const url = `${location.pathname}${location.search}${hashOf(next)}`
    if (how === 'push') history.pushState(null, '', url)
    else history.replaceState(null, '', url)
    setPlace(next)
  }
  return { place, go, view: (change, how) => go({ view: { ...place().view, ...change } }, how) }
}
