import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../src/metainfo/geometry.ts'
import type { PickerPeer } from '../../src/torrent/picker-peer.ts'
import { Trial } from '../../src/torrent/trial.ts'
import { parse, pick, Table } from './picker-board.ts'

const HAD = '####' // enough pieces not to begin at random any more

const piecesOf = (names: string[]): number[] => names.map(name => parse(name)[0])

describe('what is asked for first', () => {
  test('the rarest piece the peer has', () => {
    const blocks = pick({ have: `${HAD}....`, avail: '00003214', peer: '#######.' })
    expect(blocks).toEqual(['6.0', '6.1'])
  })

  test('a rarer piece that the peer does not have is left alone', () => {
    const blocks = pick({ have: `${HAD}....`, avail: '00003214', peer: '#####..#' })
    expect(blocks).toEqual(['4.0', '4.1'])
  })

  test('a high priority before rarity, a low one last', () => {
    expect(pick({ have: `${HAD}...`, avail: '0000193', prio: '4444417', peer: '#######' })[0]).toBe('6.0')
    expect(pick({ have: `${HAD}...`, avail: '0000193', prio: '4444141', peer: '#######' })[0]).toBe('5.0')
  })

  test('free blocks of a piece in progress before a rarer new one, in ascending order', () => {
    const blocks = pick({ have: `${HAD}...`, avail: '0000911', partial: '0000200', peer: '#######', max: 3 })
    expect(blocks.slice(0, 2)).toEqual(['4.2', '4.3'])
    expect(blocks[2]).toMatch(/^[56]\.0$/)
  })

  test('of pieces in progress the one closest to completion', () => {
    expect(pick({ have: '....', partial: '1321', peer: '####', max: 4 })).toEqual([
      '1.3',
      '2.2',
      '2.3',
      '0.1',
    ])
  })

  test('of pieces in progress the one of highest priority', () => {
    expect(pick({ have: '....', partial: '1321', prio: '4447', peer: '####', max: 1 })).toEqual(['3.1'])
  })

  test('nothing that is had, skipped or not with the peer', () => {
    expect(pick({ have: '#...', prio: '4044', peer: '##..', max: 9 })).toEqual([])
  })

  test('the short last piece has fewer blocks', () => {
    expect(pick({ have: '###.', lastBlocks: 2, peer: '####', max: 9 })).toEqual(['3.0', '3.1'])
  })

  test('in sequential mode the lowest index, after priority', () => {
    const sequential = { have: '#....', avail: '01234', peer: '#####', sequential: true, max: 1 }
    expect(pick(sequential)).toEqual(['1.0'])
    expect(pick({ ...sequential, prio: '44474' })).toEqual(['3.0'])
  })

  test('ties of rarity and first pieces are chosen at random', () => {
    for (const have of ['......', `${HAD}......`]) {
      const first = new Set<string>()
      for (let seed = 1; seed <= 60; seed++)
        first.add(pick({ have, peer: '#'.repeat(have.length), seed })[0]!)
      expect(first.size).toBe(6)
    }
  })

  test('among equals a peer is asked for pieces that lie together, an extent at a time', () => {
    const have = HAD + '.'.repeat(252)
    const extents = new Set<number>()
    let neighbours = 0
    for (let seed = 1; seed <= 20; seed++) {
      const table = new Table({ have, blocks: 1, seed })
      table.peer('.'.repeat(256)) // somebody to trade with
      const pieces = piecesOf(table.pick(table.peer('#'.repeat(256)), 8))
      for (const first of [pieces[0]!, pieces[4]!]) {
        expect(first % 4).toBe(0)
        extents.add(first)
      }
      expect(pieces).toEqual(pieces.map((_, n) => pieces[n - (n % 4)]! + (n % 4)))
      if (pieces[4] === pieces[3]! + 1) neighbours++
    }
    expect(extents.size).toBeGreaterThan(20)
    expect(neighbours).toBeLessThan(3)
  })

  test('of seeds, with nobody to trade with, pieces follow one another to the last', () => {
    for (const have of ['.'.repeat(16), `${HAD}${'.'.repeat(12)}`]) {
      const firsts = new Set<number>()
      for (let seed = 1; seed <= 40; seed++) {
        const pieces = piecesOf(pick({ have, peer: '#'.repeat(16), blocks: 1, seed, max: 12 }))
        const first = pieces[0]!
        firsts.add(first)
        const toTheLast = Math.min(12, 16 - first)
        expect(pieces.slice(0, toTheLast)).toEqual(Array.from({ length: toTheLast }, (_, n) => first + n))
        expect(new Set(pieces).size).toBe(12)
      }
      expect(firsts.size).toBeGreaterThan(8)
    }
  })

  test('what is rarer comes before what lies together', () => {
    const avail = Array.from({ length: 256 }, (_, piece) => (piece === 102 ? 1 : 2)).join('')
    const rare = { have: HAD + '.'.repeat(252), avail, peer: '#'.repeat(256), blocks: 1 }
    expect(pick({ ...rare, max: 1 })).toEqual(['102.0'])
  })

  test('the first pieces do not follow rarity, but do follow priority', () => {
    const first = new Set<string>()
    for (let seed = 1; seed <= 30; seed++) {
      first.add(pick({ have: '...', avail: '129', prio: '747', peer: '###', seed, max: 1 })[0]!)
    }
    expect([...first].sort()).toEqual(['0.0', '2.0'])
  })
})

