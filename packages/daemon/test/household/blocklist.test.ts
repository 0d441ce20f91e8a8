import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { PackedRanges } from '@shoal/engine'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Blocklist } from '../../src/household/blocklist.ts'
import { textOf } from '../../src/household/blocklist-source.ts'
import { parseBlocklist } from '../../src/household/blocklist-text.ts'
import { v4Of, v6Of } from '../../src/household/ip-ranges.ts'
import { Unwanted } from '../../src/household/unwanted.ts'

function shown({ v4, v6 }: PackedRanges): string[] {
  const dotted = [...v4].map(value => [24, 16, 8, 0].map(shift => (value >>> shift) & 255).join('.'))
  const hex = Buffer.from(v6).toString('hex').match(/.{32}/g) ?? []
  const ends = [...dotted, ...hex.map(each => each.replace(/(?<=^.{8})0+/, '…'))]
  return ends.flatMap((first, i) => (i % 2 === 0 ? [`${first}-${ends[i + 1]}`] : []))
}

describe('a list', () => {
  test.each([
    ['Some: name, with 1 colon:1.2.3.4-1.2.3.9', ['1.2.3.4-1.2.3.9']],
    ['001.002.003.004 - 001.002.003.010 , 000 , name', ['1.2.3.4-1.2.3.10']],
    ['001.002.003.004-001.002.003.010,127', ['1.2.3.4-1.2.3.10']],
    ['1.2.3.4 - 1.2.3.10 , 128 , allowed', []],
    ['10.1.2.3/8', ['10.0.0.0-10.255.255.255']],
    ['255.255.255.255', ['255.255.255.255-255.255.255.255']],
    [
      '1.2.3.4-1.2.3.9\n1.2.3.10\n1.2.3.0/30\r\n',
      ['1.2.3.4-1.2.3.9', '1.2.3.10-1.2.3.10', '1.2.3.0-1.2.3.3'],
    ],
    ['2001:db8::/112', ['20010db8…-20010db8…ffff']],
    ['2001:db8::7-2001:db8::9\n2001:db8::8', ['20010db8…7-20010db8…9', '20010db8…8-20010db8…8']],
    ['# x\n// y\n; z\n\n', []],
  ])('%j', async (text, expected) => {
    const { ranges, bad } = await parseBlocklist(text)
    expect([shown(ranges), bad]).toEqual([expected, 0])
  })

  test.each([
    '1.2.3',
    '1.2.3.4-',
    '1.2.3.9-1.2.3.4',
    '1.2.3.256',
    '0.0.0.0/0',
    '::/0',
    '1.2.3.4/33',
    '<html>',
    'x:',
  ])('%j is told as bad, with its number', async text => {
    const { ranges, lines, bad, firstBad } = await parseBlocklist(`1.1.1.1\n${text}`)
    expect([shown(ranges), lines, bad, firstBad]).toEqual([['1.1.1.1-1.1.1.1'], 2, 1, { line: 2, text }])
  })

  test('of any text is ranges and a count', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'0123456789abf.:/-, \n') }), async text => {
        const { lines, bad } = await parseBlocklist(text)
        expect(bad).toBeLessThanOrEqual(lines)
      }),
    )
  })
})

test('addresses are read as numbers and bytes', () => {
  expect([v4Of('010.0.0.1'), v4Of('255.255.255.255'), v4Of('1.2.3')]).toEqual([
    167_772_161,
    4_294_967_295,
    undefined,
  ])
  expect(Buffer.from(v6Of('::ffff:1.2.3.4')!).toString('hex')).toBe('00000000000000000000ffff01020304')
  expect(Buffer.from(v6Of('2001:db8::1:0')!).toString('hex')).toBe('20010db8000000000000000000010000')
  expect([v6Of('fe80::1%eth0'), v6Of('1.2.3.4')]).toEqual([undefined, undefined])
})

