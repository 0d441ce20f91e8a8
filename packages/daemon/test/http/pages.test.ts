import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Part } from '../../src/http/app.ts'
import { createRig, PASSWORD, type Rig, type RigOptions } from './rig.ts'

const SCRIPT = `console.log(${JSON.stringify('x'.repeat(5000))})\n`

let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'shoal-web-'))
  mkdirSync(join(dir, 'web/assets'), { recursive: true })
  writeFileSync(join(dir, 'secret.txt'), 'SECRET')
  writeFileSync(join(dir, 'web/index.html'), '<!doctype html><html><head><title>Shoal</title></head></html>')
  writeFileSync(join(dir, 'web/assets/index-4Fa9_x1c.js'), SCRIPT)
  writeFileSync(join(dir, 'web/icon.png'), 'png')
})

afterAll(() => {
  rmSync(dir, { recursive: true, force: true })
})

const rigWith = (options: RigOptions = {}): Promise<Rig> =>
  createRig({ webDir: join(dir, 'web'), ...options })
const NOBODY = { cookie: '' }

describe('the page', () => {
  test('is there for everybody, is never kept, and lets nothing in from elsewhere', async () => {
    await using rig = await rigWith()
    for (const path of ['/', '/index.html']) {
      const response = await rig.ask('GET', path, undefined, NOBODY)
      expect(response.status).toBe(200)
      expect(await response.text()).toContain('<head><meta name="shoal-base" content="/">')
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(response.headers.get('x-frame-options')).toBe('DENY')
      const policy = response.headers.get('content-security-policy')!
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
      expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
      expect(policy).not.toContain('unsafe')
    }
  })

  test('brings files whose names change with their contents for good, and zipped', async () => {
    await using rig = await rigWith()
    const headers = { ...NOBODY, 'accept-encoding': 'br, gzip' }
    const zipped = await rig.ask('GET', '/assets/index-4Fa9_x1c.js', undefined, headers)
    expect(Object.fromEntries(zipped.headers)).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
    })
    expect(gunzipSync(await zipped.arrayBuffer()).toString()).toBe(SCRIPT)
    expect(await (await rig.ask('GET', '/assets/index-4Fa9_x1c.js', undefined, NOBODY)).text()).toBe(SCRIPT)
    const icon = await rig.ask('GET', '/icon.png', undefined, headers)
    expect([icon.headers.get('content-encoding'), icon.headers.get('cache-control')]).toEqual([
      null,
      'no-cache',
    ])
  })

  test.each([
    '/secret.txt',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets',
    '/web/index.html',
  ])('is all that there is: %s is nothing', async path => {
    await using rig = await rigWith()
    expect((await rig.ask('GET', path, undefined, NOBODY)).status).toBe(401)
    expect((await rig.ask('GET', path)).status).toBe(404)
  })

  test('can stand below a path, its own or that of a proxy', async () => {
    await using rig = await rigWith({ basePath: '/shoal/', trustedProxies: ['127.0.0.1'] })
    const prefix = { ...NOBODY, 'x-forwarded-prefix': '/home' }
    for (const path of ['/', '/shoal']) {
      const response = await rig.ask('GET', path, undefined, prefix)
      expect([response.status, response.headers.get('location')]).toEqual([308, '/home/shoal/'])
    }
    expect(await (await rig.ask('GET', '/shoal/', undefined, prefix)).text()).toContain(
      'content="/home/shoal/"',
    )
    expect((await rig.ask('GET', '/shoal/api/v1/session')).status).toBe(200)
    expect((await rig.ask('GET', '/shoal/metrics')).status).toBe(200)
    expect((await rig.ask('GET', '/api/v1/session')).status).toBe(404)
    const playlist = await rig.ask('GET', `/shoal/api/v1/torrents/${'0'.repeat(40)}/playlist.m3u`)
    expect(await playlist.text()).toContain(
      `http://localhost/shoal/api/v1/torrents/${'0'.repeat(40)}/files/0/content?key=`,
    )
  })

  test('says so when it is not installed', async () => {
    await using rig = await createRig({ webDir: join(dir, 'nowhere') })
    const response = await rig.ask('GET', '/', undefined, NOBODY)
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('not installed')
  })

  test('is not shown under a name that is not ours; who typed it in reads why', async () => {
    await using rig = await rigWith()
    const response = await rig.ask('GET', 'http://evil.example/', undefined, {
      ...NOBODY,
      accept: 'text/html',
    })
    expect(response.status).toBe(421)
    const text = await response.text()
    expect(text).toContain('<h1>421</h1>')
    expect(text).toContain('evil.example')
    expect(text).toContain('http.hosts')
  })
})

describe("another program's protocol", () => {
  const echo: Part = {
    path: '/transmission/rpc',
    maxBodyBytes: 100,
    handle: async ({ body, caller }) =>
      new Response(`${caller.kind} ${caller.scope} ${new TextDecoder().decode(body)}`),
  }
  const basic = (password: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`,
    'content-type': 'application/json',
  })

  test('comes in by the password or a token, as Basic authentication has them', async () => {
    await using rig = await createRig({ parts: [echo] })
    const ask = (headers: Record<string, string>, body = 'hello'): Promise<Response> =>
      rig.ask('POST', '/transmission/rpc', body, headers)
    expect(await (await ask(basic(PASSWORD))).text()).toBe('password full hello')
    expect(await (await ask(basic(rig.token.add))).text()).toBe('token add hello')
    const nobody = await ask(NOBODY)
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Shoal"'])
    expect((await ask(basic(PASSWORD), 'x'.repeat(101))).status).toBe(413)
    expect((await ask({ ...basic(PASSWORD), host: 'evil.example' })).status).toBe(421)
  })

  test('is not a way to guess', async () => {
    await using rig = await createRig({ parts: [echo] })
    const statuses: number[] = []
    for (const password of ['a', 'b', 'c', 'd', 'e', PASSWORD]) {
      statuses.push((await rig.ask('POST', '/transmission/rpc', '', basic(password))).status)
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  })

  test('does not open the API to the password', async () => {
    await using rig = await createRig({ parts: [echo] })
    expect((await rig.ask('GET', '/api/v1/session', undefined, basic(PASSWORD))).status).toBe(401)
  })
})
