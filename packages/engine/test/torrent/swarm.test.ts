import { describe, expect, test } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import { Bitfield } from '../../src/bytes/bitfield.ts'
import { IpRanges } from '../../src/bytes/ip-ranges.ts'
import { BLOCK_BYTES } from '../../src/metainfo/geometry.ts'
import { encodeExtendedHandshake } from '../../src/torrent/extended-handshake.ts'
import { peerPriority } from '../../src/torrent/peer-priority.ts'
import * as messages from '../../src/wire/messages.ts'
import { parsePexMessage } from '../../src/wire/pex-message.ts'
import { Bench, Remote } from './fakes.ts'

const ALL = messages.encodeBitfield(Uint8Array.of(0xf0))
const LESS: Uint8Array = new Uint8Array(20)
const MORE: Uint8Array = new Uint8Array(20).fill(0xff)

function requests(remote: Remote): string[] {
  return remote.heard().filter(text => text.startsWith('request'))
}

function seed(bench: Bench): Remote {
  return bench.visit().greet().say(ALL, messages.unchoke)
}

describe('two connections to one peer', () => {
  function both(bench: Bench, first: 'in' | 'out', peerId: Uint8Array, gapMs: number): [Remote, Remote] {
    const { host } = bench.address()
    const open = (direction: 'in' | 'out'): Remote => {
      if (direction === 'in') return bench.visit({ host, port: 50_000 }).greet({ peerId })
      const called = bench.dial({ host, port: 6881 })
      called.handler!.onOpen()
      return called.greet({ peerId })
    }
    const older = open(first)
    bench.wait(gapMs)
    return [older, open(first === 'in' ? 'out' : 'in')]
  }

  test.each([
    ['in', LESS, 'out'],
    ['out', LESS, 'out'],
    ['in', MORE, 'in'],
    ['out', MORE, 'in'],
  ] as const)(
    'dialled at once, %s first: the one that the greater id opened stays',
    (first, peerId, stays) => {
      const bench = new Bench()
      const [older, newer] = both(bench, first, peerId, 100)
      const kept = first === stays ? older : newer
      const left = kept === older ? newer : older
      expect([kept.link.isClosed, left.link.isClosed]).toEqual([false, true])
      expect(bench.swarm.peers.size).toBe(1)
      bench.check()
    },
  )

  test.each(['in', 'out'] as const)('one minute apart, %s first: the older stays', first => {
    const bench = new Bench()
    for (const peerId of [LESS, MORE]) {
      const [older, newer] = both(bench, first, peerId, 60_000)
      expect([older.link.isClosed, newer.link.isClosed]).toEqual([false, true])
    }
  })

  test('in the same direction the older stays', () => {
    const bench = new Bench()
    const older = bench.visit({ host: '10.9.9.9', port: 1 }).greet({ peerId: MORE })
    const newer = bench.visit({ host: '10.9.9.9', port: 2 }).greet({ peerId: MORE })
    expect([older.link.isClosed, newer.link.isClosed]).toEqual([false, true])
  })

  test('whoever takes the id of a peer at another address keeps it neither out nor pushes it out', () => {
    const bench = new Bench()
    const before = bench.visit().greet({ peerId: MORE })
    const called = bench.dial()
    called.handler!.onOpen()
    called.greet({ peerId: MORE }).say(ALL, messages.unchoke)
    const after = bench.visit().greet({ peerId: MORE })
    expect([before.link.isClosed, called.link.isClosed, after.link.isClosed]).toEqual([false, false, false])
    expect(requests(called)).toHaveLength(8)
  })

  test('the older leaves in the middle of a block: it is asked of the newer', () => {
    const bench = new Bench()
    const address = bench.address()
    const visitor = bench.visit(address).greet({ peerId: LESS }).say(ALL, messages.unchoke)
    visitor.say(messages.pieceHeader(0, 0, BLOCK_BYTES), new Uint8Array(9))
    const called = bench.dial(address)
    called.handler!.onOpen()
    called.greet({ peerId: LESS }).say(ALL, messages.unchoke)
    expect(visitor.link.isClosed).toBe(true)
    expect(requests(called).length).toBe(8)
    bench.check()
  })
})

