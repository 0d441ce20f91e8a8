import { describe, expect, test } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import { BLOCK_BYTES } from '../../src/metainfo/geometry.ts'
import { allowedFastSet } from '../../src/wire/allowed-fast.ts'
import * as messages from '../../src/wire/messages.ts'
import { Bench, type BenchOptions, type Greeting, handshakeOf, idOf, OUR_ID, type Remote } from './fakes.ts'

interface Row {
  readonly name: string
  /** What we have; nothing unless told. */
  readonly bench?: BenchOptions
  readonly greeting?: Greeting
  /** From right after both handshakes. */
  readonly talk: (them: Remote, bench: Bench) => void
  /** What they hear in answer. */
  readonly hear: readonly string[]
  readonly closed?: true
}

const FAST: Greeting = { fast: true }
/** Pieces 0 to 3. */
const ALL = messages.encodeBitfield(Uint8Array.of(0xf0))
const bits = (...bytes: number[]): Uint8Array => messages.encodeBitfield(Uint8Array.from(bytes))
const have = messages.encodeHave
const ask = (piece: number, block: number, length = BLOCK_BYTES): Uint8Array =>
  messages.encodeRequest(piece, block * BLOCK_BYTES, length)
const refuse = (piece: number, block: number, length = BLOCK_BYTES): Uint8Array =>
  messages.encodeReject(piece, block * BLOCK_BYTES, length)
const drop = (piece: number, block: number, length = BLOCK_BYTES): Uint8Array =>
  messages.encodeCancel(piece, block * BLOCK_BYTES, length)
const EVERYTHING = ['0:0', '0:1', '1:0', '1:1', '2:0', '2:1', '3:0', '3:1'].map(block => `request ${block}`)
const INTERESTED = [messages.interested]

