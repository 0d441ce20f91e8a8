/** Sizes, rates and durations as people type them. */
import { isIP } from 'node:net'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

const POWERS = ['', 'k', 'm', 'g', 't'] as const
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86_400 }

/**
 * `10M`, `500K`, `5MB/s`, `10MiB`, `1.5 MB`: bytes a second. K and KB are 1,000, KiB is 1,024; a bare number is bytes.
 * `0` and `none` are no limit.
 */
export function parseRate(option: string): (text: string) => number {
  return text => {
    if (/^none$|^unlimited$/i.test(text.trim())) return 0
    const bytes = toBytes(text.replace(/\s*(\/|p)s$/i, ''), 1000)
    if (bytes !== undefined) return bytes
    throw invalid(option, text, 'is not a rate', '10M, 500K, 5MB/s or 10MiB')
  }
}

/** `256K`, `1M`, `4MiB`: a power of two from 16 KiB; K and KiB are both 1,024 here. */
export function parsePieceLength(option: string): (text: string) => number {
  return text => {
    const bytes = toBytes(text, 1024)
    if (bytes === undefined) throw invalid(option, text, 'is not a size', '256K, 1M or 4MiB')
    if (bytes < 16_384 || !Number.isInteger(Math.log2(bytes)))
      throw invalid(option, text, 'is not a power of two from 16K', '256K, 1M or 4M')
    return bytes
  }
}

/** `30m`, `2h`, `1h30m`, `500ms`, `90` (seconds): seconds. */
export function parseDuration(option: string): (text: string) => number {
  return text => {
    const trimmed = text.trim().toLowerCase()
    if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed)
    if (!/^(\d+(\.\d+)?\s*(ms|s|min|m|h|d)\s*)+$/.test(trimmed))
      throw invalid(option, text, 'is not a time', '90s, 30m or 1h30m')
    let seconds = 0
    for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)/g))
      seconds += Number(number) * SECONDS[unit!]!
    return seconds
  }
}

/** A whole number from `least` to `most`. */
export function parseWhole(option: string, least: number, most: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text.trim()) && value >= least && value <= most) return value
    throw new Failure(EXIT.usage, `${option}: '${text}' is not a whole number from ${least} to ${most}`)
  }
}

export function parseRatio(option: string): (text: string) => number {
  return text => {
    if (/^\d+(\.\d+)?$/.test(text.trim())) return Number(text)
    throw invalid(option, text, 'is not a ratio', '1 or 2.5')
  }
}

/** `host:port` or `[v6]:port`, given back as it is. */
export function parsePeer(option: string): (text: string, before: readonly string[] | undefined) => string[] {
  return (text, before) => {
    const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):(\d{1,5})$/.exec(text)?.[1])
    if (port >= 1 && port <= 65_535) return [...(before ?? []), text]
    throw invalid(option, text, 'is not an address', '192.0.2.7:6881 or [2001:db8::7]:6881')
  }
}

/** An IPv4 or IPv6 address: a name could stand for several. */
export function parseAddress(option: string): (text: string) => string {
  return text => {
    if (isIP(text) !== 0) return text
    throw invalid(option, text, 'is not an IP address', '192.0.2.7 or 2001:db8::7')
  }
}

/** For options that may come several times. */
export function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text]
}

function toBytes(text: string, letter: 1000 | 1024): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b?)$/i.exec(text.trim())
  if (!match) return undefined
  const [, number, prefix = '', suffix = ''] = match
  if (prefix === '' && /^i/i.test(suffix)) return undefined
  const base = /^i/i.test(suffix) ? 1024 : /^b$/i.test(suffix) ? 1000 : letter
  const bytes = Math.round(Number(number) * base ** POWERS.indexOf(prefix.toLowerCase() as ''))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

function invalid(option: string, text: string, what: string, examples: string): Failure {
  return new Failure(EXIT.usage, `${option}: '${text}' ${what}`, `write it like ${examples}`)
}
