import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  canonicalIp,
  formatAddress,
  formatIp,
  isIpLiteral,
  parseCompact4,
  parseCompact6,
  parseHostPort,
  parseIp,
  toCompact,
} from '../../src/bytes/address.ts'
import { ipScope } from '../../src/bytes/ip-scope.ts'

describe('an IP literal', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['::1', '::1'],
    ['FE80::0:1', 'fe80::1'],
    ['2001:0db8:0:0:1:0:0:0', '2001:db8:0:0:1::'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
    ['1::', '1::'],
  ])('%s has the one text %s', (text, canonical) => {
    expect(canonicalIp(text)).toBe(canonical)
  })

  it.each([
    '',
    'example.com',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '127.1',
    '0x7f.0.0.1',
    '1.2.3.4 ',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    '::1%lo',
    '[::1]',
    '::1.2.3',
    '1.2.3.4::',
    '12345::',
    ':1:2:3:4:5:6:7',
  ])('is not %j', text => {
    expect(isIpLiteral(text)).toBe(false)
  })

  it('survives being written and read, for any address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), text => {
        const canonical = canonicalIp(text)!
        expect(canonicalIp(canonical)).toBe(canonical)
        expect(formatIp(parseIp(canonical)!)).toBe(canonical)
        // The platform's own idea of the same text.
        if (canonical.includes(':')) expect(new URL(`http://[${canonical}]`).hostname).toBe(`[${canonical}]`)
      }),
      { numRuns: 300 },
    )
  })
})

describe('host and port', () => {
  it.each([
    ['10.0.0.1:6881', { host: '10.0.0.1', port: 6881 }],
    ['[FD00::0001]:1', { host: 'fd00::1', port: 1 }],
    ['[::ffff:10.0.0.1]:80', { host: '10.0.0.1', port: 80 }],
    ['10.0.0.1:0', undefined],
    ['10.0.0.1:65536', undefined],
    ['10.0.0.1', undefined],
    ['fd00::1:6881', undefined],
    ['[10.0.0.1]:80', undefined],
    ['example.com:80', undefined],
    ['10.0.0.1:8x', undefined],
  ])('%s', (text, address) => {
    expect(parseHostPort(text)).toEqual(address)
  })
})

describe('compact peers', () => {
  it('are read in both forms, without port 0 and a cut-off end', () => {
    const four = Uint8Array.of(1, 2, 3, 4, 0x1a, 0xe1, 9, 9, 9, 9, 0, 0, 5, 6)
    expect(parseCompact4(four)).toEqual([{ host: '1.2.3.4', port: 6881 }])
    const six = new Uint8Array(20)
    six[0] = 0xfd
    six[15] = 1
    six[17] = 80
    expect(parseCompact6(six)).toEqual([{ host: 'fd00::1', port: 80 }])
  })

  it('are written as they are read', () => {
    for (const text of ['1.2.3.4:80', '[fd00::1]:6881']) {
      const address = parseHostPort(text)!
      const bytes = toCompact(address)!
      expect(bytes.length === 6 ? parseCompact4(bytes) : parseCompact6(bytes)).toEqual([address])
      expect(formatAddress(address)).toBe(text)
    }
  })
})

describe('the scope of an address', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['10.1.2.3', 'local'],
    ['172.16.0.1', 'local'],
    ['172.31.255.255', 'local'],
    ['172.32.0.1', 'global'],
    ['192.168.1.1', 'local'],
    ['169.254.169.254', 'local'],
    ['100.64.0.1', 'local'],
    ['0.0.0.0', 'local'],
    ['255.255.255.255', 'local'],
    ['8.8.8.8', 'global'],
    ['::', 'local'],
    ['fe80::1', 'local'],
    ['fd00::1', 'local'],
    ['ff02::1', 'local'],
    ['2001:db8::1', 'local'],
    ['2002:a00:1::', 'local'],
    ['2606:4700::1111', 'global'],
    ['example.com', undefined],
  ])('%s is %s', (text, scope) => {
    expect(ipScope(text)).toBe(scope)
  })
})
