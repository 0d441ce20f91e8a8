import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bitfield } from '../../src/bytes/bitfield.ts'

describe('Bitfield', () => {
  it('puts index 0 into the high bit of the first byte', () => {
    const field = new Bitfield(10)
    field.add(0)
    field.add(9)
    expect(field.bytes).toEqual(Uint8Array.of(0b1000_0000, 0b0100_0000))
  })

  it('counts what is added and deleted, each once', () => {
    const field = new Bitfield(3)
    expect([field.add(1), field.add(1), field.count]).toEqual([true, false, 1])
    expect([field.delete(1), field.delete(1), field.count]).toEqual([true, false, 0])
    expect(field.isEmpty).toBe(true)
  })

  it.each([0, 1, 7, 8, 9, 16, 17])('fills %d bits and leaves the spare ones zero', length => {
    const field = Bitfield.full(length)
    expect(field.count).toBe(length)
    expect(field.isFull).toBe(true)
    expect([...field]).toEqual(Array.from({ length }, (_, n) => n))
    expect(Bitfield.from(length, field.bytes)?.count).toBe(length)
    field.clear()
    expect([field.count, ...field.bytes].every(value => value === 0)).toBe(true)
  })

  it.each([
    ['too few bytes', 9, [255]],
    ['too many bytes', 8, [255, 0]],
    ['a spare bit set', 9, [0, 0b0100_0000]],
    ['the last spare bit set', 15, [0, 1]],
    ['bytes for no bits', 0, [0]],
  ])('refuses %s', (_what, length, bytes) => {
    expect(Bitfield.from(length, Uint8Array.from(bytes))).toBeUndefined()
  })

  it('copies what it is made from and what it is cloned to', () => {
    const bytes = Uint8Array.of(128)
    const field = Bitfield.from(8, bytes)!
    bytes[0] = 255
    const clone = field.clone()
    clone.add(1)
    expect([[...field], [...clone]]).toEqual([[0], [0, 1]])
    expect([field.count, clone.count]).toEqual([1, 2])
  })

  it('has nothing beyond its end', () => {
    const field = Bitfield.full(8)
    expect([field.has(8), field.has(1e6), field.has(-1)]).toEqual([false, false, false])
  })

  it('behaves like a set', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(19)), { maxLength: 60 })
    fc.assert(
      fc.property(steps, list => {
        const field = new Bitfield(20)
        const set = new Set<number>()
        for (const [add, index] of list) {
          const expected = add ? !set.has(index) : set.has(index)
          if (add) set.add(index)
          else set.delete(index)
          expect(add ? field.add(index) : field.delete(index)).toBe(expected)
        }
        expect([...field]).toEqual([...set].sort((a, b) => a - b))
        expect(field.count).toBe(set.size)
        expect(Bitfield.from(20, field.bytes)?.count).toBe(set.size)
      }),
      { numRuns: 200, seed: 1 },
    )
  })

  it('counts what is set in any range', () => {
    const field = new Bitfield(29)
    for (const index of [0, 7, 8, 9, 15, 16, 23, 28]) field.add(index)
    for (let first = 0; first <= 29; first++) {
      for (let end = first; end <= 29; end++) {
        const counted = [...field].filter(index => index >= first && index < end).length
        expect(field.countBetween(first, end), `${first} to ${end}`).toBe(counted)
      }
    }
  })
})
