/** Addresses of trackers, web seeds and DHT nodes, as torrents and magnet links give them. */
import { quoted } from './text.ts'

/** Torrents with long public lists have around a hundred. */
export const MAX_TRACKERS = 300
export const MAX_SEEDS = 300
export const MAX_NODES = 100

const MAX_URL_CHARS = 2048
const MAX_HOST_CHARS = 255
/** A list may hold millions of bad ones: the rest is not looked at. */
const EXAMINED_PER_ACCEPTED = 10
const MAX_URL_WARNINGS = 20

const TRACKER_SCHEMES = ['http:', 'https:', 'udp:']
const SEED_SCHEMES = ['http:', 'https:']

/**
 * Tiers of tracker URLs (BEP 12): trimmed, each once, of http, https and udp; tiers that are empty then are dropped.
 * What is left out is told in `warnings`.
 */
export function cleanTrackers(tiers: readonly (readonly string[])[], warnings: string[]): string[][] {
  const filter = new UrlFilter('tracker', TRACKER_SCHEMES, MAX_TRACKERS, warnings)
  return tiers.map(tier => filter.take(tier)).filter(tier => tier.length > 0)
}

/** Whether it is the URL of a tracker that {@link cleanTrackers} lets pass. */
export function isTrackerUrl(text: string): boolean {
  return cleanUrl(text.trim(), TRACKER_SCHEMES) !== undefined
}

/** Seeds over HTTP (BEP 17, 19); spaces and non-ASCII characters are percent-encoded. */
export function cleanSeeds(urls: readonly string[], warnings: string[]): string[] {
  return new UrlFilter('web seed', SEED_SCHEMES, MAX_SEEDS, warnings).take(urls)
}

export interface DhtNode {
  readonly host: string
  readonly port: number
}

/** Hosts are names or IP literals. */
export function cleanNodes(nodes: readonly DhtNode[], warnings: string[]): DhtNode[] {
  const good = nodes.filter(
    ({ host, port }) =>
      host.length <= MAX_HOST_CHARS &&
      /^[0-9a-z._:-]+$/iu.test(host) &&
      Number.isInteger(port) &&
      port > 0 &&
      port < 65536,
  )
  if (good.length < nodes.length)
    warnings.push(`DHT nodes left out, as they are not valid: ${nodes.length - good.length}`)
  if (good.length > MAX_NODES) warnings.push(`more than ${MAX_NODES} DHT nodes: the others are left out`)
  return good.slice(0, MAX_NODES)
}

/** Accepts each good URL once, up to a limit. */
class UrlFilter {
  readonly #what: string
  readonly #schemes: readonly string[]
  readonly #limit: number
  readonly #warnings: string[]
  readonly #known = new Set<string>()
  #examined = 0

  constructor(what: string, schemes: readonly string[], limit: number, warnings: string[]) {
    this.#what = what
    this.#schemes = schemes
    this.#limit = limit
    this.#warnings = warnings
  }

  /** Those of `urls` that are good and new, trimmed. */
  take(urls: readonly string[]): string[] {
    const good: string[] = []
    for (const raw of urls) {
      if (this.#examined >= this.#limit * EXAMINED_PER_ACCEPTED) break
      const text = raw.trim()
      if (text === '') continue
      this.#examined++
      const url = this.#accept(text)
      if (url !== undefined) good.push(url)
    }
    return good
  }

  #accept(text: string): string | undefined {
    const url = cleanUrl(text, this.#schemes)
    if (url === undefined) {
      const schemes = this.#schemes.join(' ')
      this.#warn(`${this.#what} left out, not a URL (${schemes}): ${quoted(text)}`)
      return undefined
    }
    if (this.#known.has(url)) return undefined
    if (this.#known.size >= this.#limit) {
      this.#warn(`more than ${this.#limit} ${this.#what}s: the others are left out`)
      return undefined
    }
    this.#known.add(url)
    return url
  }

  #warn(text: string): void {
    if (this.#warnings.length < MAX_URL_WARNINGS && !this.#warnings.includes(text)) this.#warnings.push(text)
  }
}

function cleanUrl(text: string, schemes: readonly string[]): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a URL with a control character was meant to break something
  if (text.length > MAX_URL_CHARS || /[\u0000-\u001f\u007f-\u009f\ufffd]/u.test(text)) return undefined
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (!schemes.includes(url.protocol) || url.hostname === '') return undefined
  // Trackers compare announce URLs with passkeys byte for byte: only what cannot be sent as it is gets rewritten.
  return /^[\u0021-\u007e]+$/u.test(text) ? text : url.href
}
