/**
 * qBittorrent's folder `BT_backup`: `*.fastresume` of libtorrent's with fields of its own, and beside them `*.torrent`
 * without trackers, which are in the first. Versions 4 and 5; those that keep it in a database (`SQLite`) are not read.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FilePriority, Goals } from '../contract/index.ts'
import { Fields, readBencode } from './bencode.ts'
import type { Findings, FoundTorrent, Progress } from './found.ts'
import { messageOf } from './message.ts'

const BACKUP = 'BT_backup'
/** Numbers that stand for the limits of all torrents, and for none. */
const GLOBAL = -2
const NONE = -1
const HAVE = 1

/** @throws Error where it is no folder of qBittorrent's */
export function readQbittorrent(folder: string): Findings {
  const backup = [folder, join(folder, BACKUP), join(folder, 'data', BACKUP)].find(
    path => existsSync(path) && readdirSync(path).some(name => name.endsWith('.fastresume')),
  )
  if (backup === undefined) {
    const isDatabase =
      existsSync(join(folder, 'torrents.db')) || existsSync(join(folder, 'data', 'torrents.db'))
    throw new Error(
      isDatabase
        ? `${folder} keeps torrents in a database: set the storage type of resume data to files in qBittorrent, and start it anew`
        : `there is no ${BACKUP} with *.fastresume in ${folder}`,
    )
  }
  const torrents: FoundTorrent[] = []
  const problems: string[] = []
  for (const name of inOrder(backup)) {
    const path = join(backup, `${name}.fastresume`)
    try {
      torrents.push(readOne(join(backup, `${name}.torrent`), new Fields(readBencode(readFileSync(path)))))
    } catch (error) {
      problems.push(`${path}: ${messageOf(error)}`)
    }
  }
  return { torrents, problems }
}

/** Those of its queue first. */
function inOrder(backup: string): readonly string[] {
  const names = readdirSync(backup)
    .filter(name => name.endsWith('.fastresume'))
    .map(name => name.slice(0, -'.fastresume'.length))
  const queue = existsSync(join(backup, 'queue'))
    ? readFileSync(join(backup, 'queue'), 'utf8').split('\n')
    : []
  const queued = queue.map(line => line.trim()).filter(line => names.includes(line))
  return [...new Set([...queued, ...names.sort()])]
}

function readOne(torrentPath: string, resume: Fields): FoundTorrent {
  const id = resume.bytes('info-hash')?.toString('hex')
  const place = resume.text('save_path')
  if (id === undefined || /^0*$/.test(id)) throw new Error('it is a torrent of version 2 only')
  if (place === undefined) throw new Error('it does not say where its data is')
  const trackers = resume
    .list('trackers')
    .map(tier =>
      (Array.isArray(tier) ? tier : []).map(url => (Buffer.isBuffer(url) ? url.toString('utf8') : '')),
    )
  const isKnown = existsSync(torrentPath)
  const down = resume.positive('download_rate_limit')
  const up = resume.positive('upload_rate_limit')
  return {
    id,
    source: isKnown
      ? readFileSync(torrentPath)
      : magnetOf(id, resume.text('qBt-name') ?? resume.text('name'), trackers.flat()),
    dir: resume.text('qBt-savePath') ?? place,
    place,
    paths: resume.texts('mapped_files').map(path => path || undefined),
    // Managed by its queue and paused: it waits for its turn.
    running: resume.number('paused') !== 1 || resume.number('auto_managed') === 1,
    progress: progressOf(resume.bytes('pieces')),
    priorities: prioritiesOf(resume.list('file_priority').map(Number)),
    category: resume.text('qBt-category'),
    labels: resume.texts('qBt-tags').filter(tag => tag !== ''),
    trackers: isKnown ? trackers : undefined,
    sequential: resume.number('sequential_download') === 1,
    limits: {
      ...(down === undefined ? {} : { download: down }),
      ...(up === undefined ? {} : { upload: up }),
    },
    goals: goalsOf(resume),
    addedAt: resume.positive('added_time'),
    completedAt: resume.positive('completed_time'),
    activeAt: Math.max(resume.number('last_download') ?? 0, resume.number('last_upload') ?? 0) || undefined,
    downloadedBytes: resume.positive('total_downloaded') ?? 0,
    uploadedBytes: resume.positive('total_uploaded') ?? 0,
    downloadSeconds: Math.max(0, (resume.number('active_time') ?? 0) - (resume.number('finished_time') ?? 0)),
    seedSeconds: resume.positive('seeding_time') ?? 0,
  }
}

function magnetOf(id: string, name: string | undefined, trackers: readonly string[]): string {
  return [
    `magnet:?xt=urn:btih:${id}`,
    ...(name === undefined ? [] : [`dn=${encodeURIComponent(name)}`]),
    ...trackers.map(url => `tr=${encodeURIComponent(url)}`),
  ].join('&')
}

/** A byte a piece. Empty: it did not look yet when it was ended. */
function progressOf(pieces: Buffer | undefined): Progress {
  if (pieces === undefined || pieces.length === 0) return { state: 'unknown', checkedAt: undefined }
  return { state: pieces.every(piece => (piece & HAVE) !== 0) ? 'whole' : 'part', checkedAt: undefined }
}

/** 0 is skipped, 1 to 3 are low, 4 is normal, above is high; qBittorrent itself says 1 for normal, 6 and 7 for high. */
function prioritiesOf(given: readonly number[]): ReadonlyMap<number, FilePriority> {
  const priorities = new Map<number, FilePriority>()
  given.forEach((priority, index) => {
    if (priority === 0) priorities.set(index, 'skip')
    else if (priority >= 6) priorities.set(index, 'high')
  })
  return priorities
}

function goalsOf(resume: Fields): Partial<Goals> {
  const ratio = resume.number('qBt-ratioLimit') ?? GLOBAL * 1000
  const minutes = resume.number('qBt-seedingTimeLimit') ?? GLOBAL
  return {
    ...(ratio >= 0 ? { ratio: ratio / 1000 } : ratio === NONE * 1000 ? { ratio: 'none' as const } : {}),
    ...(minutes >= 0
      ? { seedSeconds: minutes * 60 }
      : minutes === NONE
        ? { seedSeconds: 'none' as const }
        : {}),
  }
}
