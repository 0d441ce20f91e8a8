import { expect, test } from 'vitest'
import type { Api } from '../src/api/api.ts'
import { ApiError } from '../src/api/api.ts'
import { follow } from '../src/api/follow.ts'
import { Front } from '../src/model/front.ts'

test('of many pages, those that came to the front last have streams', () => {
  const pages = Array.from({ length: 8 }, () => new Front())
  const show = (shown: number): void => {
    for (const [index, page] of pages.entries()) {
      if (index === shown) page.come()
      else page.onOther(String(shown), true)
    }
  }
  const streaming = (): number[] =>
    pages.flatMap((page, index) => (page.pace(false) === 'stream' ? [index] : []))
  for (const index of pages.keys()) show(index)
  expect(streaming()).toEqual([5, 6, 7])
  show(2)
  expect(streaming()).toEqual([2, 6, 7])
  show(2)
  expect(streaming()).toEqual([2, 6, 7])
})

test('a page that is out of sight rests, and one that was closed makes room', () => {
  const page = new Front()
  for (const other of 'abc') page.onOther(other, true)
  expect(page.pace(true)).toBe('rest')
  expect(page.pace(false)).toBe('ask')
  page.onOther('b', false)
  expect(page.pace(false)).toBe('stream')
})

test('a page without a stream asks, and hears the same', async () => {
  const page = { total: 1, offset: 0, items: [{ id: 'a' }], facets: { all: 1 }, cursor: '' }
  const told: unknown[] = []
  const abort = new AbortController()
  const api = { list: async () => page, info: async () => ({ version: '1' }) } as unknown as Api
  await new Promise<void>(done => {
    follow(api, 'ask', {
      query: {},
      signal: abort.signal,
      onState: state => told.push(state),
      onEvent: event => {
        told.push(event)
        if (event.type === 'session') done()
      },
    })
  })
  abort.abort()
  expect(told).toEqual([
    'open',
    { type: 'window', total: 1, ids: ['a'], rows: [{ id: 'a' }], facets: { all: 1 } },
    { type: 'session', changed: { version: '1' } },
  ])
})

test.each([
  [401, 'refused'],
  [0, 'lost'],
])('where it is answered %i, it says %s', async (status, said) => {
  const abort = new AbortController()
  const refuse = (): Promise<never> => Promise.reject(new ApiError(status, '', ''))
  const api = { list: refuse, info: refuse } as unknown as Api
  const state = await new Promise(done => {
    follow(api, 'rest', { query: {}, signal: abort.signal, onEvent: () => {}, onState: done })
  })
  abort.abort()
  expect(state).toBe(said)
})