test('who is banned is blocked besides the list, whichever changes', () => {
  const applied: string[][] = []
  const unwanted = new Unwanted(ranges => applied.push(shown(ranges)))
  unwanted.setBans(['10.0.0.7', '2001:db8::7'])
  unwanted.setList({ v4: Uint32Array.of(16_909_060, 16_909_061), v6: new Uint8Array() })
  unwanted.setBans(['10.0.0.7'])
  expect(applied).toEqual([
    ['10.0.0.7-10.0.0.7', '20010db8…7-20010db8…7'],
    ['1.2.3.4-1.2.3.5', '10.0.0.7-10.0.0.7', '20010db8…7-20010db8…7'],
    ['1.2.3.4-1.2.3.5', '10.0.0.7-10.0.0.7'],
  ])
})

test('a list that unpacks to too much, or is a zip archive, is refused', async () => {
  await expect(textOf(gzipSync(Buffer.alloc(1001)), 1000)).rejects.toThrow('more than 1000 bytes')
  await expect(textOf(Buffer.from('PK\x03\x04'))).rejects.toThrow('zip archive')
  await expect(textOf(Buffer.from([0x1f, 0x8b, 1, 2]))).rejects.toThrow('damaged')
})

describe('the blocklist in force', () => {
  let folder: string
  let server: Server
  let answer: { status: number; body: Buffer | string }
  let url: string
  let applied: string[][]
  let told: string[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-blocklist-'))
    answer = { status: 200, body: '1.1.1.1' }
    server = createServer((_, response) => response.writeHead(answer.status).end(answer.body))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list`
    applied = []
    told = []
  })

  afterEach(() => {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function blocklist(): Blocklist {
    return new Blocklist({
      apply: ranges => applied.push(shown(ranges)),
      log: { info: text => told.push(text), warn: text => told.push(`warning: ${text}`) },
      cache: join(folder, 'cache'),
      now: () => 7,
    })
  }

  test('comes from a file, plain or packed, and says how many lines are bad', async () => {
    const path = join(folder, 'list.gz')
    writeFileSync(path, gzipSync('1.1.1.1\n2.2.2.2\nthree\n'))
    const list = blocklist()
    await list.use(path)
    expect(applied).toEqual([['1.1.1.1-1.1.1.1', '2.2.2.2-2.2.2.2']])
    expect(list.state()).toEqual({
      source: path,
      ranges: 2,
      loadedAt: 7,
      triedAt: 7,
      error: null,
      loading: false,
    })
    expect(told).toEqual([
      `blocklist ${path}: 2 ranges`,
      `warning: blocklist ${path}: 1 of 3 lines cannot be read (line 3: 'three')`,
    ])
    await list.use(null)
    expect([applied.at(-1), list.state()]).toEqual([[], null])
  })

  test.each([
    [500, 'sorry', 'the server answered 500 Internal Server Error'],
    [
      200,
      '<html>\n<body>sorry</body>',
      "it is no list of addresses: 2 of 2 lines cannot be read (line 1: '<html>')",
    ],
    [200, '', 'it is no list of addresses: 0 of 0 lines cannot be read'],
  ])('stays where the server sends %s %j', async (status, body, why) => {
    const list = blocklist()
    await list.use(url)
    answer = { status, body }
    const reading = list.reload()
    expect(list.state()?.loading).toBe(true)
    await reading
    expect(applied).toEqual([['1.1.1.1-1.1.1.1']])
    expect(list.state()).toMatchObject({ ranges: 1, error: why, loading: false })
    expect(told.at(-1)).toBe(`warning: blocklist ${url}: ${why}; the old one stays in force`)
  })

  test('of a server is there after a restart without network', async () => {
    await blocklist().use(url)
    server.close()
    server.closeAllConnections()
    const again = blocklist()
    await again.use(url)
    expect(applied).toEqual([['1.1.1.1-1.1.1.1'], ['1.1.1.1-1.1.1.1']])
    await again.reload()
    expect(told.at(-1)).toMatch(/ECONNREFUSED.*the old one stays in force/)
    await again.use(null)
    expect(readdirSync(folder)).toEqual([])
  })
})
