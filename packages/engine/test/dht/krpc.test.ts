import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Encodable, encode } from '../../src/bencode/encode.ts'
import { toHex } from '../../src/bytes/hex.ts'
import type { Item } from '../../src/dht/item.ts'
import { compactNodes, encodeError, encodeQuery, encodeReply, type Query } from '../../src/dht/krpc.ts'
import { decodeMessage, MAX_DATAGRAM_BYTES, parseCompactNodes } from '../../src/dht/krpc-decode.ts'
import { ascii, id } from './helpers.ts'

const ID = ascii('abcdefghij0123456789')
const TARGET = ascii('mnopqrstuvwxyz123456')
const T = ascii('aa')

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

describe('the examples of BEP 5', () => {
  const examples: [string, Query][] = [
    ['d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe', { method: 'ping' }],
    [
      'd1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe',
      { method: 'find_node', target: TARGET },
    ],
    [
      'd1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe',
      { method: 'get_peers', target: TARGET, noSeed: false, scrape: false },
    ],
    [
      'd1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e' +
        '5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe',
      {
        method: 'announce_peer',
        target: TARGET,
        token: ascii('aoeusnth'),
        port: 6881,
        impliedPort: true,
        seed: false,
      },
    ],
  ]
  test.each(examples)('%s is read', (example, query) => {
    const message = decodeMessage(ascii(example))
    expect(message).toMatchObject({ kind: 'query', transaction: T, id: ID, readOnly: false, query })
  })

  test('a response with peers is read', () => {
    const message = decodeMessage(
      ascii('d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re'),
    )
    expect(message).toMatchObject({
      kind: 'reply',
      reply: {
        id: ID,
        token: ascii('aoeusnth'),
        values: [
          { host: '97.120.106.101', port: 11893 },
          { host: '105.100.104.116', port: 28269 },
        ],
      },
    })
  })

  test('an error is read', () => {
    const message = decodeMessage(ascii('d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee'))
    expect(message).toMatchObject({ kind: 'error', code: 201, text: 'A Generic Error Ocurred' })
  })
})

const MUTABLE: Item = {
  kind: 'mutable',
  value: encode('x'.repeat(996 - 4)),
  publicKey: new Uint8Array(32).fill(1),
  signature: new Uint8Array(64).fill(2),
  salt: new Uint8Array(64).fill(3),
  seq: Number.MAX_SAFE_INTEGER,
}

const QUERIES: Query[] = [
  { method: 'ping' },
  { method: 'find_node', target: TARGET, want: [4, 6] },
  { method: 'get_peers', target: TARGET, want: [6], noSeed: true, scrape: true },
  { method: 'announce_peer', target: TARGET, token: T, port: 1, impliedPort: false, seed: true },
  { method: 'get', target: TARGET, want: undefined, seq: 7 },
  { method: 'put', token: T, item: { kind: 'immutable', value: encode([1, 'a']) } },
  { method: 'put', token: new Uint8Array(64), item: MUTABLE, cas: 4 },
  { method: 'sample_infohashes', target: TARGET, want: undefined },
]

test.each(QUERIES)('what we ask is read as it was meant ($method)', query => {
  const version = ascii('SH01')
  const datagram = encodeQuery(query, { transaction: T, id: ID, version, readOnly: true })
  expect(datagram.length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES)
  expect(decodeMessage(datagram)).toEqual({ kind: 'query', transaction: T, id: ID, readOnly: true, query })
})

test('an answer tells the asker its address', () => {
  const to = { host: '1.2.3.4', port: 0x1234 }
  const datagram = encodeReply({ id: ID }, { transaction: T, version: ascii('SH01'), to })
  expect(text(datagram)).toBe(
    'd2:ip6:\x01\x02\x03\x04\x12\x341:rd2:id20:abcdefghij0123456789e1:t2:aa1:v4:SH011:y1:re',
  )
  expect(decodeMessage(datagram)).toMatchObject({ ip: '1.2.3.4' })
  const error = encodeError(204, 'no', { transaction: T, version: ascii('SH01'), to })
  expect(decodeMessage(error)).toMatchObject({ kind: 'error', code: 204, text: 'no', ip: '1.2.3.4' })
})

const WRONG: Encodable[] = [
  0,
  -1,
  2 ** 53 - 1,
  '',
  'x',
  'x'.repeat(1200),
  [],
  ['a', 1, []],
  { a: 1 },
  [[[[[]]]]],
]

