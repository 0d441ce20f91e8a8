/**
 * A small hostile world around the real program: folders, torrents, processes, trackers and peers of our own on
 * 127.0.0.1. Whatever a {@link World} made is gone when it ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine, parseTorrent } from '@shoal/engine'

const BIN = fileURLToPath(new URL('../bin/shoal.js', import.meta.url))

/** Of all worlds and runs: what is compiled for one need not be compiled for the next. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache', import.meta.url))

/** Nobody listens there, and nobody is given it who asks for any port: one that was free a moment ago may be another's. */
export const NOBODY = '127.0.0.1:1'

/** What every `get` and `seed` of a test says: this machine only, and nothing waits for long. */
export const LOOPBACK: readonly string[] = ['--bind', '127.0.0.1', '--port', '0', '--no-discovery']

/**
 * Nothing here may take longer: a process that still runs is killed, and its row fails. Several times what it takes on a
 * busy machine, and less than a silent tracker (30 s) or web server (60 s) is waited for.
 */
const KILL_AFTER_MS = 25_000

// ------------------------------------------------------------------------------------------------- torrents

export const PIECE_BYTES = 65_536

/** Bytes that differ from block to block; the same for the same length. */
export function content(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = length | 1
  for (let at = 0; at + 4 <= length; at += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes.writeInt32LE(state, at)
  }
  return bytes
}

export type Bencodable =
  | number
  | string
  | Buffer
  | readonly Bencodable[]
  | { readonly [key: string]: Bencodable }

export function bencode(value: Bencodable): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  if (isList(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')])
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([
    Buffer.from('d'),
    ...entries.flatMap(([key, item]) => [bencode(key), bencode(item)]),
    Buffer.from('e'),
  ])
}

function isList(value: Bencodable): value is readonly Bencodable[] {
  return Array.isArray(value)
}

/** The torrent file of one file with this content; `info` and `outer` add fields or replace them. */
export function torrentOf(
  name: string,
  data: Buffer,
  { info = {}, outer = {} }: { info?: Record<string, Bencodable>; outer?: Record<string, Bencodable> } = {},
): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < data.length; at += PIECE_BYTES)
    pieces.push(
      createHash('sha1')
        .update(data.subarray(at, at + PIECE_BYTES))
        .digest(),
    )
  const fields = {
    length: data.length,
    name,
    'piece length': PIECE_BYTES,
    pieces: Buffer.concat(pieces),
    ...info,
  }
  return bencode({ info: fields, ...outer })
}

// ---------------------------------------------------------------------------------------------------- peers

/** What a hostile peer does with a connection. */
export type PeerScript = (socket: Socket, infoHash: Buffer) => void

export function handshake(infoHash: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from('\x13BitTorrent protocol\0\0\0\0\0\0\0\0', 'latin1'),
    infoHash,
    Buffer.from('-XX0000-abcdefghijkl'),
  ])
}

export function message(id: number, ...payload: Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from([id]), ...payload])
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** Says that it has everything, lets everybody ask, and answers with blocks of the right size and wrong content. */
export function liar(pieceCount: number): PeerScript {
  return (socket, infoHash) => {
    const bits = Buffer.alloc(Math.ceil(pieceCount / 8))
    for (let piece = 0; piece < pieceCount; piece++) bits[piece >> 3]! |= 128 >> (piece & 7)
    let received = Buffer.alloc(0)
    let greeted = false
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (!greeted) {
        if (received.length < 68) return
        greeted = true
        received = received.subarray(68)
        socket.write(Buffer.concat([handshake(infoHash), message(5, bits), message(1)]))
      }
      while (received.length >= 4 && received.length >= 4 + received.readUInt32BE()) {
        const length = received.readUInt32BE()
        const body = received.subarray(4, 4 + length)
        received = received.subarray(4 + length)
        if (body[0] !== 6) continue
        socket.write(message(7, body.subarray(1, 9), Buffer.alloc(body.readUInt32BE(9), 0x66)))
      }
    })
  }
}

// ---------------------------------------------------------------------------------------------------- world

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<Outcome>
  /** Of `--json`: the first event that fits, also of those that came before; rejects when the process ends first. */
  event(fits: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
  /** Everything of standard error so far matches. */
  says(text: RegExp): Promise<void>
}

interface StartOptions {
  readonly input?: string
  readonly cwd?: string
  /** It is there for others, for as long as the world is, and may take all the time they need. */
  readonly stays?: boolean
}

