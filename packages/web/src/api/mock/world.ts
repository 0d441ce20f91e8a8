/** Torrents that live: rates go up and down, some finish, some stall and say why. */
import type { FileRow, LogLine, Reason, TorrentRow, Why } from '@shoal/daemon/contract'
import { LABELS, TRACKERS, workFrom } from './names.ts'
import { PAYLOADS } from './payloads.ts'
import { type Random, randomFrom } from './random.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
export type MockRow = Mutable<TorrentRow>

const GIB = 1024 ** 3
const KIB = 1024
const DAY = 86_400
/** Of the torrents that run, how many change in a second. */
const LIVELINESS = 0.2

const WHYS: readonly Reason[] = [
  {
    code: 'MISSING_PIECES',
    text: 'Nobody connected has piece 17 and 11 others.',
    facts: { pieces: 12, first: 17 },
  },
  {
    code: 'ALL_CHOKED',
    text: '12 peers have what we need, and all of them let us wait.',
    facts: { peers: 12 },
  },
  {
    code: 'TRACKERS_FAIL',
    text: 'The tracker does not help: torrent not registered with this tracker.',
    facts: { trackers: 1, message: 'torrent not registered with this tracker', dhtNodes: null },
  },
  {
    code: 'NO_PEERS',
    text: 'The trackers know no other peer yet; the DHT is asked (387 nodes).',
    facts: { trackers: 2, dhtNodes: 387 },
  },
  {
    code: 'DISK',
    text: 'The disk is the limit: 31 MiB wait to be written, at 48 MiB/s.',
    facts: { waitingBytes: 32_505_856, bytesPerSec: 50_331_648 },
  },
]
const ERRORS: readonly Why[] = [
  {
    code: 'DISK_FULL',
    text: 'cannot write /data/films: no space left on device',
    facts: { subject: '/data/films' },
  },
  {
    code: 'DISK_READ',
    text: '/data/music/disc 1/03.flac is gone. Check it, or put the file back.',
    facts: { subject: '/data/music/disc 1/03.flac' },
  },
]
const QUEUED: Reason = {
  code: 'QUEUED',
  text: 'Place 3 of 40 in the queue: 5 downloads run at a time.',
  facts: { place: 3, of: 40, limit: 5, kind: 'download' },
}

export interface World {
  readonly random: Random
  readonly rows: Map<string, MockRow>
  readonly hostile: boolean
  readonly log: LogLine[]
  /** A second goes by. @returns ids of those that changed */
  tick(): string[]
  make(name?: string): MockRow
  files(id: string): FileRow[]
}

