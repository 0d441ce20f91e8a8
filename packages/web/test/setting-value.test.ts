import type { Setting } from '@shoal/daemon/contract'
import { expect, test } from 'vitest'
import { draftOf, settingFrom } from '../src/model/setting-value.ts'

const CASES: readonly [Setting['type'], unknown, string][] = [
  ['rate', 2_097_152, '2 MiB/s'],
  ['rate', null, ''],
  ['size', 1_073_741_824, '1 GiB'],
  ['size', 1000, '1000 B'],
  ['duration', 7200, '2 h'],
  ['duration', 90, '90 s'],
  ['integer', 6881, '6881'],
  ['number', 1.5, '1.5'],
  ['strings', ['a', 'b'], 'a\nb'],
  ['paths', [], ''],
  ['path', '/data', '/data'],
]

test.each(CASES)('%s: %j is written %j, and read back', (type, value, text) => {
  expect(draftOf({ type, value })).toBe(text)
  expect(settingFrom({ type }, text)).toEqual(value)
})

test.each([
  ['integer', '1.5'],
  ['integer', 'many'],
  ['rate', 'fast'],
  ['duration', '3 moons'],
] as const)('%s: %j is not understood', (type, text) => {
  expect(settingFrom({ type }, text)).toBeUndefined()
})
