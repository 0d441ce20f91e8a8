import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Problem, ProblemBody, TorrentPage } from '../../src/contract/index.ts'
import { SessionError } from '../../src/session/session.ts'
import { createRig, type Rig } from './rig.ts'
import { idOf, rowOf } from './stand-in.ts'

const ID = idOf(0)
const API = '/api/v1'

async function problemOf(response: Response): Promise<Problem> {
  return ((await response.json()) as ProblemBody).error
}

/** Status, code and place of what is wrong. */
async function refusal(rig: Rig, method: string, path: string, body?: unknown): Promise<string> {
  const response = await rig.ask(method, `${API}${path}`, body)
  const { code, where } = await problemOf(response)
  return `${response.status} ${code} ${where}`
}

describe('lists', () => {
  test('come in windows, by numbers, words and lists in the query', async () => {
    await using rig = await createRig({ torrents: 5 })
    rig.session.step({ added: [rowOf(9, { state: 'seeding' })] })
    const response = await rig.ask(
      'GET',
      `${API}/torrents?state=stopped&state=error&sort=name&order=desc&offset=1&limit=2`,
    )
    const page = (await response.json()) as TorrentPage
    expect(page.items.map(({ id }) => id)).toEqual([idOf(3), idOf(2)])
    expect(page).toMatchObject({ total: 5, offset: 1, cursor: 'run.1', facets: { all: 6 } })
  })

  test.each([
    ['limit=a', 'query.limit', '`limit` must be a number.'],
    ['limit=1001', 'query.limit', '`limit` must be at most 1000.'],
    ['limit=-1', 'query.limit', '`limit` must be at least 0.'],
    ['limit=1.5', 'query.limit', '`limit` must be a whole number.'],
    ['limit=1&limit=2', 'query.limit', '`limit` is given more than once.'],
    ['limt=1', 'query.limt', '`limt` is not known here.'],
    ['order=up', 'query.order', '`order` must be one of asc, desc.'],
    ['ids=abc', 'query.ids.0', '`ids.0` is not an info-hash: 40 lower-case hex digits.'],
    ['__proto__=1', 'query.__proto__', '`__proto__` is not known here.'],
  ])('refuse ?%s and say why', async (query, where, text) => {
    await using rig = await createRig()
    const response = await rig.ask('GET', `${API}/torrents?${query}`)
    expect(response.status).toBe(400)
    expect(await problemOf(response)).toEqual({ code: 'INVALID', text, where })
  })

  test('tell some fields of many more than an address holds', async () => {
    await using rig = await createRig({ torrents: 3 })
    const ids = Array.from({ length: 50_000 }, (_, n) => idOf(n))
    const ask = async (query: unknown): Promise<unknown> =>
      (await rig.ask('POST', `${API}/torrents/pick`, { query, fields: ['name'] })).json()
    expect(await ask({ ids })).toEqual([0, 1, 2].map(n => ({ id: idOf(n), name: `torrent ${n}` })))
    expect(await ask({ limit: 1, offset: 2 })).toEqual([{ id: idOf(2), name: 'torrent 2' }])
    const unknown = { query: {}, fields: ['nme'] }
    expect(await refusal(rig, 'POST', '/torrents/pick', unknown)).toBe('400 INVALID body.fields.0')
  })

  test('take no query where there is nothing to ask', async () => {
    await using rig = await createRig()
    expect(await refusal(rig, 'GET', '/session?x=1')).toBe('400 INVALID query.x')
  })
})