describe('a visitor that tells where it listens', () => {
  const tells = messages.encodeExtended(0, encode({ m: {}, p: 7000 }))
  const from = { host: '10.9.9.9', port: 50_000 }

  test('is not dialled there, in the middle of a transfer, before it has left', () => {
    const bench = new Bench()
    const visitor = bench.visit(from).greet({ peerId: MORE, extended: true }).say(tells, tells, ALL)
    bench.wait(2_000)
    expect(bench.swarm.dial(bench.now)).toBe(false)
    expect(visitor.link.isClosed).toBe(false)
    visitor.handler!.onClose(undefined)
    bench.wait(10 * 60_000)
    expect(bench.swarm.dial(bench.now)).toBe(true)
    expect(bench.dialled.at(-1)!.key).toBe('10.9.9.9:7000')
  })

  test('is welcome when dialled there later, though it has restarted and has another peer id', () => {
    const bench = new Bench()
    const visitor = bench.visit(from).greet({ peerId: MORE, extended: true }).say(tells, ALL)
    visitor.handler!.onClose(undefined)
    bench.wait(10 * 60_000)
    expect(bench.swarm.dial(bench.now)).toBe(true)
    const called = bench.dialled.at(-1)!
    called.handler!.onOpen()
    called.greet({ peerId: LESS })
    expect(called.link.isClosed).toBe(false)
  })

  test('where another is connected leaves that one alone', () => {
    const bench = new Bench()
    const called = bench.dial({ host: from.host, port: 7000 })
    called.handler!.onOpen()
    called.greet({ peerId: LESS })
    const visitor = bench.visit(from).greet({ peerId: MORE, extended: true }).say(tells)
    visitor.handler!.onClose(undefined)
    expect(bench.swarm.dial(bench.now)).toBe(false)
  })
})

