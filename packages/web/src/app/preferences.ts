/** What this browser remembers of how its owner likes the page. */
import { type Accessor, createSignal } from 'solid-js'
import { type ColumnChoice, columnsFrom, DEFAULT_COLUMNS } from '../model/columns.ts'
import type { Language } from '../words/index.ts'

export type Theme = 'auto' | 'light' | 'dark'

export interface Preferences {
  readonly columns: Kept<ColumnChoice>
  readonly theme: Kept<Theme>
  readonly language: Kept<Language | 'auto'>
  readonly notify: Kept<boolean>
  readonly detailHeight: Kept<number>
}

export type Kept<T> = readonly [get: Accessor<T>, set: (value: T) => void]

export function preferences(): Preferences {
  return {
    columns: kept('columns', DEFAULT_COLUMNS, columnsFrom),
    theme: kept('theme', 'auto', value => (value === 'light' || value === 'dark' ? value : 'auto')),
    language: kept('language', 'auto', value => (value === 'en' || value === 'de' ? value : 'auto')),
    notify: kept('notify', false, value => value === true),
    detailHeight: kept('detailHeight', 300, value => (typeof value === 'number' ? value : 300)),
  }
}

function kept<T>(name: string, initial: T, parse: (value: unknown) => T): Kept<T> {
  const key = `shoal.${name}`
  const [get, set] = createSignal(read(key, initial, parse))
  return [
    get,
    value => {
      set(() => value)
      try {
        localStorage.setItem(key, JSON.stringify(value))
      } catch {
        // Storage is full or forbidden: it is remembered until the page is closed.
      }
    },
  ]
}

function read<T>(key: string, initial: T, parse: (value: unknown) => T): T {
  try {
    const text = localStorage.getItem(key)
    return text === null ? initial : parse(JSON.parse(text))
  } catch {
    return initial
  }
}
