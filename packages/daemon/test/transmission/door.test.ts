import { describe, expect, test } from 'vitest'
import { SESSION_ID_HEADER } from '../../src/transmission/rpc.ts'
import { StandIn } from './stand-in.ts'

const CALL = JSON.stringify({ method: 'session-get', arguments: { fields: ['version'] } })

describe('the session id', () => {
  test.each(['GET', 'POST', 'PUT', 'OPTIONS'])(
    '%s with a stale one is answered with 409 and the right one',
    async method => {
      const stale = { [SESSION_ID_HEADER]: 'stale' }
      const { status, headers } = await new StandIn().request(CALL, { method, headers: stale })
      expect(status).toBe(409)
      expect(headers.get(SESSION_ID_HEADER)).toMatch(/^[\w-]{32}$/)
      expect(headers.get('x-transmission-rpc-version')).toBe('6.0.0')
    },
  )

  test('no other web page may read it', async () => {
    const { headers } = await new StandIn().request(CALL, {
      headers: { origin: 'https://elsewhere.example' },
    })
    expect([...headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
  })

  test('each daemon has its own', async () => {
    const answers = await Promise.all([new StandIn(), new StandIn()].map(shoal => shoal.request('')))
    const [one, other] = answers.map(({ headers }) => headers.get(SESSION_ID_HEADER))
    expect(one).not.toBe(other)
  })

  test('only POST calls anything', async () => {
    const shoal = new StandIn()
    const id = (await shoal.request('')).headers.get(SESSION_ID_HEADER)!
    const { status } = await shoal.request('', { method: 'GET', headers: { [SESSION_ID_HEADER]: id } })
    expect(status).toBe(405)
  })

  test('it is served with a slash at the end, too', () => {
    expect(new StandIn().rpc.parts.map(({ path }) => path)).toEqual([
      '/transmission/rpc',
      '/transmission/rpc/',
    ])
  })
})

describe('what a token is good for', () => {
  const add = { method: 'torrent-add', arguments: { filename: 'magnet:?xt=urn:btih:x' } }

  test('a reading token reads, and changes nothing', async () => {
    const shoal = new StandIn()
    expect(await shoal.send({ method: 'session-stats' }, 'read')).toMatchObject({ result: 'success' })
    for (const method of ['torrent-remove', 'torrent-set', 'session-set', 'session-close', 'torrent-stop']) {
      const { result } = (await shoal.send({ method }, 'read')) as { result: string }
      expect(result, method).toContain('this token is good for read, and full is needed')
    }
    expect(await shoal.send(add, 'read')).toMatchObject({ result: expect.stringContaining('add is needed') })
    expect(shoal.asked).toEqual([])
  })

  test('an adding token adds as well', async () => {
    const shoal = new StandIn()
    expect(await shoal.send(add, 'add')).toMatchObject({ result: 'success' })
    expect(await shoal.send({ method: 'session-close' }, 'add')).toMatchObject({ arguments: {} })
    expect(shoal.asked.map(([name]) => name)).toEqual(['add'])
  })
})
