import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { allowedFastSet } from '../../src/wire/allowed-fast.ts'

const infoHash = new Uint8Array(20).fill(0xaa)
const sha1 = (bytes: Uint8Array): Uint8Array => createHash('sha1').update(bytes).digest()

it('gives the sets that BEP 6 prints', () => {
  const seven = [1059, 431, 808, 1217, 287, 376, 1188]
  expect(allowedFastSet(infoHash, '80.4.4.200', 1313, 7, sha1)).toEqual(seven)
  expect(allowedFastSet(infoHash, '80.4.4.200', 1313, 9, sha1)).toEqual([...seven, 353, 508])
})

it('is the same for a whole network', () => {
  expect(allowedFastSet(infoHash, '80.4.4.1', 1313, 7, sha1)).toEqual(
    allowedFastSet(infoHash, '80.4.4.255', 1313, 7, sha1),
  )
})

it('ends when there are fewer pieces than asked for', () => {
  expect(allowedFastSet(infoHash, '80.4.4.200', 3, 10, sha1).sort()).toEqual([0, 1, 2])
  expect(allowedFastSet(infoHash, '80.4.4.200', 0, 10, sha1)).toEqual([])
})

it.each(['::1', '1.2.3', '1.2.3.256', 'localhost'])('is empty for %s', ip => {
  expect(allowedFastSet(infoHash, ip, 1313, 7, sha1)).toEqual([])
})
