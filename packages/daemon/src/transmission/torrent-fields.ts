/**
 * What `torrent-get` tells, by Transmission's names up to 4.0 (see names.ts). A value is computed only when its field is
 * asked for, and waits only where the torrent's row does not hold it.
 */
import type { FilePriority, FileRow, PiecesView, TorrentRow } from '../contract/index.ts'
import type { Layout } from '../session/session.ts'
import { bySnake, type Dialect } from './names.ts'
import { peersFrom, peersOf } from './peers.ts'
import type { Source } from './source.ts'
import { trackerList, trackerStats, trackersOf } from './trackers.ts'
import { DEFAULTS, ETA_NOT_AVAILABLE, ETA_UNKNOWN, kiloOf, modeOf, ratioOf, seedingEta } from './units.ts'

export type Field = (torrent: Source, dialect: Dialect) => unknown

export const STATUS = {
  stopped: 0,
  checking: 2,
  downloadQueued: 3,
  downloading: 4,
  seedQueued: 5,
  seeding: 6,
} as const

/** What is wrong: nothing, a tracker's error, our disk's. (1 is a tracker's warning.) */
const ERROR = { none: 0, tracker: 2, local: 3 } as const

const PRIORITIES: Readonly<Record<FilePriority, number>> = { skip: 0, low: -1, normal: 0, high: 1 }