describe('places', () => {
  test('are not more than allowed', () => {
    const bench = new Bench({ maxConnections: 2 })
    bench.visit()
    bench.visit()
    expect(bench.visit().handler).toBeUndefined()
    expect(bench.swarm.dial(bench.now)).toBe(false)
  })

  test('can be fewer from one moment to the next: the least useful lose theirs', () => {
    const bench = new Bench({ maxConnections: 3, have: [0] })
    const useful = bench.visit().greet().say(ALL)
    const idle = bench.visit().greet()
    bench.torrent.setMaxConnections(1)
    expect([useful, idle].map(({ link }) => link.isClosed)).toEqual([false, true])
    expect(bench.visit().handler).toBeUndefined()
    bench.torrent.setMaxConnections(2)
    expect(bench.visit().handler).toBeDefined()
  })

  test('to upload to can be fewer or more from one moment to the next', () => {
    const bench = new Bench({ have: 'all', uploadSlots: 1 })
    const remotes = [1, 2, 3].map(() => bench.visit().greet().say(messages.interested))
    const served = (): number => remotes.filter(remote => !bench.peer(remote)!.choked).length
    expect(served()).toBe(1)
    bench.torrent.setUploadSlots(3)
    expect(served()).toBe(3)
    bench.torrent.setUploadSlots(0)
    expect(served()).toBe(0)
  })

  test('are lost at once by a host that is banned, which does not come back until the ban is over', () => {
    const bench = new Bench()
    const them = bench.visit({ host: '9.9.9.9', port: 50_000 }).greet()
    const other = bench.visit().greet()
    bench.torrent.ban('9.9.9.9', 60_000)
    expect([them, other].map(({ link }) => link.isClosed)).toEqual([true, false])
    them.handler!.onClose(undefined)
    expect(bench.visit({ host: '9.9.9.9', port: 50_001 }).handler).toBeUndefined()
    bench.torrent.addPeer({ host: '9.9.9.9', port: 6881 })
    expect(bench.swarm.dial(bench.now)).toBe(false)
    bench.wait(60_001)
    expect(bench.visit({ host: '9.9.9.9', port: 50_002 }).handler).toBeDefined()
  })

  test('are lost at once by whoever is blocked, who is not known any more', () => {
    const bench = new Bench()
    const them = bench.dial({ host: '9.9.9.9', port: 6881 })
    them.handler!.onOpen()
    them.greet()
    const other = bench.visit().greet()
    bench.torrent.addPeer({ host: '9.9.9.8', port: 6881 })
    bench.blocklist.set(new IpRanges([{ first: '9.9.9.0', last: '9.9.9.255' }]))
    bench.torrent.onBlocklist()
    expect([them, other].map(({ link }) => link.isClosed)).toEqual([true, false])
    them.handler!.onClose(undefined)
    expect(bench.torrent.book.size).toBe(0)
    bench.torrent.addPeer({ host: '9.9.9.9', port: 6881 })
    expect(bench.torrent.book.size).toBe(0)
    bench.check()
  })

  test('are lost after a minute to nobody by those of no use, and not by others', () => {
    const bench = new Bench({ maxConnections: 3, have: [0] })
    const useful = bench.visit().greet().say(ALL)
    const wants = bench.visit().greet().say(messages.interested)
    const idle = bench.visit().greet()
    bench.wait(59_000)
    expect(idle.link.isClosed).toBe(false)
    bench.wait(3_000)
    expect([useful, wants, idle].map(({ link }) => link.isClosed)).toEqual([false, false, true])
    bench.wait(60_000)
    expect([useful, wants].map(({ link }) => link.isClosed)).toEqual([false, false])
  })

  describe('that are all taken', () => {
    const US = '80.1.2.3'
    const hosts = Array.from({ length: 40 }, (_, n) => `9.${n}.9.9`).sort((a, b) => rank(b) - rank(a))
    const [best, second] = hosts
    const [worst, nextWorst] = hosts.slice().reverse()

    function rank(host: string): number {
      return peerPriority({ host: US, port: 6881 }, { host, port: 1 })!
    }

    /** Both want something, and nobody gets it. */
    function full(...taken: (string | undefined)[]): { bench: Bench; remotes: Remote[] } {
      const bench = new Bench({ maxConnections: taken.length, have: [0], uploadSlots: 0 })
      const remotes = taken.map(host => {
        const remote = bench.visit({ host: host!, port: 50_000 }).greet()
        return remote.say(ALL, messages.interested)
      })
      return { bench, remotes }
    }

    test('go to visitors of higher priority, one a second, when it is known where others see us', () => {
      const { bench, remotes } = full(worst, best, nextWorst)
      expect(bench.visit({ host: second!, port: 1 }).handler).toBeUndefined()
      bench.ownAddress.onDht(US)
      expect(bench.visit({ host: second!, port: 1 }).handler).toBeDefined()
      expect(remotes.map(({ link }) => link.isClosed)).toEqual([true, false, false])
      expect(bench.visit({ host: hosts[2]!, port: 1 }).handler).toBeUndefined()
      bench.wait(1_000)
      expect(bench.visit({ host: hosts[2]!, port: 1 }).handler).toBeDefined()
      expect(remotes.map(({ link }) => link.isClosed)).toEqual([true, false, true])
      bench.wait(1_000)
      expect(bench.visit({ host: worst!, port: 1 }).handler).toBeUndefined()
      bench.check()
    })

    test('may be all those of the engine', () => {
      const { bench, remotes } = full(worst)
      bench.ownAddress.onDht(US)
      bench.swarm.setMaxConnections(9)
      expect(bench.torrent.accept(new Remote({ host: best!, port: 1 }).link, true)).toBeDefined()
      expect(remotes[0]!.link.isClosed).toBe(true)
    })

    test('are not exchanged for those that give us something', () => {
      const { bench, remotes } = full(worst)
      bench.ownAddress.onDht(US)
      remotes[0]!.say(messages.unchoke)
      expect(bench.visit({ host: best!, port: 1 }).handler).toBeUndefined()
    })

    test('decide whom we dial, as soon as peers agree on where they see us', () => {
      const bench = new Bench()
      const tells = messages.encodeExtended(0, encodeExtendedHandshake({ yourIp: US }))
      for (const host of ['8.8.8.8', '8.8.4.4']) {
        bench.visit({ host, port: 1 }).greet({ extended: true }).say(tells)
      }
      for (const host of hosts) bench.swarm.addAddress({ host, port: 6881 }, 'tracker')
      bench.wait(1_100)
      bench.swarm.dial(bench.now)
      bench.swarm.dial(bench.now)
      expect(bench.dialled.map(({ link }) => link.remote.host)).toEqual([best, second])
    })
  })

  test('a seed leaves a seed', () => {
    const bench = new Bench({ have: 'all' })
    const them = bench.visit().greet().say(ALL)
    bench.wait(4_900)
    expect(them.link.isClosed).toBe(false)
    bench.wait(1_200)
    expect(them.link.isClosed).toBe(true)
  })
})

