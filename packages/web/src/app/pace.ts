/** How this page follows what happens: pages of one browser tell each other when they come to the front. */
import { type Accessor, createSignal, onCleanup } from 'solid-js'
import { Front, type Pace } from '../model/front.ts'

const CHANNEL = 'shoal.front'

interface News {
  readonly page: string
  readonly isShown: boolean
}

export function followPace(): Accessor<Pace> {
  const page = Math.random().toString(36).slice(2)
  const front = new Front()
  const channel = new BroadcastChannel(CHANNEL)
  const [pace, setPace] = createSignal<Pace>('stream')
  const tell = (isShown: boolean): void => {
    if (isShown) front.come()
    channel.postMessage({ page, isShown } satisfies News)
    setPace(front.pace(document.hidden))
  }
  channel.onmessage = ({ data }: MessageEvent<News>) => {
    front.onOther(data.page, data.isShown)
    setPace(front.pace(document.hidden))
  }
  const look = (): void => tell(!document.hidden)
  const leave = (): void => tell(false)
  look()
  addEventListener('focus', look)
  addEventListener('pageshow', look)
  addEventListener('pagehide', leave)
  document.addEventListener('visibilitychange', look)
  onCleanup(() => {
    leave()
    channel.close()
    removeEventListener('focus', look)
    removeEventListener('pageshow', look)
    removeEventListener('pagehide', leave)
    document.removeEventListener('visibilitychange', look)
  })
  return pace
}