describe('adding', () => {
  test('hands over links, and files out of data URLs, and answers one a source', async () => {
    await using rig = await createRig()
    const magnet = `magnet:?xt=urn:btih:${ID}`
    const data = `data:application/x-bittorrent;base64,${Buffer.from('d4:infod0:ee').toString('base64')}`
    const sources = [magnet, '/etc/passwd', data, ID, 'file:///etc/passwd']
    const response = await rig.ask('POST', `${API}/torrents`, { sources, options: { start: false } })
    expect(await response.json()).toMatchObject([
      { outcome: 'added', name: 'added 0' },
      { outcome: 'failed', source: '/etc/passwd', code: 'INVALID' },
      { outcome: 'added', name: 'added 1' },
      { outcome: 'added', name: 'added 2' },
      { outcome: 'failed', source: 'file:///etc/passwd', code: 'INVALID' },
    ])
    const [added] = rig.session.calls
    expect(added!.args).toEqual([[magnet, new TextEncoder().encode('d4:infod0:ee'), ID], { start: false }])
  })

  test('takes many files in a form, with options', async () => {
    await using rig = await createRig()
    const form = new FormData()
    for (const name of ['a', 'b']) form.append('file', new Blob([`d1:x1:${name}e`]), `${name}.torrent`)
    form.append('options', JSON.stringify({ dir: rig.dir, labels: ['linux'] }))
    const response = await rig.ask('POST', `${API}/torrents`, form)
    expect(await response.json()).toHaveLength(2)
    const [sources, options] = rig.session.calls[0]!.args as [Uint8Array[], unknown]
    expect(sources.map(bytes => new TextDecoder().decode(bytes))).toEqual(['d1:x1:ae', 'd1:x1:be'])
    expect(options).toEqual({ dir: rig.dir, labels: ['linux'] })
  })

  test.each([
    [{ sources: 'x' }, 'body.sources'],
    [{ source: ['x'] }, 'body.sources'],
    [{ sources: [] }, 'body.sources'],
    [{ sources: [''] }, 'body.sources.0'],
    [{ sources: [ID], more: 1 }, 'body.more'],
    [{ sources: [ID], options: { priorities: { a: 'low' } } }, 'body.options.priorities.a'],
    [{ sources: [ID], options: { priorities: { 0: 'lowest' } } }, 'body.options.priorities.0'],
    [{ sources: [ID], options: { goals: { ratio: 'never' } } }, 'body.options.goals.ratio'],
    [{ sources: [ID], options: { labels: ['a\nb'] } }, 'body.options.labels.0'],
    [{ sources: [ID], options: { dir: 'relative' } }, 'body.options.dir'],
    [[], 'body'],
    [null, 'body'],
    ['', 'body'],
    ['{', 'body'],
    ['['.repeat(40) + ']'.repeat(40), 'body'],
  ])('refuses %j and names the place', async (body, where) => {
    await using rig = await createRig()
    expect(await refusal(rig, 'POST', '/torrents', body)).toBe(`400 INVALID ${where}`)
    expect(rig.session.calls).toEqual([])
  })

  test('refuses folders outside of those that are allowed', async () => {
    await using rig = await createRig()
    for (const dir of ['/etc', `${rig.dir}/..`, `${rig.dir}x`]) {
      expect(await refusal(rig, 'POST', '/torrents', { sources: [ID], options: { dir } })).toBe(
        '403 FORBIDDEN body.options.dir',
      )
    }
    expect(rig.session.calls).toEqual([])
  })

  test('looks into a source beforehand', async () => {
    await using rig = await createRig()
    const form = new FormData()
    form.append('file', new Blob(['d1:xe']), 'a.torrent')
    expect(await (await rig.ask('POST', `${API}/inspect`, form)).json()).toMatchObject({ name: 'inspected' })
    expect(await (await rig.ask('POST', `${API}/inspect`, { source: ID })).json()).toMatchObject({
      name: 'inspected',
    })
    expect(await refusal(rig, 'POST', '/inspect', { source: '/etc/passwd' })).toBe('400 INVALID body.source')
    expect(rig.session.calls.map(({ args }) => args[0])).toEqual([new TextEncoder().encode('d1:xe'), ID])
  })
})

describe('changes', () => {
  test('go to the session as they were asked for', async () => {
    await using rig = await createRig()
    const inside = join(rig.dir, 'inside')
    mkdirSync(inside)
    const asked: readonly (readonly [string, string, unknown, number])[] = [
      ['POST', '/torrents/actions', { action: 'start', ids: 'all' }, 200],
      ['POST', '/torrents/remove', { ids: [ID], data: true }, 200],
      ['POST', '/torrents/move', { ids: [ID], dir: inside, move: false }, 200],
      [
        'PATCH',
        `/torrents/${ID}`,
        { labels: ['a'], goals: { ratio: 'none' }, limits: { upload: null } },
        200,
      ],
      ['PATCH', `/torrents/${ID}/files`, [{ index: 0, priority: 'skip', path: 'a/b' }], 200],
      ['POST', `/torrents/${ID}/peers`, { addresses: ['10.0.0.1:1', '[::1]:2'] }, 204],
      ['POST', `/torrents/${ID}/peers/ban`, { address: '10.0.0.1:1' }, 204],
      ['POST', '/bans', { addresses: ['10.0.0.1', '[::1]:2'] }, 204],
      ['DELETE', '/bans/2001:db8::7', undefined, 204],
      ['DELETE', `/torrents/${ID}?data=true`, undefined, 204],
      [
        'PUT',
        '/categories/Lin%2Fux%20isos',
        { dir: null, goals: {}, limits: { download: null, upload: 5 } },
        204,
      ],
      ['DELETE', '/categories/Lin%2Fux%20isos', undefined, 204],
      ['PUT', '/alternative', { on: true }, 204],
      ['PUT', '/alternative', { on: null }, 204],
    ]
    for (const [method, path, body, status] of asked) {
      const response = await rig.ask(method, `${API}${path}`, body)
      expect([method, path, response.status, response.ok ? '' : await response.text()]).toEqual([
        method,
        path,
        status,
        '',
      ])
    }
    expect(rig.session.calls.map(({ method, args }) => [method, ...args])).toEqual([
      ['act', 'start', 'all'],
      ['remove', [ID], { data: true }],
      ['move', [ID], inside, { move: false }],
      ['patch', ID, { labels: ['a'], goals: { ratio: 'none' }, limits: { upload: null } }],
      ['patchFiles', ID, [{ index: 0, priority: 'skip', path: 'a/b' }]],
      ['addPeers', ID, ['10.0.0.1:1', '[::1]:2']],
      ['banPeer', ID, '10.0.0.1:1'],
      ['ban', ['10.0.0.1', '[::1]:2']],
      ['unban', '2001:db8::7'],
      ['remove', [ID], { data: true }],
      ['setCategory', { name: 'Lin/ux isos', dir: null, goals: {}, limits: { download: null, upload: 5 } }],
      ['removeCategory', 'Lin/ux isos'],
      ['setAlternative', true],
      ['setAlternative', undefined],
    ])
    expect(rig.faults).toEqual([])
  })

  test('of settings are all made, or name the one that is wrong', async () => {
    await using rig = await createRig()
    const response = await rig.ask('PATCH', `${API}/settings`, { 'limits.download': 1000 })
    expect(await response.json()).toMatchObject([{ key: 'limits.download', value: 1000 }, {}])
    expect(await refusal(rig, 'PATCH', '/settings', { 'limits.dwnload': 1 })).toBe(
      '400 INVALID body.limits.dwnload',
    )
    expect(await refusal(rig, 'PATCH', '/settings', { 'folders.downloads': '/etc' })).toBe(
      '403 FORBIDDEN body.folders.downloads',
    )
  })
})

