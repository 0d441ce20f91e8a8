/** Transmission's folder: `torrents/*.torrent` (and `*.magnet`), and beside them `resume/*.resume`. Versions 2 to 4. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import { parseMagnet, parseTorrent } from '@shoal/engine'
import type { FilePriority, Goals } from '../contract/index.ts'
import { Fields, readBencode } from './bencode.ts'
import type { Findings, FoundTorrent, Progress } from './found.ts'
import { messageOf } from './message.ts'

const PRIORITIES: Readonly<Record<number, FilePriority>> = { [-1]: 'low', 0: 'normal', 1: 'high' }
/** Modes of ratio and idle limits: as for all, this torrent's own, none. */
const OWN = 1
const NONE = 2

/** @throws Error where it is no folder of Transmission's */
export function readTransmission(folder: string): Findings {
  const torrents: FoundTorrent[] = []
  const problems: string[] = []
  for (const name of readdirSync(join(folder, 'torrents')).sort()) {
    if (!/\.(torrent|magnet)$/.test(name)) continue
    const path = join(folder, 'torrents', name)
    try {
      const resume = readFileSync(join(folder, 'resume', `${parse(name).name}.resume`))
      torrents.push(readOne(readFileSync(path), new Fields(readBencode(resume))))
    } catch (error) {
      problems.push(`${path}: ${messageOf(error)}`)
    }
  }
  return { torrents, problems }
}

function readOne(bytes: Buffer, resume: Fields): FoundTorrent {
  const link = magnetIn(bytes)
  const metainfo = link === undefined ? parseTorrent(bytes) : undefined
  const destination = resume.text('destination')
  if (destination === undefined) throw new Error('its resume file does not say where its data is')
  const files = resume.texts('files')
  const done = resume.positive('done-date')
  // What is not whole may be kept elsewhere meanwhile.
  const incomplete = done === undefined ? resume.text('incomplete-dir') : undefined
  return {
    id: metainfo?.infoHashHex ?? parseMagnet(link!).infoHashHex,
    source: link ?? bytes,
    dir: destination,
    place: incomplete ?? destination,
    paths: files.map(path => path || undefined),
    running: resume.number('paused') !== 1,
    progress: progressOf(resume.fields('progress')),
    priorities: prioritiesOf(resume),
    category: resume.text('group'),
    labels: resume.texts('labels').filter(label => label !== ''),
    trackers: undefined,
    sequential: resume.number('sequentialDownload') === 1 || resume.number('sequential-download') === 1,
    limits: {
      ...limit(resume.fields('speed-limit-down'), 'download'),
      ...limit(resume.fields('speed-limit-up'), 'upload'),
      ...(resume.fields('speed-limit-down')?.number('use-global-speed-limit') === 0
        ? { obeyGlobal: false }
        : {}),
    },
    goals: goalsOf(resume),
    addedAt: resume.positive('added-date'),
    completedAt: done,
    activeAt: resume.positive('activity-date'),
    downloadedBytes: resume.positive('downloaded') ?? 0,
    uploadedBytes: resume.positive('uploaded') ?? 0,
    downloadSeconds: resume.positive('downloading-time-seconds') ?? 0,
    seedSeconds: resume.positive('seeding-time-seconds') ?? 0,
  }
}

/** A link whose torrent is not known yet: a file of its own in version 4, before that a torrent file without content. */
function magnetIn(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8').trim()
  if (text.startsWith('magnet:')) return text
  if (!bytes.includes('11:magnet-info')) return undefined
  const info = new Fields(readBencode(bytes)).fields('magnet-info')
  const hash = info?.bytes('info_hash')
  if (hash === undefined) return undefined
  const name = info?.text('display-name')
  const trackers = new Fields(readBencode(bytes))
    .list('announce-list')
    .flat()
    .filter(each => Buffer.isBuffer(each))
  return [
    `magnet:?xt=urn:btih:${hash.toString('hex')}`,
    ...(name === undefined ? [] : [`dn=${encodeURIComponent(name)}`]),
    ...trackers.map(each => `tr=${encodeURIComponent(each.toString('utf8'))}`),
  ].join('&')
}

/** `have` is all where everything is there; `blocks` are those of 16 KiB that are. */
function progressOf(progress: Fields | undefined): Progress {
  const blocks = progress?.bytes('blocks')?.toString('latin1')
  const state = blocks === undefined ? 'unknown' : blocks === 'all' ? 'whole' : 'part'
  // Version 2 and 3 say when they looked, version 4 what they saw. A list is of the pieces of one file.
  const times = progress?.list('time-checked').length
    ? progress.list('time-checked')
    : progress?.list('mtimes')
  const checkedAt = times?.map(each => (typeof each === 'number' ? each : 0))
  return { state, checkedAt: checkedAt?.length ? checkedAt : undefined }
}

function prioritiesOf(resume: Fields): ReadonlyMap<number, FilePriority> {
  const priorities = new Map<number, FilePriority>()
  resume.list('priority').forEach((each, index) => {
    const priority = PRIORITIES[Number(each)] ?? 'normal'
    if (priority !== 'normal') priorities.set(index, priority)
  })
  resume.list('dnd').forEach((each, index) => {
    if (each === 1) priorities.set(index, 'skip')
  })
  return priorities
}

function limit(
  fields: Fields | undefined,
  which: 'download' | 'upload',
): Partial<Record<'download' | 'upload', number>> {
  const rate = fields?.positive('speed-Bps')
  return fields?.number('use-speed-limit') === 1 && rate !== undefined ? { [which]: rate } : {}
}

function goalsOf(resume: Fields): Partial<Goals> {
  const ratio = resume.fields('ratio-limit')
  const idle = resume.fields('idle-limit')
  const ratioMode = ratio?.number('ratio-mode')
  const idleMode = idle?.number('idle-mode')
  return {
    ...(ratioMode === OWN ? { ratio: Number(ratio?.text('ratio-limit')) || 0 } : {}),
    ...(ratioMode === NONE ? { ratio: 'none' as const } : {}),
    ...(idleMode === OWN ? { idleSeconds: (idle?.number('idle-limit') ?? 0) * 60 } : {}),
    ...(idleMode === NONE ? { idleSeconds: 'none' as const } : {}),
  }
}