describe('availability', () => {
  test('counts partial peers, seeds and single pieces, and forgets those who leave', () => {
    const table = new Table({ have: '....' })
    const seed = table.peer('####')
    const some = table.peer('##..')
    table.gain(some, 3)
    expect([0, 1, 2, 3].map(index => table.picker.availability(index))).toEqual([2, 2, 1, 2])
    table.picker.peerLeft(seed)
    table.gain(some, 2)
    table.picker.peerLeft(some)
    expect([0, 1, 2, 3].map(index => table.picker.availability(index))).toEqual([0, 0, 0, 0])
    table.picker.checkInvariants()
  })

  test('a piece that becomes more common moves back at once', () => {
    const table = new Table({ have: `${HAD}..` })
    const [a, b] = [table.peer('....##'), table.peer('....#.')]
    expect(table.pick(b, 1)).toEqual(['4.0'])
    table.picker.release(b, 4, 0)
    table.picker.dropAll()
    expect(table.picker.availability(4)).toBe(2)
    for (let n = 0; n < 2; n++) table.gain(table.peer('......'), 5)
    expect(table.pick(a, 1)).toEqual(['4.0'])
  })

  test('a peer that had nothing is asked once it has something', () => {
    const table = new Table({ have: `${HAD}..` })
    const peer = table.peer('####..')
    expect(table.picker.wants(peer)).toBe(false)
    expect(table.pick(peer, 1)).toEqual([])
    table.gain(peer, 5)
    expect(table.picker.wants(peer)).toBe(true)
    expect(table.pick(peer, 1)).toEqual(['5.0'])
  })

  test('a peer for which nothing was found is asked when priorities change', () => {
    const table = new Table({ have: `${HAD}..`, prio: '444404' })
    const peer = table.peer('#####.')
    expect(table.pick(peer, 1)).toEqual([])
    table.picker.setPriorities(Uint8Array.from('444444', Number))
    expect(table.pick(peer, 1)).toEqual(['4.0'])
  })

  test('the one piece a peer has is found among thousands that are rarer', () => {
    const have = `${HAD}${'.'.repeat(5000)}`
    const table = new Table({ have })
    table.peer(`${'.'.repeat(5003)}#`)
    const peer = table.peer(`${'.'.repeat(5003)}#`)
    expect(table.pick(peer, 1)).toEqual(['5003.0'])
  })
})

