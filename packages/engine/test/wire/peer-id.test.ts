import fc from 'fast-check'
import { expect, it } from 'vitest'
import { clientName, makePeerId } from '../../src/wire/peer-id.ts'

function id(text: string): Uint8Array {
  return Uint8Array.from({ length: 20 }, (_, n) => (n < text.length ? text.charCodeAt(n) : 0x90 + n))
}

it('is twenty bytes that name us, then the random ones', () => {
  const bytes = makePeerId(new Uint8Array(12).fill(7))
  expect(bytes).toHaveLength(20)
  expect(clientName(bytes)).toBe('Shoal 0.1.0')
  expect(bytes.subarray(8)).toEqual(new Uint8Array(12).fill(7))
})

it.each([
  ['-qB5120-', 'qBittorrent 5.1.2'],
  ['-qB4650-', 'qBittorrent 4.6.5'],
  ['-TR4060-', 'Transmission 4.0.6'],
  ['-TR2940-', 'Transmission 2.94'],
  ['-TR300Z-', 'Transmission 3.00'],
  ['-TR0072-', 'Transmission 0.72'],
  ['-lt0D80-', 'rTorrent 0.13.8'],
  ['-LT20B0-', 'libtorrent 2.0.11'],
  ['-DE211s-', 'Deluge 2.1.1'],
  ['-AZ5760-', 'Vuze 5.7.6'],
  ['-AZ2503-', 'Vuze 2.5.0.3'],
  ['-BC0203-', 'BitComet 2.03'],
  ['-UT360W\x9a', 'µTorrent 3.6.0'],
  ['-WW0207-', 'WebTorrent 2.7'],
  ['-XY1234-', 'XY 1.2.3.4'],
  ['A2-1-36-0-', 'aria2 1.36.0'],
  ['-RN1.4.2-', 'Rain 1.4.2'],
  ['-ML2.7.2-', 'MLDonkey 2.7.2'],
  ['TIX0309-', 'Tixati 3.09'],
  ['XBT054d-', 'XBT 0.5.4'],
  ['exbc\x00\x38LORD', 'BitLord'],
  ['AZ2500BT', 'BitTyrant'],
  ['S58B-----', 'Shadow 5.8.11'],
  ['T03I------', 'BitTornado 0.3.18'],
  ['M7-10-5--', 'BitTorrent 7.10.5'],
  ['M4-3-6--', 'BitTorrent 4.3.6'],
  ['Q1-0-0--', 'Queen Bee 1.0.0'],
  ['strange\x1b[31m', 'strange'],
  ['a\x00b\x1b\x9bc', 'a.b..c'],
  ['', 'unknown'],
])('reads %j as %s', (text, name) => {
  expect(clientName(id(text))).toBe(name)
})

it('never has a control character, nor is it ever empty or long', () => {
  const start = fc.constantFrom('', '-', '-UT', '-qB1', 'A2-', 'TIX', 'XBT', 'M', 'S5', '-ML1', '-RN1')
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 20 }), (text, rest) => {
      const bytes = Uint8Array.of(...Array.from(text, letter => letter.charCodeAt(0)), ...rest)
      expect(clientName(bytes)).toMatch(/^[\x20-\x7eµ]{1,40}$/)
    }),
    { seed: 20 },
  )
})
