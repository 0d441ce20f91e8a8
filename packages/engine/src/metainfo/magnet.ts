/**
 * Magnet links (BEP 9, 53): what people paste, and so anything at all. What cannot be read is left out with a warning;
 * only the info-hash must be there.
 *
 *     magnet:?xt=urn:btih:<40 hex or 32 base32>&dn=<name>&tr=<tracker>&ws=<web seed>&x.pe=<host:port>&so=0,4-6
 */
import { formatAddress, parseHostPort } from '../bytes/address.ts'
import { fromHex, toHex } from '../bytes/hex.ts'
import { ShoalError } from '../errors.ts'
import { cleanLine, quoted, repairUtf8 } from './text.ts'
import { cleanSeeds, cleanTrackers } from './urls.ts'

/** Links of a hundred trackers have some 8,000 characters. */
export const MAX_MAGNET_CHARS: number = 64 * 1024
/** Of a link that anybody can write, each is somewhere we connect to. */
export const MAX_MAGNET_TRACKERS = 100
export const MAX_MAGNET_SEEDS = 100
export const MAX_MAGNET_PEERS = 50
/** Ranges in `so`, which are joined where they touch. */
export const MAX_MAGNET_RANGES = 1_000
/** More files than a torrent can have. */
const MAX_FILE_INDEX: number = 2 ** 24 - 1

const MAX_NAME_CHARS = 255
const MAX_WARNINGS = 50
/** Values of `xt` that are looked at. */
const MAX_TOPICS = 16

/** File numbers in the torrent's order, from 0, both ends included. */
export interface FileRange {
  readonly first: number
  readonly last: number
}

/** What a link is made of; {@link Magnet} is one. */
export interface MagnetFields {
  /** 40 hex digits. */
  readonly infoHashHex: string
  readonly name?: string | undefined
  readonly trackers?: readonly (readonly string[])[]
  readonly webSeeds?: readonly string[]
  readonly peers?: readonly { readonly host: string; readonly port: number }[]
  readonly selectOnly?: readonly FileRange[] | undefined
  readonly v2Hash?: string | undefined
}

export interface Magnet extends MagnetFields {
  /** 20 bytes. */
  readonly infoHash: Uint8Array
  /** 40 lower-case hex digits. */
  readonly infoHashHex: string
  /** One line to show until the metadata is there; not safe as a name of a file. */
  readonly name: string | undefined
  /** Each a tier of its own. */
  readonly trackers: readonly (readonly string[])[]
  readonly webSeeds: readonly string[]
  /** `x.pe`: names or IP literals. Whoever wrote the link chose them: whoever dials them checks first. */
  readonly peers: readonly { readonly host: string; readonly port: number }[]
  /** `so` (BEP 53), ascending and apart: only these files are wanted. Undefined: all. */
  readonly selectOnly: readonly FileRange[] | undefined
  /** The SHA-256 info-hash of the same torrent in version 2 (BEP 52), 64 lower-case hex digits. */
  readonly v2Hash: string | undefined
  /** What was left out or repaired, in words. */
  readonly warnings: readonly string[]
}

/**
 * Reads a magnet link, or an info-hash alone (40 hex digits or 32 characters of base32).
 *
 * @throws ShoalError TORRENT_INVALID, the message says what is wrong; TORRENT_UNSUPPORTED for links that know version
 *   2 of a torrent only
 */
export function parseMagnet(text: string): Magnet {
  if (text.length > MAX_MAGNET_CHARS) {
    throw invalid(`${text.length} characters are more than the ${MAX_MAGNET_CHARS} allowed`)
  }
  const link = text.trim().replace(/\p{Surrogate}/gu, '\ufffd')
  const bare = parseHash(link)
  if (bare !== undefined) return new MagnetReader().read(bare)
  const scheme = /^magnet:\/{0,3}\?/iu.exec(link)
  if (scheme === null) throw invalid(`neither a magnet link nor an info-hash: ${quoted(link)}`)
  const reader = new MagnetReader()
  for (const parameter of link.slice(scheme[0].length).split('&')) reader.take(parameter)
  return reader.read(undefined)
}