const rows: Row[] = [
  // -------------------------------------------------------------------------------------------- telling pieces
  { name: 'a full bitfield makes us interested', talk: t => t.say(ALL), hear: ['interested'] },
  { name: 'an empty bitfield does not', talk: t => t.say(bits(0)), hear: [] },
  { name: 'a bitfield a byte too long closes', talk: t => t.say(bits(0xf0, 0)), hear: [], closed: true },
  { name: 'a bitfield of no bytes closes', talk: t => t.say(bits()), hear: [], closed: true },
  { name: 'a bitfield with a spare bit set closes', talk: t => t.say(bits(0xf8)), hear: [], closed: true },
  {
    name: 'a bitfield may come in mid-stream',
    talk: t => t.say(bits(0), have(1), bits(0xe0)),
    hear: ['interested'],
  },
  {
    // aria2 sends them in place of several haves.
    name: 'a bitfield in mid-stream adds to what was told',
    talk: t => t.say(have(1), ...Array.from({ length: 40 }, () => bits(0x80))),
    hear: ['interested'],
  },
  { name: 'a have of the last piece counts', talk: t => t.say(have(3)), hear: ['interested'] },
  { name: 'a have out of range closes', talk: t => t.say(have(4)), hear: [], closed: true },
  { name: 'a have of 2^32 - 1 closes', talk: t => t.say(have(0xffff_ffff)), hear: [], closed: true },
  { name: 'a have told twice counts once', talk: t => t.say(have(1), have(1)), hear: ['interested'] },
  {
    name: 'have all counts with BEP 6',
    greeting: FAST,
    talk: t => t.say(messages.haveAll),
    hear: ['interested'],
  },
  { name: 'have none counts with BEP 6', greeting: FAST, talk: t => t.say(messages.haveNone), hear: [] },
  { name: 'have all without BEP 6 closes', talk: t => t.say(messages.haveAll), hear: [], closed: true },
  { name: 'have none without BEP 6 closes', talk: t => t.say(messages.haveNone), hear: [], closed: true },
  {
    name: 'suggest without BEP 6 closes',
    talk: t => t.say(messages.encodeSuggest(1)),
    hear: [],
    closed: true,
  },
  {
    name: 'allowed fast without BEP 6 closes',
    talk: t => t.say(messages.encodeAllowedFast(1)),
    hear: [],
    closed: true,
  },
  { name: 'reject without BEP 6 closes', talk: t => t.say(refuse(0, 0)), hear: [], closed: true },
  {
    name: 'a suggestion changes nothing',
    greeting: FAST,
    talk: t => t.say(messages.encodeSuggest(1)),
    hear: [],
  },
  {
    name: 'a suggestion out of range closes',
    greeting: FAST,
    talk: t => t.say(messages.encodeSuggest(4)),
    hear: [],
    closed: true,
  },
  // ---------------------------------------------------------------------------------------------------- asking
  {
    name: 'unchoked, we ask for all there is',
    talk: t => t.say(ALL, messages.unchoke),
    hear: ['interested', ...EVERYTHING],
  },
  {
    name: 'unchoked without an interest, we ask for nothing',
    talk: t => t.say(messages.unchoke),
    hear: [],
  },
  {
    name: 'a have of an unchoked peer is asked for at once',
    talk: t => t.say(messages.unchoke, have(2)),
    hear: ['interested', 'request 2:0', 'request 2:1'],
  },
  {
    name: 'without BEP 6 a choke drops what we asked for, and an unchoke lets us ask anew',
    talk: t => t.say(have(2), messages.unchoke).say(messages.choke).say(messages.unchoke),
    hear: ['interested', 'request 2:0', 'request 2:1', 'request 2:0', 'request 2:1'],
  },
  {
    name: 'with BEP 6 a choke drops nothing that is not rejected',
    greeting: FAST,
    talk: t => t.say(have(2), messages.unchoke).say(messages.choke).say(refuse(2, 1)).say(messages.unchoke),
    hear: ['interested', 'request 2:0', 'request 2:1', 'request 2:1'],
  },
  {
    name: 'an allowed fast piece is asked for while choked',
    greeting: FAST,
    talk: t => t.say(messages.haveAll, messages.encodeAllowedFast(2)),
    hear: ['interested', 'request 2:0', 'request 2:1'],
  },
  {
    name: 'an allowed fast piece that it does not have is not asked for',
    greeting: FAST,
    talk: t => t.say(have(1), messages.encodeAllowedFast(2)),
    hear: ['interested'],
  },
  {
    name: 'an allowed fast piece that is rejected is not asked for again while choked',
    greeting: FAST,
    talk: (t, b) => {
      t.say(messages.haveAll, messages.encodeAllowedFast(2)).say(refuse(2, 0), refuse(2, 1))
      b.wait(5_000)
    },
    hear: ['interested', 'request 2:0', 'request 2:1'],
  },
  {
    name: 'an allowed fast piece out of range closes',
    greeting: FAST,
    talk: t => t.say(messages.encodeAllowedFast(4)),
    hear: [],
    closed: true,
  },
  {
    name: 'a peer that rejects while it lets us ask is left alone for a second',
    greeting: FAST,
    talk: (t, b) => {
      t.say(have(2), messages.unchoke)
      t.heard()
      for (let n = 0; n < 100; n++) t.say(refuse(2, 0), refuse(2, 1))
      b.wait(900)
    },
    hear: [],
  },
  {
    name: '… and then asked again',
    greeting: FAST,
    talk: (t, b) => {
      t.say(have(2), messages.unchoke).say(refuse(2, 0), refuse(2, 1))
      t.heard()
      b.wait(1_200)
    },
    hear: ['request 2:0', 'request 2:1'],
  },
  {
    name: 'a reject that cannot be an answer closes',
    greeting: FAST,
    talk: t => t.say(messages.encodeReject(0, 5, 7)),
    hear: [],
    closed: true,
  },
  {
    name: 'a whole piece is told of only when it is on disk',
    talk: (t, b) => {
      t.say(have(2), messages.unchoke).sayBlock(b.geometry, 2, 0).sayBlock(b.geometry, 2, 1)
      const other = b.visit().greet()
      other.heard()
      b.wait(500)
      expect(other.heard()).toEqual([])
      b.store.answerAll()
      expect(other.heard()).toEqual(['have 2'])
    },
    hear: ['interested', 'request 2:0', 'request 2:1'],
  },
  {
    name: 'interest ends when all that it has is had',
    talk: (t, b) => {
      t.say(have(2), messages.unchoke).sayBlock(b.geometry, 2, 0).sayBlock(b.geometry, 2, 1)
      b.store.answerAll()
      t.heard()
      b.wait(1_100)
    },
    hear: ['not interested'],
  },
  {
    name: 'up to 16 blocks that nobody asked for are borne',
    talk: (t, b) => {
      for (let n = 0; n < 16; n++) t.sayBlock(b.geometry, 0, 0)
      expect(b.torrent.totals.wastedBytes).toBe(16 * BLOCK_BYTES)
    },
    hear: [],
  },
  {
    name: 'a 17th closes',
    talk: (t, b) => {
      for (let n = 0; n < 17; n++) t.sayBlock(b.geometry, 0, 0)
    },
    hear: [],
    closed: true,
  },
  {
    name: 'a block after a choke is welcome',
    talk: (t, b) => {
      t.say(have(2), messages.unchoke).say(messages.choke)
      t.heard()
      t.sayBlock(b.geometry, 2, 0).sayBlock(b.geometry, 2, 1)
      expect(b.store.runs.length).toBe(1)
    },
    hear: [],
  },
  {
    name: 'a block that comes after its request timed out is welcome',
    talk: (t, b) => {
      t.say(have(2), messages.unchoke)
      b.wait(21_000)
      t.heard()
      t.sayBlock(b.geometry, 2, 1).sayBlock(b.geometry, 2, 0)
      expect(b.store.runs.length).toBe(1)
    },
    hear: [],
  },
  // --------------------------------------------------------------------------------------------------- serving
  {
    name: 'interested is answered by unchoke while there is a slot',
    bench: { have: 'all' },
    talk: t => t.say(...INTERESTED),
    hear: ['unchoke'],
  },
  {
    name: 'interested twice is answered once',
    bench: { have: 'all' },
    talk: t => t.say(...INTERESTED, ...INTERESTED),
    hear: ['unchoke'],
  },
  {
    name: 'a request is answered by the block',
    bench: { have: 'all' },
    talk: t => t.say(messages.interested, ask(1, 1), ask(3, 1, 3616)),
    hear: ['unchoke', 'piece 1:1', 'piece 3:1'],
  },
  {
    name: 'a request of odd bytes is as good as any',
    bench: { have: 'all' },
    talk: t => t.say(messages.interested, messages.encodeRequest(1, 5, 7)),
    hear: ['unchoke', 'piece 1:+5'],
  },
  {
    name: 'a request while choked is ignored without BEP 6',
    bench: { have: 'all' },
    talk: t => t.say(ask(1, 1)),
    hear: [],
  },
  {
    name: 'a request while choked is rejected with BEP 6',
    bench: { have: 'all', pieces: 64 },
    greeting: FAST,
    talk: (t, b) => {
      const free = allowedOf(b)
      t.say(ask(Array.from({ length: 64 }, (_, n) => n).find(n => !free.includes(n))!, 0))
      const [answer, ...more] = t.heard()
      expect(answer).toMatch(/^reject/)
      expect(more).toEqual([])
    },
    hear: [],
  },
  {
    name: 'a request for an allowed fast piece is answered while choked',
    bench: { have: 'all' },
    greeting: FAST,
    talk: t => t.say(ask(1, 1)),
    hear: ['piece 1:1'],
  },
  {
    name: 'allowed fast is for those who have little',
    bench: { have: 'all', pieces: 40 },
    greeting: FAST,
    talk: (t, b) => {
      t.say(bits(0xff, 0xff, 0, 0, 0), ask(allowedOf(b)[0]!, 0))
      expect(t.heard()).toEqual([`reject ${allowedOf(b)[0]}:0`])
    },
    hear: [],
  },
  {
    name: 'a request for a piece that we lack is ignored without BEP 6',
    bench: { have: [0] },
    talk: t => t.say(messages.interested, ask(1, 1)),
    hear: ['unchoke'],
  },
  {
    name: 'a request for a piece that we lack is rejected with BEP 6',
    bench: { have: [0] },
    greeting: FAST,
    talk: t => t.say(messages.interested, ask(1, 1)),
    hear: ['unchoke', 'reject 1:1'],
  },
  {
    name: 'a request for a piece that does not exist closes',
    talk: t => t.say(ask(4, 0)),
    hear: [],
    closed: true,
  },
  { name: 'a request beyond the end closes', talk: t => t.say(ask(3, 1)), hear: [], closed: true },
  { name: 'a request of no bytes closes', talk: t => t.say(ask(0, 0, 0)), hear: [], closed: true },
  {
    name: 'a request that wraps around 2^32 closes',
    talk: t => t.say(messages.encodeRequest(0, 0xffff_ffff, 2)),
    hear: [],
    closed: true,
  },
  {
    name: 'a request of more than 128 KiB is rejected',
    bench: { have: 'all', pieceLength: 16 * BLOCK_BYTES },
    greeting: FAST,
    talk: t => t.say(messages.interested, ask(0, 0, 9 * BLOCK_BYTES)),
    hear: ['unchoke', 'reject 0:0'],
  },
  {
    name: 'with BEP 6 a cancel is answered by a reject',
    bench: { have: 'all', uploadLimit: 1 },
    greeting: FAST,
    talk: t => t.say(messages.interested, ask(0, 0), ask(0, 1)).say(drop(0, 1)),
    hear: ['unchoke', 'piece 0:0', 'reject 0:1'],
  },
  {
    name: 'without BEP 6 a cancel is not answered',
    bench: { have: 'all', uploadLimit: 1 },
    talk: (t, b) => {
      t.say(messages.interested, ask(0, 0), ask(0, 1)).say(drop(0, 1))
      b.wait(20_000)
    },
    hear: ['unchoke', 'piece 0:0'],
  },
  {
    name: 'a cancel of what was never asked for is nothing',
    bench: { have: 'all' },
    greeting: FAST,
    talk: t => t.say(messages.interested, drop(0, 0)),
    hear: ['unchoke'],
  },
  {
    name: 'who is no longer interested is choked, and what it asked for is rejected',
    bench: { have: 'all', uploadLimit: 1, pieces: 64 },
    greeting: FAST,
    talk: (t, b) => {
      const free = allowedOf(b)
      const [one, two, three] = Array.from({ length: 63 }, (_, n) => n).filter(n => !free.includes(n))
      t.say(messages.interested, ask(one!, 0), ask(two!, 0), ask(three!, 0)).say(messages.notInterested)
      b.wait(1_100)
      const blocks = [`piece ${one}:0`, `piece ${two}:0`]
      expect(t.heard()).toEqual(['unchoke', ...blocks, 'choke', `reject ${three}:0`])
    },
    hear: [],
  },
  // ----------------------------------------------------------------------------------------------------- others
  { name: 'a keep-alive is nothing', talk: t => t.say(messages.keepAlive), hear: [] },
  { name: 'a DHT port is nothing', talk: t => t.say(messages.encodePort(6881)), hear: [] },
  {
    name: 'an unknown message is jumped over',
    talk: t => t.say(Uint8Array.of(0, 0, 0, 3, 99, 1, 2), have(0)),
    hear: ['interested'],
  },
  {
    name: 'a choke of the wrong length closes',
    talk: t => t.say(Uint8Array.of(0, 0, 0, 2, 0, 0)),
    hear: [],
    closed: true,
  },
  {
    name: 'a message of 4 GiB closes',
    talk: t => t.say(Uint8Array.of(255, 255, 255, 255, 20)),
    hear: [],
    closed: true,
  },
  {
    name: 'an extension handshake that is no dictionary is borne',
    talk: t => t.say(messages.encodeExtended(0, Uint8Array.of(0x6c)), have(0)),
    hear: ['interested'],
  },
  {
    name: 'their limit of requests is kept',
    talk: t => t.say(messages.encodeExtended(0, encode({ m: {}, reqq: 1 })), have(2), messages.unchoke),
    hear: ['interested', 'request 2:0'],
  },
]

