/**
 * What an HTTP tracker is asked and what it answers (BEP 3, 7, 23, 24, 48). Pure: the request itself is made in
 * `node/`.
 */
import { BencodeError, decode } from '../bencode/decode.ts'
import { BencodeDict, type BencodeValue, isList } from '../bencode/value.ts'
import type { PeerAddress } from '../bytes/address.ts'
import { canonicalIp, formatIp, parseCompact4, parseCompact6 } from '../bytes/address.ts'
import { toHex } from '../bytes/hex.ts'
import { ShoalError } from '../errors.ts'
import type { AnnounceReply, AnnounceRequest, SwarmCounts, TrackerPeer } from './announce.ts'
import { clampIntervals, cleanText, MAX_PEERS_PER_REPLY, MAX_TRACKER_ID_CHARS } from './limits.ts'

/**
 * The URL of one announce. What the URL has in its query already (often a passkey) stays in front; a fragment goes.
 * `no_peer_id` and `compact` ask for small answers, which no tracker has to give.
 */
export function announceUrl(url: string, request: AnnounceRequest): string {
  const query = [
    `info_hash=${percentEncode(request.infoHash)}`,
    `peer_id=${percentEncode(request.peerId)}`,
    `port=${request.port}`,
    `uploaded=${request.uploadedBytes}`,
    `downloaded=${request.downloadedBytes}`,
    `left=${request.leftBytes}`,
    'compact=1',
    'no_peer_id=1',
    `numwant=${request.numWant}`,
    `key=${(request.key >>> 0).toString(16).padStart(8, '0')}`,
  ]
  if (request.event !== 'none') query.push(`event=${request.event}`)
  if (request.trackerId !== undefined) {
    query.push(`trackerid=${percentEncode(new TextEncoder().encode(request.trackerId))}`)
  }
  return withQuery(url, query)
}

/**
 * Where to scrape (BEP 48): the last path element begins with `announce`, which becomes `scrape`. Undefined when it
 * does not: such a tracker cannot be scraped.
 */
