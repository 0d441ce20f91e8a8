import { describe, expect, test } from 'vitest'
import { createClient } from '../../src/client.ts'
import { SessionError } from '../../src/session/session.ts'
import { createRig, ORIGIN, PASSWORD, type Rig, talk } from './rig.ts'
import { byteAt, FILE_BYTES, idOf, rowOf } from './stand-in.ts'

const ID = idOf(0)
const HOST = '127.0.0.1'

async function listening(rig: Rig): Promise<{ url: string; port: number }> {
  const { port } = await rig.http.listen({ host: HOST, port: 0 })
  return { url: `http://${HOST}:${port}`, port }
}

function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}

describe('the first door', () => {
  test.each([
    ['no Host', 'GET /api/v1/health HTTP/1.1\r\n\r\n'],
    ['two', 'GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n'],
    ['an unknown name', 'GET /api/v1/health HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
    ['nonsense', 'GET /api/v1/health HTTP/1.1\r\nHost: a b"<script>\r\n\r\n'],
    ['a user in it', 'GET /api/v1/health HTTP/1.1\r\nHost: evil@localhost\r\n\r\n'],
    ['a whole address', 'GET http://localhost/api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a whole address of the page', 'GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['nothing in it', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ])('refuses %s with 421 and the setting that helps', async (_, request) => {
    await using rig = await createRig()
    const { port } = await listening(rig)
    const { status, head, body } = await talk(port, request)
    expect(status).toBe(421)
    expect(body).toContain('"code":"HOST_REFUSED"')
    expect(head).toContain('nosniff')
  })

  test('lets in addresses, localhost and the names of the settings, at any port', async () => {
    await using rig = await createRig({ hosts: ['NAS.local'] })
    const { port } = await listening(rig)
    for (const host of [
      '127.0.0.1',
      '[::1]:1234',
      '192.168.1.5:9',
      'localhost',
      'shoal.localhost:80',
      'nas.LOCAL',
      'nas.local.',
    ]) {
      const { status } = await talk(
        port,
        `GET /api/v1/health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      expect([host, status]).toEqual([host, 200])
    }
  })
})

test.each(['/\\..\\x', '/%', '/%ff', '//evil.example/x', '/api/v1/../../etc/passwd', '/api/v1/torrents/%00'])(
  'the path %s is nothing of ours, and no fault',
  async path => {
    await using rig = await createRig()
    const { port } = await listening(rig)
    const { status } = await talk(
      port,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.token.full}\r\nConnection: close\r\n\r\n`,
    )
    expect([400, 404]).toContain(status)
    expect(rig.faults).toEqual([])
  },
)

describe('the bytes of a file', () => {
  const expected = (start: number, end: number): Uint8Array =>
    Uint8Array.from({ length: end - start }, (_, n) => byteAt(start + n))

  test('come whole, and in ranges', async () => {
    await using rig = await createRig()
    const { url } = await listening(rig)
    const client = createClient({ url, token: rig.token.read })
    const whole = await client.content(ID, 0)
    expect(whole.status).toBe(200)
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': String(FILE_BYTES),
      'content-type': 'video/mp4',
      'content-disposition': expect.stringContaining('attachment; filename="film.mp4"'),
      'content-security-policy': expect.stringContaining('sandbox'),
      'x-content-type-options': 'nosniff',
    })
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(expected(0, FILE_BYTES))
    for (const [range, start, end] of [
      ['bytes=100-199', 100, 200],
      ['bytes=99990-', 99_990, FILE_BYTES],
      ['bytes=-10', 99_990, FILE_BYTES],
      ['bytes=0-999999', 0, FILE_BYTES],
    ] as const) {
      const part = await client.content(ID, 0, { range })
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        `bytes ${start}-${end - 1}/${FILE_BYTES}`,
      ])
      expect(new Uint8Array(await part.arrayBuffer())).toEqual(expected(start, end))
    }
  })

  test('are refused outside of the file, and are empty where the file is', async () => {
    await using rig = await createRig()
    const { url } = await listening(rig)
    const client = createClient({ url, token: rig.token.read })
    await expect(client.content(ID, 0, { range: 'bytes=100000-' })).rejects.toMatchObject({
      status: 416,
      code: 'RANGE',
    })
    await expect(client.content(ID, 7)).rejects.toMatchObject({ status: 404, where: 'path.file' })
    expect(await (await client.content(ID, 2)).text()).toBe('')
  })

  test('are never a page of ours, whatever is in them', async () => {
    await using rig = await createRig()
    const { url } = await listening(rig)
    const client = createClient({ url, token: rig.token.read })
    const { headers, body } = await client.content(ID, 1)
    await body?.cancel()
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="_read_ me.html"; filename*=UTF-8''%E2%80%9Dread%E2%80%9C%20me.html`,
    )
  })

  test('are told by HEAD without being read', async () => {
    await using rig = await createRig()
    const { url } = await listening(rig)
    const response = await fetch(`${url}/api/v1/torrents/${ID}/files/0/content`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${rig.token.read}` },
    })
    expect([response.status, response.headers.get('content-length')]).toEqual([200, String(FILE_BYTES)])
    expect(rig.session.calls).toEqual([])
  })

  test('are stopped at the source when nobody reads any more', async () => {
    await using rig = await createRig()
    const ended = signal()
    rig.session.stream = async function* (_id, _file, { signal }) {
      try {
        while (!signal.aborted) yield new Uint8Array(65_536)
      } finally {
        ended.resolve()
      }
    }
    const { url } = await listening(rig)
    const response = await createClient({ url, token: rig.token.read }).content(ID, 0)
    await response.body!.cancel()
    await ended.promise
    expect(rig.faults).toEqual([])
  })

  test('that come after whoever asked has gone end nothing but that', async () => {
    await using rig = await createRig()
    rig.session.stream = async function* () {
      // Pays no heed to the signal.
      for (let n = 0; n < 50; n++) {
        yield new Uint8Array(65_536)
        await new Promise(setImmediate)
      }
    }
    const { url } = await listening(rig)
    const client = createClient({ url, token: rig.token.read })
    const response = await client.content(ID, 0)
    await response.body!.cancel()
    expect(await client.health()).toEqual({ ok: true })
    expect(rig.faults).toEqual([])
  })

  test('that cannot be had are an answer with words, or end early where some were sent', async () => {
    await using rig = await createRig()
    const { url } = await listening(rig)
    const client = createClient({ url, token: rig.token.read })
    rig.session.stream = async function* () {
      yield* []
      throw new SessionError('CONFLICT', 'It is stopped.', 'path.id')
    }
    await expect(client.content(ID, 0)).rejects.toMatchObject({ status: 409, where: 'path.id' })
    rig.session.stream = async function* () {
      yield new Uint8Array(10)
      throw new SessionError('CONFLICT', 'It was stopped.', 'path.id')
    }
    await expect(client.content(ID, 0).then(cut => cut.arrayBuffer())).rejects.toThrow()
    expect(rig.faults).toEqual([])
  })

  test('can be fetched by the links in a playlist, and by these only', async () => {
    let now = 1_764_000_000
    await using rig = await createRig({ now: () => now })
    const { url } = await listening(rig)
    const playlist = await createClient({ url, token: rig.token.read }).playlist(ID)
    const [link = '', ...others] = playlist.split('\n').filter(line => line.startsWith('http'))
    expect(others).toEqual([])
    expect(link.startsWith(`${url}/api/v1/torrents/${ID}/files/0/content?key=`)).toBe(true)
    const get = async (address: string): Promise<number> => {
      const { status, body } = await fetch(address)
      await body?.cancel()
      return status
    }
    expect(await get(link)).toBe(200)
    expect(await get(link.replace('files/0', 'files/1'))).toBe(401)
    expect(await get(link.replace('files/0/content', 'magnet'))).toBe(401)
    expect(await get(`${link.slice(0, -1)}_`)).toBe(401)
    now += 86_401
    expect(await get(link)).toBe(401)
  })
})