describe('what goes wrong', () => {
  test('in the session is told by its code', async () => {
    await using rig = await createRig()
    rig.session.failure = new SessionError('CONFLICT', 'It is moving.', 'body.intent')
    expect(await refusal(rig, 'PATCH', `/torrents/${ID}`, { intent: 'run' })).toBe('409 CONFLICT body.intent')
    expect(await refusal(rig, 'GET', `/torrents/${idOf(99)}`)).toBe('404 NOT_FOUND path.id')
    expect(await refusal(rig, 'DELETE', `/torrents/${idOf(99)}`)).toBe('404 NOT_FOUND path.id')
  })

  test('by our own fault goes to the log, and not to who asked', async () => {
    await using rig = await createRig()
    const fault = new TypeError('secret of ours')
    rig.session.failure = fault
    const response = await rig.ask('POST', `${API}/torrents/actions`, { action: 'stop', ids: [ID] })
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect(rig.faults).toEqual([fault])
  })

  test('in path and method is told apart', async () => {
    await using rig = await createRig()
    expect(await refusal(rig, 'GET', '/torents')).toBe('404 NOT_FOUND path')
    const response = await rig.ask('PUT', `${API}/torrents`)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST'])
  })

  test('in type and size of a body is told before it is read', async () => {
    await using rig = await createRig()
    const form = await rig.ask('POST', `${API}/torrents/actions`, 'action=start', {
      'content-type': 'application/x-www-form-urlencoded',
    })
    // Other credentials than the rig's own would have been refused earlier.
    expect(form.status).toBe(415)
    const large = await rig.ask('PATCH', `${API}/torrents/${ID}`, { name: 'x'.repeat(2_000_000) })
    expect(large.status).toBe(413)
    expect(await problemOf(large)).toMatchObject({ code: 'TOO_LARGE', where: 'body' })
  })
})

test('who may only add torrents changes no trackers of those that are here', async () => {
  await using rig = await createRig()
  const body = { sources: [idOf(7)], options: { mergeTrackers: true } }
  const ask = (token: string) =>
    rig.ask('POST', `${API}/torrents`, body, { authorization: `Bearer ${token}` })
  expect([(await ask(rig.token.add)).status, (await ask(rig.token.full)).status]).toEqual([403, 200])
})

test('lists are loaded again before it is told what became of them', async () => {
  let error: string | null = null
  const blocklist = { source: '/list', ranges: 2, loadedAt: 5, triedAt: 6, loading: false }
  const lists = {
    get: () => ({ blocklist: { ...blocklist, error }, countries: null }),
    reload: async () => {
      error = 'it is not there'
    },
  }
  await using rig = await createRig({ lists })
  const before = await rig.ask('GET', `${API}/lists`)
  expect(await before.json()).toEqual({ blocklist: { ...blocklist, error: null }, countries: null })
  const after = await rig.ask('POST', `${API}/lists/reload`)
  expect(await after.json()).toMatchObject({ blocklist: { error: 'it is not there' } })
})

test('answers say of themselves that they are data, are not kept, and are not shown elsewhere', async () => {
  await using rig = await createRig()
  for (const path of [`${API}/session`, `${API}/nothing`, '/metrics', `${API}/torrents/${ID}/magnet`]) {
    const { headers } = await rig.ask('GET', path)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; frame-ancestors 'none'")
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect([...headers.keys()].filter(name => name.startsWith('access-control-'))).toEqual([])
  }
})
