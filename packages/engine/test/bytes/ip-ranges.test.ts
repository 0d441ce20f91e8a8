import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatIp } from '../../src/bytes/address.ts'
import { IpRanges } from '../../src/bytes/ip-ranges.ts'

const NONE = { v4: new Uint32Array(0), v6: new Uint8Array(0) }

/** `10.0.0.1-10.0.0.9 fd00::-fd00::ff` */
function ranges(text: string): IpRanges {
  return new IpRanges(
    text.split(' ').map(range => {
      const [first, last] = range.split('-')
      return { first: first!, last: last! }
    }),
  )
}

function ip4(value: number): string {
  return [24, 16, 8, 0].map(shift => (value >>> shift) & 255).join('.')
}

function ip6(low: number): string {
  const bytes = new Uint8Array(16)
  bytes[0] = 0xfd
  new DataView(bytes.buffer).setUint32(8, low >>> 8)
  bytes[15] = low & 255
  return formatIp(bytes)!
}

describe('a set of addresses', () => {
  test('holds the ends of its ranges and what is between, and nothing beside', () => {
    const set = ranges('10.0.0.5-10.0.0.9 fd00::5-fd00::1:0')
    const held = (...hosts: string[]): string[] => hosts.filter(host => set.has(host))
    expect(held('10.0.0.4', '10.0.0.5', '10.0.0.7', '10.0.0.9', '10.0.0.10')).toEqual([
      '10.0.0.5',
      '10.0.0.7',
      '10.0.0.9',
    ])
    expect(held('fd00::4', 'fd00::5', 'fd00::ffff', 'fd00::1:0', 'fd00::1:1')).toEqual([
      'fd00::5',
      'fd00::ffff',
      'fd00::1:0',
    ])
  })

  test('may be all addresses, one address, and none', () => {
    expect(ranges('0.0.0.0-255.255.255.255').has('255.255.255.255')).toBe(true)
    expect(ranges('0.0.0.0-255.255.255.255').has('0.0.0.0')).toBe(true)
    expect(ranges('1.2.3.4-1.2.3.4').has('1.2.3.4')).toBe(true)
    expect(new IpRanges([]).has('1.2.3.4')).toBe(false)
    expect(new IpRanges(NONE).count).toBe(0)
  })

  test('takes an IPv4 address that is wrapped in IPv6 for what it is', () => {
    expect(ranges('10.0.0.0-10.0.0.255').has('::ffff:10.0.0.1')).toBe(true)
    expect(ranges('::ffff:10.0.0.0-::ffff:10.0.0.255').has('10.0.0.1')).toBe(true)
  })

  test('has no name in it', () => {
    expect(ranges('0.0.0.0-255.255.255.255').has('example.org')).toBe(false)
  })

  test('is made of as few ranges as can be', () => {
    expect(ranges('10.0.0.8-10.0.0.9 10.0.0.1-10.0.0.4 10.0.0.5-10.0.0.7 10.0.0.2-10.0.0.3').count).toBe(1)
    expect(ranges('0.0.0.0-255.255.255.255 255.255.255.255-255.255.255.255').count).toBe(1)
    expect(ranges('fd00::1-fd00::9 fd00::-fd00::3 fd01::-fd01::').count).toBe(2)
  })

  test.each(['10.0.0.2-10.0.0.1', 'fd00::2-fd00::1', '10.0.0.1-fd00::1', 'here-there', '10.0.0.1-'])(
    'is not made of %s',
    text => {
      expect(() => ranges(text)).toThrow(/is not a range of IP addresses/)
    },
  )

  test('is not made of packed ranges without an end', () => {
    expect(() => new IpRanges({ ...NONE, v4: new Uint32Array(3) })).toThrow(/first and a last/)
    expect(() => new IpRanges({ ...NONE, v6: new Uint8Array(48) })).toThrow(/first and a last/)
    expect(() => new IpRanges({ ...NONE, v4: Uint32Array.of(2, 1) })).toThrow('0.0.0.2 to 0.0.0.1')
  })

  test('leaves what it is made of as it is', () => {
    const v4 = Uint32Array.of(9, 10, 1, 2)
    new IpRanges({ ...NONE, v4 })
    expect([...v4]).toEqual([9, 10, 1, 2])
  })

  const pairs = fc.array(fc.tuple(fc.nat(60), fc.nat(20)), { maxLength: 12 })

  test.each([
    ['IPv4', ip4],
    ['IPv6', ip6],
  ])('of %s holds exactly what one of its ranges holds', (_, text) => {
    fc.assert(
      fc.property(pairs, pairs => {
        const set = new IpRanges(
          pairs.map(([from, more]) => ({ first: text(from), last: text(from + more) })),
        )
        for (let value = 0; value < 85; value++) {
          const isIn = pairs.some(([from, more]) => value >= from && value <= from + more)
          expect(set.has(text(value)), text(value)).toBe(isIn)
        }
      }),
    )
  })
})

test('300,000 ranges take less than 10 MiB', () => {
  const v4 = new Uint32Array(600_000)
  for (let at = 0; at < v4.length; at++) v4[at] = Math.floor(at / 2) * 12_000 + (at % 2) * 5_000
  const set = new IpRanges({ ...NONE, v4 })
  expect(set.count).toBe(300_000)
  expect(set.byteLength).toBeLessThan(10 * 1024 * 1024)
  expect(set.has(ip4(299_999 * 12_000 + 4_999))).toBe(true)
  expect(set.has(ip4(299_999 * 12_000 + 5_001))).toBe(false)
})
