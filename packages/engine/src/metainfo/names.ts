/**
 * Names of files and folders made safe for every platform at once, so that a torrent has the same names wherever it
 * is downloaded, and a disk can move from one system to another.
 */
import { INVISIBLE } from './text.ts'

/** What ext4, APFS, NTFS and most others allow for one element; NTFS counts UTF-16 units, which are never more. */
export const MAX_NAME_BYTES = 255

/** A longer ending is no extension, and is cut like any other text. */
const MAX_EXTENSION_BYTES = 32

/** Names of devices on Windows, with any extension; the superscript digits count too. */
const RESERVED =
  /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/iu

const ASCII = /^[ -~]*$/u

/** Most names: nothing in them needs care. */
const PLAIN = /^(?!.*[. ]$)[0-9A-Za-z ._()[\]+,'!&#@=~-]{1,200}$/u

/**
 * One element of a path, safe on every platform; empty when nothing is left of it.
 *
 * - Separators (`/`, `\`) and invisible characters vanish.
 * - NUL, `: * ? " < > |` and what is no character (malformed UTF-8) become `_`.
 * - Dots and spaces at the end vanish, and so do `.` and `..`.
 * - Windows device names get a `_` in front.
 * - At most 255 bytes of UTF-8, cut between characters, keeping the extension.
 */
export function safeName(raw: string): string {
  if (PLAIN.test(raw) && !RESERVED.test(raw)) return raw
  const visible = raw
    // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is one of them
    .replace(/[\u0000:*?"<>|\ufffd\p{Surrogate}]/gu, '_')
    .replace(/[/\\]/gu, '')
    .replace(INVISIBLE, '')
  let name = withoutTail(visible)
  if (RESERVED.test(name)) name = `_${name}`
  return withoutTail(fitName(name, ''))
}

/** An element of a path below the torrent's folder: where nothing is left of it, `_`. */
export function safeElement(raw: string): string {
  const name = safeName(raw)
  return name === '' ? '_' : name
}

/**
 * `foo.txt` with suffix `.1`: `foo.1.txt`, its stem cut so that all of it fits {@link MAX_NAME_BYTES}. What was no name of
 * a device may be one when its end is gone.
 */
export function fitName(name: string, suffix: string): string {
  if (suffix === '' && name.length * 3 <= MAX_NAME_BYTES) return name
  const fitted = cutName(name, suffix)
  return RESERVED.test(fitted) ? cutName(`_${name}`, suffix) : fitted
}

/**
 * Two names with the same key are the same file on a system that ignores case or the form of accents (Windows,
 * macOS). There and back again, as some letters have several lower-case forms.
 */
export function nameKey(name: string): string {
  if (ASCII.test(name)) return name.toLowerCase()
  return name.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC')
}

function cutName(name: string, suffix: string): string {
  const { stem, extension } = splitName(name)
  const room = MAX_NAME_BYTES - suffix.length - utf8.encode(extension).length
  return cutToBytes(stem, room) + suffix + extension
}

function splitName(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 ? name.slice(dot) : ''
  if (extension === '' || utf8.encode(extension).length > MAX_EXTENSION_BYTES)
    return { stem: name, extension: '' }
  return { stem: name.slice(0, dot), extension }
}

/** The longest beginning of `text` that is at most `limit` bytes of UTF-8 and splits no character. */
function cutToBytes(text: string, limit: number): string {
  const target = new Uint8Array(limit)
  const { read } = utf8.encodeInto(text, target)
  return text.slice(0, read)
}

/** One by one from the end: a pattern anchored there would try every run of spaces on the way. */
function withoutTail(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '.')) end--
  return text.slice(0, end)
}

const utf8 = new TextEncoder()