describe('blocks', () => {
  test('a block is asked of one peer, and again once it is released', () => {
    const table = new Table({ have: '..', sequential: true })
    const [a, b] = [table.peer('##'), table.peer('##')]
    expect(table.pick(a, 2)).toEqual(['0.0', '0.1'])
    expect(table.pick(b, 3)).toEqual(['0.2', '0.3', '1.0'])
    table.picker.release(a, 0, 1)
    table.picker.release(a, 0, 1)
    table.picker.release(b, 0, 0)
    expect(table.pick(b, 1)).toEqual(['0.1'])
  })

  test('memory of blocks does not overlap', () => {
    const table = new Table({ have: '..', blocks: 20, sequential: true })
    const peer = table.peer('##')
    const offsets = table.pick(peer, 40).map(name => table.picker.open(peer, ...parse(name)))
    expect(new Set(offsets).size).toBe(40)
    expect(Math.min(...offsets)).toBe(0)
    for (const offset of offsets) expect(offset % 16384).toBe(0)
  })

  test('one peer at a time writes a block; another may after it aborts', () => {
    const table = new Table({ have: '.' })
    const [a, b] = [table.peer('#'), table.peer('#')]
    table.pick(a, 4)
    expect(table.picker.open(a, 0, 0)).toBeGreaterThanOrEqual(0)
    expect(table.picker.open(b, 0, 0)).toBe(-1)
    table.picker.abort(b, 0, 0)
    expect(table.picker.open(b, 0, 0)).toBe(-1)
    table.picker.abort(a, 0, 0)
    expect(table.picker.open(b, 0, 0)).toBeGreaterThanOrEqual(0)
    expect(table.picker.received(b, 0, 0)).toBe(true)
    expect(table.deliver(a, '0.0')).toBe('skip')
  })

  test('a block that comes after its request was given up is kept, and not asked for while it comes', () => {
    const table = new Table({ have: '.', lastBlocks: 1 })
    const [a, b] = [table.peer('#'), table.peer('#')]
    table.pick(a, 1)
    table.picker.release(a, 0, 0)
    table.picker.open(a, 0, 0)
    expect(table.pick(b, 1)).toEqual([])
    table.picker.abort(a, 0, 0)
    expect(table.pick(b, 1)).toEqual(['0.0'])
    expect(table.deliver(a, '0.0')).toBe(true)
  })

  test('a block of a piece that is not in progress is skipped', () => {
    const table = new Table({ have: '#..', prio: '440' })
    const peer = table.peer('###')
    expect([0, 1, 2].map(index => table.picker.open(peer, index, 0))).toEqual([-1, -1, -1])
  })

  test('contributors are told per block', () => {
    const table = new Table({ have: '.' })
    const [a, b] = [table.peer('#'), table.peer('#')]
    table.pick(a, 2)
    table.pick(b, 2)
    for (const [peer, name] of [
      [a, '0.0'],
      [a, '0.1'],
      [b, '0.2'],
    ] as const)
      table.deliver(peer, name)
    expect([0, 1, 2, 3].map(block => table.picker.contributor(0, block))).toEqual([a.id, a.id, b.id, -1])
    expect([...table.picker.contributors(0).keys()]).toEqual([a.id, b.id])
    expect(table.picker.partial()).toEqual([{ index: 0, received: 3, requested: 1, total: 4 }])
  })
})

describe('allowed fast', () => {
  test('only the allowed pieces that the peer has', () => {
    const table = new Table({ have: '#...' })
    const peer = table.peer('##.#')
    expect(table.pickAmong(peer, 9, [0, 2, 3])).toEqual(['3.0', '3.1', '3.2', '3.3'])
    expect(table.pickAmong(peer, 9, [3])).toEqual([])
  })
})

describe('endgame', () => {
  test('blocks asked of others are asked again, fewest askers first, of three peers at most', () => {
    const table = new Table({ have: '.', lastBlocks: 2 })
    const [a, b, c, d] = [table.peer('#'), table.peer('#'), table.peer('#'), table.peer('#')]
    expect(table.pick(a, 2)).toEqual(['0.0', '0.1'])
    expect(table.picker.endgame).toBe(true)
    expect(table.pick(b, 1)).toEqual(['0.0'])
    expect(table.pick(c, 2)).toEqual(['0.1', '0.0'])
    expect(table.pick(d, 2)).toEqual(['0.1'])
    expect(table.pick(a, 2)).toEqual([])
    expect(table.deliver(b, '0.0')).toBe(true)
    table.picker.release(a, 0, 0)
    expect(table.deliver(d, '0.1')).toBe(true)
  })

  test('does not begin while another connected peer has a free block', () => {
    const table = new Table({ have: '..' })
    const [a, b] = [table.peer('#.'), table.peer('#.')]
    const other = table.peer('.#')
    table.pick(a, 4)
    expect(table.pick(b, 4)).toEqual([])
    table.picker.peerLeft(other)
    expect(table.pick(b, 4)).toHaveLength(4)
  })
})

