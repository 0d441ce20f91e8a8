import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/hex.ts'
import { isNodeIdOf, makeNodeId } from '../../src/dht/node-id.ts'
import { seeded } from './helpers.ts'

/** The test vectors of BEP 42. */
const VECTORS = [
  ['124.31.75.21', '5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401'],
  ['21.75.31.124', '5a3ce9c14e7a08645677bbd1cfe7d8f956d53256'],
  ['65.23.51.170', 'a5d43220bc8f112a3d426c84764f8c2a1150e616'],
  ['84.124.73.14', '1b0321dd1bb1fe518101ceef99462b947a01ff41'],
  ['43.213.53.83', 'e56f6cbf5b7c4be0237986d5243b87aa6d51305a'],
] as const

test.each(VECTORS)('%s may have the id that BEP 42 gives for it', (ip, id) => {
  expect(isNodeIdOf(ip, fromHex(id)!)).toBe(true)
})

test.each(VECTORS)(
  '%s may not have an id that differs in one of the 21 bits or in the last byte',
  (ip, hex) => {
    for (let bit = 0; bit < 21; bit++) {
      const id = fromHex(hex)!
      id[bit >> 3]! ^= 128 >> (bit & 7)
      expect(isNodeIdOf(ip, id)).toBe(false)
    }
    const id = fromHex(hex)!
    id[19]! ^= 1
    expect(isNodeIdOf(ip, id)).toBe(false)
  },
)

test.each(['8.8.8.8', '124.31.75.21', '2a01:4f8::1', '2001:4860:4860::8888'])(
  'an id made for %s is its own',
  ip => {
    const random = seeded(1)
    for (let n = 0; n < 50; n++) expect(isNodeIdOf(ip, makeNodeId(ip, random))).toBe(true)
  },
)

test('of an IPv6 address only the first 64 bits count', () => {
  expect(isNodeIdOf('2a01:4f8::ffff', makeNodeId('2a01:4f8::1', seeded(1)))).toBe(true)
})

test.each(['10.1.2.3', '192.168.0.1', '127.0.0.1', '169.254.1.1', 'fe80::1'])('%s may have any id', ip => {
  const random = seeded(2)
  expect(isNodeIdOf(ip, random.bytes(20))).toBe(true)
  expect(toHex(makeNodeId(ip, seeded(3)))).toBe(toHex(seeded(3).bytes(20)))
})