function allowedOf(bench: Bench): number[] {
  return allowedFastSet(bench.metainfo.infoHash, '10.0.0.0', bench.geometry.pieceCount, 10, bench.sha1)
}

describe('what we answer', () => {
  test.each(rows)('$name', ({ bench: options, greeting, talk, hear, closed }) => {
    const bench = new Bench(options)
    const them = bench.visit().greet(greeting)
    them.heard()
    talk(them, bench)
    expect(them.heard()).toEqual(hear)
    expect(them.link.isClosed).toBe(closed === true)
    expect(them.link.corks).toBe(0)
    bench.check()
    bench.stop()
    expect(bench.pool.available).toBe(bench.pool.capacity)
  })
})

describe('the handshake', () => {
  test('a leecher with nothing says so in BEP 6, and is silent without', () => {
    const bench = new Bench()
    expect(bench.visit().greet().heard()).toEqual(['handshake'])
    expect(bench.visit().greet(FAST).heard()).toEqual(['handshake', 'have none'])
  })

  test('the pieces come first, whatever else is spoken', () => {
    const bench = new Bench({ have: 'all', pieces: 2 })
    expect(bench.visit().greet({ fast: true, extended: true }).heard()).toEqual([
      'handshake',
      'have all',
      'extended',
      expect.stringMatching(/^allowed fast/),
      expect.stringMatching(/^allowed fast/),
    ])
    expect(bench.visit().greet({ extended: true }).heard()).toEqual(['handshake', 'bitfield', 'extended'])
  })

  test('whoever is called hears us first', () => {
    const bench = new Bench()
    const them = bench.dial()
    expect(them.heard()).toEqual([])
    them.handler!.onOpen()
    expect(them.heard()).toEqual(['handshake'])
    them.greet()
    expect(bench.peer(them)?.phase).toBe('open')
  })

  test('the last 20 bytes may come later than the rest', () => {
    const bench = new Bench()
    const them = bench.visit()
    const whole = handshakeOf(them.key)
    for (const byte of whole) them.say(Uint8Array.of(byte))
    expect(bench.peer(them)?.phase).toBe('open')
  })

  test('no answer within 6 s ends a call', () => {
    const bench = new Bench()
    const them = bench.dial()
    bench.wait(6_000)
    expect(them.link.isClosed).toBe(false)
    bench.wait(200)
    expect(them.link.isClosed).toBe(true)
    expect(bench.torrent.book.snapshot()[0]).toMatchObject({ state: 'idle', failures: 1 })
  })

  test('no whole handshake within 10 s ends a connection, in both directions', () => {
    const bench = new Bench()
    const them = bench.dial()
    them.handler!.onOpen()
    const visitor = bench.visit()
    for (let n = 0; n < 10; n++) {
      bench.wait(1_000)
      visitor.say(handshakeOf(visitor.key).subarray(n, n + 1))
    }
    expect([them.link.isClosed, visitor.link.isClosed]).toEqual([false, false])
    bench.wait(200)
    expect([them.link.isClosed, visitor.link.isClosed]).toEqual([true, true])
  })

  test('another info-hash closes', () => {
    const bench = new Bench()
    const them = bench.dial()
    them.handler!.onOpen()
    them.greet({ infoHash: new Uint8Array(20) })
    expect(them.link.isClosed).toBe(true)
  })

  test('another protocol closes at its first byte', () => {
    const bench = new Bench()
    expect(bench.visit().say(Uint8Array.of(0x16)).link.isClosed).toBe(true)
  })

  test('ourselves are not called again', () => {
    const bench = new Bench()
    const them = bench.dial()
    them.handler!.onOpen()
    them.greet({ peerId: OUR_ID })
    expect(them.link.isClosed).toBe(true)
    expect(bench.torrent.book.size).toBe(0)
    bench.torrent.addPeer(them.link.remote)
    expect(bench.torrent.book.size).toBe(0)
  })

  test('someone else than the tracker named is left, and not punished', () => {
    const bench = new Bench()
    const address = bench.address()
    for (let n = 0; n < 4; n++) {
      bench.torrent.book.add(address, 'tracker', bench.now, { peerId: idOf('the one') })
      bench.wait(3_600_000)
      bench.swarm.dial(bench.now)
      const them = bench.dialled.at(-1)!
      them.handler!.onOpen()
      them.greet()
      expect(them.link.isClosed).toBe(true)
    }
    expect(bench.dialled.length).toBe(4)
    expect(bench.torrent.book.isBanned('10.0.0.0:6881', bench.now)).toBe(false)
  })
})

