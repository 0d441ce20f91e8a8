import { expect, test } from 'vitest'
import { crc32c } from '../../src/bytes/crc32c.ts'

// RFC 3720, B.4.
const VECTORS: readonly (readonly [string, Uint8Array, number])[] = [
  ['nothing', new Uint8Array(0), 0],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(255), 0x62a8ab43],
  ['0 to 31', Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
  ['31 to 0', Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
]

test.each(VECTORS)('of %s is as the standard has it', (_, bytes, crc) => {
  expect(crc32c(bytes)).toBe(crc)
})
