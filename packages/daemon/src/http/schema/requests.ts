/** What is asked of the daemon, as `contract/requests.ts` has it. */
import { z } from 'zod'
import {
  ACTIONS,
  type Action,
  type ActionRequest,
  type AddOptions,
  type AddRequest,
  type AddResult,
  type Category,
  type Facets,
  type FilePatch,
  type Inspection,
  type ListQuery,
  type MoveRequest,
  type PickRequest,
  type RemoveRequest,
  SORT_KEYS,
  type SortKey,
  STATE_FILTERS,
  type StateFilter,
  type TorrentPage,
  type TorrentPatch,
} from '../../contract/index.ts'
import {
  count,
  fileName,
  filePath,
  flag,
  folder,
  ids,
  name,
  nullableText,
  peerAddress,
  rateLimit,
  text,
  torrentId,
  trackerTiers,
} from './basics.ts'
import { dictionary, list, optional, partial, shape, words } from './shape.ts'
import { filePriority, goals, intent, rowField, torrentLimits, torrentRow } from './torrent.ts'

export const MAX_SOURCES = 10_000
export const MAX_PAGE = 1000
/** What one person puts on one torrent. */
const MAX_LABELS = 100
/** More than a torrent is connected to at once. */
const MAX_ADDED_PEERS = 1000

const sortKey = z.enum(SORT_KEYS).meta({ id: 'SortKey' }) as unknown as z.ZodType<SortKey>
const action = z.enum(ACTIONS).meta({ id: 'Action' }) as unknown as z.ZodType<Action>

export const stateFilter: z.ZodType<StateFilter> = z.enum(STATE_FILTERS).meta({ id: 'StateFilter' })

/** '' is those without. */
const categoryFilter = z.string().max(100)

const listFilters = {
  sort: optional(sortKey),
  order: optional(words<'asc' | 'desc'>({ asc: true, desc: true })),
  offset: optional(count),
  state: optional(list(stateFilter, 20)),
  category: optional(list(categoryFilter, 1000)),
  label: optional(list(categoryFilter, 1000)),
  tracker: optional(list(z.string().max(300), 1000)),
  text: optional(z.string().max(1000)),
}

/** In an address, which holds some hundred `ids`. */
export const listQuery: z.ZodType<ListQuery> = shape<ListQuery>({
  ...listFilters,
  limit: optional(z.int().min(0).max(MAX_PAGE)),
  ids: optional(list(torrentId, 1000)),
})

export const pickRequest: z.ZodType<PickRequest> = shape<PickRequest>(
  {
    query: shape<ListQuery>({ ...listFilters, limit: optional(count), ids: optional(ids) }),
    fields: list(rowField, 100),
  },
  'PickRequest',
)

export const facets: z.ZodType<Facets> = shape<Facets>(
  {
    all: count,
    states: z.record(stateFilter, count) as unknown as z.ZodType<Facets['states']>,
    categories: dictionary(count),
    labels: dictionary(count),
    trackers: dictionary(count),
  },
  'Facets',
)

export const torrentPage: z.ZodType<TorrentPage> = shape<TorrentPage>(
  { total: count, offset: count, items: z.array(torrentRow), facets, cursor: text },
  'TorrentPage',
)

export const addOptions: z.ZodType<AddOptions> = shape<AddOptions>(
  {
    dir: optional(folder),
    category: optional(name),
    labels: optional(list(name, MAX_LABELS)),
    start: optional(flag),
    sequential: optional(flag),
    priorities: optional(
      dictionary(filePriority, /^\d{1,7}$/) as z.ZodType<NonNullable<AddOptions['priorities']>>,
    ),
    trackers: optional(trackerTiers),
    peers: optional(list(peerAddress, MAX_ADDED_PEERS)),
    limits: optional(partial(torrentLimits)),
    goals: optional(partial(goals)),
    trust: optional(flag),
    queue: optional(words<'top' | 'bottom'>({ top: true, bottom: true })),
    mergeTrackers: optional(flag),
  },
  'AddOptions',
)

const source = z.string().min(1)

export const addRequest: z.ZodType<AddRequest> = shape<AddRequest>(
  { sources: z.array(source).min(1).max(MAX_SOURCES), options: optional(addOptions) },
  'AddRequest',
)

export const addResult: z.ZodType<AddResult> = z
  .union([
    z.strictObject({
      outcome: z.enum(['added', 'duplicate']),
      id: torrentId,
      name: text,
      newTrackers: optional(count),
    }),
    z.strictObject({ outcome: z.literal('failed'), source: text, code: text, text }),
  ])
  .meta({ id: 'AddResult' })

export interface InspectRequest {
  readonly source: string
}
export const inspectRequest: z.ZodType<InspectRequest> = shape<InspectRequest>({ source }, 'InspectRequest')

export const inspection: z.ZodType<Inspection> = shape<Inspection>(
  {
    id: torrentId,
    name: text,
    totalBytes: count,
    pieceLength: count,
    private: flag,
    comment: nullableText,
    trackers: z.array(z.array(text)),
    files: z.array(shape<Inspection['files'][number]>({ path: text, length: count })),
    duplicate: flag,
  },
  'Inspection',
)

export const torrentPatch: z.ZodType<TorrentPatch> = shape<TorrentPatch>(
  {
    intent: optional(intent),
    name: optional(fileName),
    category: optional(name.nullable()),
    labels: optional(list(name, MAX_LABELS)),
    sequential: optional(flag),
    limits: optional(partial(torrentLimits)),
    goals: optional(partial(goals)),
    queue: optional(z.int().min(1)),
    trackers: optional(trackerTiers),
  },
  'TorrentPatch',
)

export const filePatch: z.ZodType<FilePatch> = shape<FilePatch>(
  { index: count, priority: optional(filePriority), path: optional(filePath) },
  'FilePatch',
)

export const actionRequest: z.ZodType<ActionRequest> = shape<ActionRequest>(
  { action, ids: z.union([z.literal('all'), ids]) },
  'ActionRequest',
)

export const removeRequest: z.ZodType<RemoveRequest> = shape<RemoveRequest>(
  { ids, data: flag },
  'RemoveRequest',
)

export const moveRequest: z.ZodType<MoveRequest> = shape<MoveRequest>(
  { ids, dir: folder, move: optional(flag) },
  'MoveRequest',
)

const categoryLimits = shape<Category['limits']>({ download: rateLimit, upload: rateLimit })

export const category: z.ZodType<Category> = shape<Category>(
  { name, dir: folder.nullable(), goals: partial(goals), limits: categoryLimits },
  'Category',
)

export type CategoryBody = Omit<Category, 'name'>
export const categoryBody: z.ZodType<CategoryBody> = shape<CategoryBody>(
  { dir: folder.nullable(), goals: partial(goals), limits: categoryLimits },
  'CategoryBody',
)
