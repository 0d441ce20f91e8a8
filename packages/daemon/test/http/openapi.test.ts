import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { ListQuery, TorrentState } from '../../src/contract/index.ts'
import { createApp } from '../../src/http/app.ts'
import { openApiText } from '../../src/http/openapi.ts'
import { pathOf, ROUTES } from '../../src/http/routes/table.ts'
import { count, text } from '../../src/http/schema/basics.ts'
import { optional, shape, words } from '../../src/http/schema/shape.ts'
import type { Document } from './matrix.ts'
import { createRig } from './rig.ts'
import { idOf } from './stand-in.ts'

const KEPT = fileURLToPath(new URL('../../../../docs/openapi.json', import.meta.url))

test('docs/openapi.json is the document that is served; `vitest -u` writes it anew', async () => {
  await using rig = await createRig()
  const response = await rig.ask('GET', '/api/v1/openapi.json')
  expect(response.headers.get('content-type')).toBe('application/json')
  await expect(await response.text()).toMatchFileSnapshot(KEPT)
})

test('every route that answers is in the document, and the other way round', () => {
  const nothing = (): undefined => undefined
  const services = {} as never
  const app = createApp({
    services,
    basePath: '',
    parts: [],
    page: nothing,
    onFault: nothing,
    onChange: nothing,
    onAdmitted: nothing,
  })
  const answering = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`)
  const { paths } = JSON.parse(openApiText('0.1.0')) as Document
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map(method => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  )
  expect(described.length).toBeGreaterThan(40)
  expect(described.toSorted()).toEqual(answering.toSorted())
})

test('every reference in the document leads somewhere, and every operation has a name of its own', () => {
  const document = openApiText('0.1.0')
  const parsed = JSON.parse(document) as { components: Record<string, Record<string, unknown>> }
  for (const [, group, name] of document.matchAll(/"\$ref": "#\/components\/(\w+)\/(\w+)"/g)) {
    expect(Object.keys(parsed.components[group!]!)).toContain(name)
  }
  expect(document).not.toContain('#/$defs/')
  const ids = [...document.matchAll(/"operationId": "(\w+)"/g)].map(match => match[1])
  expect(new Set(ids).size).toBe(ROUTES.length)
})

test.each(
  ROUTES.filter(({ answers, method }) => answers.kind === 'json' && method === 'GET').map(
    route => [pathOf(route), route] as const,
  ),
)('GET %s answers what the document says', async (path, route) => {
  await using rig = await createRig()
  const response = await rig.ask('GET', path.replace(':id', idOf(0)))
  expect(response.status).toBe(200)
  if (route.answers.kind !== 'json') throw new Error('filtered above')
  const result = route.answers.schema.safeParse(await response.json())
  expect(result.error?.issues ?? []).toEqual([])
})

test('schemas that differ from the types of the contract do not compile', () => {
  interface Pair {
    readonly a: string
    readonly b?: number
  }
  shape<Pair>({ a: text, b: optional(count) })
  // @ts-expect-error: one is missing
  shape<Pair>({ a: text })
  // @ts-expect-error: it may be left out
  shape<Pair>({ a: text, b: count })
  // @ts-expect-error: it is of another type
  shape<Pair>({ a: count, b: optional(count) })
  // @ts-expect-error: one too many
  shape<Pair>({ a: text, b: optional(count), c: count })
  // @ts-expect-error: all but one of the words
  words<NonNullable<ListQuery['order']>>({ asc: true })
  // @ts-expect-error: it is none of the words
  words<TorrentState | 'asleep'>({ asleep: true, awake: true })
  expect(shape<Pair>({ a: text, b: optional(count) }).safeParse({ a: '', b: undefined }).success).toBe(false)
})
