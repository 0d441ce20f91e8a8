/** What torrents are added from: text and uploaded files, told apart before the session sees them. */
import type { AddResult } from '../../contract/index.ts'
import { HttpProblem } from '../problem.ts'

const DATA_PREFIX = /^data:(?:application\/(?:x-bittorrent|octet-stream))?;base64,/i
/** Hex of v1 and v2, and base32. */
const INFO_HASH = /^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[A-Za-z2-7]{32})$/
const SHOWN_CHARS = 100

/** @returns undefined: it is nothing that can be added. A path of this machine, for one: files are uploaded. */
export function parseSource(source: string): string | Uint8Array | undefined {
  const text = source.trim()
  const prefix = DATA_PREFIX.exec(text)?.[0]
  if (prefix !== undefined) {
    const base64 = text.slice(prefix.length)
    return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(base64)
      ? new Uint8Array(Buffer.from(base64, 'base64'))
      : undefined
  }
  return /^(?:magnet:\?|https?:\/\/)\S+$/i.test(text) || INFO_HASH.test(text) ? text : undefined
}

export function requireSource(source: string, where: string): string | Uint8Array {
  const parsed = parseSource(source)
  if (parsed !== undefined) return parsed
  throw new HttpProblem('INVALID', `${EXPECTED}.`, { where })
}

export function refusedSource(source: string): AddResult {
  const shown = source.length > SHOWN_CHARS ? `${source.slice(0, SHOWN_CHARS)}…` : source
  return { outcome: 'failed', source: shown, code: 'INVALID', text: `${EXPECTED}.` }
}

const EXPECTED =
  'A source is a magnet link, an info-hash, a web address of a torrent file, or a torrent file as `data:application/x-bittorrent;base64,…`'