describe('peer exchange', () => {
  /** What a peer hears of others, after a seed has left a seed. */
  function heardOfSeed(bench: Bench): string[] {
    const seed = bench.dial({ host: '10.9.9.9', port: 7000 })
    seed.handler!.onOpen()
    seed.greet().say(ALL)
    bench.wait(6_200)
    expect(seed.link.isClosed).toBe(true)
    const extensions = new Map([['ut_pex', 9]])
    const tells = messages.encodeExtended(0, encodeExtendedHandshake({ extensions }))
    const them = bench.visit().greet({ extended: true }).say(tells)
    bench.wait(200)
    // Four bytes of length, the message's id, the extension's.
    const told = them.heardBytes().filter(bytes => bytes[4] === 20 && bytes[5] === 9)
    return told.flatMap(bytes => parsePexMessage(bytes.subarray(6), 9).map(({ address }) => address.host))
  }

  test('tells also of a seed that a seed has left', () => {
    expect(heardOfSeed(new Bench({ have: 'all' }))).toEqual(['10.9.9.9'])
  })

  test('tells nobody of anybody where peers are not to be exchanged', () => {
    expect(heardOfSeed(new Bench({ have: 'all', discovery: false }))).toEqual([])
  })
})

describe('endgame', () => {
  test('what two were asked for is cancelled with the one when the other brings it', () => {
    const bench = new Bench({ pieces: 1 })
    const slow = bench
      .visit()
      .greet()
      .say(messages.encodeBitfield(Uint8Array.of(0x80)), messages.unchoke)
    const quick = bench
      .visit()
      .greet()
      .say(messages.encodeBitfield(Uint8Array.of(0x80)), messages.unchoke)
    expect(requests(slow)).toEqual(['request 0:0', 'request 0:1'])
    expect(requests(quick)).toEqual(['request 0:0', 'request 0:1'])
    quick.sayBlock(bench.geometry, 0, 0)
    expect(slow.heard()).toEqual(['cancel 0:0'])
    // It comes all the same: not wanted, and no misdeed.
    slow.sayBlock(bench.geometry, 0, 0)
    expect(bench.torrent.totals.wastedBytes).toBe(BLOCK_BYTES)
    quick.sayBlock(bench.geometry, 0, 1)
    bench.store.answerAll()
    expect(bench.torrent.isComplete).toBe(true)
    bench.check()
    bench.stop()
    expect(bench.pool.available).toBe(bench.pool.capacity)
  })
})

describe('behind a slow line of our own', () => {
  test('the first four are asked for 16 blocks, and the others for two until it is known what it brings', () => {
    const bench = new Bench({ pieces: 100 })
    const all = messages.encodeBitfield(Bitfield.full(100).bytes)
    const peers = Array.from({ length: 6 }, () => bench.visit().greet().say(all, messages.unchoke))
    expect(peers.map(peer => requests(peer).length)).toEqual([16, 16, 16, 16, 2, 2])
  })

  test('who sends in vain what another brought is not silent, and not asked for less', () => {
    const bench = new Bench({ pieces: 1 })
    const all = messages.encodeBitfield(Uint8Array.of(0x80))
    const [slow, quick] = [0, 1].map(() => bench.visit().greet().say(all, messages.unchoke))
    requests(slow!)
    quick!.sayBlock(bench.geometry, 0, 0)
    bench.wait(1_500)
    const late = bench.peer(slow!)!
    expect(late.silent).toBe(true)
    slow!.sayBlock(bench.geometry, 0, 0)
    expect(late.silent).toBe(false)
    expect(late.download.total).toBe(0)
    // Two seconds are what one gets of which nothing came so far, as of when it sent the last.
    bench.wait(1_500)
    expect(late.stalled).toBe(false)
    bench.wait(1_000)
    expect(late.stalled).toBe(true)
    bench.check()
  })
})

