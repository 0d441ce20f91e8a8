/**
 * What the session remembers of a torrent, in memory and on disk: one object, written as a whole whenever it changes.
 * A torrent that is stopped is this and nothing more.
 */
import type { FilePriority, Goals, Intent, TorrentLimits, Why } from '../contract/index.ts'
import type { EngineNames } from './engine-port.ts'

/** Files by number, both ends included, that have a priority other than `normal`; ascending and apart. */
export type PriorityRun = readonly [first: number, last: number, priority: FilePriority]

/** What is to be done, kept until it is: it goes on after a crash. */
export interface Pending {
  /** Hash all of it again. */
  readonly check?: boolean
  /** Its data belongs there. */
  readonly moveTo?: string
  /** Its data is there already: it is looked for there. */
  readonly relocate?: string
  /** One after another. */
  readonly rename?: readonly Rename[]
  /** It is gone for its owner; `data`: what it wrote has to go as well. */
  readonly remove?: 'torrent' | 'data'
}

export type Rename = { readonly root: string } | { readonly file: number; readonly path: readonly string[] }

export interface TorrentRecord {
  /** 40 lower-case hex digits. */
  readonly id: string
  name: string
  /** The link, until peers have told what is in the torrent. */
  magnet: string | undefined
  intent: Intent
  /** Those with lower numbers come first in the queue. */
  order: number
  /** Where its data belongs, and where it is: in the folder for incomplete data until it is whole. */
  dir: string
  place: string
  category: string | undefined
  labels: readonly string[]
  /** Unix seconds, as the next two. */
  addedAt: number
  completedAt: number | undefined
  activeAt: number | undefined
  totalBytes: number
  wantedBytes: number
  haveBytes: number
  leftBytes: number
  downloadedBytes: number
  uploadedBytes: number
  wastedBytes: number
  downloadSeconds: number
  seedSeconds: number
  private: boolean
  /** Of the torrent file. Undefined: of a magnet link, or of an earlier version that did not keep them. */
  fileCount: number | undefined
  pieceLength: number | undefined
  /** Host of the first tracker. */
  host: string | undefined
  /** In place of the torrent's own. */
  tiers: readonly (readonly string[])[] | undefined
  /** Given when it was added. */
  peers: readonly string[]
  sequential: boolean
  priorities: readonly PriorityRun[]
  names: EngineNames | undefined
  limits: Partial<TorrentLimits>
  goals: Partial<Goals>
  /** The goal that stopped it. */
  reached: Why | undefined
  /** Started again by hand after that: goals do not count any more. */
  beyondGoals: boolean
  /** Its data is believed to be whole when it is first started. */
  trust: boolean
  /** The engine has had it: it may remember something. */
  begun: boolean
  /** What could not be done last: shown until it is started, checked or moved again. */
  failure: Failure | undefined
  pending: Pending
}

export interface Failure extends Why {
  /** It cannot run, and is not tried again by itself. */
  readonly blocks: boolean
}

const NOTHING: Pending = {}

const DEFAULTS = {
  name: '',
  magnet: undefined,
  intent: 'stop',
  order: 0,
  category: undefined,
  labels: [] as readonly string[],
  addedAt: 0,
  completedAt: undefined,
  activeAt: undefined,
  totalBytes: 0,
  wantedBytes: 0,
  haveBytes: 0,
  leftBytes: 0,
  downloadedBytes: 0,
  uploadedBytes: 0,
  wastedBytes: 0,
  downloadSeconds: 0,
  seedSeconds: 0,
  private: false,
  fileCount: undefined,
  pieceLength: undefined,
  host: undefined,
  tiers: undefined,
  peers: [] as readonly string[],
  sequential: false,
  priorities: [] as readonly PriorityRun[],
  names: undefined,
  limits: {},
  goals: {},
  reached: undefined,
  beyondGoals: false,
  trust: false,
  begun: false,
  failure: undefined,
  pending: NOTHING,
} as const satisfies Partial<TorrentRecord>

