import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { traversals } from '../../../../test/torture/http/traversals.mjs'
import type { ProblemBody } from '../../src/contract/index.ts'
import { Access, LINK_SECONDS, NOBODY, openAccess, SESSION_SECONDS } from '../../src/http/access/access.ts'
import { type FailedSignIn, Failures } from '../../src/http/doors/failures.ts'
import { HostList, parseAuthority } from '../../src/http/doors/hosts.ts'
import { Limiter, networkOf } from '../../src/http/doors/limiter.ts'
import { Roots } from '../../src/http/doors/roots.ts'
import { isOwnOrigin, Proxies, type Visit } from '../../src/http/doors/visit.ts'
import { filePath } from '../../src/http/schema/basics.ts'
import { createRig, PASSWORD, type Rig } from './rig.ts'

describe('proxies', () => {
  const hosts = new HostList(['shoal.example'])
  const direct = parseAuthority('127.0.0.1:9160')!

  function visit(
    connection: string,
    headers: Readonly<Record<string, string>>,
    trusted = ['10.0.0.0/8', 'fd00::/8'],
  ): Visit {
    return new Proxies(trusted).visit(connection, direct, name => headers[name], hosts, '')
  }

  const told = {
    'x-forwarded-for': '1.2.3.4, 203.0.113.9, 10.0.0.7',
    'x-forwarded-host': 'evil.example, shoal.example',
    'x-forwarded-proto': 'http, https',
    'x-forwarded-prefix': '/torrents/',
  }

  test('that are trusted say who came, by which name and path', () => {
    expect(visit('::ffff:10.0.0.2', told)).toEqual({
      address: '203.0.113.9',
      authority: { name: 'shoal.example', port: '' },
      secure: true,
      base: '/torrents',
    })
    expect(visit('fd00::1', { 'x-forwarded-for': '2001:db8::1' }).address).toBe('2001:db8::1')
  })

  test('that are not trusted say nothing', () => {
    const nothing = { address: '192.0.2.1', authority: direct, secure: undefined, base: '' }
    expect(visit('192.0.2.1', told)).toEqual(nothing)
    expect(visit('192.0.2.1', told, [])).toEqual(nothing)
  })

  test('cannot make us answer to a name that is not ours', () => {
    expect(() => visit('10.0.0.1', { 'x-forwarded-host': 'evil.example' })).toThrow('evil.example')
  })

  test.each(['//evil.example', '/a/../b', '/a b', 'a', '/<script>', '/..'])(
    'cannot put us below %j',
    prefix => {
      expect(visit('10.0.0.1', { 'x-forwarded-prefix': prefix }).base).toBe('')
    },
  )

  test.each(['10.0.0.0/33', 'proxy.example', '10.0.0/8', '', '::/129'])(
    'are addresses or networks, and not %j',
    entry => {
      expect(() => new Proxies([entry])).toThrow(RangeError)
    },
  )
})

describe('an origin', () => {
  const at = (host: string, secure?: boolean): Visit => ({
    address: '',
    authority: parseAuthority(host)!,
    secure,
    base: '',
  })

  test.each([
    ['http://localhost:9160', at('localhost:9160'), true],
    ['https://shoal.example', at('shoal.example'), true],
    ['https://shoal.example', at('shoal.example:443'), true],
    ['https://SHOAL.example', at('shoal.example', true), true],
    ['http://[::1]:9160', at('[::1]:9160'), true],
    ['http://shoal.example', at('shoal.example', true), false],
    ['http://localhost:9161', at('localhost:9160'), false],
    ['http://localhost', at('localhost:9160'), false],
    ['https://shoal.example.evil', at('shoal.example'), false],
    ['https://evil@shoal.example', at('shoal.example'), false],
    ['https://shoal.example/', at('shoal.example'), false],
    ['null', at('localhost'), false],
    ['', at('localhost'), false],
    ['file://', at('localhost'), false],
    ['chrome-extension://shoal.example', at('shoal.example'), false],
  ])('%j is ours, or not', (origin, visit, isOurs) => {
    expect(isOwnOrigin(origin, visit)).toBe(isOurs)
  })
})

