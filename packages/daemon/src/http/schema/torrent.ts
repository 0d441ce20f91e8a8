/** Torrents and what belongs to one, as `contract/torrent.ts` has them. */
import { z } from 'zod'
import type {
  FilePriority,
  FileRow,
  Goals,
  Intent,
  LogLine,
  PeerRow,
  PiecesView,
  RowField,
  RowPart,
  TorrentDetail,
  TorrentLimits,
  TorrentRow,
  TorrentState,
  TrackerRow,
  Why,
} from '../../contract/index.ts'
import {
  amount,
  count,
  flag,
  goalValue,
  nullableAmount,
  nullableCount,
  nullableText,
  rateLimit,
  text,
  torrentId,
} from './basics.ts'
import { dictionary, extended, optional, part, shape, words } from './shape.ts'

export const torrentState: z.ZodType<TorrentState> = words<TorrentState>(
  {
    fetching: true,
    checking: true,
    moving: true,
    downloading: true,
    seeding: true,
    queued: true,
    stopped: true,
    error: true,
  },
  'TorrentState',
)

export const intent: z.ZodType<Intent> = words<Intent>({ run: true, force: true, stop: true }, 'Intent')

export const filePriority: z.ZodType<FilePriority> = words<FilePriority>(
  { skip: true, low: true, normal: true, high: true },
  'FilePriority',
)

export const why: z.ZodType<Why> = shape<Why>(
  { code: text, text, facts: optional(dictionary(z.union([text, amount, z.null()]))) },
  'Why',
)

export const goals: z.ZodType<Goals> = shape<Goals>(
  { ratio: goalValue, seedSeconds: goalValue, idleSeconds: goalValue },
  'Goals',
)

export const torrentLimits: z.ZodType<TorrentLimits> = shape<TorrentLimits>(
  {
    download: rateLimit,
    upload: rateLimit,
    connections: z.int().min(1).nullable(),
    uploadSlots: z.int().min(1).nullable(),
    obeyGlobal: flag,
  },
  'TorrentLimits',
)

export const torrentRow: z.ZodType<TorrentRow> = shape<TorrentRow>(
  {
    id: torrentId,
    name: text,
    state: torrentState,
    intent,
    complete: flag,
    progress: amount,
    work: amount,
    totalBytes: count,
    wantedBytes: count,
    haveBytes: count,
    leftBytes: count,
    downloadRate: amount,
    uploadRate: amount,
    etaSeconds: nullableAmount,
    downloadedBytes: count,
    uploadedBytes: count,
    ratio: amount,
    seeds: count,
    peers: count,
    sending: count,
    receiving: count,
    swarmSeeds: nullableCount,
    swarmPeers: nullableCount,
    availability: nullableAmount,
    addedAt: amount,
    completedAt: nullableAmount,
    activeAt: nullableAmount,
    downloadSeconds: amount,
    seedSeconds: amount,
    queue: count,
    category: nullableText,
    labels: z.array(text),
    dir: text,
    tracker: nullableText,
    private: flag,
    sequential: flag,
    error: why.nullable(),
    why: why.nullable(),
  },
  'TorrentRow',
)

export const rowPart: z.ZodType<RowPart> = part(torrentRow, 'id', 'RowPart')
export const rowField: z.ZodType<RowField> = words<RowField>(
  {
    name: true,
    state: true,
    intent: true,
    complete: true,
    progress: true,
    work: true,
    totalBytes: true,
    wantedBytes: true,
    haveBytes: true,
    leftBytes: true,
    downloadRate: true,
    uploadRate: true,
    etaSeconds: true,
    downloadedBytes: true,
    uploadedBytes: true,
    ratio: true,
    seeds: true,
    peers: true,
    sending: true,
    receiving: true,
    swarmSeeds: true,
    swarmPeers: true,
    availability: true,
    addedAt: true,
    completedAt: true,
    activeAt: true,
    downloadSeconds: true,
    seedSeconds: true,
    queue: true,
    category: true,
    labels: true,
    dir: true,
    tracker: true,
    private: true,
    sequential: true,
    error: true,
    why: true,
  },
  'RowField',
)

export const torrentDetail: z.ZodType<TorrentDetail> = extended<TorrentDetail, TorrentRow>(
  torrentRow,
  {
    comment: nullableText,
    createdBy: nullableText,
    createdAt: nullableAmount,
    pieceLength: count,
    pieceCount: count,
    piecesHave: count,
    fileCount: count,
    magnet: text,
    wastedBytes: count,
    incompleteDir: nullableText,
    limits: torrentLimits,
    goals,
    goalsInForce: shape<TorrentDetail['goalsInForce']>({
      ratio: nullableAmount,
      seedSeconds: nullableAmount,
      idleSeconds: nullableAmount,
    }),
    webSeeds: z.array(text),
    trackerCount: count,
    discovery: flag,
  },
  'TorrentDetail',
)

export const fileRow: z.ZodType<FileRow> = shape<FileRow>(
  {
    index: count,
    path: text,
    length: count,
    haveBytes: count,
    priority: filePriority,
    pieces: shape<NonNullable<FileRow['pieces']>>({ first: count, last: count }).nullable(),
  },
  'FileRow',
)

export const peerRow: z.ZodType<PeerRow> = shape<PeerRow>(
  {
    address: text,
    client: text,
    source: text,
    direction: words<PeerRow['direction']>({ in: true, out: true }),
    downloadRate: amount,
    uploadRate: amount,
    downloadedBytes: count,
    uploadedBytes: count,
    progress: amount,
    flags: text,
    requests: count,
    connectedSeconds: amount,
    country: nullableText,
  },
  'PeerRow',
)

export const trackerRow: z.ZodType<TrackerRow> = shape<TrackerRow>(
  {
    url: text,
    tier: count,
    state: words<TrackerRow['state']>({ idle: true, announcing: true, ok: true, failed: true }),
    message: nullableText,
    seeds: nullableCount,
    peers: nullableCount,
    received: nullableCount,
    lastAnnounceAt: nullableAmount,
    nextAnnounceSeconds: nullableAmount,
  },
  'TrackerRow',
)

export const piecesView: z.ZodType<PiecesView> = shape<PiecesView>(
  {
    count,
    pieceLength: count,
    have: text,
    availability: nullableText,
    active: z.array(shape<PiecesView['active'][number]>({ index: count, received: amount })),
  },
  'PiecesView',
)

export const logLine: z.ZodType<LogLine> = shape<LogLine>(
  {
    at: amount,
    level: words<LogLine['level']>({ info: true, warn: true, error: true }),
    id: torrentId.nullable(),
    text,
  },
  'LogLine',
)
