import { describe, expect, it } from 'vitest'
import { createStorage } from '../../src/node/storage.ts'
import { storeSuite } from '../contracts/store-suite.ts'
import { makeWorld } from './disk-world.ts'

storeSuite('a folder', () => makeWorld(2))

describe('createStorage', () => {
  it('refuses memory that is not whole slabs, and no workers', () => {
    for (const options of [
      { memoryBytes: 0 },
      { memoryBytes: 1000 },
      { memoryBytes: Number.NaN },
      { memoryBytes: 262_144, workers: 0 },
    ]) {
      expect(() => createStorage(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
  })
})
