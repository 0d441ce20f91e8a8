/** Whether the page is laid out for a phone. */
import { type Accessor, createSignal, onCleanup } from 'solid-js'

export const NARROW = '(max-width: 720px)'

export function useNarrow(): Accessor<boolean> {
  const media = matchMedia(NARROW)
  const [narrow, setNarrow] = createSignal(media.matches)
  const follow = (): void => void setNarrow(media.matches)
  media.addEventListener('change', follow)
  onCleanup(() => media.removeEventListener('change', follow))
  return narrow
}