describe('whom we could ask is asked', () => {
  test('of what one left, released, or was choked from, within a tick', () => {
    const bench = new Bench({ pieces: 1 })
    const bits = messages.encodeBitfield(Uint8Array.of(0x80))
    const idle = bench.visit().greet().say(bits)
    const busy = bench.visit().greet().say(bits, messages.unchoke)
    busy.sayBlock(bench.geometry, 0, 0).say(messages.choke)
    idle.heard()
    idle.say(messages.unchoke)
    expect(requests(idle)).toEqual(['request 0:1'])
    idle.say(messages.choke)
    busy.heard()
    busy.say(messages.unchoke)
    expect(requests(busy)).toEqual(['request 0:1'])
    idle.say(messages.unchoke)
    busy.handler!.onClose(undefined)
    bench.wait(100)
    expect(requests(idle)).toContain('request 0:1')
  })

  test('of what one left in the middle of a block, at once', () => {
    const bench = new Bench({ pieces: 1 })
    const bits = messages.encodeBitfield(Uint8Array.of(0x80))
    const busy = bench.visit().greet().say(bits, messages.unchoke)
    busy.say(messages.pieceHeader(0, 0, BLOCK_BYTES), new Uint8Array(9))
    const idle = bench.visit().greet().say(bits, messages.unchoke)
    expect(requests(idle)).not.toContain('request 0:0')
    busy.handler!.onClose(undefined)
    expect(requests(idle)).toContain('request 0:0')
    bench.check()
  })

  test('when memory is free again', () => {
    const bench = new Bench({ slabs: 1 })
    const one = seed(bench)
    expect(requests(one)).toEqual(['request 0:0', 'request 0:1'])
    const two = seed(bench)
    one.sayBlock(bench.geometry, 0, 0).sayBlock(bench.geometry, 0, 1)
    expect([requests(one), requests(two)]).toEqual([[], []])
    bench.store.answerAll()
    expect(requests(one).concat(requests(two)).length).toBeGreaterThanOrEqual(2)
    bench.check()
  })

  test('when a piece turned out corrupt', () => {
    const bench = new Bench({ pieces: 1 })
    const bits = messages.encodeBitfield(Uint8Array.of(0x80))
    const other = bench.visit().greet().say(bits)
    const liar = bench.visit().greet().say(bits, messages.unchoke)
    liar.sayBlock(bench.geometry, 0, 0).sayBlock(bench.geometry, 0, 1)
    other.heard()
    other.say(messages.unchoke)
    expect(requests(other)).toEqual([])
    bench.store.answer({ kind: 'corrupt', digests: new Uint8Array(40) })
    expect(liar.link.isClosed).toBe(true)
    bench.wait(100)
    expect(requests(other)).toEqual(['request 0:0', 'request 0:1'])
    expect(bench.torrent.book.isBanned(liar.key, bench.now)).toBe(true)
    bench.check()
  })

  test('also when all who are left are on parole, and the piece is half done by another', () => {
    const bench = new Bench({ pieces: 3 })
    const bits = messages.encodeBitfield(Uint8Array.of(0xe0))
    const one = bench.visit().greet().say(bits, messages.unchoke)
    one.sayBlock(bench.geometry, 0, 0)
    const two = bench.visit().greet().say(bits, messages.unchoke)
    one.handler!.onClose(undefined)
    bench.peer(two)!.parole = true
    two.heard()
    // What it has been asked for meanwhile it rejects, so to say.
    two.say(messages.choke)
    bench.wait(100)
    two.heard()
    two.say(messages.unchoke)
    expect(requests(two)).not.toContain('request 0:1')
    for (const piece of [1, 2]) two.sayBlock(bench.geometry, piece, 0).sayBlock(bench.geometry, piece, 1)
    bench.store.answerAll()
    bench.wait(1_200)
    expect(requests(two)).toEqual(['request 0:0', 'request 0:1'])
    bench.check()
  })

  test('also when such a piece holds all memory there is', () => {
    const bench = new Bench({ pieces: 2, slabs: 1 })
    const bits = messages.encodeBitfield(Uint8Array.of(0xc0))
    const one = bench.visit().greet().say(bits, messages.unchoke)
    one.sayBlock(bench.geometry, 0, 0)
    one.handler!.onClose(undefined)
    const two = bench.visit().greet().say(bits)
    bench.peer(two)!.parole = true
    two.say(messages.unchoke)
    expect([requests(two), bench.pool.available]).toEqual([[], 0])
    bench.wait(1_200)
    expect(requests(two)).toEqual(['request 0:0', 'request 0:1'])
    bench.check()
  })

  test('one that was banned does not come back', () => {
    const bench = new Bench()
    const address = bench.address()
    bench.torrent.book.ban(`${address.host}:${address.port}`, bench.now, 1_000)
    expect(bench.visit(address).handler).toBeUndefined()
  })
})

