import { expect, test } from 'vitest'
import { Copies } from '../../src/torrent/copies.ts'
import { bits, Table } from './picker-board.ts'

test('copies of the whole: ours, those of seeds, and what the others have together', () => {
  const copies = new Copies(bits('##..'))
  expect(copies.distributed).toBe(0.5)
  copies.join({ id: 1, pieces: bits('..#.') })
  expect(copies.distributed).toBe(0.75)
  copies.join({ id: 2, pieces: bits('...#') })
  expect(copies.distributed).toBe(1)
  const seed = { id: 3, pieces: bits('####') }
  copies.join(seed)
  expect(copies.distributed).toBe(2)
  expect([...copies.all()]).toEqual([1, 1, 2, 2])
  copies.leave(seed)
  expect([...copies.all()]).toEqual([0, 0, 1, 1])
  copies.check()
})

test('who joined without everything is another one until it leaves, and none of the seeds', () => {
  const copies = new Copies(bits('....'))
  const [nothing, some, seed] = ['....', '.#..', '####'].map((pieces, id) => ({ id, pieces: bits(pieces) }))
  for (const peer of [nothing!, some!, seed!]) copies.join(peer)
  expect([copies.others, copies.seeds]).toEqual([2, 1])
  for (let piece = 0; piece < 4; piece++) if (some!.pieces.add(piece)) copies.gained(some!, piece)
  expect([copies.others, copies.seeds]).toEqual([2, 1])
  for (const peer of [nothing!, some!, seed!]) copies.leave(peer)
  expect([copies.others, copies.seeds]).toEqual([0, 0])
  copies.check()
})

test('a torrent without pieces has no copies', () => {
  expect(new Copies(bits('')).distributed).toBe(0)
})

test('pieces that nobody has are counted anew after what people have, or what is wanted, has changed', () => {
  const table = new Table({ have: '#...', prio: '4440' })
  expect(table.picker.unavailable()).toMatchObject({ count: 2, first: 1 })
  const some = table.peer('.#..')
  expect(table.picker.unavailable()).toMatchObject({ count: 1, first: 2 })
  table.gain(some, 2)
  expect(table.picker.unavailable()).toMatchObject({ count: 0 })
  table.picker.peerLeft(some)
  expect(table.picker.unavailable()).toMatchObject({ count: 2, first: 1 })
  const seed = table.peer('####')
  expect(table.picker.unavailable()).toMatchObject({ count: 0 })
  table.picker.peerLeft(seed)
  table.picker.setPriorities(Uint8Array.from('4044', Number))
  expect(table.picker.unavailable()).toMatchObject({ count: 2, first: 2 })
})
