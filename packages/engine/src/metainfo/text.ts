/** Text out of a torrent: repaired, and without characters that change how the text around them is shown. */

/**
 * Characters that show nothing but steer what does: C0 and C1 controls and DEL (terminal escapes), zero-width
 * characters, direction marks and overrides, line and paragraph separators.
 */
export const INVISIBLE: RegExp =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu

/** Comments and the like are for reading; no honest one comes near. */
const MAX_TEXT_CHARS = 10_000

const MAX_QUOTED_CHARS = 80

/** UTF-8 with malformed stretches as U+FFFD; never fails. */
export function repairUtf8(bytes: Uint8Array): string {
  return shortAscii(bytes) ?? lenientUtf8.decode(bytes)
}

/** One line that is safe to show anywhere: in a terminal, a log, a header. */
export function cleanLine(text: string): string {
  return text.slice(0, MAX_TEXT_CHARS).replace(/\s+/gu, ' ').replace(INVISIBLE, '').trim()
}

/** The same with its line breaks kept. */
export function cleanText(text: string): string {
  const lines = text.slice(0, MAX_TEXT_CHARS).split(/\r\n|\r|\n/u)
  return lines
    .map(line => line.replace(/\t/gu, '  ').replace(INVISIBLE, ''))
    .join('\n')
    .trim()
}

/** The same in quotes and cut short, for messages. */
export function quoted(text: string): string {
  const short = text.slice(0, MAX_QUOTED_CHARS).replace(INVISIBLE, '')
  return `"${short}${text.length > MAX_QUOTED_CHARS ? '…' : ''}"`
}

/** A torrent of many files has a million short names, for which a call to the decoder costs more than its work. */
const SHORT_BYTES = 32

function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.length > SHORT_BYTES) return undefined
  let text = ''
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte > 127) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })
