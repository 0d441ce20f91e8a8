import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Countries } from '../../src/household/countries.ts'
import { CountryDatabase } from '../../src/household/country-database.ts'
import { type MmdbValue, mmdb } from '../support/mmdb.ts'

const inCountry = (code: string): MmdbValue => ({
  continent: { code: 'EU' },
  country: { iso_code: code, names: { en: 'a name', de: 'ein Name' } },
})
const WORLD = {
  '81.0.0.0/8': inCountry('DE'),
  '8.0.0.0/8': { registered_country: { iso_code: 'US' } },
  '9.9.9.0/24': { country: 'ch' },
  '2001:db8::/32': inCountry('SE'),
}

let folder: string
let path: string
let told: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-countries-'))
  path = join(folder, 'countries.mmdb')
  told = []
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function countries(): Countries {
  return new Countries({
    log: { info: text => told.push(text), warn: text => told.push(`warning: ${text}`) },
    now: () => 7,
  })
}

test.each([24, 28, 32] as const)('addresses of both families have countries, in trees of %i bits', size => {
  const database = new CountryDatabase(mmdb(WORLD, { recordSize: size }))
  expect(
    ['81.2.3.4', '8.1.1.1', '9.9.9.9', '2001:db8::7', '::ffff:81.2.3.4', '::ffff:5102:304'].map(host =>
      database.countryOf(host),
    ),
  ).toEqual(['DE', 'US', 'CH', 'SE', 'DE', 'DE'])
  expect(['82.2.3.4', '2001:db9::7', 'fe80::1%eth0', 'a.name'].map(host => database.countryOf(host))).toEqual(
    [undefined, undefined, undefined, undefined],
  )
})

test('a database of IPv4 alone says nothing of IPv6', () => {
  const database = new CountryDatabase(mmdb({ '32.0.0.0/3': inCountry('FR') }, { ipVersion: 4 }))
  expect([database.countryOf('33.1.1.1'), database.countryOf('2001:db8::7')]).toEqual(['FR', undefined])
})

test.each([
  ['nothing', () => Buffer.alloc(0), /it is no database in MMDB format/],
  ['a page that says sorry', () => Buffer.from('<html>'), /it is no database in MMDB format/],
  [
    'half of it',
    () => mmdb(WORLD).subarray(0, 700),
    /it is no database in MMDB format, or its end is missing/,
  ],
  ['a tree without its data', () => damagedTree(), /it is damaged/],
  [
    'one that claims more than it has',
    () => mmdb(WORLD, { metadata: { node_count: 999_999 } }),
    /its tree does not fit in/,
  ],
  [
    'a later format',
    () => mmdb(WORLD, { metadata: { binary_format_major_version: 3 } }),
    /version 3 of the MMDB/,
  ],
  [
    'one of providers',
    () => mmdb({ '81.0.0.0/8': { autonomous_system_number: 64_496 } }, { type: 'Test-ASN' }),
    /it \(Test-ASN\) tells of no countries/,
  ],
])('%s is refused, with the file named, and nobody has a country', async (_, bytes, why) => {
  writeFileSync(path, bytes())
  const list = countries()
  await list.use(path)
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(
    /^warning: countries of peers: .*countries\.mmdb: .*; peers are shown without countries$/,
  )
  expect(told[0]).toMatch(why)
  expect(list.state()).toMatchObject({ source: path, type: null, error: expect.stringMatching(why) })
  expect(list.of('81.2.3.4:6881')).toBeNull()
})

test('a file that is not there, or is a folder, is told of once, and found when it comes', async () => {
  const list = countries()
  await list.use(path)
  await list.look()
  expect(told).toEqual([
    expect.stringMatching(/ENOENT.*countries\.mmdb.*; peers are shown without countries$/),
  ])
  writeFileSync(path, mmdb(WORLD))
  await list.look()
  expect(told.at(-1)).toBe(`countries of peers: ${path} (Test-Country)`)
  expect(list.of('[2001:db8::1]:6881')).toBe('SE')
  await list.use(folder)
  expect(told.at(-1)).toMatch(/: it is not a file; peers are shown without countries$/)
  await list.use(null)
  expect([list.state(), list.of('81.2.3.4:6881')]).toEqual([null, null])
})

test('another file in its place counts, and one that is of no use leaves the old one in force', async () => {
  writeFileSync(path, mmdb(WORLD))
  const list = countries()
  await list.use(path)
  expect(list.of('81.2.3.4:6881')).toBe('DE')
  expect(list.state()).toEqual({
    source: path,
    type: 'Test-Country',
    builtAt: 1_764_000_000_000,
    loadedAt: 7,
    error: null,
  })
  writeFileSync(`${path}.new`, mmdb({ '81.0.0.0/8': inCountry('AT') }))
  renameSync(`${path}.new`, path)
  await list.look()
  expect(list.of('81.2.3.4:6881')).toBe('AT')
  writeFileSync(path, 'half a fi')
  await list.look()
  expect(told.at(-1)).toMatch(/; the old one stays in use$/)
  expect(list.of('81.2.3.4:6881')).toBe('AT')
  const lines = told.length
  await list.look()
  expect(told).toHaveLength(lines)
})

/** All of the tree, and data of another kind than it says. */
function damagedTree(): Buffer {
  const bytes = mmdb(WORLD)
  const mark = bytes.lastIndexOf('\xab\xcd\xefMaxMind.com', 'latin1')
  const data = bytes.indexOf('continent') - 2
  bytes.fill(0, data, mark)
  return bytes
}