function questionOf(query: Query): { a: Record<string, Encodable>; [key: string]: Encodable } {
  const args: Record<string, Record<string, Encodable>> = {
    ping: {},
    find_node: { target: TARGET, want: ['n4'] },
    get_peers: { info_hash: TARGET, want: ['n6'], scrape: 1, noseed: 1 },
    announce_peer: { info_hash: TARGET, token: T, port: 5, implied_port: 0, seed: 1 },
    get: { target: TARGET, seq: 3, want: ['n4'] },
    put: {
      token: T,
      v: 'abc',
      k: new Uint8Array(32),
      sig: new Uint8Array(64),
      seq: 1,
      salt: 'salt',
      cas: 1,
    },
    sample_infohashes: { target: TARGET, want: ['n4'] },
  }
  return { a: { id: ID, ...args[query.method] }, q: query.method, ro: 1, t: T, v: 'SH01', y: 'q' }
}

test.each(QUERIES)('each field of a question may be missing, of a wrong type or huge ($method)', query => {
  const whole = questionOf(query)
  for (const key of Object.keys(whole)) {
    for (const wrong of [undefined, ...WRONG]) check(encode({ ...whole, [key]: wrong } as Encodable))
  }
  for (const key of Object.keys(whole.a)) {
    for (const wrong of [undefined, ...WRONG]) {
      const message = check(encode({ ...whole, a: { ...whole.a, [key]: wrong } } as Encodable))
      // Whatever is wrong with an argument, who asked can be told.
      if (message !== undefined) expect(['query', 'refused']).toContain(message.kind)
    }
  }
})

test('each field of an answer may be missing, of a wrong type or huge', () => {
  const fields = {
    id: ID,
    nodes: new Uint8Array(26),
    nodes6: new Uint8Array(38),
    values: [new Uint8Array(6)],
    token: 'token',
    BFsd: new Uint8Array(256),
    BFpe: new Uint8Array(256),
    v: 'value',
    k: new Uint8Array(32),
    sig: new Uint8Array(64),
    seq: 4,
  }
  const whole = { ip: new Uint8Array(6), r: fields, t: T, v: 'SH01', y: 'r' }
  expect(check(encode(whole))?.kind).toBe('reply')
  for (const key of Object.keys(whole)) {
    for (const wrong of [undefined, ...WRONG]) check(encode({ ...whole, [key]: wrong } as Encodable))
  }
  for (const key of Object.keys(fields)) {
    for (const wrong of [undefined, ...WRONG]) {
      const message = check(encode({ ...whole, r: { ...fields, [key]: wrong } } as Encodable))
      const isKept = message?.kind === 'reply'
      // Only the id has to be there; too large a datagram is none.
      const isTooLarge = wrong === 'x'.repeat(1200)
      if (key !== 'id' && !isTooLarge) expect(isKept).toBe(true)
      if (key === 'id') expect(isKept).toBe(false)
    }
  }
  for (const wrong of [undefined, ...WRONG]) {
    expect(check(encode({ e: wrong, t: T, y: 'e' } as Encodable))?.kind).toBe('error')
  }
})

test.each([
  ['value too big', { v: 'x'.repeat(1001) }, 205],
  ['salt too big', { salt: 'x'.repeat(65) }, 207],
  ['short signature', { sig: 'x' }, 206],
  ['negative seq', { seq: -1 }, 203],
  ['short key', { k: 'x' }, 203],
  ['empty token', { token: '' }, 203],
])('a put is refused: %s', (_name, wrong, code) => {
  const whole = questionOf(QUERIES[5]!)
  const message = decodeMessage(encode({ ...whole, a: { ...whole.a, ...wrong } }))
  expect(message).toMatchObject({ kind: 'refused', code })
})

test('a value that is not canonical bencoding is refused', () => {
  const put = (v: string): Uint8Array =>
    ascii(`d1:ad2:id20:abcdefghij01234567895:token2:aa1:v${v}e1:q3:put1:t2:aa1:y1:qe`)
  expect(decodeMessage(put('d1:a1:x1:b1:ye'))).toMatchObject({ kind: 'query' })
  expect(decodeMessage(put('d1:b1:x1:a1:ye'))).toMatchObject({ kind: 'refused', code: 203 })
})

