import { expect, test } from 'vitest'
import { Blame } from '../../src/torrent/blame.ts'

const HONEST = 'honest:1'
const LIAR = 'liar:2'
const THIRD = 'third:3'

/** Digests of blocks, one letter each: `g` is good everywhere. */
function digests(letters: string): Uint8Array {
  return Uint8Array.from({ length: letters.length * 20 }, (_, at) => letters.charCodeAt(Math.floor(at / 20)))
}

test('who alone sent a corrupt piece is banned at once', () => {
  const blame = new Blame()
  expect(blame.onCorrupt(0, [LIAR, LIAR], digests('xg'))).toEqual({ ban: [LIAR], parole: [] })
  expect(blame.needsDigests(0)).toBe(false)
})

test('several contributors go on parole until the good piece shows who lied', () => {
  const blame = new Blame()
  const verdict = blame.onCorrupt(4, [HONEST, LIAR, HONEST, THIRD], digests('gxgg'))
  expect(verdict).toEqual({ ban: [], parole: [HONEST, LIAR, THIRD] })
  expect(blame.needsDigests(4)).toBe(true)
  expect(blame.suspicions(HONEST)).toBe(1)
  expect(blame.onStored(4, [], digests('gggg'))).toEqual({ ban: [LIAR], cleared: [HONEST, THIRD] })
  expect(blame.needsDigests(4)).toBe(false)
  expect(blame.suspicions(HONEST)).toBe(0)
})

test('all liars of all corrupt versions are found', () => {
  const blame = new Blame()
  blame.onCorrupt(0, [HONEST, LIAR], digests('gx'))
  blame.onCorrupt(0, [THIRD, HONEST], digests('yg'))
  expect(blame.onStored(0, [], digests('gg')).ban).toEqual([LIAR, THIRD])
})

test('two different versions of one block from the same peer prove a lie', () => {
  const blame = new Blame()
  blame.onCorrupt(0, [HONEST, LIAR], digests('gx'))
  expect(blame.onCorrupt(0, [HONEST, LIAR], digests('gy'))).toEqual({ ban: [LIAR], parole: [HONEST] })
  expect(blame.suspicions(HONEST)).toBe(0)
})

test('nobody is banned without proof: among many liars an honest peer has part in most of what is spoilt', () => {
  const blame = new Blame()
  for (let piece = 0; piece < 20; piece++) {
    const liar = `liar:${piece}`
    expect(blame.onCorrupt(piece, [HONEST, liar], digests('gx'))).toEqual({ ban: [], parole: [HONEST, liar] })
  }
  for (let piece = 0; piece < 20; piece++) {
    expect(blame.onStored(piece, [], digests('gg')).ban).toEqual([`liar:${piece}`])
  }
  expect(blame.suspicions(HONEST)).toBe(0)
})

test('one honest peer beside one liar is never banned, however many pieces they share', () => {
  const blame = new Blame()
  for (let piece = 0; piece < 20; piece++) {
    expect(blame.onCorrupt(piece, [HONEST, LIAR], digests('gx')).ban).toEqual([])
  }
  expect(blame.onStored(7, [], digests('gg'))).toEqual({ ban: [LIAR], cleared: [HONEST] })
})

test('a proven liar explains the pieces he shared', () => {
  const blame = new Blame()
  blame.onCorrupt(0, [HONEST, LIAR], digests('gx'))
  blame.onCorrupt(1, [HONEST, LIAR], digests('gx'))
  blame.onCorrupt(2, [LIAR], digests('x'))
  expect(blame.suspicions(HONEST)).toBe(0)
  expect(blame.onCorrupt(3, [HONEST, THIRD], digests('gy')).ban).toEqual([])
  expect(blame.onStored(1, [], digests('gg')).ban).toEqual([LIAR])
})

test('blocks of unknown origin accuse nobody and spare whoever sent the rest', () => {
  const blame = new Blame()
  expect(blame.onCorrupt(0, ['', HONEST], digests('xg'))).toEqual({ ban: [], parole: [HONEST] })
  expect(blame.onCorrupt(1, ['', ''], digests('xx'))).toEqual({ ban: [], parole: [] })
  expect(blame.onStored(0, [], digests('gg')).ban).toEqual([])
})

test('a piece that was never corrupt teaches nothing', () => {
  expect(new Blame().onStored(0, [HONEST], digests('g'))).toEqual({ ban: [], cleared: [] })
})

test('what is remembered has a bound, the oldest pieces are forgotten', () => {
  const blame = new Blame()
  for (let piece = 0; piece < 100; piece++)
    blame.onCorrupt(piece, [`a:${piece}`, `b:${piece}`], digests('gx'))
  expect(blame.size).toBe(64)
  expect(blame.needsDigests(35)).toBe(false)
  expect(blame.needsDigests(36)).toBe(true)
  expect(blame.suspicions('a:0')).toBe(0)
})

test('huge pieces are bounded by their blocks', () => {
  const blame = new Blame()
  const blocks = 30_000
  const contributors = Array.from({ length: blocks }, (_, block) => (block % 2 === 0 ? HONEST : LIAR))
  for (let piece = 0; piece < 5; piece++) blame.onCorrupt(piece, contributors, new Uint8Array(blocks * 20))
  expect(blame.size).toBe(2)
})
