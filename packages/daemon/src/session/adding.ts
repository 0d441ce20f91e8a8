/** From what a person gives to a record: bytes, magnet links, info-hashes, URLs. */
import { resolve } from 'node:path'
import { loadTorrent, type Metainfo, parseMagnet, parseTorrent, ShoalError } from '@shoal/engine'
import type { AddOptions, Category } from '../contract/index.ts'
import { checkedDir, checkPeers, checkTrackers } from './checks.ts'
import { applyMetainfo, hostOf } from './describe.ts'
import { withPriorities } from './priorities.ts'
import { makeRecord, type TorrentRecord } from './record.ts'
import { SessionError, type SessionSettings } from './session.ts'

/** What one can be told apart by in an error. */
const SOURCE_CHARS = 200
const DATA_URL = /^data:application\/x-bittorrent;base64,/i

/** As torrents come: what is in it is known, or still to be asked for. */
export type Opened =
  | { readonly id: string; readonly metainfo: Metainfo; readonly bytes: Uint8Array }
  | {
      readonly id: string
      readonly link: string
      readonly name: string | undefined
      readonly trackers: readonly (readonly string[])[]
    }

/**
 * A string is a magnet link, an info-hash, an http(s) URL, or a torrent file in base64 as a data URL; never a path, as
 * it may come from another machine. A `file:` URL is, for who may name one.
 *
 * @throws ShoalError, SessionError `INVALID`
 */
export async function openSource(
  source: string | URL | Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  if (source instanceof Uint8Array) return ofBytes(source)
  const text = String(source).trim()
  if (DATA_URL.test(text)) return ofBytes(Buffer.from(text.replace(DATA_URL, ''), 'base64'))
  if (source instanceof URL || /^https?:/i.test(text)) {
    const { metainfo, bytes } = await loadTorrent(source instanceof URL ? source : text, { signal })
    return { id: metainfo.infoHashHex, metainfo, bytes }
  }
  if (!/^magnet:/i.test(text) && !/^(?:[0-9a-f]{40}|[a-z2-7]{32})$/i.test(text)) {
    const text = 'It is neither a magnet link, an info-hash, an http(s) URL nor a torrent file.'
    throw new SessionError('INVALID', text)
  }
  const magnet = parseMagnet(text)
  const { infoHashHex: id, name, trackers } = magnet
  return { id, link: text, name, trackers }
}

export interface AddContext {
  readonly options: AddOptions
  readonly category: Category | undefined
  readonly settings: SessionSettings
  /** Unix seconds. */
  readonly now: number
}

export function recordOf(opened: Opened, order: number, context: AddContext): TorrentRecord {
  const { options, category, settings, now } = context
  const dir = resolve(options.dir ?? category?.dir ?? settings.dir)
  const place = settings.incompleteDir === null || options.trust ? dir : resolve(settings.incompleteDir)
  const record = makeRecord({
    id: opened.id,
    dir,
    place,
    order,
    intent: (options.start ?? settings.startAdded) ? 'run' : 'stop',
    addedAt: now,
    category: options.category,
    labels: [...new Set(options.labels ?? [])],
    tiers: options.trackers,
    peers: options.peers ?? [],
    sequential: options.sequential ?? false,
    limits: options.limits ?? {},
    goals: options.goals ?? {},
    trust: options.trust ?? false,
    priorities: withPriorities(
      [],
      new Map(Object.entries(options.priorities ?? {}).map(([index, priority]) => [Number(index), priority])),
    ),
  })
  if ('metainfo' in opened) {
    applyMetainfo(record, opened.metainfo)
  } else {
    record.magnet = opened.link
    record.name = opened.name ?? opened.id
    record.host = hostOf(record.tiers ?? opened.trackers)
  }
  return record
}

/** @throws SessionError `INVALID`, which says where */
export function checkAddOptions(options: AddOptions, categories: ReadonlyMap<string, Category>): void {
  const { dir, category, peers, trackers } = options
  if (dir !== undefined) checkedDir(dir, 'options.dir')
  if (peers !== undefined) checkPeers(peers, 'options.peers')
  if (trackers !== undefined) checkTrackers(trackers, 'options.trackers')
  if (category !== undefined && !categories.has(category)) {
    const text = `There is no category ${JSON.stringify(category)}: make it first.`
    throw new SessionError('INVALID', text, 'options.category')
  }
}

export function failedResult(
  source: string | URL | Uint8Array,
  error: unknown,
): { outcome: 'failed'; source: string; code: string; text: string } {
  if (!(error instanceof ShoalError) && !(error instanceof SessionError)) throw error
  return { outcome: 'failed', source: sourceText(source), code: error.code, text: error.message }
}

function sourceText(source: string | URL | Uint8Array): string {
  if (source instanceof Uint8Array) return `${source.length} bytes`
  const text = String(source)
  return text.length > SOURCE_CHARS ? `${text.slice(0, SOURCE_CHARS)}…` : text
}

function ofBytes(bytes: Uint8Array): Opened {
  const metainfo = parseTorrent(bytes)
  return { id: metainfo.infoHashHex, metainfo, bytes }
}
