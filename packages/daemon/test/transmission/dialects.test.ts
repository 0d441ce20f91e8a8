import { describe, expect, test } from 'vitest'
import { snakeOf, spelled } from '../../src/transmission/names.ts'
import { SESSION_FIELD_NAMES } from '../../src/transmission/session-fields.ts'
import { HASH_A, row, StandIn } from './stand-in.ts'

describe('names', () => {
  test.each([
    ['seedRatioLimit', 'seed_ratio_limit'],
    ['peersGettingFromUs', 'peers_getting_from_us'],
    ['isUTP', 'is_utp'],
    ['file-count', 'file_count'],
    ['fileCount', 'file_count'],
    ['alt-speed-time-begin', 'alt_speed_time_begin'],
    ['cache-size-mb', 'cache_size_mib'],
    ['hash_string', 'hash_string'],
    ['torrent-get', 'torrent_get'],
  ])('%s is %s in the new dialect', (old, fresh) => {
    expect(snakeOf(old)).toBe(fresh)
  })

  test('names within values follow, values do not', () => {
    const value = { peersFrom: { fromDht: 1 }, list: [{ clientName: 'isUTP' }], nothing: null }
    expect(spelled(value, 'new')).toEqual({
      peers_from: { from_dht: 1 },
      list: [{ client_name: 'isUTP' }],
      nothing: null,
    })
    expect(spelled(value, 'old')).toBe(value)
  })
})

describe('the old form', () => {
  test('echoes the tag, and has arguments and a result', async () => {
    expect(await new StandIn().send({ method: 'torrent-stop', arguments: { ids: [] }, tag: 7 })).toEqual({
      arguments: {},
      result: 'success',
      tag: 7,
    })
  })

  test.each([
    [{}, 'no method name'],
    [{ method: 5 }, 'no method name'],
    [{ method: 'torrent-dance' }, 'method name not recognized'],
    [{ method: 'torrent-get', arguments: [] }, 'arguments: an object is wanted here'],
    [{ method: 'torrent-get' }, 'no fields specified'],
  ])('%j: %s', async (request, result) => {
    expect(await new StandIn().send(request)).toEqual({ arguments: {}, result })
  })

  test('fields come back as the caller spelled them, and unknown ones not at all', async () => {
    const shoal = new StandIn([{ row: row() }])
    expect(
      await shoal.old('torrent-get', { fields: ['hashString', 'file-count', 'fileCount', 'fish'] }),
    ).toEqual({
      torrents: [{ hashString: HASH_A, 'file-count': 2, fileCount: 2 }],
    })
  })

  test('a session without fields is told in full', async () => {
    const given = (await new StandIn().old('session-get')) as object
    expect(Object.keys(given)).toEqual(SESSION_FIELD_NAMES)
    expect(Object.values(given)).not.toContain(undefined)
  })
})

describe('JSON-RPC 2.0', () => {
  const call = { jsonrpc: '2.0', id: 'x', method: 'torrent_stop', params: { ids: [] } }

  test('answers with the id and snake case', async () => {
    const shoal = new StandIn([{ row: row() }])
    expect(await shoal.send(call)).toEqual({ jsonrpc: '2.0', id: 'x', result: {} })
    expect(
      await shoal.fresh('torrent_get', { fields: ['peers_from', 'tracker_stats', 'wanted'], ids: [1] }),
    ).toMatchObject({
      torrents: [
        { peers_from: { from_dht: 0 }, tracker_stats: [{ leecher_count: 4 }], wanted: [true, false] },
      ],
    })
    expect(await shoal.fresh('session_get', { fields: ['encryption', 'units'] })).toMatchObject({
      encryption: 'allowed',
      units: { speed_bytes: 1000 },
    })
  })

  test('a notification is carried out and answered with 204', async () => {
    const shoal = new StandIn([{ row: row() }])
    expect(await shoal.send({ ...call, id: undefined })).toBe(204)
    expect(await shoal.send({ jsonrpc: '2.0', method: 'torrent_dance' })).toBe(204)
    expect(await shoal.send([{ ...call, id: undefined }])).toBe(204)
    expect(shoal.asked).toEqual([
      ['act', 'stop', []],
      ['act', 'stop', []],
    ])
  })

  test('a batch is answered in order, without its notifications', async () => {
    const answers = await new StandIn().send([
      call,
      { ...call, id: undefined },
      { ...call, id: 2, method: 'torrent_dance' },
      3,
      { method: 'torrent-stop' },
    ])
    expect(answers).toMatchObject([
      { id: 'x', result: {} },
      { id: 2, error: { code: -32601, message: 'Method not found' } },
      { id: null, error: { code: -32600, message: 'Invalid Request' } },
      { id: null, error: { code: -32600, data: { error_string: 'JSON-RPC version is not 2.0' } } },
    ])
  })

  test.each([
    ['{"method', -32700],
    ['', -32700],
    ['['.repeat(1000), -32700],
    [`{"jsonrpc":"2.0","id":1,"method":"session_get","params":{${'"a":0,'.repeat(200_000)}"b":0}}`, -32700],
    ['5', -32600],
    ['[]', -32600],
    ['null', -32600],
    ['{"jsonrpc":"1.0","method":"session_get","id":1}', -32600],
    ['{"jsonrpc":"2.0","method":"session_get","id":{}}', -32600],
    ['{"jsonrpc":"2.0","id":1}', -32600],
    ['{"jsonrpc":"2.0","method":"session_get","params":[1],"id":1}', -32602],
    ['{"jsonrpc":"2.0","method":"torrent_get","id":1}', -32602],
    [JSON.stringify(Array.from({ length: 1001 }, () => call)), -32600],
  ])('%.60s is refused with %d', async (body, code) => {
    expect(await new StandIn().send(body)).toMatchObject({ jsonrpc: '2.0', error: { code } })
  })

  test('an error that has a result of its own tells it', async () => {
    expect(await new StandIn().fresh('free_space', { path: '/etc' })).toMatchObject({
      code: 5,
      message: 'system error',
      data: { result: { path: '/etc', size_bytes: -1 } },
    })
  })
})