export function worldOf(count: number, hostile: boolean): World {
  const random = randomFrom(20_261_129)
  const rows = new Map<string, MockRow>()
  const extensions = new Map<string, string>()
  const files = new Map<string, FileRow[]>()
  const log: LogLine[] = []
  const now = (): number => Math.floor(Date.now() / 1000)
  const hostileText = (index: number): string => PAYLOADS[index % PAYLOADS.length]!

  const make = (name?: string): MockRow => {
    const number = rows.size
    const work = workFrom(random)
    const id = Array.from({ length: 40 }, () => random.int(0, 15).toString(16)).join('')
    const kind = random()
    const totalBytes = Math.floor(GIB * (0.05 + random() ** 4 * 90))
    const state: TorrentRow['state'] =
      kind < 0.12
        ? 'downloading'
        : kind < 0.62
          ? 'seeding'
          : kind < 0.68
            ? 'queued'
            : kind < 0.94
              ? 'stopped'
              : kind < 0.955
                ? 'error'
                : kind < 0.97
                  ? 'checking'
                  : kind < 0.98
                    ? 'moving'
                    : 'fetching'
    const complete = state === 'seeding' || state === 'moving' || (state === 'stopped' && random() < 0.8)
    const progress = complete ? 1 : state === 'fetching' ? random() * 0.5 : random()
    const haveBytes = state === 'fetching' ? 0 : Math.floor(totalBytes * progress)
    const addedAt = now() - random.int(60, 900 * DAY)
    const uploaded = complete
      ? Math.floor(totalBytes * random() ** 3 * 12)
      : Math.floor(haveBytes * random() * 0.4)
    const slow = state === 'downloading' && random() < 0.35
    extensions.set(id, work.extension)
    const row: MockRow = {
      id,
      name: name ?? (hostile ? hostileText(number) : work.name),
      state,
      intent: state === 'stopped' ? 'stop' : random() < 0.02 ? 'force' : 'run',
      complete,
      progress,
      work: state === 'checking' || state === 'moving' ? random() : 1,
      totalBytes: state === 'fetching' ? 0 : totalBytes,
      wantedBytes: state === 'fetching' ? 0 : totalBytes,
      haveBytes,
      leftBytes: state === 'fetching' ? 0 : totalBytes - haveBytes,
      downloadRate: state === 'downloading' && !slow ? Math.ceil(random() ** 4 * 1900) * KIB : 0,
      uploadRate: state === 'seeding' && random() < 0.1 ? random.int(1, 900) * KIB : 0,
      etaSeconds: null,
      downloadedBytes: Math.floor(haveBytes * 1.01),
      uploadedBytes: uploaded,
      ratio: uploaded / Math.max(1, haveBytes),
      seeds: state === 'downloading' ? random.int(0, 40) : 0,
      peers: state === 'downloading' || state === 'seeding' ? random.int(0, 25) : 0,
      sending: 0,
      receiving: 0,
      swarmSeeds: random() < 0.1 ? null : random.int(1, 1800),
      swarmPeers: random() < 0.1 ? null : random.int(0, 300),
      availability: state === 'downloading' ? random() * 20 : null,
      addedAt,
      completedAt: complete ? addedAt + random.int(300, 20_000) : null,
      activeAt: now() - random.int(0, 40 * DAY),
      downloadSeconds: random.int(100, 90_000),
      seedSeconds: complete ? random.int(100, 900_000) : 0,
      queue: number + 1,
      category: hostile || random() < 0.85 ? (hostile ? hostileText(number + 1) : work.category) : null,
      labels: hostile || random() < 0.3 ? [hostile ? hostileText(number + 2) : random.pick(LABELS)] : [],
      dir: hostile ? `/data/${hostileText(number + 5)}` : `/data/${work.category.toLowerCase()}`,
      tracker: !hostile && random() < 0.05 ? null : hostile ? hostileText(number + 3) : random.pick(TRACKERS),
      private: random() < 0.1,
      sequential: random() < 0.03,
      error: state === 'error' ? random.pick(ERRORS) : null,
      why: slow ? random.pick(WHYS) : state === 'queued' ? QUEUED : null,
    }
    if (hostile) Object.assign(row, hostileWords(number, hostileText(number + 4)))
    if (row.downloadRate > 0) row.etaSeconds = Math.ceil(row.leftBytes / row.downloadRate)
    rows.set(id, row)
    return row
  }

  for (let index = 0; index < count; index++) make()
  for (let index = 0; index < (hostile ? 2 * PAYLOADS.length : 60); index++) {
    const row = random.pick([...rows.values()])
    log.push({
      at: now() - (60 - index) * 41,
      level: index % 17 === 0 ? 'error' : index % 7 === 0 ? 'warn' : 'info',
      id: row?.id ?? null,
      text: hostile
        ? hostileText(index)
        : index % 7 === 0
          ? `${row?.tracker ?? 'the DHT'} did not answer within 15 s; next try in 5 min`
          : `announced to ${row?.tracker ?? 'the DHT'}: ${random.int(0, 80)} peers`,
    })
  }

  return {
    random,
    rows,
    hostile,
    log,
    make,
    tick() {
      const changed: string[] = []
      for (const row of rows.values()) {
        if (step(row, random, now())) changed.push(row.id)
      }
      return changed
    },
    files(id) {
      let found = files.get(id)
      if (found === undefined) {
        found = filesOf(rows.get(id)!, extensions.get(id) ?? 'bin', random, hostile ? hostileText : undefined)
        files.set(id, found)
      }
      return found
    },
  }
}

