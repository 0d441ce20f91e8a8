/** Settings as people write them, and as the daemon takes them. */
import type { Setting } from '@shoal/daemon/contract'

export type Draft = string

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
const SPANS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const

/** What stands in the field; '' is none. */
export function draftOf({ type, value }: Pick<Setting, 'type' | 'value'>): Draft {
  if (value === null || value === undefined) return ''
  if (type === 'strings' || type === 'paths') return Array.isArray(value) ? value.join('\n') : ''
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value)
  if (type === 'rate') return `${sizeText(value)}/s`
  if (type === 'size') return sizeText(value)
  if (type === 'duration') {
    const [name, seconds] = SPANS.find(([, each]) => value >= each && value % each === 0) ?? SPANS[3]
    return `${value / seconds} ${name}`
  }
  return String(value)
}

/** Undefined: it cannot be understood. */
export function settingFrom({ type }: Pick<Setting, 'type'>, draft: Draft): unknown {
  const text = draft.trim()
  if (type === 'strings' || type === 'paths')
    return text === ''
      ? []
      : text
          .split('\n')
          .map(line => line.trim())
          .filter(line => line !== '')
  if (text === '') return null
  if (type === 'string' || type === 'choice' || type === 'path') return text
  if (type === 'integer' || type === 'number') {
    const value = Number(text.replace(',', '.'))
    return Number.isFinite(value) && (type === 'number' || Number.isInteger(value)) ? value : undefined
  }
  if (type === 'rate' || type === 'size') return bytesIn(text)
  return secondsIn(text)
}

function sizeText(bytes: number): string {
  let step = 0
  let value = bytes
  while (value >= 1024 && value % 1024 === 0 && step < SIZES.length - 1) {
    value /= 1024
    step++
  }
  return `${value} ${SIZES[step]}`
}

function bytesIn(text: string): number | undefined {
  const match = /^(\d+(?:[.,]\d+)?)\s*([kmgt]?)(?:i?b)?(?:\/s)?$/i.exec(text)
  if (match === null) return undefined
  const power = ['', 'k', 'm', 'g', 't'].indexOf(match[2]!.toLowerCase())
  return Math.round(Number(match[1]!.replace(',', '.')) * 1024 ** power)
}

function secondsIn(text: string): number | undefined {
  const match = /^(\d+(?:[.,]\d+)?)\s*(s|sec|seconds?|min|m|minutes?|h|hours?|d|days?)?$/i.exec(text)
  if (match === null) return undefined
  const unit = (match[2] ?? 's').toLowerCase()[0]
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit as 's' | 'm' | 'h' | 'd']
  return Math.round(Number(match[1]!.replace(',', '.')) * seconds)
}