const FIELDS: Readonly<Record<string, Field>> = {
  activityDate: ({ row }) => row.activeAt ?? 0,
  addedDate: ({ row }) => row.addedAt,
  availability: async ({ pieces }) => availability(await pieces),
  bandwidthPriority: () => 0,
  bytesCompleted: async ({ files }) => (await files).map(file => file.haveBytes),
  comment: async ({ detail }) => (await detail).comment ?? '',
  corruptEver: ({ terms }) => terms.wastedBytes,
  creator: async ({ detail }) => (await detail).createdBy ?? '',
  dateCreated: async ({ detail }) => (await detail).createdAt ?? 0,
  desiredAvailable,
  // What was found whole was never done.
  doneDate: ({ row }) => (row.downloadedBytes > 0 ? (row.completedAt ?? 0) : 0),
  downloadDir: ({ row }) => row.dir,
  downloadLimit: ({ terms, entry }) => {
    const { download } = terms.limits
    return download === null ? (entry.figures.get('download') ?? DEFAULTS.speedKBps) : kiloOf(download)
  },
  downloadLimited: ({ terms }) => terms.limits.download !== null,
  downloadedEver: ({ row }) => row.downloadedBytes,
  editDate: () => 0,
  error: torrent => afterwards(problem(torrent), ({ code }) => code),
  errorString: torrent => afterwards(problem(torrent), ({ text }) => text),
  eta,
  etaIdle: torrent => (torrent.row.state === 'seeding' ? seedingEta(torrent).etaIdle : ETA_NOT_AVAILABLE),
  'file-count': torrent => afterwards(layout(torrent), ({ fileCount }) => fileCount),
  fileStats: async ({ files }) =>
    (await files).map(file => ({
      bytesCompleted: file.haveBytes,
      priority: PRIORITIES[file.priority],
      wanted: file.priority !== 'skip',
    })),
  files: async ({ files }) =>
    (await files).map(file => ({
      beginPiece: file.pieces?.first ?? 0,
      bytesCompleted: file.haveBytes,
      // Behind the last one.
      endPiece: file.pieces === null ? 0 : file.pieces.last + 1,
      length: file.length,
      name: file.path,
    })),
  group: () => '',
  hashString: ({ row }) => row.id,
  haveUnchecked: async torrent => {
    if (torrent.row.state !== 'downloading') return 0
    const { active, pieceLength } = await torrent.pieces
    return active.reduce((sum, { received }) => sum + Math.round(received * pieceLength), 0)
  },
  haveValid: haveBytes,
  honorsSessionLimits: ({ terms }) => terms.limits.obeyGlobal,
  id: ({ entry }) => entry.number,
  isFinished,
  isPrivate: ({ row }) => row.private,
  isStalled,
  labels: ({ row }) => row.labels,
  leftUntilDone: ({ row }) => row.leftBytes,
  magnetLink: async ({ detail }) => (await detail).magnet,
  manualAnnounceTime: () => -1,
  maxConnectedPeers: peerLimit,
  metadataPercentComplete: ({ row }) =>
    row.state === 'fetching' ? row.progress : row.totalBytes > 0 ? 1 : 0,
  name: ({ row }) => row.name,
  'peer-limit': peerLimit,
  peers: ({ peers }) => peersOf(peers),
  peersConnected: ({ row }) => row.seeds + row.peers,
  peersFrom: ({ peers }) => peersFrom(peers),
  peersGettingFromUs: ({ row }) => row.receiving,
  peersSendingToUs: ({ row }) => row.sending,
  percentComplete: async torrent => share(await haveBytes(torrent), torrent.row.totalBytes),
  percentDone: async torrent => {
    const size = await sizeWhenDone(torrent)
    return share(size - torrent.row.leftBytes, size)
  },
  pieceCount: torrent => afterwards(layout(torrent), ({ pieceCount }) => pieceCount),
  pieceSize: torrent => afterwards(layout(torrent), ({ pieceLength }) => pieceLength),
  pieces: async ({ pieces }) => (await pieces).have,
  'primary-mime-type': () => 'application/octet-stream',
  priorities: async ({ files }) => (await files).map(file => PRIORITIES[file.priority]),
  queuePosition: ({ row }) => row.queue - 1,
  rateDownload: ({ row }) => Math.round(row.downloadRate),
  rateUpload: ({ row }) => Math.round(row.uploadRate),
  recheckProgress: ({ row }) => (row.state === 'checking' ? row.work : 0),
  secondsDownloading: ({ row }) => Math.floor(row.downloadSeconds),
  secondsSeeding: ({ row }) => Math.floor(row.seedSeconds),
  seedIdleLimit: ({ terms, entry }) => {
    const { idleSeconds } = terms.goals
    return typeof idleSeconds === 'number'
      ? Math.round(idleSeconds / 60)
      : (entry.figures.get('idle') ?? DEFAULTS.idleMinutes)
  },
  seedIdleMode: ({ terms }) => modeOf(terms.goals.idleSeconds),
  seedRatioLimit: ({ terms, entry }) => {
    const { ratio } = terms.goals
    return typeof ratio === 'number' ? ratio : (entry.figures.get('ratio') ?? DEFAULTS.ratio)
  },
  seedRatioMode: ({ terms }) => modeOf(terms.goals.ratio),
  sequential_download: ({ row }) => row.sequential,
  sequential_download_from_piece: () => 0,
  sizeWhenDone,
  startDate: ({ entry }) => Math.floor(entry.startedAt),
  status: ({ row }) => status(row),
  torrentFile: () => '',
  totalSize: ({ row }) => row.totalBytes,
  trackerList: async ({ trackers }) => trackerList(await trackers),
  trackerStats: async ({ row, trackers, now }) =>
    trackerStats(await trackers, { running: isRunning(row), now }),
  trackers: async ({ trackers }) => trackersOf(await trackers),
  uploadLimit: ({ terms, entry }) => {
    const { upload } = terms.limits
    return upload === null ? (entry.figures.get('upload') ?? DEFAULTS.speedKBps) : kiloOf(upload)
  },
  uploadLimited: ({ terms }) => terms.limits.upload !== null,
  uploadRatio: ({ row }) => ratioOf(row.uploadedBytes, row.downloadedBytes || row.haveBytes),
  uploadedEver: ({ row }) => row.uploadedBytes,
  // Numbers up to 4.0, as clients came to expect them.
  wanted: async ({ files }, dialect) =>
    (await files).map(({ priority }) =>
      dialect === 'old' ? Number(priority !== 'skip') : priority !== 'skip',
    ),
  webseeds: async ({ detail }) => (await detail).webSeeds,
  webseeds_ex: async ({ detail }) =>
    (await detail).webSeeds.map(url => ({ url, is_downloading: false, download_bytes_per_second: 0 })),
  webseedsSendingToUs: () => 0,
}

/** By name in snake case. */
export const TORRENT_FIELDS: ReadonlyMap<string, Field> = bySnake(FIELDS)

export function status({ state, complete, intent }: TorrentRow): number {
  switch (state) {
    case 'stopped':
    // An error stops a torrent, as far as Transmission knows.
    case 'error':
      return STATUS.stopped
    case 'checking':
      return STATUS.checking
    case 'fetching':
    case 'downloading':
      return STATUS.downloading
    case 'seeding':
      return STATUS.seeding
    case 'queued':
      return complete ? STATUS.seedQueued : STATUS.downloadQueued
    case 'moving':
      return intent === 'stop' ? STATUS.stopped : complete ? STATUS.seeding : STATUS.downloading
  }
}

function isRunning({ state }: TorrentRow): boolean {
  return state === 'downloading' || state === 'seeding' || state === 'fetching'
}