/** In turn: the text itself, what it is made of, and the code; as errors and as reasons. */
function hostileWords(number: number, text: string): Pick<TorrentRow, 'error' | 'why'> {
  const words: readonly Why[] = [
    { code: 'X', text },
    { code: 'DISK_WRITE', text, facts: { subject: text } },
    { code: text, text, facts: { subject: text } },
  ]
  const error = words[number % 3]!
  const why: Why =
    number % 2 === 0
      ? { code: 'TRACKERS_FAIL', text, facts: { trackers: 1, message: text, dhtNodes: null } }
      : error
  return number % 4 < 2 ? { error, why: null } : { error: null, why }
}

function step(row: MockRow, random: Random, nowSeconds: number): boolean {
  if (random() > LIVELINESS) return false
  switch (row.state) {
    case 'downloading': {
      if (row.why !== null) return false
      row.downloadRate = Math.max(KIB, Math.floor(row.downloadRate * (0.85 + random() * 0.32)))
      row.uploadRate = Math.floor(row.downloadRate * random() * 0.2)
      row.haveBytes = Math.min(row.wantedBytes, row.haveBytes + row.downloadRate)
      row.downloadedBytes += row.downloadRate
      row.leftBytes = row.wantedBytes - row.haveBytes
      row.progress = row.haveBytes / Math.max(1, row.wantedBytes)
      row.etaSeconds = Math.ceil(row.leftBytes / row.downloadRate)
      row.seeds = Math.max(1, row.seeds + random.int(-1, 1))
      row.activeAt = nowSeconds
      if (row.leftBytes === 0) {
        Object.assign(row, { state: 'seeding', complete: true, downloadRate: 0, etaSeconds: null, seeds: 0 })
        row.completedAt = nowSeconds
      }
      return true
    }
    case 'seeding': {
      if (row.uploadRate === 0 && random() > 0.01) return false
      row.uploadRate = random() < 0.03 ? 0 : Math.floor((row.uploadRate || 40 * KIB) * (0.8 + random() * 0.4))
      row.uploadedBytes += row.uploadRate
      row.ratio = row.uploadedBytes / Math.max(1, row.haveBytes)
      row.activeAt = nowSeconds
      return true
    }
    case 'checking':
    case 'moving':
      row.work += 0.01
      if (row.work >= 1) {
        row.work = 1
        row.state = row.complete ? 'seeding' : 'downloading'
      }
      return true
    default:
      return false
  }
}

function filesOf(
  row: MockRow,
  extension: string,
  random: Random,
  hostile: ((index: number) => string) | undefined,
): FileRow[] {
  // Now and then one of those that bring other pages to their knees.
  const kind = Number.parseInt(row.id.slice(0, 2), 16)
  const count = kind < 4 ? 50_000 : kind < 60 ? 1 : random.int(2, 140)
  const pieces = Math.max(1, Math.ceil(row.totalBytes / (4 * 1024 * 1024)))
  const each = Math.floor(row.totalBytes / count)
  return Array.from({ length: count }, (_, index) => {
    const folder =
      count > 200
        ? `${row.name}/set ${Math.floor(index / 500)}/part ${Math.floor(index / 50) % 10}`
        : index % 9 === 5
          ? `${row.name}/Extras`
          : row.name
    const name = `${String(index + 1).padStart(2, '0')} ${['Overture', 'Allegro', 'Notes', 'Finale'][index % 4]}.${index % 9 === 5 ? 'txt' : extension}`
    const share = row.complete ? 1 : Math.max(0, Math.min(1, row.progress * count - index))
    return {
      index,
      path: hostile === undefined ? (count === 1 ? row.name : `${folder}/${name}`) : hostile(index),
      length: each,
      haveBytes: Math.floor(each * share),
      priority: index % 23 === 7 ? 'skip' : 'normal',
      pieces: {
        first: Math.floor((index * pieces) / count),
        last: Math.floor(((index + 1) * pieces - 1) / count),
      },
    }
  })
}