describe('while our own line is full', () => {
  /** One holds 16 blocks, all there is; in endgame at once, after some ticks in which the line was full or not. */
  function held(isLineFull: boolean, share: { silent?: boolean } = {}): { table: Table; owner: PickerPeer } {
    const table = new Table({ have: '....' })
    const owner = Object.assign(table.peer('####'), share)
    expect(table.pick(owner, 16)).toHaveLength(16)
    for (let n = 0; n < 30; n++) table.picker.tick(isLineFull)
    expect(table.picker.endgame).toBe(true)
    return { table, owner }
  }

  test('eight blocks are asked for again, and otherwise all', () => {
    const full = held(true).table
    expect(full.pick(full.peer('####'), 16)).toHaveLength(8)
    expect(full.pick(full.peer('####'), 16)).toEqual([])
    const other = held(false).table
    expect(other.pick(other.peer('####'), 16)).toHaveLength(16)
  })

  test('two more with each that comes of the one asked later, its own and one for luck', () => {
    const { table } = held(true)
    const later = table.peer('####')
    const [first] = table.pick(later, 16)
    table.deliver(later, first!)
    expect(table.pick(later, 16)).toHaveLength(2)
  })

  test('one more with each that comes of the one asked first', () => {
    const { table, owner } = held(true)
    const later = table.peer('####')
    const [first] = table.pick(later, 16)
    table.deliver(owner, first!)
    expect(table.pick(later, 16)).toHaveLength(1)
  })

  test('two fewer with each that comes in vain, until nothing is', () => {
    const { table } = held(true)
    for (let n = 0; n < 3; n++) table.picker.onVain()
    expect(table.pick(table.peer('####'), 16)).toHaveLength(2)
    expect(table.picker.mayRepeat).toBe(true)
    table.picker.onVain()
    expect(table.picker.mayRepeat).toBe(false)
    table.picker.tick(false)
    expect(table.picker.mayRepeat).toBe(true)
    expect(table.pick(table.peer('####'), 16)).toHaveLength(16)
  })

  test('what only silent ones hold is asked for again without a bound', () => {
    const { table } = held(true, { silent: true })
    expect(table.pick(table.peer('####'), 16)).toHaveLength(16)
  })
})

describe('those that have sent nothing', () => {
  test('begin one piece each once half of the memory is taken', () => {
    const table = new Table({ have: '............', slabs: 8 })
    const silent = () => ({ ...table.peer('############'), proven: false, owes: false })
    const [a, b] = [silent(), silent()]
    expect(table.pick(a, 16)).toHaveLength(16)
    expect(table.pick(b, 16)).toHaveLength(4)
    b.owes = true
    expect(table.pick(b, 12)).toEqual([])
    expect(table.pick({ ...silent(), proven: true }, 16)).toHaveLength(12)
  })

  test('are asked for what others were asked for, after they let us wait', () => {
    const table = new Table({ have: '..' })
    const [busy, back] = [table.peer('##'), { ...table.peer('##'), proven: false, stalled: true, owes: true }]
    expect(table.pick(back, 1)).toHaveLength(1)
    const asked = table.pick(busy, 2)
    for (let n = 0; n < 3; n++) table.picker.tick()
    expect(asked).toContain(table.pick(back, 1)[0])
  })
})