describe('time', () => {
  test('a keep-alive is sent after 110 s of silence of ours', () => {
    const bench = new Bench()
    const them = bench.visit().greet()
    them.heard()
    bench.wait(110_000)
    expect(them.heard()).toEqual([])
    bench.wait(200)
    expect(them.heard()).toEqual(['keep-alive'])
  })

  test('180 s of silence of theirs are too much; a keep-alive is enough', () => {
    const bench = new Bench()
    const silent = bench.visit().greet()
    const alive = bench.visit().greet()
    bench.wait(100_000)
    alive.say(messages.keepAlive)
    bench.wait(80_000)
    expect(silent.link.isClosed).toBe(false)
    bench.wait(200)
    expect([silent.link.isClosed, alive.link.isClosed]).toEqual([true, false])
  })

  test('what is not answered within 20 s is asked of others', () => {
    const bench = new Bench({ pieces: 1 })
    const stalled = bench.visit().greet().say(bits(0x80), messages.unchoke)
    expect(stalled.heard()).toContain('request 0:1')
    bench.wait(20_100)
    const other = bench.visit().greet().say(bits(0x80), messages.unchoke)
    expect(other.heard()).toContain('request 0:1')
  })

  test('a peer that stops in the middle of the last block does not hold it for ever', () => {
    const bench = new Bench({ pieces: 2 })
    const drip = bench.visit().greet().say(have(0), messages.unchoke)
    drip
      .sayBlock(bench.geometry, 0, 0)
      .say(messages.pieceHeader(0, BLOCK_BYTES, BLOCK_BYTES), new Uint8Array(9))
    const other = bench.visit().greet().say(have(0), messages.unchoke)
    other.heard()
    bench.wait(19_000)
    expect(other.heard()).toEqual([])
    bench.wait(2_000)
    expect(other.heard()).toEqual(['request 0:1'])
    other.sayBlock(bench.geometry, 0, 1)
    bench.store.answerAll()
    expect(bench.torrent.have.has(0)).toBe(true)
    // The rest of it is jumped over.
    drip.say(new Uint8Array(BLOCK_BYTES - 9), messages.interested)
    expect(bench.peer(drip)?.interested).toBe(true)
    bench.check()
  })

  test('nor one that sends a byte now and then', () => {
    const bench = new Bench({ pieces: 2 })
    const drip = bench.visit().greet().say(have(0), messages.unchoke)
    drip.sayBlock(bench.geometry, 0, 0).say(messages.pieceHeader(0, BLOCK_BYTES, BLOCK_BYTES))
    const other = bench.visit().greet().say(have(0), messages.unchoke)
    other.heard()
    for (let s = 0; s < 61; s++) {
      drip.say(Uint8Array.of(1))
      bench.wait(1_000)
    }
    expect(other.heard()).toEqual(['request 0:1'])
  })

  test('with a quick peer at hand who has nothing else to do, 2 s of that are enough', () => {
    const bench = new Bench({ pieces: 3 })
    const drip = bench.visit().greet().say(have(0), messages.unchoke)
    drip.sayBlock(bench.geometry, 0, 0).say(messages.pieceHeader(0, BLOCK_BYTES, BLOCK_BYTES))
    const quick = bench.visit().greet().say(bits(0xe0), messages.unchoke)
    for (const [piece, block] of [
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ] as const) {
      if (bench.geometry.blockCount(piece) > block) quick.sayBlock(bench.geometry, piece, block)
    }
    bench.store.answerAll()
    quick.heard()
    for (let n = 0; n < 25; n++) {
      drip.say(Uint8Array.of(1))
      bench.wait(100)
    }
    expect(quick.heard().filter(text => text.startsWith('request'))).toEqual(['request 0:1'])
    expect(drip.link.isClosed).toBe(false)
    bench.check()
  })

  test('silent peers take all places of the last blocks, but for those of who proved itself', () => {
    const bench = new Bench({ pieces: 3 })
    const silent = Array.from({ length: 3 }, () => bench.visit().greet().say(have(0), messages.unchoke))
    for (const them of silent) expect(them.heard()).toContain('request 0:0')
    const fourth = bench.visit().greet().say(have(0), messages.unchoke)
    expect(fourth.heard()).not.toContain('request 0:0')
    const proven = bench.visit().greet().say(bits(0xe0), messages.unchoke)
    for (const piece of [1, 2]) {
      for (let block = 0; block < bench.geometry.blockCount(piece); block++) {
        proven.sayBlock(bench.geometry, piece, block)
      }
    }
    bench.wait(100)
    expect(proven.heard()).toContain('request 0:0')
    bench.check()
  })

  for (const gapMs of [100, 3_000]) {
    test(`who stops after a first block that took ${gapMs} ms is waited for twice as long, and 2 s at least`, () => {
      const bench = new Bench({ pieces: 1 })
      const them = bench.visit().greet().say(have(0), messages.unchoke)
      bench.wait(100)
      bench.visit().greet().say(have(0), messages.unchoke)
      for (let ms = 100; ms < gapMs; ms += 100) bench.wait(100)
      them.sayBlock(bench.geometry, 0, 0)
      const [peer] = bench.swarm.peers.values()
      let waitedMs = 0
      while (peer!.window.size > 0 && waitedMs < 20_000) {
        bench.wait(100)
        waitedMs += 100
      }
      expect(waitedMs).toBe(gapMs === 100 ? 2_000 : 6_000)
    })
  }

  test('a peer that chokes in the middle of a block may end it', () => {
    const bench = new Bench({ pieces: 2 })
    const them = bench.visit().greet().say(have(0), messages.unchoke)
    them.say(messages.pieceHeader(0, 0, BLOCK_BYTES), new Uint8Array(9)).say(new Uint8Array(BLOCK_BYTES - 9))
    them.say(messages.choke).sayBlock(bench.geometry, 0, 1)
    expect(bench.store.runs.length).toBe(1)
  })

  test('who reads nothing is left after a minute, however much we have to tell', () => {
    const bench = new Bench({ have: 'all' })
    const them = bench.visit().greet(FAST).say(messages.interested)
    them.link.isStuck = true
    for (let s = 0; s < 62; s++) {
      them.say(ask(0, 0))
      bench.wait(1_000)
    }
    expect(them.link.isClosed).toBe(true)
  })

  test('requests without end of someone who reads nothing close', () => {
    const bench = new Bench({ have: [0] })
    const them = bench.visit().greet(FAST)
    them.link.isStuck = true
    for (let n = 0; n < 10_000 && !them.link.isClosed; n++) them.say(ask(1, 0))
    expect(them.link.isClosed).toBe(true)
    expect(them.link.queuedBytes).toBeLessThan(128 * 1024)
  })

  test('what is sent keeps its bytes until it is taken', () => {
    const bench = new Bench({ have: 'all', pieces: 40 })
    const them = bench.visit().greet().say(messages.interested)
    them.heard()
    for (let round = 0; round < 3; round++) {
      for (let piece = 0; piece < 39; piece++) them.say(ask(piece, 0), ask(piece, 1))
      const blocks = them.heardBytes()
      bench.wait(100)
      blocks.push(...them.heardBytes())
      expect(blocks.length).toBe(78)
      for (const block of blocks) expect(block.subarray(13).every(byte => byte === block[8])).toBe(true)
    }
  })

  test('a slow reader gets little at a time', () => {
    const bench = new Bench({ have: 'all', pieceLength: 128 * BLOCK_BYTES })
    const them = bench.visit().greet().say(messages.interested)
    them.link.isStuck = true
    for (let block = 0; block < 128; block++) them.say(ask(0, block))
    bench.wait(1_000)
    expect(them.link.queuedBytes).toBeLessThan(200 * 1024)
  })
})

