import { describe, expect, test } from 'vitest'
import type { PickerPeer } from '../../src/torrent/picker-peer.ts'
import { Table } from './picker-board.ts'

const HAD = '####' // enough pieces not to begin at random any more

function slow(table: Table, drawing: string): PickerPeer {
  const peer = Object.assign(table.peer(drawing), { slow: true })
  return peer
}

describe('urgent pieces', () => {
  test('come before rarity, priority and pieces in progress, in the order of need', () => {
    const table = new Table({
      have: `${HAD}.....`,
      avail: '000091111',
      prio: '444414447',
      partial: '000000030',
    })
    table.picker.setUrgent([6, 4], 1)
    expect(table.pick(table.peer('#########'), 9)).toEqual([
      ...['6.0', '6.1', '6.2', '6.3'],
      ...['4.0', '4.1', '4.2', '4.3'],
      '7.3',
    ])
  })

  test('are shared by all who have them, and the rest goes on as before', () => {
    const table = new Table({ have: `${HAD}...`, avail: '0000912' })
    table.picker.setUrgent([4], 1)
    const [a, b] = [table.peer('#######'), table.peer('#######')]
    expect(table.pick(a, 2)).toEqual(['4.0', '4.1'])
    expect(table.pick(b, 3)).toEqual(['4.2', '4.3', '5.0'])
  })

  test('that are skipped, had or not with the peer are left alone', () => {
    const table = new Table({ have: `${HAD}....`, prio: '44440444' })
    table.picker.setUrgent([0, 4, 5, 6], 4)
    expect(table.pick(table.peer('#####.##'), 1)).toEqual(['6.0'])
  })

  test('the critical ones are not asked of slow peers, the others are', () => {
    const table = new Table({ have: `${HAD}...` })
    table.picker.setUrgent([6, 5], 1)
    expect(table.pick(slow(table, '#######'), 1)).toEqual(['5.0'])
    expect(table.pick(table.peer('#######'), 1)).toEqual(['6.0'])
  })

  test('a critical block that is late is asked of another, once a tick, and of nobody slow', () => {
    const table = new Table({ have: `${HAD}..`, blocks: 2 })
    table.picker.setUrgent([4], 1)
    const [a, b] = [table.peer('####..'), table.peer('####..')]
    table.gain(a, 4)
    table.gain(b, 4)
    expect(table.pick(a, 2)).toEqual(['4.0', '4.1'])
    // Elsewhere is enough to do, so it is no endgame.
    table.peer('####.#')
    expect(table.pick(b, 2)).toEqual([])
    for (let tick = 0; tick < 15; tick++) table.picker.tick()
    expect(table.pick(slow(table, '#####.'), 2)).toEqual([])
    expect(table.pick(b, 1)).toEqual(['4.0'])
    expect(table.pick(b, 1)).toEqual([])
    table.picker.tick()
    expect(table.pick(b, 2)).toEqual(['4.1'])
    expect(table.deliver(b, '4.0')).toBe(true)
    expect(table.deliver(a, '4.1')).toBe(true)
    table.store(4)
    table.picker.checkInvariants()
    expect(table.picker.have.has(4)).toBe(true)
  })

  test('what slow peers alone were asked for and is needed next is asked of another at once, before what is further ahead', () => {
    const table = new Table({ have: `${HAD}...`, blocks: 2 })
    const [a, b] = [table.peer('#######'), table.peer('#######')]
    const begun = table.pick(a, 2)
    const index = Number(begun[0]!.split('.')[0])
    const ahead = [4, 5, 6].find(each => each !== index)!
    table.picker.setUrgent([index, ahead], 1)
    Object.assign(a, { slow: true })
    expect(table.pick(b, 3)).toEqual([...begun, `${ahead}.0`])
    expect(table.deliver(b, begun[0]!)).toBe(true)
    expect(table.deliver(a, begun[1]!)).toBe(true)
    table.store(index)
    table.picker.checkInvariants()
    expect(table.picker.have.has(index)).toBe(true)
  })

  test('a peer on parole takes only those that it has to itself', () => {
    const table = new Table({ have: `${HAD}...` })
    table.picker.setUrgent([4, 5], 2)
    table.pick(table.peer('#######'), 1)
    expect(table.pick(table.peer('#######', true), 2)).toEqual(['5.0', '5.1'])
  })

  test('without memory nothing is asked for, and the first urgent piece gets what comes free', () => {
    const table = new Table({ have: `${HAD}...`, blocks: 16, slabs: 1 })
    const peer = table.peer('#######')
    const before = table.pick(peer, 16)
    table.picker.setUrgent([6], 1)
    const whole = before[0]!.split('.')[0]!
    if (whole !== '6') expect(table.pick(peer, 4)).toEqual([])
    for (const name of before) table.deliver(peer, name)
    table.store(Number(whole))
    expect(table.pick(peer, 1)[0]).toBe(whole === '6' ? expect.any(String) : '6.0')
  })
})
