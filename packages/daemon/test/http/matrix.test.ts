/** Every route, from the OpenAPI document, against everybody who must not come in and everything that makes no sense. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProblemBody } from '../../src/contract/index.ts'
import { openApiText } from '../../src/http/openapi.ts'
import { ROUTES } from '../../src/http/routes/table.ts'
import { type Document, resolved, type Sample, samplesOf } from './matrix.ts'
import { type Answer, createRig, type Rig, talk } from './rig.ts'
import { idOf } from './stand-in.ts'

const DOCUMENT = JSON.parse(openApiText('0.1.0')) as Document
const SAMPLES = samplesOf(DOCUMENT)
const CLOSED = SAMPLES.filter(({ isOpen }) => !isOpen)
const CHANGING = SAMPLES.filter(({ method }) => method !== 'GET')

interface Extra {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly path?: string
  readonly body?: string
}

describe('over a connection', () => {
  let rig: Rig
  let port: number
  let cookie: string

  beforeAll(async () => {
    rig = await createRig({ trustedProxies: ['10.9.9.9'] })
    ;({ port } = await rig.http.listen({ host: '127.0.0.1', port: 0 }))
    cookie = (await rig.signIn()).replace('shoal=', `shoal-${port}=`)
  })

  afterAll(async () => {
    await rig[Symbol.asyncDispose]()
  })

  /** As it is, header by header: no client would send some of these. */
  function send({ method, path, body }: Sample, extra: Extra): Promise<Answer> {
    const text = extra.body ?? (body === undefined ? '' : JSON.stringify(body))
    const headers = { Host: `127.0.0.1:${port}`, 'Content-Type': 'application/json', ...extra.headers }
    const lines = Object.entries(headers).flatMap(([name, values]) =>
      (typeof values === 'string' ? [values] : values).map(value => `${name}: ${value}\r\n`),
    )
    const head = `${method} ${extra.path ?? path} HTTP/1.1\r\n${lines.join('')}`
    return talk(port, `${head}Connection: close\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }

  /** `GET /path → 401` of all that are not answered so, or without words. */
  async function others(samples: readonly Sample[], status: number, extra: () => Extra): Promise<string[]> {
    const found: string[] = []
    for (const sample of samples) {
      const answer = await send(sample, extra())
      const problem = answer.status === status ? (JSON.parse(answer.body) as ProblemBody) : undefined
      if (problem === undefined || problem.error.text.length < 10)
        found.push(`${sample.method} ${sample.path} → ${answer.status} ${answer.body}`)
    }
    return found
  }

  const full = (): Record<string, string> => ({ authorization: `Bearer ${rig.token.full}` })
  const browser = (): Record<string, string> => ({ cookie, 'x-shoal': '1' })

  test('nobody comes in with nothing', async () => {
    expect(await others(CLOSED, 401, () => ({}))).toEqual([])
  })

  test('nobody comes in with a cookie that has expired, or was never given', async () => {
    expect(
      await others(CLOSED, 401, () => ({
        headers: { ...browser(), cookie: `shoal-${port}=${'A'.repeat(43)}` },
      })),
    ).toEqual([])
  })

  test('nobody comes in because of what they say a proxy said', async () => {
    const forged = {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'localhost',
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '/api',
      'x-real-ip': '127.0.0.1',
      forwarded: 'for=127.0.0.1;host=localhost',
    }
    expect(await others(CLOSED, 401, () => ({ headers: forged }))).toEqual([])
  })

  test('a page of another origin is refused, with the cookie and all', async () => {
    const origin = 'https://evil.example'
    expect(await others(SAMPLES, 403, () => ({ headers: { ...browser(), origin } }))).toEqual([])
    const site = 'same-site'
    expect(await others(SAMPLES, 403, () => ({ headers: { ...browser(), 'sec-fetch-site': site } }))).toEqual(
      [],
    )
  })

  test('a form of any page changes nothing, though the browser sends the cookie', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await others(CHANGING, 403, () => ({ headers: { cookie, ...form }, body: 'a=1' }))).toEqual([])
  })

  test.each([
    ['another name', () => ({ headers: { ...full(), Host: 'evil.example' } })],
    ['another name at our port', () => ({ headers: { ...full(), Host: `evil.example:${port}` } })],
    ['a name that only begins right', () => ({ headers: { ...full(), Host: 'localhost.evil.example' } })],
    ['two names', () => ({ headers: { ...full(), Host: ['localhost', 'localhost'] } })],
    ['no name', () => ({ headers: { ...full(), Host: '' } })],
    ['nothing', () => ({ headers: { ...full(), Host: [] } })],
  ])('%s in Host is refused before all else', async (_, extra) => {
    expect(await others(SAMPLES, 421, extra)).toEqual([])
  })

  test('a whole address where a path belongs is refused before all else', async () => {
    for (const sample of SAMPLES) {
      const { status } = await send(sample, { path: `http://localhost${sample.path}`, headers: full() })
      expect([sample.path, status]).toEqual([sample.path, 421])
    }
  })

  test('a wrong token is refused, and after five of them those from there have to wait', async () => {
    await using other = await createRig()
    const answers: number[] = []
    for (const { method, path, body } of CLOSED.slice(0, 8)) {
      answers.push((await other.ask(method, path, body, { authorization: 'Bearer shoal_wrong' })).status)
    }
    expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
    const right = await other.ask('GET', '/api/v1/session', undefined, {
      authorization: `Bearer ${other.token.read}`,
    })
    expect(right.status).toBe(200)
  })
})

