/** What happens in a window of the list: as a stream, or asked for now and then where there is none to be had. */
import type { Pace } from '../model/front.ts'
import { type Api, ApiError, type EventsOptions } from './api.ts'

/** Somebody may see it. */
const ASK_MS = 3000
/** Nobody does: for the title, and for whoever wants to be told when something is done. */
const REST_MS = 15_000

export function follow(api: Api, pace: Pace, options: EventsOptions): void {
  if (pace === 'stream') api.events(options)
  else void ask(api, options, pace === 'ask' ? ASK_MS : REST_MS)
}

async function ask(api: Api, options: EventsOptions, everyMs: number): Promise<void> {
  const { query, signal, onEvent, onState } = options
  while (!signal.aborted) {
    try {
      const [page, session] = await Promise.all([api.list(query), api.info()])
      if (signal.aborted) return
      onState('open')
      const { total, items, facets } = page
      onEvent({ type: 'window', total, ids: items.map(({ id }) => id), rows: items, facets })
      onEvent({ type: 'session', changed: session })
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      if (error.status === 401) return onState('refused')
      onState('lost')
    }
    await pause(everyMs, signal)
  }
}

/** Ends at once when nobody waits any more. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>(done => {
    const timer = setTimeout(end, ms)
    function end(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      done()
    }
    signal.addEventListener('abort', end)
  })
}