describe('what was asked for two seconds ago and has not come', () => {
  const ticks = (table: Table, count: number): void => {
    for (let n = 0; n < count; n++) table.picker.tick()
  }

  test('is asked of a quick peer, and of one that has nothing else to do, when there is no memory for more', () => {
    for (const free of [{ quick: true, owes: true }, { owes: false }]) {
      const table = new Table({ have: '....', slabs: 1 })
      const held = table.pick(table.peer('####'), 4)
      const peer = { ...table.peer('####'), proven: true, ...free }
      ticks(table, 19)
      expect(table.pick(peer, 8)).toEqual([])
      ticks(table, 2)
      expect(table.picker.endgame).toBe(false)
      expect(table.pick({ ...peer, quick: false, owes: true }, 8)).toEqual([])
      expect(table.pick(peer, 8)).toEqual(held)
      // It is looked for once a tick.
      expect(table.pick({ ...table.peer('####'), quick: true }, 8)).toEqual([])
    }
  })

  test('has a place left for one that is quick, however many have sent something once', () => {
    const table = new Table({ have: '.', lastBlocks: 1 })
    for (let n = 0; n < 5; n++) {
      expect(table.pick({ ...table.peer('#'), proven: true }, 1)).toEqual(['0.0'])
      ticks(table, 3)
    }
    expect(table.pick({ ...table.peer('#'), proven: true }, 1)).toEqual([])
    expect(table.pick({ ...table.peer('#'), proven: true, quick: true }, 1)).toEqual(['0.0'])
  })
})

describe('what silent ones hold', () => {
  test('is asked of one that has nothing else to do at once, outside of endgame too', () => {
    const table = new Table({ have: '..', slabs: 1 })
    const holder = Object.assign(table.peer('##'), { silent: false })
    const held = table.pick(holder, 4)
    const idle = Object.assign(table.peer('##'), { owes: false })
    expect(table.pick(idle, 8)).toEqual([])
    table.picker.tick()
    Object.assign(holder, { silent: true })
    expect(table.picker.endgame).toBe(false)
    expect(table.pick(idle, 8)).toEqual(held)
  })

  describe('while somebody lies', () => {
    /** A piece of which one that falls silent has sent so many blocks and was asked for the others. */
    function left(sent: number, board: { blocks?: number; proof?: boolean } = {}) {
      const { blocks = 4, proof = false } = board
      const table = new Table({ have: '.', blocks })
      const trial = new Trial(blocks * BLOCK_BYTES)
      trial.renew(0, () => true)
      const holder = Object.assign(table.peer('#'), { silent: false, trial })
      for (const name of table.pick(holder, blocks).slice(0, sent)) table.deliver(holder, name)
      if (proof) trial.good(7)
      Object.assign(holder, { silent: true })
      const helper = Object.assign(table.peer('#'), { quick: true, owes: true })
      return { table, holder, helper }
    }

    test('goes to another, and what they sent is fetched anew', () => {
      const { table, holder, helper } = left(1)
      table.picker.apart = true
      expect(table.pick(helper, 8)).toEqual(['0.0', '0.1', '0.2', '0.3'])
      expect(table.picker.wastedBytes).toBe(BLOCK_BYTES)
      expect(table.picker.contributors(0).size).toBe(0)
      table.picker.release(holder, 0, 1)
      for (let block = 0; block < 4; block++) expect(table.deliver(helper, `0.${block}`)).toBe(false)
      expect([...table.picker.contributors(0)]).toEqual([[helper.id, 4]])
      table.store(0)
      expect(table.picker.isComplete).toBe(true)
    })

    test('and they were right before: only what they have not sent', () => {
      const { table, helper } = left(1, { proof: true })
      table.picker.apart = true
      expect(table.pick(helper, 8)).toEqual(['0.1', '0.2', '0.3'])
      expect(table.picker.wastedBytes).toBe(0)
    })

    test('goes to one on parole, which works alone on it', () => {
      const { table, holder, helper } = left(1, { proof: true })
      helper.parole = true
      expect(table.pick(helper, 8)).toHaveLength(4)
      // What comes late would mix with its own.
      expect(table.deliver(holder, '0.2')).toBe('skip')
      Object.assign(holder, { silent: false })
      for (let n = 0; n < 3; n++) table.picker.tick()
      expect(table.pick(holder, 8)).toEqual([])
    })

    test('stays theirs when more than 16 blocks would be fetched twice, or another is at work on it', () => {
      const much = left(17, { blocks: 32 })
      much.helper.parole = true
      expect(much.table.pick(much.helper, 8)).toEqual([])
      const shared = left(1)
      const other = Object.assign(shared.table.peer('#'), { silent: false })
      for (let n = 0; n < 3; n++) shared.table.picker.tick()
      expect(shared.table.pick(other, 1)).toEqual(['0.1'])
      shared.helper.parole = true
      expect(shared.table.pick(shared.helper, 8)).toEqual([])
      Object.assign(other, { silent: true })
      shared.table.picker.tick()
      expect(shared.table.pick(shared.helper, 8)).toHaveLength(4)
    })

    test('is shared with one that is slow itself, and stays theirs', () => {
      const { table, holder } = left(1)
      table.picker.apart = true
      const slow = Object.assign(table.peer('#'), { quick: false, owes: true })
      expect(table.pick(slow, 8)).toEqual(['0.1', '0.2', '0.3'])
      expect([...table.picker.contributors(0)]).toEqual([[holder.id, 1]])
    })
  })
})