describe('what makes no sense', () => {
  let rig: Rig

  beforeAll(async () => {
    rig = await createRig()
  })

  afterAll(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function refused(
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; code: string; where?: string }> {
    const response = await rig.ask(method, path, body)
    const { error } = (await response.json()) as ProblemBody
    expect(error.text).toMatch(/^.{10,}[.…]$/s)
    return { status: response.status, ...error }
  }

  const withBody = SAMPLES.filter(({ body }) => body !== undefined).map(
    sample => [`${sample.method} ${sample.pattern}`, sample] as const,
  )

  test.each(withBody)(
    '%s refuses bodies that are no JSON, too deep, too large, or of another type',
    async (_, { method, path }) => {
      for (const body of ['', '{', '{"a":1}}', '\u0000', '['.repeat(4000), '{"a":'.repeat(1000), 'nul']) {
        expect(await refused(method, path, body)).toMatchObject({
          status: 400,
          code: 'INVALID',
          where: 'body',
        })
      }
      for (const body of ['null', '"text"', '7', 'true']) {
        expect(await refused(method, path, body)).toMatchObject({
          status: 400,
          code: 'INVALID',
          where: 'body',
        })
      }
      const tooLong = rig.ask(method, path, '{}', {
        authorization: `Bearer ${rig.token.full}`,
        'content-length': '99999999999',
      })
      expect((await tooLong).status).toBe(413)
      const asText = rig.ask(method, path, '{}', {
        authorization: `Bearer ${rig.token.full}`,
        'content-type': 'text/plain',
      })
      expect((await asText).status).toBe(415)
    },
  )

  test.each(withBody)(
    '%s names the field that is missing, unknown or of the wrong type',
    async (_, { method, path, body, schema }) => {
      const { properties, required, items } = resolved(schema!, DOCUMENT)
      if (properties === undefined) {
        if (items !== undefined)
          expect(await refused(method, path, [7])).toMatchObject({ status: 400, where: 'body.0' })
        return
      }
      const good = body as Record<string, unknown>
      const ask = async (changed: unknown): Promise<unknown> => {
        const response = await rig.ask(method, path, changed, {
          authorization: `Bearer ${rig.token.full}`,
        })
        return { status: response.status, where: ((await response.json()) as ProblemBody).error.where }
      }
      expect(await ask({ ...good, unknown: 1 })).toEqual({ status: 400, where: 'body.unknown' })
      for (const name of required ?? []) {
        const { [name]: _gone, ...rest } = good
        expect(await ask(rest)).toEqual({ status: 400, where: `body.${name}` })
      }
      for (const name of Object.keys(properties)) {
        expect(await ask({ ...good, [name]: { wrong: true } })).toMatchObject({
          status: 400,
          where: expect.stringContaining(`body.${name}`),
        })
      }
    },
  )

  test.each(
    SAMPLES.filter(({ pattern }) => pattern.includes('{id}')).map(
      sample => [`${sample.method} ${sample.pattern}`, sample] as const,
    ),
  )('%s knows neither ids that are none nor those of nobody', async (_, { method, pattern, body }) => {
    const path = (id: string): string => pattern.replace('{id}', id).replace('{file}', '0')
    if (pattern.endsWith('/content') || pattern.endsWith('/conversation')) return
    for (const id of ['x', '0'.repeat(39), idOf(0).toUpperCase().replace(/0$/, 'A'), '..%2f..', '%00']) {
      expect(await refused(method, path(id), body)).toMatchObject({
        status: 400,
        code: 'INVALID',
        where: 'path.id',
      })
    }
    expect(await refused(method, path(idOf(12_345)), body)).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
      where: 'path.id',
    })
  })

  test.each(SAMPLES.map(sample => [`${sample.method} ${sample.pattern}`, sample] as const))(
    '%s takes no query that it does not know',
    async (_, { method, path, body }) => {
      const response = await rig.ask(method, `${path}?unknown=1`, body, {
        authorization: `Bearer ${rig.token.full}`,
        'x-shoal': '1',
      })
      expect([response.status, ((await response.json()) as ProblemBody).error.where]).toEqual([
        400,
        'query.unknown',
      ])
    },
  )
})

test('a token may do what its scope says, on every route', async () => {
  await using rig = await createRig()
  const rank = { open: 0, read: 0, add: 1, full: 2 } as const
  for (const route of ROUTES) {
    const sample = SAMPLES.find(
      ({ method, pattern }) => method === route.method && pattern === patternOf(route.path),
    )!
    for (const scope of ['read', 'add', 'full'] as const) {
      if (route.answers.kind === 'raw') continue
      const headers = { authorization: `Bearer ${rig.token[scope]}`, 'x-shoal': '1' }
      const { status } = await rig.ask(sample.method, `${sample.path}?unknown=1`, sample.body, headers)
      expect([route.method, route.path, scope, status]).toEqual([
        route.method,
        route.path,
        scope,
        rank[scope] < rank[route.scope] ? 403 : 400,
      ])
    }
  }
})

function patternOf(path: string): string {
  const full = path.startsWith('//') ? path.slice(1) : `/api/v1${path}`
  return full.replace(/:(\w+)/g, '{$1}')
}
