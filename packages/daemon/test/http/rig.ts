/** An HTTP side over a session in memory, with a password and a token of each scope. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope, Setting } from '../../src/contract/index.ts'
import { Access, NOBODY } from '../../src/http/access/access.ts'
import { createHttp, type Http, type HttpOptions } from '../../src/http/create-http.ts'
import { SessionError } from '../../src/session/session.ts'
import { idOf, StandIn } from './stand-in.ts'

export const PASSWORD = 'correct horse'
export const ORIGIN = 'http://localhost'
/** Of scrypt: what is tested here is not that guessing is slow. */
const FAST = 2

export interface Rig extends AsyncDisposable {
  readonly http: Http
  readonly session: StandIn
  readonly access: Access
  readonly dir: string
  readonly faults: unknown[]
  readonly token: Readonly<Record<Scope, string>>
  /** With the token that may do everything, unless it has other credentials. */
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>
  signIn(): Promise<string>
}

export interface RigOptions extends Partial<HttpOptions> {
  readonly torrents?: number
  readonly withoutPassword?: boolean
  readonly now?: () => number
}

export async function createRig({
  torrents = 3,
  withoutPassword = false,
  now,
  ...options
}: RigOptions = {}): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), 'shoal-http-'))
  const session = new StandIn(torrents)
  const accessOptions = { passwordCost: FAST, ...(now === undefined ? {} : { now }) }
  const access = new Access(NOBODY, async () => undefined, accessOptions)
  if (!withoutPassword) await access.setUp(access.createSetupKey(), PASSWORD)
  const token = {
    read: (await access.createToken('reader', 'read')).token,
    add: (await access.createToken('adder', 'add')).token,
    full: (await access.createToken('owner', 'full')).token,
  }
  const faults: unknown[] = []
  const http = createHttp({
    session,
    access,
    settings: settingsOf(),
    roots: () => [dir],
    doctor: async () => [{ what: 'Port', outcome: 'ok', text: 'Others reach it.' }],
    demo: async () => ({ id: idOf(9), name: 'demo', isNew: true, endsAt: 1_764_000_600 }),
    onFault: error => faults.push(error),
    ...options,
  })
  return {
    http,
    session,
    access,
    dir,
    faults,
    token,
    ask: (method, path, body, headers = {}) => {
      const hasOwn = 'authorization' in headers || 'cookie' in headers
      const all: Record<string, string> = hasOwn
        ? { ...headers }
        : { authorization: `Bearer ${token.full}`, ...headers }
      const isRaw = body === undefined || typeof body === 'string' || body instanceof FormData
      if (!isRaw || typeof body === 'string') all['content-type'] ??= 'application/json'
      const init = {
        method,
        headers: all,
        ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
      }
      return http.fetch(new Request(path.startsWith('http') ? path : `${ORIGIN}${path}`, init as RequestInit))
    },
    signIn: async () => `shoal=${(await access.signIn(PASSWORD))!}`,
    [Symbol.asyncDispose]: async () => {
      await http.close(0)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function settingsOf(): HttpOptions['settings'] {
  let download: unknown = null
  return {
    list: (): readonly Setting[] => [
      {
        key: 'limits.download',
        group: 'limits',
        description: 'Bytes a second.',
        type: 'rate',
        nullable: true,
        value: download,
        default: null,
        source: 'default',
        settable: true,
        restart: false,
      },
      {
        key: 'folders.downloads',
        group: 'folders',
        description: 'Where data goes.',
        type: 'path',
        nullable: false,
        value: '/data',
        default: '/data',
        source: 'default',
        settable: true,
        restart: false,
      },
    ],
    change: async changes => {
      for (const [key, value] of Object.entries(changes)) {
        if (key !== 'limits.download' && !key.startsWith('folders.')) {
          throw new SessionError('INVALID', 'There is no such setting.', key)
        }
        download = value
      }
    },
  }
}

export interface Answer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Sends what no client would, and reads until the other side ends. */
export function talk(port: number, text: string): Promise<Answer> {
  return new Promise((done, failed) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.setEncoding('latin1')
    socket.on('data', chunk => {
      answer += chunk
    })
    socket.on('error', failed)
    socket.on('close', () => {
      const at = answer.indexOf('\r\n\r\n')
      const head = answer.slice(0, at)
      // Chunked answers are told by their sizes; ours fit one chunk.
      const body = answer.slice(at + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '')
      done({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body })
    })
  })
}
