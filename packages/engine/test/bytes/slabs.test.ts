import { describe, expect, it } from 'vitest'
import { SLAB_BYTES, SlabPool } from '../../src/bytes/slabs.ts'

describe('SlabPool', () => {
  it('hands out each slab once, then none', () => {
    const pool = new SlabPool(new Uint8Array(3 * SLAB_BYTES))
    expect(pool.capacity).toBe(3)
    expect([pool.take(), pool.take(), pool.take(), pool.take()]).toEqual([0, 1, 2, -1])
    expect(pool.available).toBe(0)
  })

  it('hands out again what was given back last, so that few slabs are ever touched', () => {
    const pool = new SlabPool(new Uint8Array(3 * SLAB_BYTES))
    const slab = pool.take()
    pool.give(slab)
    expect(pool.available).toBe(3)
    expect(pool.take()).toBe(slab)
  })

  it('has no slabs in too little memory', () => {
    const pool = new SlabPool(new Uint8Array(SLAB_BYTES - 1))
    expect([pool.capacity, pool.take()]).toEqual([0, -1])
  })
})