describe('events', () => {
  test('tell what changed since a page of the list, and each step once', async () => {
    await using rig = await createRig()
    const { url } = await listening(rig)
    const client = createClient({ url, token: rig.token.read })
    const { cursor } = await client.torrents()
    rig.session.step({ changed: [{ id: ID, downloadRate: 5 }] })
    const end = new AbortController()
    const events = client.events({ cursor, signal: end.signal })
    expect((await events.next()).value).toEqual({
      type: 'torrents',
      added: [],
      changed: [{ id: ID, downloadRate: 5 }],
      removed: [],
    })
    rig.session.step({ added: [rowOf(7)], session: { connections: 3 } })
    expect((await events.next()).value).toMatchObject({ type: 'torrents', added: [{ name: 'torrent 7' }] })
    expect((await events.next()).value).toEqual({ type: 'session', changed: { connections: 3 } })
    end.abort()
    expect((await events.next()).done).toBe(true)
  })

  test('come whole whatever a name holds that ends lines elsewhere', async () => {
    await using rig = await createRig()
    const { url } = await listening(rig)
    const events = createClient({ url, token: rig.token.read }).events()
    const first = events.next()
    while (rig.session.listenerCount === 0) await new Promise(setImmediate)
    const name = 'a\u2028b\u2029c\r\n\nd\u0085\u000be'
    rig.session.step({ changed: [{ id: ID, name }] })
    expect((await first).value).toMatchObject({ changed: [{ id: ID, name }] })
    await events.return()
  })

  test('go on after a lost connection from where they were, or start anew', async () => {
    await using rig = await createRig()
    const { url, port } = await listening(rig)
    const end = new AbortController()
    const lost = signal()
    const events = createClient({ url, token: rig.token.read }).events({
      signal: end.signal,
      cursor: 'run.0',
      onState: state => state === 'lost' && lost.resolve(),
    })
    const first = events.next()
    while (rig.session.listenerCount === 0) await new Promise(setImmediate)
    rig.session.step({ removed: [idOf(2)] })
    expect((await first).value).toMatchObject({ removed: [idOf(2)] })
    const next = events.next()
    await rig.http.close(0)
    await lost.promise
    rig.session.step({ removed: [idOf(1)] })
    await rig.http.listen({ host: HOST, port })
    expect((await next).value).toMatchObject({ removed: [idOf(1)] })
    end.abort()
    const stale = createClient({ url, token: rig.token.read }).events({ cursor: 'other.3' })
    expect((await stale.next()).value).toEqual({ type: 'reset' })
    await stale.return()
  })

  test('of a window come whole first, then only what changed in it', async () => {
    await using rig = await createRig({ torrents: 10 })
    const { url } = await listening(rig)
    const client = createClient({ url, token: rig.token.read })
    const events = client.events({ window: { sort: 'downloadRate', order: 'desc', limit: 2 } })
    expect((await events.next()).value).toMatchObject({ type: 'window', total: 10, ids: [idOf(0), idOf(1)] })
    rig.session.step({ changed: [{ id: idOf(8), name: 'not in it' }] })
    rig.session.step({ changed: [{ id: idOf(0), downloadRate: 7, labels: ['a'] }] })
    expect((await events.next()).value).toEqual({
      type: 'window',
      total: 10,
      rows: [{ id: idOf(0), downloadRate: 7, labels: ['a'] }],
    })
    rig.session.step({ changed: [{ id: idOf(9), downloadRate: 9 }] })
    expect((await events.next()).value).toMatchObject({
      ids: [idOf(9), idOf(0)],
      rows: [{ id: idOf(9), name: 'torrent 9', downloadRate: 9 }],
    })
    await events.return()
  })

  test('end when nobody may listen any more, and the session is left alone when nobody does', async () => {
    await using rig = await createRig()
    const { url } = await listening(rig)
    const client = createClient({ url, token: 'shoal_wrong' })
    await expect(client.events().next()).rejects.toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
    expect(rig.session.listenerCount).toBe(0)
  })
})

