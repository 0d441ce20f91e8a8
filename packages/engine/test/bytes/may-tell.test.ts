import { expect, test } from 'vitest'
import { mayBeNamed, mayTell } from '../../src/bytes/ip-scope.ts'

const FAR = '8.8.8.8'
const FAR_6 = '2a00::1'
const NEAR = '192.168.1.2'
const SELF = '127.0.0.1'

test.each([
  [FAR, FAR_6, true],
  [FAR, NEAR, false],
  [FAR, 'fd00::1', false],
  [FAR, 'fe80::1', false],
  [FAR, '100.64.0.1', false],
  [FAR, SELF, false],
  [FAR, '::1', false],
  [FAR, '::ffff:192.168.1.2', false],
  [FAR_6, '2002:c0a8:0101::1', false],
  [NEAR, FAR, true],
  [NEAR, '10.0.0.1', true],
  [NEAR, SELF, false],
  [SELF, SELF, true],
  [SELF, NEAR, true],
  [SELF, '0.0.0.0', false],
  [NEAR, '0.0.0.0', false],
  [NEAR, '::', false],
  [NEAR, '239.192.152.143', false],
  [NEAR, 'ff15::1', false],
  [NEAR, '255.255.255.255', false],
  [NEAR, 'name.example', false],
  ['name.example', NEAR, false],
])('whether %s may tell of %s: %s', (source, host, expected) => {
  expect(mayTell(source, host)).toBe(expected)
})

test.each([
  [FAR, undefined, true],
  [NEAR, undefined, true],
  ['fd00::1', '::', true],
  [SELF, undefined, false],
  ['::1', '0.0.0.0', false],
  [SELF, NEAR, false],
  [SELF, SELF, true],
  ['::1', '::1', true],
  ['0.0.0.0', SELF, false],
  ['169.254.169.254', SELF, false],
  ['fe80::1', undefined, false],
  ['localhost', SELF, false],
])('whether a link may name %s to an engine bound to %s: %s', (host, bind, expected) => {
  expect(mayBeNamed(host, bind)).toBe(expected)
})