describe('on trial', () => {
  test('a peer has part in as many pieces as the trial admits, and in those of all it can', () => {
    const table = new Table({ have: '...', blocks: 16 })
    const other = table.peer('###')
    const trial = new Trial(16 * BLOCK_BYTES)
    const peer = { ...table.peer('###'), trial, owes: false }
    trial.renew(0, () => true)
    expect(table.pick(peer, 8)).toHaveLength(8)
    const [piece] = table.picker.partial()
    const rest = table.pickAmong(other, 8, [piece!.index])
    expect(rest).toHaveLength(8)
    // What another was asked for of the piece, while two are not begun.
    for (let n = 0; n < 3; n++) table.picker.tick()
    expect(table.pick(peer, 16)).toEqual(rest)
    trial.good(piece!.index)
    trial.renew(0, () => true)
    expect(table.pick(peer, 32)).toHaveLength(32)
  })
})

describe('parole', () => {
  test('a peer on parole takes no part in pieces of others', () => {
    expect(pick({ have: '..', partial: '10', peer: '##', parole: true, max: 9 })).toHaveLength(4)
    expect(pick({ have: '..', partial: '11', peer: '##', parole: true, max: 9 })).toEqual([])
  })

  test('nobody joins the piece of a peer on parole, unless it leaves it lying', () => {
    const table = new Table({ have: '.' })
    const [suspect, other] = [table.peer('#', true), table.peer('#')]
    table.pick(suspect, 2)
    table.deliver(suspect, '0.0')
    expect(table.pick(other, 4)).toEqual([])
    expect(table.picker.open(other, 0, 2)).toBe(-1)
    table.picker.release(suspect, 0, 1)
    expect(table.pick(other, 1)).toEqual(['0.1'])
    expect(table.pick(suspect, 1)).toEqual([])
  })

  test('its piece is free for all when it is cleared', () => {
    const table = new Table({ have: '.' })
    const [suspect, other] = [table.peer('#', true), table.peer('#')]
    table.pick(suspect, 2)
    suspect.parole = false
    table.picker.peerCleared(suspect)
    expect(table.pick(other, 2)).toEqual(['0.2', '0.3'])
  })

  test('its piece is free for all when it is gone', () => {
    const table = new Table({ have: '.' })
    const [suspect, other] = [table.peer('#', true), table.peer('#')]
    table.pick(suspect, 2)
    table.picker.release(suspect, 0, 0)
    table.picker.peerLeft(suspect)
    expect(table.pick(other, 1)).toEqual(['0.0'])
  })
})

