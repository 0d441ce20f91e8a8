/** How many columns of a terminal a text takes, and how to make it take fewer. Texts are without escape sequences. */
import { eastAsianWidth } from 'get-east-asian-width'

const ASCII = /^[\x20-\x7e]*$/
const ZERO_WIDTH = /^[\p{M}\p{Cf}\p{Cc}]/u
const EMOJI = /^\p{Emoji_Presentation}|\ufe0f/u

/** Made when first needed: loading the rules costs milliseconds, and most names are ASCII. */
let segmenter: Intl.Segmenter | undefined

export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const grapheme of graphemes(text)) width += graphemeWidth(grapheme)
  return width
}

/** At most `columns` wide: the end gives way to an ellipsis. */
export function truncateEnd(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  if (columns <= 0) return ''
  return `${take(graphemes(text), columns - 1).join('')}…`
}

/** At most `columns` wide: the middle gives way, since what ends a file name tells as much as what begins it. */
export function truncateMiddle(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  if (columns < 8) return truncateEnd(text, columns)
  const parts = graphemes(text)
  const tail = take(parts.toReversed(), Math.max(4, Math.floor((columns - 1) / 3)))
    .toReversed()
    .join('')
  const head = take(parts, columns - 1 - displayWidth(tail)).join('')
  return `${head}…${tail}`
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - displayWidth(text))) + text
}

/** Lines of at most `columns`, broken at spaces; what is longer than a line is cut anywhere. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  let width = 0
  for (const word of text.split(' ')) {
    for (const piece of cut(word, columns)) {
      const needs = displayWidth(piece)
      if (line !== '' && width + 1 + needs > columns) {
        lines.push(line)
        line = ''
        width = 0
      }
      line += line === '' ? piece : ` ${piece}`
      width = displayWidth(line)
    }
  }
  lines.push(line)
  return lines
}

function cut(word: string, columns: number): string[] {
  if (displayWidth(word) <= columns) return [word]
  const pieces: string[] = []
  let rest = graphemes(word)
  while (rest.length > 0) {
    const head = take(rest, columns)
    const count = Math.max(1, head.length)
    pieces.push(rest.slice(0, count).join(''))
    rest = rest.slice(count)
  }
  return pieces
}

function take(parts: readonly string[], columns: number): string[] {
  const taken: string[] = []
  let width = 0
  for (const part of parts) {
    width += graphemeWidth(part)
    if (width > columns) break
    taken.push(part)
  }
  return taken
}

function graphemes(text: string): string[] {
  if (ASCII.test(text)) return text.split('')
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), part => part.segment)
}

function graphemeWidth(grapheme: string): number {
  if (EMOJI.test(grapheme)) return 2
  if (ZERO_WIDTH.test(grapheme)) return 0
  return eastAsianWidth(grapheme.codePointAt(0) ?? 0)
}