/** All of one shape, as V8 sees it, and what is empty is shared: thousands of them are in memory. */
export function makeRecord(
  fields: Partial<TorrentRecord> & Pick<TorrentRecord, 'id' | 'dir'>,
): TorrentRecord {
  return {
    id: fields.id,
    dir: fields.dir,
    place: fields.place ?? fields.dir,
    name: fields.name ?? DEFAULTS.name,
    magnet: fields.magnet,
    intent: fields.intent ?? DEFAULTS.intent,
    order: fields.order ?? DEFAULTS.order,
    category: fields.category,
    labels: fields.labels ?? DEFAULTS.labels,
    addedAt: fields.addedAt ?? DEFAULTS.addedAt,
    completedAt: fields.completedAt,
    activeAt: fields.activeAt,
    totalBytes: fields.totalBytes ?? DEFAULTS.totalBytes,
    wantedBytes: fields.wantedBytes ?? DEFAULTS.wantedBytes,
    haveBytes: fields.haveBytes ?? DEFAULTS.haveBytes,
    leftBytes: fields.leftBytes ?? DEFAULTS.leftBytes,
    downloadedBytes: fields.downloadedBytes ?? DEFAULTS.downloadedBytes,
    uploadedBytes: fields.uploadedBytes ?? DEFAULTS.uploadedBytes,
    wastedBytes: fields.wastedBytes ?? DEFAULTS.wastedBytes,
    downloadSeconds: fields.downloadSeconds ?? DEFAULTS.downloadSeconds,
    seedSeconds: fields.seedSeconds ?? DEFAULTS.seedSeconds,
    private: fields.private ?? DEFAULTS.private,
    fileCount: fields.fileCount,
    pieceLength: fields.pieceLength,
    host: fields.host,
    tiers: fields.tiers,
    peers: fields.peers ?? DEFAULTS.peers,
    sequential: fields.sequential ?? DEFAULTS.sequential,
    priorities: fields.priorities ?? DEFAULTS.priorities,
    names: fields.names,
    limits: fields.limits ?? DEFAULTS.limits,
    goals: fields.goals ?? DEFAULTS.goals,
    reached: fields.reached,
    beyondGoals: fields.beyondGoals ?? DEFAULTS.beyondGoals,
    trust: fields.trust ?? DEFAULTS.trust,
    begun: fields.begun ?? DEFAULTS.begun,
    failure: fields.failure,
    pending: fields.pending ?? DEFAULTS.pending,
  }
}

/** Without what is as usual. */
export function encodeRecord(record: TorrentRecord): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(record)) {
    const usual = (DEFAULTS as Record<string, unknown>)[key]
    if (value === undefined || value === usual) continue
    if (typeof value === 'object' && Object.keys(value as object).length === 0) continue
    if (key === 'place' && value === record.dir) continue
    kept[key] = value
  }
  return kept
}

/** Undefined: it is none, or one field is not what it has to be. */
export function decodeRecord(value: unknown): TorrentRecord | undefined {
  if (!isObject(value)) return undefined
  const { id, dir } = value
  if (typeof id !== 'string' || !/^[0-9a-f]{40}$/.test(id) || typeof dir !== 'string' || dir === '')
    return undefined
  for (const [key, check] of CHECKS) {
    const field = value[key]
    if (field !== undefined && !check(field)) return undefined
  }
  return makeRecord(value as Partial<TorrentRecord> & Pick<TorrentRecord, 'id' | 'dir'>)
}

type Check = (value: unknown) => boolean

const isText: Check = value => typeof value === 'string'
const isNumber: Check = value => typeof value === 'number' && Number.isFinite(value)
const isCount: Check = value => isNumber(value) && (value as number) >= 0
const isSize: Check = value => isNumber(value) && (value as number) > 0
const isFlag: Check = value => typeof value === 'boolean'
const isTexts: Check = value => Array.isArray(value) && value.every(isText)
const isTiers: Check = value => Array.isArray(value) && value.every(isTexts)
const isWhy: Check = value =>
  isObject(value) &&
  isText(value.code) &&
  isText(value.text) &&
  (value.facts === undefined || isObject(value.facts))
const isRuns: Check = value =>
  Array.isArray(value) &&
  value.every(run => Array.isArray(run) && isCount(run[0]) && isCount(run[1]) && isText(run[2]))

const FIELDS: Readonly<Record<Exclude<keyof TorrentRecord, 'id' | 'dir'>, Check>> = {
  name: isText,
  magnet: isText,
  intent: value => value === 'run' || value === 'force' || value === 'stop',
  order: isNumber,
  place: isText,
  category: isText,
  labels: isTexts,
  addedAt: isCount,
  completedAt: isCount,
  activeAt: isCount,
  totalBytes: isCount,
  wantedBytes: isCount,
  haveBytes: isCount,
  leftBytes: isCount,
  downloadedBytes: isCount,
  uploadedBytes: isCount,
  wastedBytes: isCount,
  downloadSeconds: isCount,
  seedSeconds: isCount,
  private: isFlag,
  fileCount: isCount,
  pieceLength: isSize,
  host: isText,
  tiers: isTiers,
  peers: isTexts,
  sequential: isFlag,
  priorities: isRuns,
  names: isObject,
  limits: isObject,
  goals: isObject,
  reached: isWhy,
  beyondGoals: isFlag,
  trust: isFlag,
  begun: isFlag,
  failure: isWhy,
  pending: isObject,
}

const CHECKS = Object.entries(FIELDS)

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