describe('storing', () => {
  test('a small piece is one run, and had only when stored', () => {
    const table = new Table({ have: '..', lastBlocks: 3, prio: '04' })
    const peer = table.peer('##')
    for (const name of table.pick(peer, 9)) {
      expect(table.picker.takeRun(1)).toBeUndefined()
      table.deliver(peer, name)
    }
    const run = table.picker.takeRun(1)!
    expect(run).toEqual({ piece: 1, begin: 0, length: 3 * 16384, slabs: [0], last: true })
    expect(table.picker.takeRun(1)).toBeUndefined()
    expect(table.pool.available).toBe(63)
    table.picker.runWritten(run)
    expect(table.pool.available).toBe(64)
    expect(table.picker.have.has(1)).toBe(false)
    table.picker.stored(1)
    expect(table.picker.have.has(1)).toBe(true)
    expect(table.picker.isComplete).toBe(true)
    expect(table.picker.wantedLeftBytes).toBe(0)
    table.picker.checkInvariants()
  })

  test('a large piece goes in runs of four slabs or more, from its begin, and the rest', () => {
    const table = new Table({ have: '.', blocks: 16 * 9 + 1 })
    const peer = table.peer('#')
    const names = table.pick(peer, 200)
    const first = names.splice(0, 16)
    const lengths: number[] = []
    for (const name of [...names.splice(0, 80), ...first, ...names]) {
      table.deliver(peer, name)
      const run = table.picker.takeRun(0)
      if (run !== undefined) lengths.push(run.length / 16384)
    }
    expect(lengths).toEqual([6 * 16, 3 * 16 + 1])
  })

  test('a large piece is given memory as it goes on', () => {
    const table = new Table({ have: '.', blocks: 1024 })
    const peer = table.peer('#')
    table.pick(peer, 30)
    expect(table.pool.available).toBe(62)
  })

  test('a corrupt piece is wanted again, and its bytes were in vain', () => {
    const table = new Table({ have: '.', lastBlocks: 2 })
    const peer = table.peer('#')
    for (const name of table.pick(peer, 2)) table.deliver(peer, name)
    table.picker.runWritten(table.picker.takeRun(0)!)
    table.picker.corrupt(0)
    expect(table.picker.wastedBytes).toBe(2 * 16384)
    expect(table.picker.contributors(0).size).toBe(0)
    expect(table.dropped).toEqual([])
    expect(table.pick(peer, 2)).toEqual(['0.0', '0.1'])
  })

  test('when the disk fails memory returns after the runs in flight, and the piece is wanted again', () => {
    const table = new Table({ have: '.', blocks: 16 * 6 })
    const peer = table.peer('#')
    const names = table.pick(peer, 16 * 6)
    for (const name of names.slice(0, 80)) table.deliver(peer, name)
    const run = table.picker.takeRun(0)!
    expect(run.last).toBe(false)
    table.picker.open(peer, 0, 90)
    table.picker.failed(0)
    expect(table.pick(peer, 1)).toEqual([])
    table.picker.runWritten(run)
    expect(table.pool.available).toBe(63)
    table.picker.received(peer, 0, 90)
    expect(table.pool.available).toBe(64)
    expect(table.dropped).toEqual([0])
    table.picker.failed(0)
    table.picker.stored(0)
    expect(table.pick(peer, 1)).toEqual(['0.0'])
  })
})

describe('priorities', () => {
  test('a piece in progress that becomes unwanted is dropped, once nobody writes into it', () => {
    const table = new Table({ have: '..', sequential: true })
    const peer = table.peer('##')
    table.pick(peer, 8)
    table.deliver(peer, '0.0')
    table.picker.open(peer, 1, 2)
    table.picker.setPriorities(Uint8Array.of(0, 0))
    table.picker.checkInvariants()
    expect(table.picker.wantsPiece(0)).toBe(false)
    expect(table.picker.isComplete).toBe(true)
    expect(table.picker.open(peer, 0, 1)).toBe(-1)
    expect(table.pool.available).toBe(63)
    table.picker.abort(peer, 1, 2)
    expect(table.pool.available).toBe(64)
    expect(table.picker.wastedBytes).toBe(16384)
    table.picker.setPriorities(Uint8Array.of(0, 1))
    expect(table.pick(peer, 1)).toEqual(['1.0'])
    expect(table.picker.wantedBytes).toBe(4 * 16384)
  })

  test('a piece that is being stored when it becomes unwanted is had all the same', () => {
    const table = new Table({ have: '.', lastBlocks: 1 })
    const peer = table.peer('#')
    table.pick(peer, 1)
    table.deliver(peer, '0.0')
    const run = table.picker.takeRun(0)!
    table.picker.setPriorities(Uint8Array.of(0))
    table.picker.runWritten(run)
    table.picker.stored(0)
    expect(table.picker.have.has(0)).toBe(true)
    table.picker.checkInvariants()
  })
})