describe('who guesses', () => {
  test('waits after five failures, longer each time, and is free again in the end', () => {
    let now = 0
    const limiter = new Limiter(() => now)
    const waits = Array.from({ length: 9 }, () => limiter.fail('192.0.2.1'))
    expect(waits).toEqual([0, 0, 0, 0, 30, 60, 120, 240, 480])
    expect(limiter.wait('192.0.2.1')).toBe(480)
    expect(limiter.wait('192.0.2.2')).toBe(0)
    now = 481
    expect(limiter.wait('192.0.2.1')).toBe(0)
    expect(limiter.fail('192.0.2.1')).toBe(960)
    now = 481 + 960 + 901
    expect(limiter.fail('192.0.2.1')).toBe(0)
  })

  test('has one place with all of an IPv6 network', () => {
    const limiter = new Limiter(() => 0)
    for (let n = 0; n < 5; n++) limiter.fail(`2001:db8:1:2::${n}`)
    expect(limiter.wait('2001:db8:1:2:ffff::1')).toBeGreaterThan(0)
    expect(limiter.wait('2001:db8:1:3::1')).toBe(0)
  })

  test('is forgiven when they are right', () => {
    const limiter = new Limiter(() => 0)
    for (let n = 0; n < 4; n++) limiter.fail('192.0.2.1')
    limiter.succeed('192.0.2.1')
    expect(Array.from({ length: 4 }, () => limiter.fail('192.0.2.1'))).toEqual([0, 0, 0, 0])
  })

  test('from everywhere at once is slowed down, while those who were let in before are not', () => {
    let now = 0
    const limiter = new Limiter(() => now)
    limiter.succeed('198.51.100.1')
    for (let n = 0; n < 1000; n++) limiter.fail(`10.0.${n >> 8}.${n & 255}`)
    expect(limiter.wait('203.0.113.1')).toBe(1)
    expect(limiter.wait('198.51.100.1')).toBe(0)
    now = 2
    expect(limiter.wait('203.0.113.1')).toBe(0)
  })

  test('is remembered while ten thousand others fail once', () => {
    const limiter = new Limiter(() => 0)
    for (let n = 0; n < 6; n++) limiter.fail('192.0.2.1')
    for (let n = 0; n < 10_000; n++) limiter.fail(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
    expect(limiter.wait('192.0.2.1')).toBe(60)
  })

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1:2:3:4', 'fe80:0:0:0::/64'],
    ['1:2:3::', '1:2:3:0::/64'],
  ])('%s belongs to %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

describe('folders', () => {
  let dir: string

  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-roots-')))
    mkdirSync(join(dir, 'data/films'), { recursive: true })
    mkdirSync(join(dir, 'data-too'))
    mkdirSync(join(dir, 'secret'))
    symlinkSync(join(dir, 'secret'), join(dir, 'data/out'))
    symlinkSync(join(dir, 'data/films'), join(dir, 'data/in'))
    symlinkSync(join(dir, 'nowhere'), join(dir, 'data/dangling'))
    symlinkSync(join(dir, 'data'), join(dir, 'linked'))
  })

  afterEach(() => {
    rmSync(dir, { recursive: true, force: true })
  })

  test('are allowed below a root, also those that are still to be made and those behind links within it', async () => {
    const roots = new Roots(() => [join(dir, 'linked')])
    for (const path of [
      'data',
      'data/films',
      'data/new/er',
      'data/in/x',
      'linked/films',
      'data/x/../films',
    ]) {
      expect(await roots.admit(`${dir}/${path}`, 'body.dir')).toBe(resolve(dir, path))
    }
  })

  test.each([
    '',
    'secret',
    'data-too',
    'data/../secret',
    'data/out',
    'data/out/x',
    'data/dangling',
    'data/dangling/x',
    'data/films/../../secret',
  ])('are refused outside of it: %j', async path => {
    const roots = new Roots(() => [join(dir, 'data')])
    await expect(roots.admit(`${dir}/${path}`, 'body.dir')).rejects.toMatchObject({
      code: 'FORBIDDEN',
      where: 'body.dir',
    })
  })

  test('never lead outside, whichever of hundreds of ways is tried', async () => {
    const root = join(dir, 'data')
    const roots = new Roots(() => [root])
    const tried = traversals(root, dir)
    expect(tried.length).toBeGreaterThanOrEqual(500)
    const secret = join(dir, 'secret')
    const escaped: string[] = []
    for (const path of tried) {
      const admitted = await roots.admit(path, 'body.dir').catch(() => undefined)
      if (admitted === undefined) continue
      const isInside = admitted === root || admitted.startsWith(root + sep)
      if (!isInside || admitted.startsWith(secret) || admitted.includes('\0')) escaped.push(path)
    }
    expect(escaped).toEqual([])
  })

  test('can be looked into, and only there', async () => {
    const roots = new Roots(() => [join(dir, 'data')])
    expect(await roots.browse(undefined)).toMatchObject({ path: '', folders: [join(dir, 'data')] })
    expect(await roots.browse(join(dir, 'data'))).toMatchObject({
      folders: ['films'],
      freeBytes: expect.any(Number),
    })
    await expect(roots.browse(dir)).rejects.toMatchObject({ code: 'FORBIDDEN', where: 'query.path' })
    await expect(roots.browse(join(dir, 'data/none'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

test('paths of files within a torrent never lead out of it', () => {
  const isTrick = (part: string): boolean => ['', '.', '..'].includes(part) || /[\\\0]/.test(part)
  const tried = traversals('', '/').filter(path => path.split('/').some(isTrick))
  expect(tried.length).toBeGreaterThan(300)
  expect(tried.filter(path => filePath.safeParse(path).success)).toEqual([])
  expect(filePath.safeParse('films/…/a...b/..c').success).toBe(true)
})

describe('who may come in', () => {
  let dir: string
  let path: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'shoal-access-'))
    path = join(dir, 'access.json')
  })

  afterEach(() => {
    rmSync(dir, { recursive: true, force: true })
  })

  test('is remembered over a restart, in a file that only its owner reads, without any secret in it', async () => {
    writeFileSync(path, '', { mode: 0o644 })
    rmSync(path)
    const first = await openAccess(path, { passwordCost: 2 })
    const session = await first.setUp(first.createSetupKey(), PASSWORD)
    const { token } = await first.createToken('script', 'add')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const text = readFileSync(path, 'utf8')
    for (const secret of [PASSWORD, session, token, token.slice(6)]) expect(text).not.toContain(secret)
    const second = await openAccess(path, { passwordCost: 2 })
    expect(second.isNew).toBe(false)
    expect(second.byToken(token)).toMatchObject({ name: 'script', scope: 'add' })
    expect(second.bySession(session)).toMatchObject({ scope: 'full' })
    expect(await second.isPassword(PASSWORD)).toBe(true)
    expect(await second.isPassword(`${PASSWORD} `)).toBe(false)
    await second.save()
  })

  test('is nobody when the file is damaged', async () => {
    writeFileSync(path, '{"version":1,"password":null}')
    await expect(openAccess(path)).rejects.toThrow('damaged')
  })

  const fresh = (now = () => 0): Access => new Access(NOBODY, async () => undefined, { passwordCost: 2, now })

  test('is whoever opens the link first, within the hour, for once', async () => {
    let now = 0
    const access = fresh(() => now)
    expect(access.isNew).toBe(true)
    await expect(access.setUp('', PASSWORD)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const stale = access.createSetupKey()
    now = 3601
    await expect(access.setUp(stale, PASSWORD)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const key = access.createSetupKey()
    await expect(access.setUp(stale, PASSWORD)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(access.setUp(key, 'short')).rejects.toMatchObject({
      code: 'INVALID',
      where: 'body.password',
    })
    await access.setUp(key, PASSWORD)
    await expect(access.setUp(key, 'another password')).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(await access.isPassword(PASSWORD)).toBe(true)
  })

  test('is no browser any more after a month, a new password, or signing out', async () => {
    let now = 0
    const access = fresh(() => now)
    const first = await access.setUp(access.createSetupKey(), PASSWORD)
    const second = (await access.signIn(PASSWORD))!
    expect(await access.signIn('wrong password')).toBeUndefined()
    await access.signOut(access.bySession(second)!)
    expect([access.bySession(first) === undefined, access.bySession(second) === undefined]).toEqual([
      false,
      true,
    ])
    const caller = access.bySession(first)!
    const third = await access.changePassword(PASSWORD, 'battery staple')
    expect([access.bySession(first), access.isCurrent(caller)]).toEqual([undefined, false])
    expect(access.bySession(third)).toBeDefined()
    expect(await access.isPassword(PASSWORD)).toBe(false)
    now = SESSION_SECONDS + 1
    expect(access.bySession(third)).toBeUndefined()
  })

  test('is no program whose token was taken back', async () => {
    const access = fresh()
    const { token } = await access.createToken('script', 'read')
    await expect(access.createToken('script', 'full')).rejects.toMatchObject({ code: 'CONFLICT' })
    const caller = access.byToken(token)!
    expect(await access.removeToken('script')).toBe(true)
    expect([access.byToken(token), access.isCurrent(caller), access.tokens]).toEqual([undefined, false, []])
    expect(await access.removeToken('script')).toBe(false)
  })

  test('is whoever has a link to that file, for a day, until the password changes', async () => {
    let now = 0
    const access = fresh(() => now)
    await access.setUp(access.createSetupKey(), PASSWORD)
    const key = access.signLink('/a')
    expect(access.byLink('/a', key)).toMatchObject({ scope: 'read' })
    expect(access.byLink('/b', key)).toBeUndefined()
    expect(access.byLink('/a', key.replace(/^\d+/, '999999999'))).toBeUndefined()
    now = LINK_SECONDS + 1
    expect(access.byLink('/a', key)).toBeUndefined()
    now = 0
    await access.changePassword(PASSWORD, 'battery staple')
    expect(access.byLink('/a', key)).toBeUndefined()
  })
})

describe('a lost password', () => {
  const API = '/api/v1'
  const local = (rig: Rig): Record<string, string> => ({
    authorization: `Bearer ${rig.access.createLocalToken()}`,
  })

  test('is replaced by whoever runs the daemon; all browsers are signed out, and tokens stay', async () => {
    await using rig = await createRig()
    const [before, other] = [await rig.signIn(), await rig.signIn()]
    const link = rig.access.createSetupKey()
    const body = { password: 'battery staple' }
    const answer = await rig.ask('POST', `${API}/password/reset`, body, local(rig))
    expect(await answer.json()).toEqual({ signedOut: 3 })
    for (const cookie of [before, other])
      expect((await rig.ask('GET', `${API}/session`, undefined, { cookie })).status).toBe(401)
    expect((await rig.ask('GET', `${API}/session`)).status).toBe(200)
    expect([await rig.access.isPassword(PASSWORD), await rig.access.isPassword(body.password)]).toEqual([
      false,
      true,
    ])
    await expect(rig.access.setUp(link, 'by an older link')).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const short = await rig.ask('POST', `${API}/password/reset`, { password: 'short' }, local(rig))
    expect([short.status, await rig.access.isPassword(body.password)]).toEqual([400, true])
  })

  test('is set anew by a link that is good once', async () => {
    await using rig = await createRig()
    const before = Math.floor(Date.now() / 1000)
    const answer = await rig.ask('POST', `${API}/password/link`, undefined, local(rig))
    const { key, expiresAt } = (await answer.json()) as { key: string; expiresAt: number }
    expect(expiresAt).toBeGreaterThanOrEqual(before + 3600)
    expect(expiresAt).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000) + 3600)
    const setUp = (): Promise<Response> =>
      rig.ask('POST', `${API}/setup`, { key, password: 'battery staple' }, { cookie: '', 'x-shoal': '1' })
    expect([(await setUp()).status, (await setUp()).status]).toEqual([204, 403])
  })

  test('is nothing that a token, or a browser, can replace', async () => {
    await using rig = await createRig()
    const cookie = { cookie: await rig.signIn(), 'x-shoal': '1' }
    for (const headers of [{ authorization: `Bearer ${rig.token.full}` }, cookie]) {
      const reset = await rig.ask('POST', `${API}/password/reset`, { password: 'battery staple' }, headers)
      const link = await rig.ask('POST', `${API}/password/link`, undefined, headers)
      expect([reset.status, link.status]).toEqual([403, 403])
    }
    expect(await rig.access.isPassword(PASSWORD)).toBe(true)
  })
})

describe('sign-ins that fail', () => {
  const API = '/api/v1'

  test('are told with the address they came from, and without what was shown', async () => {
    const told: FailedSignIn[] = []
    await using rig = await createRig({ onFailedSignIn: failed => told.push(failed) })
    const own = { cookie: '', 'x-shoal': '1' }
    await rig.ask('POST', `${API}/login`, { password: 'secret-1' }, own)
    await rig.ask('POST', `${API}/setup`, { key: 'secret-2', password: 'battery staple' }, own)
    await rig.ask('GET', `${API}/session`, undefined, { authorization: 'Bearer secret-3' })
    await rig.ask('PUT', `${API}/password`, { current: 'secret-4', password: 'battery staple' })
    await rig.ask('GET', `${API}/session`, undefined, own)
    expect(told.map(({ fields }) => [fields.shown, fields.address])).toEqual([
      ['password', '127.0.0.1'],
      ['link', '127.0.0.1'],
      ['token', '127.0.0.1'],
      ['password', '127.0.0.1'],
    ])
    expect(told[0]!.text).toBe('a sign-in from 127.0.0.1 failed: the password is wrong')
    expect(JSON.stringify(told)).not.toContain('secret-')
  })

  test('are only counted when they are many', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const told: string[] = []
    const failures = new Failures(({ text }) => told.push(text))
    for (let n = 0; n < 5000; n++) failures.note('password', `10.0.${n >> 8}.${n & 255}`, 0)
    expect(told).toHaveLength(10)
    vi.advanceTimersByTime(60_000)
    expect(told.slice(10)).toEqual(['4990 more sign-ins failed within a minute'])
    failures.note('token', '10.0.0.1', 30)
    expect(told.at(-1)).toContain('has to wait for 30 s')
    failures.end()
    expect(told).toHaveLength(12)
  })
})

describe('signing in', () => {
  const API = '/api/v1'
  const OWN = { cookie: '', 'x-shoal': '1' }

  test('is asked for, or setting a password first', async () => {
    await using rig = await createRig({ withoutPassword: true })
    const code = async (response: Promise<Response>): Promise<unknown> =>
      ((await (await response).json()) as ProblemBody).error.code
    expect(await code(rig.ask('GET', `${API}/session`, undefined, OWN))).toBe('SETUP_NEEDED')
    expect(await code(rig.ask('POST', `${API}/login`, { password: 'x' }, OWN))).toBe('SETUP_NEEDED')
    expect(await (await rig.ask('GET', `${API}/setup`, undefined, OWN)).json()).toEqual({ needed: true })
    const key = rig.access.createSetupKey()
    const response = await rig.ask('POST', `${API}/setup`, { key, password: PASSWORD }, OWN)
    expect(response.status).toBe(204)
    const [cookie] = response.headers.getSetCookie()
    expect(cookie).toMatch(/^shoal=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/)
    expect(await (await rig.ask('GET', `${API}/setup`, undefined, OWN)).json()).toEqual({ needed: false })
    expect(await code(rig.ask('GET', `${API}/session`, undefined, OWN))).toBe('UNAUTHORIZED')
    const signedIn = await rig.ask('GET', `${API}/session`, undefined, { cookie: cookie!.split(';')[0]! })
    expect(signedIn.status).toBe(200)
  })

  test('is over for an address that fails five times, the right password or not', async () => {
    // It stands still: how long is to be waited is told exactly.
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    await using rig = await createRig()
    const statuses: number[] = []
    for (const password of ['a', 'b', 'c', 'd', 'e', PASSWORD]) {
      const response = await rig.ask('POST', `${API}/login`, { password }, OWN)
      statuses.push(response.status)
      if (response.status === 429) expect(response.headers.get('retry-after')).toBe('30')
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  })

  test('is over for all of an IPv6 network, behind a proxy too, and for nobody else', async () => {
    await using rig = await createRig({ trustedProxies: ['127.0.0.1'] })
    const login = async (from: string): Promise<number> => {
      const headers = { ...OWN, 'x-forwarded-for': from }
      return (await rig.ask('POST', `${API}/login`, { password: 'wrong' }, headers)).status
    }
    const statuses: number[] = []
    for (let n = 1; n <= 6; n++) statuses.push(await login(`2001:db8:1:2::${n}`))
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    expect(await login('2001:db8:1:3::1')).toBe(401)
  })

  test('over TLS gives a cookie that no other host can have set', async () => {
    await using rig = await createRig({ trustedProxies: ['127.0.0.1'], hosts: ['shoal.example'] })
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shoal.example' }
    const login = (more: Readonly<Record<string, string>>): Promise<Response> =>
      rig.ask('POST', `${API}/login`, { password: PASSWORD }, { ...OWN, ...forwarded, ...more })
    const [cookie] = (await login({ origin: 'https://shoal.example' })).headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-shoal=[\w-]{43}; Path=\/; .*; Secure$/)
    const [below] = (await login({ 'x-forwarded-prefix': '/torrents' })).headers.getSetCookie()
    expect(below).toMatch(/^__Secure-shoal=[\w-]{43}; Path=\/torrents; .*; Secure$/)
    expect((await login({ origin: 'http://shoal.example' })).status).toBe(403)
    const session = await rig.ask('GET', `${API}/session`, undefined, {
      ...forwarded,
      cookie: cookie!.split(';')[0]!,
    })
    expect(session.status).toBe(200)
  })
})