describe('rate limits', () => {
  test('of requests: everyone gets some of it', () => {
    const bench = new Bench({ pieces: 400, slabs: 800, downloadLimit: 10 * BLOCK_BYTES, sequential: true })
    const all = messages.encodeBitfield(new Uint8Array(50).fill(0xff))
    const peers = Array.from({ length: 5 }, () => bench.visit().greet().say(all, messages.unchoke))
    for (const peer of peers) peer.heard()
    bench.wait(10_000)
    const counts = peers.map(peer => requests(peer).length)
    const total = counts.reduce((sum, count) => sum + count, 0)
    expect(total).toBeLessThanOrEqual(12 * 10)
    for (const count of counts) expect(count).toBeGreaterThan(8)
  })

  test('of sending: everyone gets some of it', () => {
    const bench = new Bench({ have: 'all', uploadLimit: 10 * BLOCK_BYTES })
    const peers = Array.from({ length: 4 }, () => bench.visit().greet().say(messages.interested))
    for (const peer of peers) {
      for (let n = 0; n < 200; n++) peer.say(messages.encodeRequest(0, 0, BLOCK_BYTES))
      peer.heard()
    }
    bench.wait(10_000)
    const counts = peers.map(peer => peer.heard().filter(text => text.startsWith('piece')).length)
    const total = counts.reduce((sum, count) => sum + count, 0)
    expect(total).toBeGreaterThan(80)
    expect(total).toBeLessThanOrEqual(12 * 10)
    for (const count of counts) expect(count).toBeGreaterThan(12)
  })
})

describe('on trial', () => {
  const BLOCKS = 32

  function count(remote: Remote): number {
    return remote.heard().filter(text => text.startsWith('request')).length
  }

  /** Answers all that is asked, in order, as the test's `right` says. */
  function give(bench: Bench, remote: Remote): void {
    for (const text of remote.heard()) {
      const [, piece, block] = /^request (\d+):(\d+)$/.exec(text) ?? []
      if (piece !== undefined) remote.sayBlock(bench.geometry, Number(piece), Number(block))
    }
  }

  const everything = (bench: Bench): Uint8Array =>
    messages.encodeBitfield(new Uint8Array(Math.ceil(bench.geometry.pieceCount / 8)).fill(0xff))

  test('a peer gets a piece to itself, and one more with each that was right', () => {
    const bench = new Bench({ pieces: 16, pieceLength: BLOCKS * BLOCK_BYTES, slabs: 64, sequential: false })
    const first = bench.visit().greet().say(everything(bench), messages.unchoke)
    const second = bench.visit().greet().say(everything(bench), messages.unchoke)
    for (let n = 0; n < 6; n++) {
      give(bench, first)
      give(bench, second)
    }
    for (const { piece } of bench.store.runs) expect(bench.swarm.picker.contributors(piece).size).toBe(1)
    for (const them of [first, second]) {
      expect(bench.peer(them)!.download.total).toBeLessThanOrEqual(BLOCKS * BLOCK_BYTES)
      expect(bench.peer(them)!.window.size).toBe(0)
    }
    bench.store.answerAll()
    bench.wait(100)
    expect(count(first)).toBeGreaterThan(0)
    expect(bench.peer(first)!.trial).toBeDefined()
    bench.check()
  })

  test('what comes to nothing ends by itself', () => {
    const bench = new Bench({ pieces: 16, pieceLength: BLOCKS * BLOCK_BYTES, slabs: 64 })
    const them = bench.visit().greet().say(everything(bench), messages.unchoke)
    for (let n = 0; n < 3; n++) give(bench, them)
    expect(count(them)).toBe(0)
    bench.wait(2_100)
    expect(count(them)).toBeGreaterThan(0)
    bench.check()
  })
})

test('those who read nothing hold no slot, and whoever came last is served first', () => {
  const bench = new Bench({ have: 'all', pieces: 40, uploadSlots: 2 })
  const unread = Array.from({ length: 6 }, () => {
    const them = bench.visit().greet()
    them.link.isStuck = true
    them.say(messages.interested, ...[0, 1, 2].map(piece => messages.encodeRequest(piece, 0, BLOCK_BYTES)))
    return them
  })
  bench.wait(200)
  const honest = bench.visit().greet().say(messages.interested)
  expect(honest.heard()).not.toContain('unchoke')
  bench.wait(2_500)
  expect(honest.heard()).toContain('unchoke')
  expect(unread.every(({ link }) => !link.isClosed)).toBe(true)
})

