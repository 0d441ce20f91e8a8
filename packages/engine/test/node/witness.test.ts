import { describe, expect, it } from 'vitest'
import { Geometry } from '../../src/metainfo/geometry.ts'
import { type KeptMark, type Mark, Witness } from '../../src/node/witness.ts'

const NOW = 1_000_000
const OLD: Mark = { ino: 1, size: 48 * 1024, mtimeMs: 1000.5, ctimeMs: 2000.25 }

/** Pieces 0 to 2 are of the first file, 2 to 5 of the second. */
function make(): Witness {
  const geometry = new Geometry(16 * 1024, [
    { path: ['a'], length: 40 * 1024, pad: false },
    { path: ['b'], length: 56 * 1024, pad: false },
  ])
  const witness = new Witness(geometry, () => NOW)
  for (const file of geometry.files) witness.see(file, OLD)
  for (let piece = 0; piece < 6; piece++) witness.prove(piece)
  return witness
}
const first = new Geometry(16 * 1024, [{ path: ['a'], length: 40 * 1024, pad: false }]).files[0]!

function proven(witness: Witness): string {
  return [0, 1, 2, 3, 4, 5].map(piece => (witness.isProven(piece) ? '#' : '.')).join('')
}

describe('Witness', () => {
  it('takes a file that looks as before for the same', () => {
    const witness = make()
    const { changes } = witness
    expect(witness.see(first, { ...OLD })).toBe(true)
    expect(witness.changes).toBe(changes)
    expect(proven(witness)).toBe('######')
  })

  it.each([
    ['another file', { ...OLD, ino: 2 }],
    ['another size', { ...OLD, size: 5 }],
    ['another time', { ...OLD, mtimeMs: 1000.501 }],
    ['a time that was set back: its change is dated', { ...OLD, ctimeMs: 2000.251 }],
    ['none', undefined],
  ])('believes nothing of a file any more after a change: %s', (_what, mark) => {
    const witness = make()
    const { changes } = witness
    expect(witness.see(first, mark)).toBe(false)
    expect(witness.changes).toBe(changes + 1)
    expect(proven(witness)).toBe('...###')
    expect(witness.see(first, mark)).toBe(true)
  })

  it('lets nothing be proven of a file that has changed just now, or is not there', () => {
    const witness = make()
    expect(witness.isSettled(0)).toBe(true)
    witness.see(first, { ...OLD, ctimeMs: NOW - 10 })
    expect(witness.isSettled(2)).toBe(false)
    expect(witness.isSettled(3)).toBe(true)
    witness.see(first, undefined)
    expect(witness.isSettled(0)).toBe(false)
  })

  it.each([
    ['fine', 0.25, 1_000],
    ['coarse', 0, 3_000],
  ])('how long a change is just now shows in the times of files: %s', (_what, digits, limitMs) => {
    const witness = make()
    witness.see(first, { ...OLD, ctimeMs: NOW - limitMs + digits })
    expect(witness.isSettled(0)).toBe(false)
    witness.see(first, { ...OLD, ctimeMs: NOW - limitMs - 10 + digits })
    expect(witness.isSettled(0)).toBe(true)
  })

  describe('for a restart', () => {
    const kept = (mark: Mark): KeptMark => ({ ...mark, mark: `${mark.ino} ${mark.ctimeMs}` })
    const now = kept(OLD)
    const { size, mtimeMs, mark } = now

    it('keeps the mark of a file only while all that is in it is proven as the file looks', () => {
      const witness = make()
      expect(witness.stampOf(first, now)).toEqual({ size, mtimeMs, mark })
      expect(witness.stampOf(first, kept({ ...OLD, ctimeMs: 3_000 }))).toEqual({ size, mtimeMs })
      // Seen, but not proven anew.
      witness.see(first, { ...OLD, ctimeMs: 3_000 })
      expect(witness.stampOf(first, kept({ ...OLD, ctimeMs: 3_000 }))).toEqual({ size, mtimeMs })
      expect(witness.stampOf(first, undefined)).toBeUndefined()
    })

    it('tells a file that somebody else has written to, seen or not, until all of it is proven again', () => {
      const witness = make()
      const changed = { ...OLD, mtimeMs: 3_000, ctimeMs: 3_000 }
      expect(witness.isChanged(first, OLD)).toBe(false)
      expect(witness.isChanged(first, changed)).toBe(true)
      witness.see(first, changed)
      expect(witness.isChanged(first, changed)).toBe(true)
      for (const piece of [0, 1, 2]) witness.prove(piece)
      expect(witness.isChanged(first, changed)).toBe(false)
      // A hard link, another name, other rights.
      expect(witness.isChanged(first, { ...OLD, ctimeMs: 4_000 })).toBe(false)
    })

    it('tells no file that we write to ourselves, but keeps no mark of it either', () => {
      const witness = make()
      witness.own(first)
      const written = kept({ ...OLD, mtimeMs: 3_000, ctimeMs: 3_000 })
      expect(witness.isChanged(first, written)).toBe(false)
      expect(witness.stampOf(first, written)).toEqual({ size, mtimeMs: 3_000 })
    })
  })

  it('suspects the file that changed last', () => {
    const witness = make()
    expect(witness.suspectOf(5).path).toEqual(['b'])
    witness.see(first, { ...OLD, ctimeMs: NOW })
    expect(witness.suspectOf(2).path).toEqual(['a'])
  })
})
