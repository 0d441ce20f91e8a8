/** A notification when a download is done, for those who asked for it. */
import { createEffect, on } from 'solid-js'
import { t } from '../words/index.ts'
import type { App } from './context.ts'

/** Those that came to an end together. */
const LATEST = 10

export function notifyWhenDone(app: App): void {
  let since = Date.now() / 1000
  createEffect(
    on(
      () => app.session()?.torrents.seeding ?? 0,
      async (now, before) => {
        if (before === undefined || now <= before || !app.preferences.notify[0]()) return
        if (!('Notification' in globalThis) || Notification.permission !== 'granted') return
        const page = await app.api
          .list({ state: ['complete'], sort: 'completedAt', order: 'desc', limit: LATEST })
          .catch(() => undefined)
        for (const row of page?.items ?? []) {
          if (row.completedAt === null || row.completedAt <= since) continue
          const note = notice(t().done(row.name), row.id)
          if (note === undefined) return
          note.onclick = () => {
            focus()
            app.route.go({ torrent: row.id, page: null })
          }
        }
        since = Math.max(since, ...(page?.items.map(row => row.completedAt ?? 0) ?? []))
      },
    ),
  )
}

/** Undefined: browsers of phones have them for service workers only. */
function notice(text: string, tag: string): Notification | undefined {
  try {
    return new Notification(text, { tag, icon: './icon-192.png' })
  } catch {
    return undefined
  }
}