export function scrapeUrl(url: string, infoHashes: readonly Uint8Array[]): string | undefined {
  const match = /^([a-z]+:\/\/[^/?#]+\/(?:[^?#]*\/)?)announce([^/?#]*(?:\?[^#]*)?)(?:#.*)?$/i.exec(url)
  if (match === null) return undefined
  return withQuery(
    `${match[1]}scrape${match[2]}`,
    infoHashes.map(hash => `info_hash=${percentEncode(hash)}`),
  )
}

/**
 * Reads an announce's answer. Fields of a wrong type count as absent, peers without a usable address are dropped.
 *
 * @throws ShoalError TRACKER_REFUSED with the tracker's own words; TRACKER_INVALID when this is no answer
 */
export function parseAnnounceReply(bytes: Uint8Array): AnnounceReply {
  const dict = parseReplyDict(bytes)
  const peers = readPeers(dict)
  const interval = dict.int('interval')
  if (interval === undefined && peers === undefined) {
    throw new ShoalError('TRACKER_INVALID', 'the tracker answered with neither an interval nor peers')
  }
  const warning = words(dict, 'warning message')
  const trackerId = dict.text('tracker id')
  return {
    ...clampIntervals(interval, dict.int('min interval')),
    peers: peers ?? [],
    seeders: count(dict, 'complete'),
    leechers: count(dict, 'incomplete'),
    downloads: count(dict, 'downloaded'),
    trackerId: trackerId === undefined || trackerId.length > MAX_TRACKER_ID_CHARS ? undefined : trackerId,
    warning,
    externalIp: formatIp(dict.bytes('external ip') ?? new Uint8Array()),
  }
}

/**
 * Reads a scrape's answer: counts by info-hash in hex, of those that were asked for; one without any count is left
 * out.
 *
 * @throws ShoalError TRACKER_REFUSED with the tracker's own words; TRACKER_INVALID when this is no answer
 */
export function parseScrapeReply(
  bytes: Uint8Array,
  infoHashes: readonly Uint8Array[],
): Map<string, SwarmCounts> {
  const files = parseReplyDict(bytes).dict('files')
  if (files === undefined)
    throw new ShoalError('TRACKER_INVALID', 'the tracker answered a scrape without files')
  const asked = new Set(infoHashes.map(toHex))
  const counts = new Map<string, SwarmCounts>()
  for (const key of files.keys) {
    const hash = toHex(Uint8Array.from(key, char => char.charCodeAt(0)))
    const swarm = asked.has(hash) ? files.dict(key) : undefined
    if (swarm === undefined) continue
    const seeders = count(swarm, 'complete')
    const leechers = count(swarm, 'incomplete')
    const downloads = count(swarm, 'downloaded')
    if (seeders === undefined && leechers === undefined && downloads === undefined) continue
    counts.set(hash, { seeders, leechers, downloads })
  }
  return counts
}

/** The `failure reason` in a body of any kind, for answers with an HTTP error status; undefined without one. */
export function failureReason(bytes: Uint8Array): string | undefined {
  try {
    parseReplyDict(bytes)
  } catch (error) {
    if (error instanceof ShoalError && error.code === 'TRACKER_REFUSED') return error.message
  }
  return undefined
}

/** Every byte that is not unreserved in a URL (RFC 3986) as `%` and two digits. */
export function percentEncode(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    const char = String.fromCharCode(byte)
    text += /[A-Za-z0-9._~-]/.test(char)
      ? char
      : `%${(byte < 16 ? '0' : '') + byte.toString(16).toUpperCase()}`
  }
  return text
}

function withQuery(url: string, query: readonly string[]): string {
  const whole = url.replace(/#.*$/s, '')
  if (query.length === 0) return whole
  const glue = !whole.includes('?') ? '?' : /[?&]$/.test(whole) ? '' : '&'
  return whole + glue + query.join('&')
}

/** Deeper and larger answers than trackers give; a dictionary of the largest peer list takes 8 tokens a peer. */
const REPLY_LIMITS = { maxDepth: 8, maxTokens: 100_000 }

/** The dictionary of an answer that is no refusal. */
function parseReplyDict(bytes: Uint8Array): BencodeDict {
  const value = decodeReply(bytes)
  if (!(value instanceof BencodeDict)) throw new ShoalError('TRACKER_INVALID', notAnAnswer(bytes))
  if (value.has('failure reason')) {
    const reason = words(value, 'failure reason')
    throw new ShoalError('TRACKER_REFUSED', reason ?? 'the tracker refused without a reason')
  }
  return value
}

function decodeReply(bytes: Uint8Array): BencodeValue {
  try {
    return decode(bytes, REPLY_LIMITS).value
  } catch (cause) {
    if (!(cause instanceof BencodeError)) throw cause
    throw new ShoalError('TRACKER_INVALID', notAnAnswer(bytes), { cause })
  }
}

/** Says what came instead, as people recognise it: most often a web page. */
function notAnAnswer(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'the tracker sent an empty answer'
  const start = cleanText(new TextDecoder().decode(bytes.subarray(0, 60)))
  return start.startsWith('<')
    ? 'the tracker sent a web page, not an answer of a tracker'
    : `the tracker sent no answer of a tracker but “${start}”`
}

/** Both lists of peers; undefined when the answer has neither. */
function readPeers(dict: BencodeDict): TrackerPeer[] | undefined {
  const peers = dict.get('peers')
  const peers6 = dict.bytes('peers6')
  const found: TrackerPeer[] = []
  if (peers instanceof Uint8Array) take(found, parseCompact4(peers.subarray(0, MAX_PEERS_PER_REPLY * 6)))
  else if (isList(peers)) takeDicts(found, peers)
  else if (peers6 === undefined) return undefined
  if (peers6 !== undefined) take(found, parseCompact6(peers6.subarray(0, MAX_PEERS_PER_REPLY * 18)))
  return found
}

function take(found: TrackerPeer[], addresses: readonly PeerAddress[]): void {
  for (const address of addresses) {
    if (found.length >= MAX_PEERS_PER_REPLY) return
    found.push({ ...address, peerId: undefined })
  }
}

/** The dictionary form of BEP 3. Names are dropped: to look them up would let a tracker aim our resolver. */
function takeDicts(found: TrackerPeer[], list: readonly BencodeValue[]): void {
  for (const item of list) {
    if (found.length >= MAX_PEERS_PER_REPLY) return
    if (!(item instanceof BencodeDict)) continue
    const host = canonicalIp(item.text('ip') ?? '')
    const port = item.int('port')
    if (host === undefined || port === undefined || port < 1 || port > 65535) continue
    const peerId = item.bytes('peer id')
    // Copied, so that a peer id does not keep the whole answer in memory.
    found.push({ host, port, peerId: peerId?.length === 20 ? peerId.slice() : undefined })
  }
}

function count(dict: BencodeDict, key: string): number | undefined {
  const value = dict.int(key)
  return value === undefined || value < 0 ? undefined : value
}

/** A text of the tracker's in any encoding, made safe; undefined when nothing is left of it. */
function words(dict: BencodeDict, key: string): string | undefined {
  const text = cleanText(new TextDecoder().decode(dict.bytes(key)))
  return text === '' ? undefined : text
}
