/** Text of strangers (names, comments, client names, tracker messages) made harmless for a terminal. */

/** What becomes a space: line ends and tabs would break the layout. */
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g

/**
 * What goes: C0 and C1 controls (escape sequences), marks and overrides of direction (they make `gpj.exe` of
 * `exe.jpg`), invisible spaces, annotation marks and tag characters. Joiners stay: scripts and emoji need them.
 */
const UNSAFE =
  /\p{Cc}|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** No one stacks more marks on a letter for a reason; floods of them spill over other lines. */
const MARKS_PER_LETTER = 4
const MARK_FLOOD = new RegExp(`(\\p{M}{${MARKS_PER_LETTER}})\\p{M}+`, 'gu')

/** One line, without anything that a terminal would obey. */
export function safeText(text: string): string {
  // Nearly all text is plain, and quickly seen to be.
  if (/^[\x20-\x7e]*$/.test(text)) return text
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(BREAKS, ' ')
    .replace(UNSAFE, '')
    .replace(MARK_FLOOD, '$1')
}
