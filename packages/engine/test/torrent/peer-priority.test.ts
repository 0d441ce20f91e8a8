import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from '../../src/bytes/crc32c.ts'
import { fromHex } from '../../src/bytes/hex.ts'
import { peerPriority } from '../../src/torrent/peer-priority.ts'

const at = (host: string, port = 6881): { host: string; port: number } => ({ host, port })

test('is as the examples of BEP 40 have it', () => {
  expect(peerPriority(at('123.213.32.10'), at('98.76.54.32'))).toBe(0xec2d7224)
  expect(peerPriority(at('123.213.32.10'), at('123.213.32.234'))).toBe(0x99568189)
})

// What is hashed, by hand: the lower address first, each with as much as counts.
test.each([
  ['in different /16', '1.2.255.255', '1.3.255.255', '01025555', '01035555'],
  ['in one /16', '1.2.3.255', '1.2.255.255', '01020355', '0102ff55'],
  ['in one /24', '1.2.3.255', '1.2.3.254', '010203fe', '010203ff'],
  [
    'in different /48',
    '2a00:1:2:ffff::ffff',
    '2a00:1:3:ffff::ffff',
    '2a000001000255550000000000005555',
    '2a000001000355550000000000005555',
  ],
  [
    'in one /48',
    '2a00:1:2:1ff::ff',
    '2a00:1:2:2ff::ff',
    '2a000001000201550000000000000055',
    '2a000001000202550000000000000055',
  ],
  [
    'in one /56',
    '2a00:1:2:1ff::ff',
    '2a00:1:2:1fe::ff',
    '2a000001000201fe0000000000000055',
    '2a000001000201ff0000000000000055',
  ],
  [
    'in one /64',
    '2a00:1:2:1:ffff::ff',
    '2a00:1:2:1:feff::ff',
    '2a00000100020001fe55000000000055',
    '2a00000100020001ff55000000000055',
  ],
])('two %s count with as much as the BEP says, the lower first', (_, a, b, lower, higher) => {
  expect(peerPriority(at(a), at(b))).toBe(crc32c(fromHex(lower + higher)!))
})

test('two at one address count by their ports', () => {
  expect(peerPriority(at('1.2.3.4', 0x1234), at('1.2.3.4', 0x0102))).toBe(crc32c(fromHex('01021234')!))
  expect(peerPriority(at('::ffff:1.2.3.4', 2), at('1.2.3.4', 1))).toBe(crc32c(fromHex('00010002')!))
  expect(peerPriority(at('2a00::1', 7), at('2a00::1', 7))).toBe(crc32c(fromHex('00070007')!))
})

test('is none between IPv4 and IPv6, and for what is no address', () => {
  expect(peerPriority(at('1.2.3.4'), at('2a00::1'))).toBeUndefined()
  expect(peerPriority(at('example.org'), at('1.2.3.4'))).toBeUndefined()
})

test('is the same from both ends', () => {
  const ip = fc.oneof(fc.ipV4(), fc.ipV6())
  const peer = fc.record({ host: ip, port: fc.integer({ min: 1, max: 65_535 }) })
  fc.assert(
    fc.property(peer, peer, (a, b) => {
      expect(peerPriority(a, b)).toBe(peerPriority(b, a))
    }),
    { numRuns: 200 },
  )
})