/** The link as others read it too. Every tracker is a tier of its own when it is read again. */
export function formatMagnet(magnet: MagnetFields): string {
  const parameters = [`xt=urn:btih:${magnet.infoHashHex}`]
  const add = (key: string, value: string): number => parameters.push(`${key}=${percentEncoded(value)}`)
  // A multihash: SHA-256 (0x12) of 32 (0x20) bytes.
  if (magnet.v2Hash !== undefined) parameters.push(`xt=urn:btmh:1220${magnet.v2Hash}`)
  if (magnet.name !== undefined) add('dn', magnet.name)
  for (const url of magnet.trackers?.flat() ?? []) add('tr', url)
  for (const url of magnet.webSeeds ?? []) add('ws', url)
  for (const peer of magnet.peers ?? []) parameters.push(`x.pe=${formatAddress(peer)}`)
  if (magnet.selectOnly !== undefined) {
    const ranges = magnet.selectOnly.map(({ first, last }) => (first === last ? first : `${first}-${last}`))
    parameters.push(`so=${ranges.join(',')}`)
  }
  return `magnet:?${parameters.join('&')}`
}

class MagnetReader {
  readonly #warnings: string[] = []
  readonly #trackers: string[][] = []
  readonly #seeds: string[] = []
  readonly #peers = new Map<string, { host: string; port: number }>()
  #topics = 0
  #infoHash: Uint8Array | undefined
  #v2Hash: string | undefined
  #name: string | undefined
  #ranges: FileRange[] | undefined

  take(parameter: string): void {
    const equals = parameter.indexOf('=')
    if (equals <= 0) return
    // Links copied out of a page's source have `&amp;`; `tr.1` is how some number their parameters.
    const key = parameter
      .slice(0, equals)
      .toLowerCase()
      .replace(/^amp;/u, '')
      .replace(/\.\d+$/u, '')
    const raw = parameter.slice(equals + 1)
    if (key === 'xt') this.#takeTopic(this.#unescape(key, raw))
    else if (key === 'dn') this.#takeName(this.#unescape(key, raw.replaceAll('+', ' ')))
    else if (key === 'tr') this.#trackers.push([this.#unescape(key, raw)])
    else if (key === 'ws') this.#seeds.push(this.#unescape(key, raw))
    else if (key === 'x.pe') this.#takePeer(this.#unescape(key, raw))
    else if (key === 'so') this.#takeSelection(this.#unescape(key, raw))
    else if (key === 'xs' || key === 'as') this.#warn(`${key} is not used: ${quoted(raw)}`)
  }

  read(bare: Uint8Array | undefined): Magnet {
    const infoHash = bare ?? this.#infoHash
    if (infoHash === undefined) throw this.#noHash()
    const listed: string[] = []
    const trackers = cleanTrackers(this.#trackers, listed)
    const webSeeds = cleanSeeds(this.#seeds, listed)
    for (const warning of listed) this.#warn(warning)
    return {
      infoHash,
      infoHashHex: toHex(infoHash),
      name: this.#name,
      trackers: this.#first(trackers, MAX_MAGNET_TRACKERS, 'trackers'),
      webSeeds: this.#first(webSeeds, MAX_MAGNET_SEEDS, 'web seeds'),
      peers: [...this.#peers.values()],
      selectOnly: this.#ranges === undefined ? undefined : joined(this.#ranges),
      v2Hash: this.#v2Hash,
      warnings: this.#warnings,
    }
  }

  #noHash(): ShoalError {
    if (this.#v2Hash === undefined) return invalid('no info-hash: xt=urn:btih:… is missing')
    return new ShoalError(
      'TORRENT_UNSUPPORTED',
      'magnet link: it knows version 2 of the torrent only (BEP 52), which is not supported',
      { operation: 'read' },
    )
  }

  #takeTopic(topic: string): void {
    if (++this.#topics > MAX_TOPICS) return
    const [, kind, value = ''] = /^urn:([a-z0-9]+):(.*)$/isu.exec(topic) ?? []
    if (kind?.toLowerCase() === 'btih') this.#takeHash(value)
    else if (kind?.toLowerCase() === 'btmh') this.#takeV2Hash(value)
    else this.#warn(`xt is of an unknown kind: ${quoted(topic)}`)
  }

  #takeHash(text: string): void {
    const hash = parseHash(text)
    if (hash === undefined) {
      throw invalid(`an info-hash has 40 hex digits or 32 characters of base32, not ${quoted(text)}`)
    }
    if (this.#infoHash === undefined) this.#infoHash = hash
    else if (toHex(hash) !== toHex(this.#infoHash))
      this.#warn(`a second info-hash is not used: ${toHex(hash)}`)
  }

  #takeV2Hash(text: string): void {
    const digest = /^1220([0-9a-f]{64})$/iu.exec(text)?.[1]
    if (digest === undefined) this.#warn(`not a version 2 info-hash: ${quoted(text)}`)
    else this.#v2Hash ??= digest.toLowerCase()
  }

  #takeName(text: string): void {
    // Twice, as what vanishes may leave spaces side by side.
    const name = [...cleanLine(cleanLine(text))].slice(0, MAX_NAME_CHARS).join('').trim()
    if (name !== '') this.#name ??= name
  }

  #takePeer(text: string): void {
    const peer = parseHostPort(text) ?? parseNamePort(text)
    if (peer === undefined) return this.#warn(`x.pe left out, not host:port: ${quoted(text)}`)
    if (this.#peers.size >= MAX_MAGNET_PEERS) {
      return this.#warn(`more than ${MAX_MAGNET_PEERS} peers: the others are left out`)
    }
    this.#peers.set(formatAddress(peer), peer)
  }

  #takeSelection(text: string): void {
    this.#ranges ??= []
    for (const part of text.split(',')) {
      const [, from, to = from] = /^(\d{1,9})(?:-(\d{1,9}))?$/u.exec(part.trim()) ?? []
      const range = { first: Number(from), last: Number(to) }
      if (from === undefined || range.first > range.last || range.last > MAX_FILE_INDEX) {
        this.#warn(`so left out, not a file number or range: ${quoted(part)}`)
      } else if (this.#ranges.length >= MAX_MAGNET_RANGES) {
        return this.#warn(`so has more than ${MAX_MAGNET_RANGES} ranges: the others are left out`)
      } else {
        this.#ranges.push(range)
      }
    }
    // Nothing that can be read is no reason to want nothing.
    if (this.#ranges.length === 0) this.#ranges = undefined
  }

  #unescape(key: string, raw: string): string {
    try {
      return decodeURIComponent(raw)
    } catch {
      this.#warn(`${key} has a damaged percent escape: ${quoted(raw)}`)
      return unescapeLeniently(raw)
    }
  }

  #first<T>(all: readonly T[], limit: number, what: string): readonly T[] {
    if (all.length > limit) this.#warn(`more than ${limit} ${what}: the others are left out`)
    return all.slice(0, limit)
  }

