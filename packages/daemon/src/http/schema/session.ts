/** The daemon itself, as `contract/session.ts` and `contract/errors.ts` have it. */
import { z } from 'zod'
import type {
  Ban,
  BlocklistStatus,
  CountriesStatus,
  Demo,
  Finding,
  FolderInfo,
  Lists,
  NewToken,
  Problem,
  ProblemBody,
  RateHistory,
  Scope,
  SessionInfo,
  Setting,
  SetupInfo,
  SetupLink,
  SignedOut,
  TokenInfo,
  Totals,
} from '../../contract/index.ts'
import { amount, count, flag, name, nullableAmount, nullableText, text, torrentId } from './basics.ts'
import { extended, optional, shape, words } from './shape.ts'
import { why } from './torrent.ts'

const totals = shape<Totals>({ downloadedBytes: count, uploadedBytes: count }, 'Totals')

export const sessionInfo: z.ZodType<SessionInfo> = shape<SessionInfo>(
  {
    version: text,
    startedAt: amount,
    downloadRate: amount,
    uploadRate: amount,
    session: totals,
    ever: totals,
    torrents: shape<SessionInfo['torrents']>({
      all: count,
      downloading: count,
      seeding: count,
      queued: count,
      stopped: count,
      error: count,
    }),
    connections: count,
    port: count,
    reachable: words<SessionInfo['reachable']>({ yes: true, no: true, unknown: true }),
    externalIps: z.array(text),
    dht: shape<NonNullable<SessionInfo['dht']>>({ nodes: count, searches: count }).nullable(),
    limits: shape<SessionInfo['limits']>({ download: nullableAmount, upload: nullableAmount }),
    alternative: shape<SessionInfo['alternative']>({
      active: flag,
      by: words<'hand' | 'timetable'>({ hand: true, timetable: true }).nullable(),
      download: nullableAmount,
      upload: nullableAmount,
    }),
    folders: z.array(
      shape<SessionInfo['folders'][number]>({
        path: text,
        freeBytes: nullableAmount,
        totalBytes: nullableAmount,
      }),
    ),
    blocklist: shape<NonNullable<SessionInfo['blocklist']>>({
      ranges: count,
      loadedAt: nullableAmount,
    }).nullable(),
    why: z.array(why),
  },
  'SessionInfo',
)

export const rateHistory: z.ZodType<RateHistory> = shape<RateHistory>(
  { stepSeconds: amount, download: z.array(amount), upload: z.array(amount) },
  'RateHistory',
)

export const setting: z.ZodType<Setting> = shape<Setting>(
  {
    key: text,
    group: text,
    description: text,
    type: words<Setting['type']>({
      boolean: true,
      integer: true,
      number: true,
      string: true,
      strings: true,
      rate: true,
      size: true,
      duration: true,
      choice: true,
      path: true,
      paths: true,
      watch: true,
    }),
    nullable: flag,
    choices: optional(z.array(text)),
    value: z.unknown(),
    default: z.unknown(),
    source: words<Setting['source']>({ default: true, file: true, saved: true, env: true, flag: true }),
    settable: flag,
    restart: flag,
  },
  'Setting',
)

export const ban: z.ZodType<Ban> = shape<Ban>({ address: text, at: amount }, 'Ban')

const blocklistStatus = shape<BlocklistStatus>(
  {
    source: text,
    ranges: count,
    loadedAt: nullableAmount,
    triedAt: nullableAmount,
    error: nullableText,
    loading: flag,
  },
  'BlocklistStatus',
)

const countriesStatus = shape<CountriesStatus>(
  {
    source: text,
    type: nullableText,
    builtAt: nullableAmount,
    loadedAt: nullableAmount,
    error: nullableText,
  },
  'CountriesStatus',
)

export const lists: z.ZodType<Lists> = shape<Lists>(
  { blocklist: blocklistStatus.nullable(), countries: countriesStatus.nullable() },
  'Lists',
)

export const scope: z.ZodType<Scope> = words<Scope>({ read: true, add: true, full: true }, 'Scope')

export const tokenInfo: z.ZodType<TokenInfo> = shape<TokenInfo>(
  { name: text, scope, createdAt: amount, usedAt: nullableAmount },
  'TokenInfo',
)

export const newToken: z.ZodType<NewToken> = extended<NewToken, TokenInfo>(
  tokenInfo,
  { token: text },
  'NewToken',
)

export interface TokenRequest {
  readonly name: string
  readonly scope: Scope
}
export const tokenRequest: z.ZodType<TokenRequest> = shape<TokenRequest>({ name, scope }, 'TokenRequest')

export const setupInfo: z.ZodType<SetupInfo> = shape<SetupInfo>({ needed: flag }, 'SetupInfo')

export const setupLink: z.ZodType<SetupLink> = shape<SetupLink>({ key: text, expiresAt: amount }, 'SetupLink')

export const signedOut: z.ZodType<SignedOut> = shape<SignedOut>({ signedOut: count }, 'SignedOut')

export const demoInfo: z.ZodType<Demo> = shape<Demo>(
  { id: torrentId, name: text, isNew: flag, endsAt: amount },
  'Demo',
)

export const folderInfo: z.ZodType<FolderInfo> = shape<FolderInfo>(
  { path: text, freeBytes: nullableAmount, totalBytes: nullableAmount, folders: z.array(text) },
  'FolderInfo',
)

export const finding: z.ZodType<Finding> = shape<Finding>(
  {
    what: text,
    outcome: words<Finding['outcome']>({ ok: true, note: true, problem: true }),
    text,
    advice: optional(text),
  },
  'Finding',
)

const problem = shape<Problem>({ code: text, text, where: optional(text) })
export const problemBody: z.ZodType<ProblemBody> = shape<ProblemBody>({ error: problem }, 'Problem')

/** Settings by key, to new values; what each may be is known to the settings themselves. */
export type SettingsPatch = Readonly<Record<string, unknown>>
const settingValue = z.union([
  z.boolean(),
  z.number(),
  z.string().max(10_000),
  z.null(),
  z.array(z.union([z.string().max(10_000), z.number()])).max(10_000),
])
export const settingsPatch: z.ZodType<SettingsPatch> = z
  .record(z.string().regex(/^[a-z][a-zA-Z0-9._-]{0,99}$/), settingValue)
  .meta({ id: 'SettingsPatch' })
