/** From what stands in a file, a variable, a flag or a request to the value of a setting, or the reason why not. */
import { BlockList, isIP } from 'node:net'
import { homedir } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import { bytesOf, rateOf, secondsOf } from './quantity.ts'
import type { Definition, WatchFolder } from './settings.ts'
import { spanOf } from './timetable.ts'

/** More entries, or longer ones, are no list that somebody wrote. */
const MOST_ENTRIES = 1_000
const MOST_CHARACTERS = 4_096

export interface Reading {
  /** It comes from where there is only text: numbers are spelled, lists are separated by commas. */
  readonly isText: boolean
  /** What relative paths start from; undefined: they are refused. */
  readonly base: string | undefined
}

/** Says what is wrong as the end of a sentence: `is not a rate: write it like 5M`. */
export class Unreadable extends Error {}

/** @throws Unreadable */
export function readValue(definition: Definition, raw: unknown, reading: Reading): unknown {
  if (raw === null || (typeof raw === 'string' && /^none$/i.test(raw.trim()))) {
    if (definition.nullable === true) return null
    if (definition.kind === 'strings' || definition.kind === 'paths' || definition.kind === 'watch') return []
    throw new Unreadable('cannot be none')
  }
  switch (definition.kind) {
    case 'boolean':
      return readBoolean(raw, reading)
    case 'integer':
    case 'number':
      return readNumber(definition, raw, reading)
    case 'rate':
      return readRate(definition, raw)
    case 'size':
      return within(
        definition,
        readQuantity(raw, bytesOf, 'is not a size: write it like 500M, 10G or 10 GiB'),
      )
    case 'duration':
      return within(
        definition,
        readQuantity(raw, secondsOf, 'is not a time: write it like 90s, 30m, 2h or 7d'),
      )
    case 'choice':
      if (definition.choices!.includes(raw as string)) return raw
      throw new Unreadable(`is not one of ${definition.choices!.join(', ')}`)
    case 'string':
      return checked(definition, readText(raw))
    case 'strings':
      return readList(raw, reading).map(each => checked(definition, readText(each)))
    case 'path':
      return readPath(raw, reading)
    case 'paths':
      return readList(raw, reading).map(each => readPath(each, reading))
    case 'watch':
      return readWatchFolders(raw, reading)
  }
}

/** A path as people write it: `~/…` is below their home folder. */
export function readPath(raw: unknown, { base }: Pick<Reading, 'base'>): string {
  const text = readText(raw)
  const path = /^~(?=[/\\]|$)/.test(text) ? homedir() + text.slice(1) : text
  if (base === undefined && !isAbsolute(path)) throw new Unreadable('is not a whole path: it begins with /')
  return resolve(base ?? '/', path)
}

function readBoolean(raw: unknown, { isText }: Reading): boolean {
  if (typeof raw === 'boolean') return raw
  const text = isText && typeof raw === 'string' ? raw.trim().toLowerCase() : ''
  if (['true', 'yes', 'on', '1'].includes(text)) return true
  if (['false', 'no', 'off', '0'].includes(text)) return false
  throw new Unreadable('is neither true nor false')
}

function readNumber(definition: Definition, raw: unknown, { isText }: Reading): number {
  const value = isText && typeof raw === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(raw) ? Number(raw) : raw
  const isWhole = definition.kind === 'integer'
  if (typeof value !== 'number' || !Number.isFinite(value) || (isWhole && !Number.isInteger(value)))
    throw new Unreadable(isWhole ? 'is not a whole number' : 'is not a number')
  return within(definition, value)
}

function within({ least = 0, most }: Definition, value: number): number {
  if (value >= least && (most === undefined || value <= most)) return value
  throw new Unreadable(most === undefined ? `is less than ${least}` : `is not between ${least} and ${most}`)
}

/** 0 is no limit, as on the command line: nobody wants a torrent that never moves. */
function readRate(definition: Definition, raw: unknown): number | null {
  const rate = readQuantity(raw, rateOf, 'is not a rate: write it like 500K, 5M or 10 MiB/s')
  return rate === 0 && definition.nullable === true ? null : rate
}

function readQuantity(raw: unknown, parse: (text: string) => number | undefined, complaint: string): number {
  if (typeof raw === 'number' && Number.isFinite(raw) && raw >= 0) return raw
  const value = typeof raw === 'string' ? parse(raw) : undefined
  if (value === undefined) throw new Unreadable(complaint)
  return value
}