  #warn(text: string): void {
    if (this.#warnings.length < MAX_WARNINGS && !this.#warnings.includes(text)) this.#warnings.push(text)
  }
}

function invalid(problem: string): ShoalError {
  return new ShoalError('TORRENT_INVALID', `magnet link: ${problem}`, { operation: 'read' })
}

function parseHash(text: string): Uint8Array | undefined {
  if (text.length === 40) return fromHex(text)
  if (text.length === 32) return fromBase32(text)
  return undefined
}

/** RFC 4648, either case, without padding: 8 characters for 5 bytes. */
function fromBase32(text: string): Uint8Array | undefined {
  if (!/^[a-z2-7]+$/iu.test(text) || text.length % 8 !== 0) return undefined
  const bytes = new Uint8Array((text.length / 8) * 5)
  let bits = 0
  let held = 0
  let at = 0
  for (const char of text.toUpperCase()) {
    bits = ((bits & 0xff) << 5) | 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(char)
    held += 5
    if (held >= 8) {
      held -= 8
      bytes[at++] = bits >> held
    }
  }
  return bytes
}

/**
 * `host.name:6881`. A last label that begins with a digit is none of a name: resolvers read `127.1` and `0x7f.1` as
 * addresses.
 */
function parseNamePort(text: string): { host: string; port: number } | undefined {
  const [, name, digits] = /^([0-9a-z_](?:[0-9a-z._-]{0,251}[0-9a-z])?):(\d{1,5})$/iu.exec(text) ?? []
  const port = Number(digits)
  if (name === undefined || port < 1 || port > 65535) return undefined
  if (/(?:^|\.)\d[^.]*$/u.test(name) || name.includes('..')) return undefined
  return { host: name.toLowerCase(), port }
}

/** Ascending; ranges that overlap or touch are one. */
function joined(ranges: readonly FileRange[]): FileRange[] {
  const result: FileRange[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1)
    if (before === undefined || range.first > before.last + 1) result.push(range)
    else result[result.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
  }
  return result
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
}

/** What is no escape stays as it is; what is no UTF-8 then becomes U+FFFD. */
function unescapeLeniently(text: string): string {
  const source = utf8.encode(text)
  const bytes = new Uint8Array(source.length)
  let length = 0
  for (let at = 0; at < source.length; at++) {
    const digits = source[at] === 0x25 ? String.fromCharCode(...source.subarray(at + 1, at + 3)) : ''
    const escaped = /^[0-9a-f]{2}$/iu.test(digits)
    bytes[length++] = escaped ? Number.parseInt(digits, 16) : source[at]!
    if (escaped) at += 2
  }
  return repairUtf8(bytes.subarray(0, length))
}

const utf8 = new TextEncoder()
