/**
 * `testSession()`: a real session over a {@link fakeEngine}, in a folder of its own, with a clock that a test turns:
 * `await tick()` is a second later. `torrentBytes('name')` makes a small torrent file, `magnetLink('name')` the link to it.
 * `await session.settled()` waits until what was asked for is carried out. Ends with the test.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseTorrent } from '@shoal/engine'
import { onTestFinished } from 'vitest'
import type { SessionClock } from '../../src/session/clock.ts'
import { createSession } from '../../src/session/create-session.ts'
import type { Session, SessionSettings } from '../../src/session/session.ts'
import { type FakeEngine, fakeEngine } from './fake-engine.ts'

export interface TestSession {
  readonly session: Session
  readonly engine: FakeEngine
  readonly clock: ManualClock
  /** Holds `state` and `downloads`. */
  readonly folder: string
  /** Seconds go by, each with all that happens in it. */
  tick(seconds?: number): Promise<void>
  /** Ends the session, and another one goes on from what it has written. */
  restart(): Promise<TestSession>
}

export interface TestSessionOptions {
  readonly settings?: Partial<SessionSettings>
  readonly countryOf?: (address: string) => string | null
  readonly onBans?: (addresses: readonly string[]) => void
  /** Where to go on. */
  readonly folder?: string
  readonly engine?: FakeEngine
  readonly clock?: ManualClock
}

export async function testSession(options: TestSessionOptions = {}): Promise<TestSession> {
  const folder = options.folder ?? testFolder()
  const engine = options.engine ?? fakeEngine()
  const clock = options.clock ?? new ManualClock()
  const settings = { ...testSettings(join(folder, 'downloads')), ...options.settings }
  const { countryOf = () => null, onBans = () => {} } = options
  const stateDir = join(folder, 'state')
  const session = await createSession({ engine, stateDir, settings, clock, countryOf, onBans })
  onTestFinished(() => session.close())
  return {
    session,
    engine,
    clock,
    folder,
    tick: async (seconds = 1) => {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1000)
        await session.settled()
      }
    },
    restart: async () => {
      await session.close()
      return await testSession({ ...options, folder, clock, engine: fakeEngine() })
    },
  }
}

export function testSettings(dir: string): SessionSettings {
  return {
    dir,
    incompleteDir: null,
    startAdded: true,
    limits: { download: null, upload: null, connections: 300, torrentConnections: 100, uploadSlots: 8 },
    alternative: { download: 100_000, upload: 50_000, timetable: [] },
    queue: { downloads: null, seeds: null, slowBytesPerSec: 2048, slowSeconds: 60 },
    goals: { ratio: null, seedSeconds: null, idleSeconds: null },
    keepFreeBytes: 0,
  }
}

/** A folder that is gone after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-session-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Begins on a Sunday at 12:00, local time. */
export class ManualClock implements SessionClock {
  #now = new Date(2026, 10, 29, 12).getTime()
  readonly #timers = new Set<{ at: number; readonly ms: number; readonly call: () => void }>()

  now(): number {
    return this.#now
  }

  every(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, ms, call }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#now = due.at
      due.at += due.ms
      due.call()
    }
    this.#now = end
  }
}

export interface TestTorrent {
  readonly files?: readonly { readonly path: string; readonly length: number }[]
  readonly trackers?: readonly string[]
  readonly private?: boolean
}

/** A torrent file: of one file of 40,000 bytes unless told. Its pieces are of 16 KiB. */
export function torrentBytes(name: string, options: TestTorrent = {}): Uint8Array {
  const { files, trackers = ['http://tracker.example/announce'] } = options
  const total = files?.reduce((sum, { length }) => sum + length, 0) ?? 40_000
  const count = Math.ceil(total / 16_384)
  const hashes = Buffer.concat(
    Array.from({ length: count }, (_, piece) => createHash('sha1').update(`${name} ${piece}`).digest()),
  )
  const info = {
    ...(files === undefined
      ? { length: total }
      : { files: files.map(({ path, length }) => ({ length, path: path.split('/') })) }),
    name,
    'piece length': 16_384,
    pieces: hashes,
    ...(options.private ? { private: 1 } : {}),
  }
  const announce =
    trackers.length === 0 ? {} : { announce: trackers[0]!, 'announce-list': trackers.map(url => [url]) }
  return bencode({ ...announce, info })
}

export function torrentId(name: string, options: TestTorrent = {}): string {
  return parseTorrent(torrentBytes(name, options)).infoHashHex
}

export function magnetLink(name: string, options: TestTorrent = {}): string {
  return `magnet:?xt=urn:btih:${torrentId(name, options)}&dn=${encodeURIComponent(name)}`
}

type Bencodable =
  | number
  | string
  | Uint8Array
  | readonly Bencodable[]
  | { readonly [key: string]: Bencodable }

function bencode(value: Bencodable): Uint8Array {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')])
  const entries = Object.entries(value as { [key: string]: Bencodable }).sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([Buffer.from('d'), ...entries.flatMap(entry => entry.map(bencode)), Buffer.from('e')])
}