test('nor do those who are unchoked and ask for nothing', () => {
  const bench = new Bench({ have: 'all', uploadSlots: 2 })
  for (let n = 0; n < 6; n++) bench.visit().greet().say(messages.interested)
  bench.wait(200)
  const honest = bench.visit().greet().say(messages.interested)
  expect(honest.heard()).not.toContain('unchoke')
  bench.wait(3_500)
  expect(honest.heard()).toContain('unchoke')
})

test('a corrupt piece goes to those who send, before those who have fallen silent', () => {
  const bench = new Bench({ pieces: 1 })
  const all = messages.encodeBitfield(Uint8Array.of(0x80))
  const [silent, other] = [0, 1].map(() => bench.visit().greet().say(all))
  silent!.say(messages.unchoke)
  silent!.sayBlock(bench.geometry, 0, 0)
  bench.wait(600)
  other!.say(messages.unchoke)
  other!.sayBlock(bench.geometry, 0, 1)
  for (const remote of [silent!, other!]) remote.heard()
  bench.store.answer({ kind: 'corrupt', digests: new Uint8Array(2 * 20) })
  expect(requests(other!)).toEqual(['request 0:0', 'request 0:1'])
  expect(requests(silent!)).toEqual([])
  bench.check()
})

describe('strangers of a host where somebody lied', () => {
  const host = '10.9.9.9'
  const six = messages.encodeBitfield(Uint8Array.of(0xfc))

  function visitor(bench: Bench, port: number): Remote {
    return bench.visit({ host, port }).greet().say(six, messages.unchoke)
  }

  /** Pieces of which something is asked since last looked. */
  function asked(remote: Remote): number[] {
    return [...new Set(requests(remote).map(text => Number(/ (\d+):/.exec(text)![1])))]
  }

  function bring(bench: Bench, remote: Remote, piece: number): void {
    for (let block = 0; block < 16; block++) remote.sayBlock(bench.geometry, piece, block)
  }

  function lied(): Bench {
    const bench = new Bench({ pieces: 6, pieceLength: 16 * BLOCK_BYTES })
    const liar = visitor(bench, 1)
    expect(asked(liar)).toEqual([0])
    bring(bench, liar, 0)
    return bench
  }

  function convict(bench: Bench): void {
    bench.store.answer({ kind: 'corrupt', digests: new Uint8Array(16 * 20) })
    expect(bench.torrent.book.isBanned(`${host}:1`, bench.now)).toBe(true)
  }

  test('are taken in, and asked one after the other when their time has come', () => {
    const bench = lied()
    convict(bench)
    const [one, two] = [visitor(bench, 2), visitor(bench, 3)]
    bench.wait(59_900)
    expect([asked(one), asked(two)]).toEqual([[], []])
    expect([one.link.isClosed, two.link.isClosed]).toEqual([false, false])
    bench.wait(100)
    const [first, second] = asked(one).length > 0 ? [one, two] : [two, one]
    expect(asked(second)).toEqual([])
    bring(bench, first, 0)
    bench.store.answerAll()
    bench.wait(100)
    expect(asked(second)).toHaveLength(1)
    bench.check()
  })

  test('go on with the piece that they began before, and with others once it was right', () => {
    const bench = lied()
    const honest = visitor(bench, 2)
    expect(asked(honest)).toEqual([1])
    convict(bench)
    bench.wait(2_100)
    bring(bench, honest, 1)
    expect(asked(honest)).toEqual([])
    bench.store.answerAll()
    bench.wait(100)
    expect(asked(honest).length).toBeGreaterThan(0)
    bench.check()
  })

  test('keep nobody out and hold up nobody while they wait', () => {
    const bench = lied()
    convict(bench)
    const waiting = visitor(bench, 2)
    bench.torrent.setMaxConnections(1)
    bench.wait(3_000)
    const elsewhere = seed(bench)
    expect(waiting.link.isClosed).toBe(true)
    expect(asked(elsewhere).length).toBeGreaterThan(0)
  })

  test('leave what another began to those who are on parole', () => {
    const bench = lied()
    convict(bench)
    const bits = messages.encodeBitfield(Uint8Array.of(0x80))
    const gone = bench.visit().greet().say(bits, messages.unchoke)
    gone.sayBlock(bench.geometry, 0, 0)
    gone.handler!.onClose(undefined)
    visitor(bench, 2)
    const suspect = bench.visit().greet().say(bits)
    bench.peer(suspect)!.parole = true
    suspect.say(messages.unchoke)
    bench.wait(1_200)
    expect(asked(suspect)).toEqual([0])
    bench.check()
  })
})
