/** What can be done with the selection, and which columns there are: the entries of menus. */
import type { Category, TorrentRow } from '@shoal/daemon/contract'
import { picked } from '../app/actions.ts'
import type { App, ChosenRow } from '../app/context.ts'
import { COLUMNS, DEFAULT_COLUMNS, toggledColumn } from '../model/columns.ts'
import type { MenuEntry } from '../ui/menu.tsx'
import { t } from '../words/index.ts'

export function columnEntries(app: App): MenuEntry[] {
  const [choice, setChoice] = app.preferences.columns
  return [
    ...COLUMNS.filter(column => column.key !== 'name').map(column => ({
      text: t().columns[column.key],
      checked: choice().order.includes(column.key),
      run: () => setChoice(toggledColumn(choice(), column.key)),
    })),
    'line',
    { text: t().list.reset, run: () => setChoice(DEFAULT_COLUMNS) },
  ]
}

/** `row` is one of those selected; what concerns one torrent only is shown for one only. */
export function torrentEntries(
  app: App,
  ids: readonly string[],
  row: TorrentRow,
  categories: readonly Category[],
): MenuEntry[] {
  const w = t().actions
  const one = ids.length === 1
  const act = (action: Parameters<App['actions']['act']>[0]) => () =>
    void app.attempt(() => app.actions.act(action, ids))
  const entries: MenuEntry[] = [
    { text: w.start, icon: 'start', run: act('start') },
    { text: w.stop, icon: 'stop', run: act('stop') },
    { text: w.force, icon: 'force', hint: w.forceHint, run: act('force') },
    'line',
    {
      text: w.queue,
      icon: 'queue',
      entries: (['queue-top', 'queue-up', 'queue-down', 'queue-bottom'] as const).map(action => ({
        text: w[action],
        run: act(action),
      })),
    },
    {
      text: w.category,
      icon: 'folder',
      entries: [
        {
          text: t().category.none,
          checked: row.category === null,
          run: () => void app.attempt(() => app.actions.setCategory(ids, null)),
        },
        ...categories.map(({ name }) => ({
          text: name,
          checked: row.category === name,
          run: () => void app.attempt(() => app.actions.setCategory(ids, name)),
        })),
        'line',
        { text: w.newCategory, run: () => app.open({ kind: 'category', ids }) },
      ],
    },
    {
      text: w.labels,
      icon: 'edit',
      run: () => openWithRows(app, ids, rows => app.open({ kind: 'labels', ids, rows })),
    },
    { text: w.limits, icon: 'settings', run: () => app.open({ kind: 'limits', ids }) },
    'line',
    {
      text: w.move,
      icon: 'folder',
      run: () => openWithRows(app, ids, rows => app.open({ kind: 'move', ids, rows })),
    },
    { text: w.check, icon: 'search', run: act('check') },
    { text: w.reannounce, icon: 'globe', run: act('reannounce') },
  ]
  if (one) {
    entries.push(
      {
        text: w.sequential,
        checked: row.sequential,
        run: () => void app.attempt(() => app.api.patch(row.id, { sequential: !row.sequential })),
      },
      { text: w.rename, icon: 'edit', run: () => app.open({ kind: 'rename', row }) },
      'line',
      { text: w.copyMagnet, icon: 'magnet', run: () => void app.attempt(() => copyMagnet(app, row.id)) },
    )
    if (row.state !== 'fetching') {
      entries.push(
        { text: w.torrentFile, icon: 'file', href: app.api.torrentFileUrl(row.id), download: true },
        { text: w.playlist, icon: 'play', href: app.api.playlistUrl(row.id), download: true },
      )
    }
  }
  entries.push('line', {
    text: w.remove,
    icon: 'remove',
    danger: true,
    run: () => openWithRows(app, ids, rows => app.open({ kind: 'remove', ids, rows })),
  })
  return entries
}

export function openWithRows(
  app: App,
  ids: readonly string[],
  open: (rows: readonly ChosenRow[]) => void,
): void {
  void app.attempt(async () => open(await picked(app.api, ids, ['name', 'dir', 'haveBytes', 'labels'])))
}

async function copyMagnet(app: App, id: string): Promise<void> {
  const { magnet } = await app.api.detail(id)
  await copy(magnet)
  app.toasts.done(t().app.copied)
}

/** The clipboard is there over HTTPS and at localhost only; elsewhere the old way still works. */
export async function copy(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text)
  const field = document.createElement('textarea')
  field.value = text
  document.body.append(field)
  field.select()
  document.execCommand('copy')
  field.remove()
}