describe('parting', () => {
  test('in the middle of a block: all that it was asked for is asked of others', () => {
    const bench = new Bench({ pieces: 2 })
    const them = bench.visit().greet().say(bits(0xc0), messages.unchoke)
    them.say(messages.pieceHeader(0, 0, BLOCK_BYTES), new Uint8Array(100))
    const other = bench.visit().greet().say(bits(0xc0), messages.unchoke)
    them.handler!.onClose(undefined)
    bench.check()
    bench.wait(100)
    expect(new Set(other.heard().filter(text => text.startsWith('request')))).toEqual(
      new Set(['request 0:0', 'request 0:1', 'request 1:0', 'request 1:1']),
    )
  })

  test('of a liar in the middle of a chunk: nothing after it counts', () => {
    const bench = new Bench()
    const them = bench.visit().greet()
    const chunk = new Uint8Array([...have(9), ...have(0), ...messages.interested])
    them.say(chunk).say(messages.interested)
    expect(them.link.isClosed).toBe(true)
    expect(bench.swarm.peers.size).toBe(0)
    expect(bench.swarm.picker.availability(0)).toBe(0)
  })

  test('bytes, drains and readiness after the end are nothing', () => {
    const bench = new Bench({ have: 'all' })
    const them = bench.visit().greet().say(messages.interested)
    const peer = bench.peer(them)!
    peer.close('enough')
    them.heard()
    them.say(ask(0, 0))
    peer.onDrain()
    peer.onReadable()
    peer.onClose(undefined)
    peer.tick(bench.now, false, false)
    peer.sendHave(1)
    peer.choke()
    expect(them.heard()).toEqual([])
  })
})