describe('memory', () => {
  test('without memory nothing is asked for', () => {
    const table = new Table({ have: '...', slabs: 2 })
    const peer = table.peer('###')
    expect(table.pick(peer, 99)).toHaveLength(8)
    expect(table.pick(peer, 99)).toEqual([])
    expect(table.picker.endgame).toBe(false)
  })

  test('picks in vain for lack of memory leave no gap between pieces that follow one another', () => {
    for (const have of ['.'.repeat(12), `${HAD}${'.'.repeat(12)}`]) {
      const table = new Table({ have, blocks: 1, slabs: 1 })
      const peer = table.peer('#'.repeat(have.length))
      const begun: number[] = []
      while (!table.picker.isComplete) {
        const [name] = table.pick(peer, 9)
        for (let n = 0; n < 3; n++) expect(table.pick(peer, 9)).toEqual([])
        table.deliver(peer, name!)
        const [index] = parse(name!)
        begun.push(index)
        table.store(index)
      }
      const follows = begun.filter((index, at) => index === (begun[at - 1] ?? Number.NaN) + 1)
      // All but the first, and the one after the last of all.
      expect(follows.length).toBeGreaterThanOrEqual(10)
    }
  })

  test('pieces that no connected peer has give way, the least complete first', () => {
    const table = new Table({ have: '...', partial: '320', slabs: 2 })
    expect(table.pick(table.peer('..#'), 9)).toHaveLength(4)
    expect(table.picker.partial().map(({ index }) => index)).toEqual([0, 2])
    expect(table.picker.wastedBytes).toBe(2 * 16384)
  })

  test('a piece that is asked for or that a connected peer has is kept at first, and gives way at last', () => {
    const table = new Table({ have: '..', partial: '10', slabs: 1 })
    const choking = table.peer('#.')
    const peer = table.peer('.#')
    expect(table.pick(peer, 9)).toEqual([])
    expect(table.pick(choking, 1)).toEqual(['0.1'])
    for (let n = 0; n < 100; n++) expect(table.pick(peer, 9)).toEqual([])
    table.picker.release(choking, 0, 1)
    let picks = 0
    while (table.pick(peer, 9).length === 0) picks++
    expect(picks).toBeGreaterThan(20)
    expect(picks).toBeLessThan(100)
  })

  test.each([1, 2, 3, 5])('large pieces come whole through a pool of %i slabs', slabs => {
    const table = new Table({ have: '...', blocks: 16 * 6 + 3, lastBlocks: 17, slabs })
    const [a, b] = [table.peer('##.'), table.peer('###')]
    for (let round = 0; round < 1000 && !table.picker.isComplete; round++) {
      for (const peer of [a, b]) {
        for (const name of table.pick(peer, 5)) {
          table.deliver(peer, name)
          table.store(parse(name)[0])
        }
      }
    }
    expect(table.picker.isComplete).toBe(true)
    expect(table.pool.available).toBe(slabs)
    expect(table.picker.wastedBytes).toBe(0)
  })

  test('a piece is not evicted to make room for itself', () => {
    const table = new Table({ have: '..', blocks: 20, slabs: 1 })
    const [peer, other] = [table.peer('#.'), table.peer('.#')]
    for (const name of table.pick(peer, 16)) table.deliver(peer, name)
    for (let n = 0; n < 50; n++) expect(table.pick(other, 1)).toEqual([])
    expect(table.pick(peer, 1)).toEqual([])
    table.store(0)
    expect(table.pick(peer, 1)).toEqual(['0.16'])
    expect(table.picker.wastedBytes).toBe(0)
  })

  test('all memory comes back when everything is dropped', () => {
    const table = new Table({ have: '....', partial: '1230' })
    table.picker.dropAll()
    expect(table.pool.available).toBe(64)
    table.picker.checkInvariants()
  })
})

test('a download from one seed ends with everything had and all memory free', () => {
  const table = new Table({ have: '.'.repeat(40), blocks: 18, lastBlocks: 5, slabs: 3 })
  table.download(table.peer('#'.repeat(40)))
  expect(table.picker.have.isFull).toBe(true)
  expect(table.pool.available).toBe(3)
})