test('a browser signs in, is remembered by a cookie, and signs out', async () => {
  await using rig = await createRig()
  const { url } = await listening(rig)
  let cookie = ''
  const client = createClient({
    url,
    fetch: async (target, init) => {
      const headers = new Headers(init.headers)
      if (cookie !== '') headers.set('cookie', cookie)
      const response = await fetch(target, { ...init, headers })
      const [set] = response.headers.getSetCookie()
      if (set !== undefined) cookie = set.split(';')[0]!
      return response
    },
  })
  await expect(client.session()).rejects.toMatchObject({ status: 401 })
  await expect(client.login('wrong horse')).rejects.toMatchObject({ status: 401, where: 'body.password' })
  await client.login(PASSWORD)
  expect((await client.session()).version).toBe('0.1.0')
  await client.changePassword(PASSWORD, 'battery staple')
  expect((await client.session()).version).toBe('0.1.0')
  const kept = cookie
  await client.logout()
  cookie = kept
  await expect(client.session()).rejects.toMatchObject({ status: 401 })
})

test('the log is told who changed what, from where, and nothing of what was in it; who only looks is not told of', async () => {
  const told: unknown[] = []
  await using rig = await createRig({ onChange: change => told.push(change) })
  await rig.ask('GET', '/api/v1/session')
  await rig.ask('POST', '/api/v1/torrents/pick', { query: {}, fields: [] })
  await rig.ask('PATCH', `/api/v1/torrents/${ID}`, { labels: ['secret'] })
  await rig.ask('POST', '/api/v1/torrents/actions', { action: 'start', ids: 'nonsense' })
  await rig.ask(
    'POST',
    '/api/v1/login',
    { password: PASSWORD },
    { authorization: '', origin: ORIGIN, 'x-shoal': '1' },
  )
  expect(told).toEqual([
    { who: 'owner', address: '127.0.0.1', what: 'PATCH /torrents/:id' },
    { who: 'somebody at the door', address: '127.0.0.1', what: 'POST /login' },
  ])
})
