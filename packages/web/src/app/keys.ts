/** Keys that work anywhere on the page, unless somebody types. */
import { onCleanup, onMount } from 'solid-js'
import { TABS } from '../model/location.ts'
import type { App } from './context.ts'

/** What the list knows: where nothing has the keyboard, it has. */
const LIST_KEYS = new Set([
  'ArrowDown',
  'ArrowUp',
  'PageDown',
  'PageUp',
  'Home',
  'End',
  'a',
  's',
  'p',
  'm',
  'Delete',
  'Enter',
  ' ',
])

export function useKeys(app: App): void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || app.dialog() !== undefined) return
    if (document.activeElement === document.body && LIST_KEYS.has(event.key)) {
      const list = document.getElementById('list')
      list?.focus()
      if (list?.dispatchEvent(new KeyboardEvent('keydown', event)) === false) event.preventDefault()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (isTyping(event.target)) return
    const tab = TABS[Number(event.key) - 1]
    if (event.key === '/') {
      // Where the list is not to be seen, it comes first.
      if (document.getElementById('search') === null) app.route.go({ page: null, torrent: null })
      queueMicrotask(() => document.getElementById('search')?.focus())
    } else if (event.key === '?') app.open({ kind: 'keys' })
    else if (event.key === 'n') app.open({ kind: 'add', sources: [], files: [] })
    else if (tab !== undefined && app.route.place().torrent !== null) app.route.go({ tab }, 'replace')
    else if (event.key === 'Escape' && app.route.place().page !== null) app.route.go({ page: null })
    else if (event.key === 'Escape' && app.route.place().torrent !== null) app.route.go({ torrent: null })
    else return
    event.preventDefault()
  }
  onMount(() => addEventListener('keydown', onKey))
  onCleanup(() => removeEventListener('keydown', onKey))
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable)
  )
}
