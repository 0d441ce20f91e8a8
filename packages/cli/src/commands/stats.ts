import type { SessionInfo } from '@shoal/daemon/contract'
import type { Command } from 'commander'
import { formatBytes, formatCount, formatRate, formatRatio, formatWholeSeconds, plural } from '../format.ts'
import { print, printDocument } from '../output.ts'
import { finishRemote, type RemoteOptions, remoteCommand, tableLook, withDaemon } from '../remote/command.ts'
import { safeText } from '../terminal/safe-text.ts'
import type { Style } from '../terminal/style.ts'

export function defineStats(): Command {
  const command = remoteCommand({
    name: 'stats',
    description: 'The daemon as a whole: speeds, totals, disk space, reachability.',
  })
  return finishRemote(command, {
    examples: [
      ['shoal stats', 'for people'],
      ['shoal stats --json | jq .downloadRate', 'for scripts'],
    ],
  }).action((options: RemoteOptions) =>
    withDaemon(options, async client => {
      const info = await client.session()
      if (options.json) return printDocument(info)
      for (const line of renderStats(info, tableLook(options).style, Date.now() / 1000)) print(line)
    }),
  )
}

const REACHABLE: Readonly<Record<SessionInfo['reachable'], string>> = {
  yes: 'others reach it',
  no: 'nobody has reached it: see shoal doctor',
  unknown: 'nobody has tried to reach it yet',
}

export function renderStats(info: SessionInfo, style: Style, now: number): string[] {
  const { torrents, session, ever, alternative, limits } = info
  const inForce = alternative.active ? alternative : limits
  const limit = (rate: number | null): string => (rate === null ? '' : ` of at most ${formatRate(rate)}`)
  const totals = (of: SessionInfo['ever']): string =>
    `${formatBytes(of.downloadedBytes)} received, ${formatBytes(of.uploadedBytes)} sent, ratio ${formatRatio(of.uploadedBytes / Math.max(1, of.downloadedBytes))}`
  const states = [
    [torrents.downloading, 'downloading'],
    [torrents.seeding, 'seeding'],
    [torrents.queued, 'queued'],
    [torrents.stopped, 'stopped'],
    [torrents.error, 'with an error'],
  ] as const
  const parts = states.filter(([count]) => count > 0).map(([count, word]) => `${formatCount(count)} ${word}`)
  const rows: (readonly [string, string])[] = [
    ['Down', `${formatRate(info.downloadRate)}${limit(inForce.download)}`],
    [
      'Up',
      `${formatRate(info.uploadRate)}${limit(inForce.upload)}${alternative.active ? style.warn(' (alternative limits)') : ''}`,
    ],
    ['Torrents', parts.length === 0 ? 'none' : `${formatCount(torrents.all)}: ${parts.join(', ')}`],
    ['Peers', plural(info.connections, 'connection')],
    ['Port', `${info.port}, ${REACHABLE[info.reachable]}`],
    ['DHT', info.dht === null ? 'off' : plural(info.dht.nodes, 'node')],
    ['This time', totals(session)],
    ['Ever', totals(ever)],
    ...info.folders.map(
      ({ path, freeBytes }) =>
        [
          'Folder',
          `${safeText(path)}${freeBytes === null ? '' : `, ${formatBytes(freeBytes)} free`}`,
        ] as const,
    ),
    ...info.why.map(({ text }) => ['Note', style.warn(safeText(text))] as const),
    ['Running', `${formatWholeSeconds(Math.max(0, now - info.startedAt))}, version ${info.version}`],
  ]
  return rows.map(([label, value]) => `${style.dim(label.padEnd(10))} ${value}`)
}