export interface SeedWorld {
  readonly address: string
  /** Payload sent since the last call. */
  uploaded(): number
  setUploadLimit(bytesPerSec: number): void
}

export class World {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'shoal-bad-'))
  readonly #cleanups: (() => unknown)[] = []

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup()
    rmSync(this.dir, { recursive: true, force: true })
  }

  atEnd(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup)
  }

  path(...names: string[]): string {
    return join(this.dir, ...names)
  }

  /** Writes a file and gives its path. */
  file(name: string, bytes: string | Uint8Array): string {
    const path = this.path(name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
    return path
  }

  start(args: readonly string[], { input, cwd = this.dir, stays = false }: StartOptions = {}): Running {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: this.dir,
        XDG_CACHE_HOME: CACHE,
        NO_COLOR: '1',
      },
    })
    let out = ''
    let err = ''
    let over = false
    const watchers = new Set<() => void>()
    const look = (): void => {
      for (const watcher of [...watchers]) watcher()
    }
    child.stdout.setEncoding('utf8').on('data', text => {
      out += text
      look()
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      err += text
      look()
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
    const timer = stays ? undefined : setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
    const ended = new Promise<Outcome>(resolve => {
      child.on('close', (code, signal) => {
        clearTimeout(timer)
        over = true
        resolve({ code, signal, out, err })
        look()
      })
    })
    this.atEnd(async () => {
      child.kill('SIGKILL')
      await ended
    })
    const until = <T>(find: () => T | undefined, what: string): Promise<T> =>
      new Promise((resolve, reject) => {
        const watcher = (): void => {
          const found = find()
          if (found === undefined && !over) return
          watchers.delete(watcher)
          if (found !== undefined) resolve(found)
          else reject(new Error(`the process ended before ${what}:\n${out}\n${err}`))
        }
        watchers.add(watcher)
        watcher()
      })
    return {
      process: child,
      ended,
      event: fits =>
        until(() => {
          const lines = out.slice(0, out.lastIndexOf('\n') + 1).split('\n')
          return lines
            .filter(line => line !== '')
            .map(parseEvent)
            .find(fits)
        }, 'the event'),
      says: text => until(() => (text.test(err) ? true : undefined), String(text)).then(() => {}),
    }
  }

  run(args: readonly string[], options: StartOptions = {}): Promise<Outcome> {
    return this.start(args, options).ended
  }

  /** `get` into `target`, with its own memory of what is complete, and a second of patience. */
  get(sources: readonly string[], args: readonly string[] = []): Promise<Outcome> {
    return this.run(this.getArgs(sources, args))
  }

  getArgs(sources: readonly string[], args: readonly string[] = []): string[] {
    return ['get', ...sources, '--dir', this.path('target'), ...LOOPBACK, '--give-up', '1', ...args]
  }

  /** An honest seed in this process. */
  async seed(torrent: Uint8Array, data: Buffer, limitBytesPerSec?: number): Promise<SeedWorld> {
    const metainfo = parseTorrent(torrent)
    const folder = `seed ${metainfo.infoHashHex}`
    this.file(join(folder, metainfo.name), data)
    const engine = await createEngine({
      bind: '127.0.0.1',
      port: 0,
      workers: 1,
      uploadLimitBytesPerSec: limitBytesPerSec,
    })
    this.atEnd(() => engine.close())
    // Its own trackers are none of its business.
    const quiet = { ...metainfo, trackers: [] }
    const seeding = await engine.add(quiet, { dir: this.path(folder), seedOnly: true, discovery: false })
    await seeding.done
    let before = 0
    return {
      address: `127.0.0.1:${engine.port}`,
      uploaded: () => {
        const now = seeding.snapshot().uploadedBytes
        const since = now - before
        before = now
        return since
      },
      setUploadLimit: upload => engine.setLimits({ upload }),
    }
  }

  /** A peer that follows a script; gives its address. */
  async peer(torrent: Uint8Array, script: PeerScript): Promise<string> {
    const infoHash = Buffer.from(parseTorrent(torrent).infoHashHex, 'hex')
    const port = await this.listen(socket => script(socket, infoHash))
    return `127.0.0.1:${port}`
  }

  async listen(onSocket: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>()
    const server = createServer(socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      onSocket(socket)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    this.atEnd(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  /** An HTTP server; gives its address without a slash at the end. */
  async http(listener: RequestListener): Promise<string> {
    const server = createHttpServer(listener)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    this.atEnd(() => {
      server.close()
      server.closeAllConnections()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
}

function parseEvent(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>
}
