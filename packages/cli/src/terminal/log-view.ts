/** The daemon's log on a terminal: short lines, nothing in them that the terminal would obey. */
import type { LogRecord } from '@shoal/daemon'
import { safeText } from './safe-text.ts'
import type { Style } from './style.ts'

/** Told by the text already, or for programs alone. */
const UNSAID: ReadonlySet<string> = new Set(['event', 'url', 'id', 'link', 'peerPort', 'error'])

export function logLine({ time, level, text, fields }: LogRecord, style: Style): string {
  const clock = new Date(time).toTimeString().slice(0, 8)
  const marked = level === 'error' ? style.bad(level) : level === 'warn' ? style.warn('warning') : ''
  const more = Object.entries(fields)
    .filter(([name]) => !UNSAID.has(name))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const link = typeof fields.link === 'string' ? ` ${style.accent(safeText(fields.link))}` : ''
  // Only of a fault of our own: whoever reports it needs to know where.
  const stack = level === 'error' ? stackOf(fields.error) : ''
  const details = more.length === 0 ? '' : style.dim(` (${safeText(more.join(', '))})`)
  return `${style.dim(clock)} ${marked === '' ? '' : `${marked}: `}${safeText(text)}${link}${details}${stack}`
}

function stackOf(error: unknown): string {
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? String(error.stack) : ''
  return stack
    .split('\n')
    .filter(line => line !== '')
    .map(line => `\n    ${safeText(line)}`)
    .join('')
}
