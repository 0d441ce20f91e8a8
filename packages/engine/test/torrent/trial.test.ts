import { expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../src/metainfo/geometry.ts'
import { Trial } from '../../src/torrent/trial.ts'

const isActive = (): boolean => true

/** Of these pieces, in turn: those that it may have part in. */
function admitted(trial: Trial, pieces: number): number[] {
  const all: number[] = []
  for (let piece = 0; piece < pieces; piece++) {
    if (!trial.admits(piece)) continue
    trial.add(piece)
    all.push(piece)
  }
  return all
}

test('a large piece at first, or small ones that make 256 KiB', () => {
  for (const [blocks, most] of [
    [64, 1],
    [16, 1],
    [12, 1],
    [4, 4],
    [1, 16],
  ] as const) {
    const trial = new Trial(blocks * BLOCK_BYTES)
    trial.renew(0, isActive)
    expect(admitted(trial, 40), `${blocks} blocks a piece`).toHaveLength(most)
    expect(trial.hasRoom).toBe(false)
  }
})

test('one more with each that was right, and with every 2 s', () => {
  const trial = new Trial(64 * BLOCK_BYTES)
  trial.renew(0, isActive)
  expect(admitted(trial, 9)).toEqual([0])
  trial.good(0)
  trial.renew(0, isActive)
  expect(admitted(trial, 9)).toEqual([0, 1])
  trial.renew(2_000, isActive)
  expect(admitted(trial, 9)).toEqual([0, 1, 2])
})

test('a piece that nobody goes on with counts no more', () => {
  const trial = new Trial(64 * BLOCK_BYTES)
  trial.renew(0, isActive)
  trial.add(5)
  trial.renew(0, piece => piece !== 5)
  expect(trial.hasRoom).toBe(true)
})

test('while it is held it goes on with what it began, and begins nothing', () => {
  const trial = new Trial(64 * BLOCK_BYTES)
  trial.renew(0, isActive)
  trial.add(3)
  trial.renew(20_000, isActive)
  trial.hold()
  expect([trial.hasRoom, trial.admits(3), trial.admits(4)]).toEqual([false, true, false])
  trial.renew(90_000, isActive)
  expect(trial.admits(4)).toBe(false)
  trial.renew(92_000, isActive)
  expect(trial.admits(4)).toBe(true)
})

test('sixteen right pieces end it', () => {
  const trial = new Trial(64 * BLOCK_BYTES)
  for (let piece = 0; piece < 15; piece++) expect(trial.good(piece)).toBe(false)
  expect(trial.good(15)).toBe(true)
})