test('an unknown method is an error, but one with a target gets nodes near it', () => {
  const ask = (args: Record<string, Encodable>): Uint8Array =>
    encode({ a: { id: ID, ...args }, q: 'vote', t: T, y: 'q' })
  expect(decodeMessage(ask({}))).toMatchObject({ kind: 'refused', code: 204 })
  expect(decodeMessage(ask({ target: TARGET }))).toMatchObject({
    query: { method: 'find_node', target: TARGET },
  })
})

test('datagrams of 64 KiB, empty ones and long transactions are no messages', () => {
  expect(decodeMessage(new Uint8Array(65_536).fill(100))).toBeUndefined()
  expect(
    decodeMessage(encode({ a: { id: ID, x: 'x'.repeat(60_000) }, q: 'ping', t: T, y: 'q' })),
  ).toBeUndefined()
  expect(decodeMessage(new Uint8Array(0))).toBeUndefined()
  expect(decodeMessage(encode({ a: { id: ID }, q: 'ping', t: 'x'.repeat(21), y: 'q' }))).toBeUndefined()
  expect(decodeMessage(encode({ a: { id: ID }, q: 'ping', t: '', y: 'q' }))).toBeUndefined()
  expect(decodeMessage(ascii(`${'l'.repeat(700)}${'e'.repeat(700)}`))).toBeUndefined()
  expect(decodeMessage(ascii(`d1:a${'l'.repeat(700)}${'e'.repeat(700)}e`))).toBeUndefined()
})

test('every beginning of a datagram is read or not, but harms nothing', () => {
  for (const query of QUERIES) {
    const whole = encode(questionOf(query))
    for (let length = 0; length < whole.length; length++) {
      expect(decodeMessage(whole.subarray(0, length))).toBeUndefined()
    }
  }
})

test('no more than 16 nodes and 100 peers of one answer count', () => {
  const node = { id: ID, host: '1.2.3.4', port: 5 }
  const answer = (fields: Record<string, Encodable>): Encodable => ({
    r: { id: ID, ...fields },
    t: T,
    y: 'r',
  })
  const nodes = decodeMessage(encode(answer({ nodes: compactNodes(new Array(50).fill(node)) })))
  expect(nodes?.kind === 'reply' && nodes.reply.nodes.length).toBe(16)
  const values = decodeMessage(encode(answer({ values: new Array(160).fill(new Uint8Array(6).fill(1)) })))
  expect(values?.kind === 'reply' && values.reply.values.length).toBe(100)
})

test('a mixed list of peers is read', () => {
  const six = new Uint8Array(18).fill(0x2a)
  const message = decodeMessage(
    encode({ r: { id: ID, values: [six, new Uint8Array(6).fill(9), 'xx', 5] }, t: T, y: 'r' }),
  )
  expect(message?.kind === 'reply' && message.reply.values.map(peer => peer.port)).toEqual([0x2a2a, 0x0909])
})

test('nodes are written and read, but for those with port 0 and cut-off ones', () => {
  const four = { id: id(1), host: '1.2.3.4', port: 5 }
  const six = { id: id(2), host: '2a00::1', port: 6 }
  expect(parseCompactNodes(compactNodes([four, { ...four, port: 0 }]), 4, 9)).toEqual([four])
  expect(parseCompactNodes(compactNodes([six]), 6, 9)).toEqual([six])
  expect(parseCompactNodes(compactNodes([four]).subarray(0, 25), 4, 9)).toEqual([])
})

test('no bytes whatever make decoding throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      check(bytes)
    }),
    { numRuns: 500, seed: 1 },
  )
  const valid = QUERIES.map(query => encode(questionOf(query)))
  fc.assert(
    fc.property(
      fc.nat(valid.length - 1),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      (at, edits) => {
        const bytes = valid[at]!.slice()
        for (const [place, byte] of edits) bytes[place % bytes.length] = byte
        check(bytes)
      },
    ),
    { numRuns: 1500, seed: 2 },
  )
})

/** Whatever it is, it is a message of a known kind or none; and what is kept is no view of the datagram. */
function check(bytes: Uint8Array): ReturnType<typeof decodeMessage> {
  const message = decodeMessage(bytes)
  if (message === undefined) return undefined
  const before = JSON.stringify(message, hexed)
  bytes.fill(0)
  expect(JSON.stringify(message, hexed)).toBe(before)
  return message
}

function hexed(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? toHex(value) : value
}
