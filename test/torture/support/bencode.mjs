/**
 * Bencoding (BEP 3), written a second time and as plainly as can be, to compare with: strings are text of one character
 * a byte, dictionaries are arrays of pairs, so that they may be as wrong as a case wants.
 */

/** A dictionary: pairs of key and value, in the order in which they are written. */
export class Dict {
  constructor(pairs) {
    this.pairs = pairs
  }
}

export function dict(fields) {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined)
  return new Dict(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function latin1(text) {
  if (text.length > 200) return new Uint8Array(Buffer.from(text, 'latin1'))
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

export function textOf(bytes) {
  if (bytes.length > 40) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  let text = ''
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at])
  return text
}

/** UTF-8 as text of one character a byte. */
export function utf8(text) {
  return textOf(new TextEncoder().encode(text))
}

/** Strings, numbers (written as they are, whatever they are), arrays, {@link Dict}. */
export function write(value) {
  if (typeof value === 'string') return `${value.length}:${value}`
  if (typeof value === 'number' || typeof value === 'bigint') return `i${value}e`
  if (Array.isArray(value)) return `l${value.map(write).join('')}e`
  return `d${value.pairs.map(([key, item]) => `${key.length}:${key}${write(item)}`).join('')}e`
}

export function encoded(value) {
  return latin1(write(value))
}

/** The value if `bytes` are exactly one, canonically written; undefined otherwise. */
export function readStrictly(bytes, { maxDepth = 100, maxKey = 4096 } = {}) {
  let at = 0
  const digitsUntil = end => {
    const from = at
    let value = 0
    while (bytes[at] >= 48 && bytes[at] <= 57) value = value * 10 + (bytes[at++] - 48)
    const count = at - from
    if (count === 0 || (count > 1 && bytes[from] === 48) || bytes[at] !== end) throw NONE
    if (!Number.isSafeInteger(value)) throw NONE
    at++
    return value
  }
  const string = () => {
    const length = digitsUntil(58)
    if (at + length > bytes.length) throw NONE
    at += length
    return bytes.subarray(at - length, at)
  }
  const read = depth => {
    const char = bytes[at]
    if (char === 105) {
      at++
      const isNegative = bytes[at] === 45
      if (isNegative) at++
      const value = digitsUntil(101)
      if (isNegative && value === 0) throw NONE
      return isNegative ? -value : value
    }
    if (char !== 108 && char !== 100) return textOf(string())
    if (depth === maxDepth) throw NONE
    at++
    const items = []
    let last
    while (bytes[at] !== 101) {
      if (char === 108) {
        items.push(read(depth + 1))
        continue
      }
      const key = textOf(string())
      if (key.length > maxKey || (last !== undefined && key <= last)) throw NONE
      last = key
      items.push([key, read(depth + 1)])
    }
    at++
    return char === 108 ? items : new Dict(items)
  }
  try {
    const value = read(0)
    return at === bytes.length ? value : undefined
  } catch (error) {
    if (error === NONE) return undefined
    throw error
  }
}

const NONE = new Error('not bencoded')