function readText(raw: unknown): string {
  if (typeof raw !== 'string') throw new Unreadable('is not text')
  if (raw.trim() === '') throw new Unreadable('is empty')
  if (raw.length > MOST_CHARACTERS) throw new Unreadable(`is longer than ${MOST_CHARACTERS} characters`)
  if (/\p{Cc}/u.test(raw)) throw new Unreadable('holds control characters')
  return raw.trim()
}

function readList(raw: unknown, { isText }: Reading): readonly unknown[] {
  const list =
    isText && typeof raw === 'string'
      ? raw
          .split(',')
          .map(each => each.trim())
          .filter(each => each !== '')
      : raw
  if (!Array.isArray(list)) throw new Unreadable('is not a list')
  if (list.length > MOST_ENTRIES) throw new Unreadable(`has more than ${MOST_ENTRIES} entries`)
  return list
}

interface Check {
  readonly holds: (text: string) => boolean
  readonly complaint: string
}

const CHECKS: Readonly<Record<NonNullable<Definition['check']>, Check>> = {
  address: {
    holds: text => isIP(text) !== 0,
    complaint: 'is not an IP address: write it like 192.0.2.7 or 2001:db8::7',
  },
  peer: {
    holds: isPeer,
    complaint: 'is not an address: write it like 192.0.2.7:6881 or [2001:db8::7]:6881',
  },
  span: {
    holds: text => spanOf(text) !== undefined,
    complaint: "is not a span: write it like 'mon-fri 08:00-18:00' or 'daily 22:00-06:00'",
  },
  'base-path': {
    holds: text => /^\/$|^(\/[\w.~-]+)+$/.test(text),
    complaint: 'is not the path of a URL: write it like /shoal',
  },
  host: {
    holds: text => /^(\*\.)?[\p{L}\p{N}_.-]+$/u.test(text) || isIP(text) !== 0,
    complaint: 'is not the name of a host: write it without http:// and without a port',
  },
  network: {
    holds: isNetwork,
    complaint: 'is neither an address nor a network: write it like 127.0.0.1 or 10.0.0.0/8',
  },
}

function checked({ check }: Definition, text: string): string {
  if (check === undefined || CHECKS[check].holds(text)) return text
  throw new Unreadable(CHECKS[check].complaint)
}

function isPeer(text: string): boolean {
  const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):(\d{1,5})$/.exec(text)?.[1])
  return port >= 1 && port <= 65_535
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  if (!/^\d{1,3}$/.test(prefix)) return false
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 6 ? 'ipv6' : 'ipv4')
    return true
  } catch {
    return false
  }
}

const WATCH_KEYS = ['folder', 'dir', 'category', 'labels', 'start', 'after'] as const

/** A list of tables; where there is only text, folders alone. */
function readWatchFolders(raw: unknown, reading: Reading): readonly WatchFolder[] {
  const folders = readList(raw, reading).map((entry, index) => {
    try {
      return readWatchFolder(typeof entry === 'string' ? { folder: entry } : entry, reading)
    } catch (error) {
      if (error instanceof Unreadable) throw new Unreadable(`${ordinal(index)} ${error.message}`)
      throw error
    }
  })
  const twice = folders.find(({ folder }, index) => folders.findIndex(each => each.folder === folder) < index)
  if (twice !== undefined) throw new Unreadable(`names ${twice.folder} twice`)
  return folders
}

function readWatchFolder(entry: unknown, reading: Reading): WatchFolder {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    throw new Unreadable('is not a table')
  const given = entry as Readonly<Record<string, unknown>>
  const stranger = Object.keys(given).find(key => !(WATCH_KEYS as readonly string[]).includes(key))
  if (stranger !== undefined)
    throw new Unreadable(`has '${stranger}', which is not one of ${WATCH_KEYS.join(', ')}`)
  const { folder, dir, category, labels = [], start, after = 'rename' } = given
  if (folder === undefined) throw new Unreadable("has no 'folder'")
  if (after !== 'rename' && after !== 'delete')
    throw new Unreadable("has an 'after' that is neither rename nor delete")
  return {
    folder: part('folder', () => readPath(folder, reading)),
    dir: part('dir', () => (dir === undefined || dir === null ? null : readPath(dir, reading))),
    category: part('category', () =>
      category === undefined || category === null ? null : readText(category),
    ),
    labels: part('labels', () => readList(labels, { ...reading, isText: false }).map(readText)),
    start: part('start', () =>
      start === undefined || start === null ? null : readBoolean(start, { ...reading, isText: false }),
    ),
    after,
  }
}

function part<Value>(name: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof Unreadable) throw new Unreadable(`has a '${name}' that ${error.message}`)
    throw error
  }
}

function ordinal(index: number): string {
  return `(number ${index + 1})`
}