/** Rows count wanted files only; what others have counts here as well. */
async function haveBytes(torrent: Source): Promise<number> {
  const { row } = torrent
  if (row.wantedBytes === row.totalBytes) return row.haveBytes
  return (await torrent.files).reduce((sum, file) => sum + file.haveBytes, 0)
}

/** What is missing, and what is here: data of files that nobody wants any more does not go. */
async function sizeWhenDone(torrent: Source): Promise<number> {
  return torrent.row.leftBytes + (await haveBytes(torrent))
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** Only where something is amiss trackers are asked for: a list of thousands is told apart by its rows. */
function problem(torrent: Source): Problem | Promise<Problem> {
  const { row } = torrent
  if (row.error !== null) return { code: ERROR.local, text: row.error.text }
  if (row.why === null || row.tracker === null || !isRunning(row)) return NO_PROBLEM
  return torrent.trackers.then(trackers => {
    // One of many that does not answer is everyday life.
    const [only] = trackers
    return trackers.length === 1 && only?.state === 'failed'
      ? { code: ERROR.tracker, text: only.message ?? '' }
      : NO_PROBLEM
  })
}

interface Problem {
  readonly code: number
  readonly text: string
}
const NO_PROBLEM: Problem = { code: ERROR.none, text: '' }

/** From memory, but for a torrent that an earlier version added: its file is read once. */
function layout(torrent: Source): Layout | Promise<Layout> {
  return torrent.terms.layout ?? torrent.detail
}

/** At once where it can be told at once: thousands of torrents are asked for, each by itself. */
function afterwards<From, To>(value: From | Promise<From>, take: (value: From) => To): To | Promise<To> {
  return value instanceof Promise ? value.then(take) : take(value)
}

function eta(torrent: Source): number {
  const { row } = torrent
  if (row.state === 'seeding') return seedingEta(torrent).eta
  if (row.state !== 'downloading') return ETA_NOT_AVAILABLE
  // Without all pieces among the peers there is nothing to foretell.
  if (row.availability !== null && row.availability < 1) return ETA_NOT_AVAILABLE
  return row.etaSeconds === null ? ETA_UNKNOWN : Math.round(row.etaSeconds)
}

/** Seeded as much as was asked for. */
function isFinished({ row, terms }: Source): boolean {
  if (!row.complete) return false
  const { goalsInForce } = terms
  const ratio = ratioOf(row.uploadedBytes, row.downloadedBytes || row.haveBytes)
  if (goalsInForce.ratio !== null && ratio >= goalsInForce.ratio) return true
  // Stopped, and not by anybody's wish.
  return row.state === 'stopped' && row.why !== null && GOAL_REACHED.test(row.why.code)
}
const GOAL_REACHED = /^GOAL/

function isStalled({ row, now, settings }: Source): boolean {
  if (row.state !== 'downloading' && row.state !== 'seeding') return false
  const since = row.activeAt ?? row.addedAt
  return row.downloadRate < 1 && row.uploadRate < 1 && now - since > settings.value('queue.slow_after')
}

function peerLimit({ terms, settings }: Source): number {
  return terms.limits.connections ?? settings.value('network.torrent_connections')
}

/** Peers that have each piece; −1 for those that are here. */
function availability({ count, have, availability: copies }: PiecesView): readonly number[] {
  const bits = Buffer.from(have, 'base64')
  const bytes = copies === null ? undefined : Buffer.from(copies, 'base64')
  return Array.from({ length: count }, (_, index) => (isSet(bits, index) ? -1 : (bytes?.[index] ?? 0)))
}

/** Wanted bytes that are not here and that some peer has. */
async function desiredAvailable(torrent: Source): Promise<number> {
  const { row } = torrent
  if (row.state !== 'downloading' || row.leftBytes === 0) return 0
  if (row.availability === null) return 0
  if (row.availability >= 1) return row.leftBytes
  const view = await torrent.pieces
  if (view.availability === null) return 0
  const have = Buffer.from(view.have, 'base64')
  const copies = Buffer.from(view.availability, 'base64')
  const wanted = wantedPieces(await torrent.files, view.count)
  let bytes = 0
  for (let index = 0; index < view.count; index++) {
    if (wanted[index] === 1 && !isSet(have, index) && copies[index]! > 0) bytes += view.pieceLength
  }
  return Math.min(bytes, row.leftBytes)
}

function wantedPieces(files: readonly FileRow[], count: number): Uint8Array {
  const wanted = new Uint8Array(count)
  for (const { priority, pieces } of files) {
    if (priority !== 'skip' && pieces !== null) wanted.fill(1, pieces.first, pieces.last + 1)
  }
  return wanted
}

function isSet(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0
}
