import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/bytes/bytes.ts'
import { fromHex, toHex } from '../../src/bytes/hex.ts'
import { ProtocolError } from '../../src/errors.ts'
import { Framer, MAX_BLOCK_BYTES } from '../../src/wire/framer.ts'
import { encodeHandshake, reservedBits } from '../../src/wire/handshake.ts'
import * as messages from '../../src/wire/messages.ts'
import { Recording } from './recording.ts'

const LIMIT = 1000

const infoHash = new Uint8Array(20).fill(0xaa)
const peerId = new Uint8Array(20).fill(0xbb)
const handshake = encodeHandshake({
  infoHash,
  peerId,
  reserved: reservedBits({ fast: true, extended: true, dht: true }),
})
const greeting = [`info-hash ${toHex(infoHash)} 0000000000100005`, `peer id ${toHex(peerId)}`]

const payload = Uint8Array.from({ length: 300 }, (_, n) => (n * 7) & 255)
const bits = Uint8Array.from({ length: 200 }, (_, n) => (n * 11) & 255)

/** One of each, with the calls that it causes. */
const each: [bytes: Uint8Array, ...calls: string[]][] = [
  [messages.encodeBitfield(bits), `bitfield ${toHex(bits)}`],
  [messages.keepAlive, 'keep-alive'],
  [messages.choke, 'choke'],
  [messages.unchoke, 'unchoke'],
  [messages.interested, 'interested'],
  [messages.notInterested, 'not interested'],
  [messages.encodeHave(0xffffffff), 'have 4294967295'],
  [messages.encodeRequest(1, 2, 3), 'request 1 2 3'],
  [
    concatBytes([messages.pieceHeader(7, 16384, payload.length), payload]),
    'open 7 16384 300',
    `block 7 16384 ${toHex(payload)}`,
  ],
  [messages.encodeCancel(4, 5, 6), 'cancel 4 5 6'],
  [messages.encodePort(51413), 'port 51413'],
  [messages.encodeSuggest(8), 'suggest 8'],
  [messages.haveAll, 'have all'],
  [messages.haveNone, 'have none'],
  [messages.encodeReject(9, 10, 11), 'reject 9 10 11'],
  [messages.encodeAllowedFast(12), 'allowed fast 12'],
  [messages.encodeExtended(3, payload), `extended 3 ${toHex(payload)}`],
  [messages.encodeExtended(0, new Uint8Array(0)), 'extended 0 '],
  [hex('00000004 63 010203'), 'unknown 99 3'],
  [hex('00000001 63'), 'unknown 99 0'],
]
const stream = concatBytes([handshake, ...each.map(([bytes]) => bytes)])
const calls = [...greeting, ...each.flatMap(([, ...told]) => told)]

function hex(text: string): Uint8Array {
  return fromHex(text.replaceAll(' ', ''))!
}

function setUp(memoryBytes = 4096): { sink: Recording; framer: Framer; memory: Uint8Array } {
  const memory = new Uint8Array(memoryBytes)
  const sink = new Recording(memory)
  return { sink, memory, framer: new Framer(memory, sink, { maxMessageBytes: LIMIT }) }
}

function feedAfterHandshake(...chunks: Uint8Array[]): Recording {
  const { sink, framer } = setUp()
  for (const chunk of [handshake, ...chunks]) framer.feed(chunk)
  return sink
}

/** Reproducible numbers from 0 to 1. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

describe('however the stream is cut', () => {
  it.each(each)('tells %o', (...row) => {
    const [bytes, ...told] = row as (typeof each)[number]
    expect(feedAfterHandshake(bytes).calls).toEqual([...greeting, ...told])
  })

  it('tells every message once and in order from one chunk', () => {
    const { sink, framer } = setUp()
    framer.feed(stream)
    expect(sink.calls).toEqual(calls)
  })

  it('tells the same byte by byte', () => {
    const { sink, framer } = setUp()
    for (let at = 0; at < stream.length; at++) framer.feed(stream.subarray(at, at + 1))
    expect(sink.calls).toEqual(calls)
  })

  it('tells the same with every single cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const { sink, framer } = setUp()
      framer.feed(stream.subarray(0, cut))
      framer.feed(stream.subarray(cut))
      expect(sink.calls).toEqual(calls)
    }
  })

  it('tells the same with random cuts, from a chunk that is overwritten afterwards', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seeded(seed)
      const { sink, framer, memory } = setUp()
      sink.place = () => Math.floor(random() * (memory.length - payload.length))
      const buffer = new Uint8Array(512)
      for (let at = 0; at < stream.length; ) {
        const from = Math.floor(random() * 8)
        const part = stream.subarray(at, at + 1 + Math.floor(random() * (seed % 2 === 0 ? 20 : 500)))
        buffer.set(part, from)
        framer.feed(buffer.subarray(from, from + part.length))
        buffer.fill(0xee)
        at += part.length
      }
      expect(sink.calls, `seed ${seed}`).toEqual(calls)
    }
  })

  it('tells the info-hash before the peer id is there', () => {
    const { sink, framer } = setUp()
    framer.feed(handshake.subarray(0, 48))
    expect(sink.calls).toEqual(greeting.slice(0, 1))
  })
})

describe('blocks', () => {
  const block = concatBytes([messages.pieceHeader(1, 0, payload.length), payload])

  it('go to their place in shared memory, whatever the alignment, and touch nothing beside it', () => {
    const bytes = Uint8Array.from({ length: 40_000 }, (_, n) => (n * 31 + (n >> 8)) & 255)
    for (let shift = 0; shift < 9; shift++) {
      const memory = new Uint8Array(new SharedArrayBuffer(50_000)).fill(0x55)
      const sink = new Recording(memory)
      sink.place = () => 100 + shift
      const framer = new Framer(memory, sink, { maxMessageBytes: LIMIT })
      framer.feed(handshake)
      const message = concatBytes([messages.pieceHeader(1, 0, bytes.length), bytes])
      for (let at = 0; at < message.length; at += 17_003) framer.feed(message.subarray(at, at + 17_003))
      expect(sink.calls.length).toBe(4)
      const expected = new Uint8Array(50_000).fill(0x55)
      expected.set(bytes, 100 + shift)
      expect(Buffer.compare(memory, expected)).toBe(0)
    }
  })

  it('are jumped over when the sink has no place for them', () => {
    const { sink, framer, memory } = setUp()
    sink.place = () => -1
    framer.feed(concatBytes([handshake, block, messages.choke]))
    expect(sink.calls.slice(2)).toEqual(['open 1 0 300', 'skipped 300', 'choke'])
    expect(memory.every(byte => byte === 0)).toBe(true)
  })

  it('stop being written to as soon as they are skipped', () => {
    const { sink, framer, memory } = setUp()
    framer.feed(concatBytes([handshake, block.subarray(0, 113)]))
    expect(framer.midBlock).toBe(true)
    framer.skipBlock()
    expect(framer.midBlock).toBe(false)
    framer.feed(concatBytes([block.subarray(113), messages.choke, block]))
    expect(sink.calls.slice(2)).toEqual([
      'open 1 0 300',
      'skipped 300',
      'choke',
      'open 1 0 300',
      `block 1 0 ${toHex(payload)}`,
    ])
    expect(memory.subarray(300).every(byte => byte === 0)).toBe(true)
  })

  it('are not mid-way between messages', () => {
    const { framer } = setUp()
    framer.feed(concatBytes([handshake, block]))
    expect(framer.midBlock).toBe(false)
    framer.feed(hex('00000064 63 00'))
    expect(framer.midBlock).toBe(false)
  })
})

describe('a hostile peer is stopped at the first byte that gives it away', () => {
  const u32 = (n: number): string => n.toString(16).padStart(8, '0')

  /** What it would get past, if this were let through; the bytes up to the one that must throw. */
  const table: readonly (readonly [aim: string, bytes: string, code: string])[] = [
    ['a choke that hides bytes', '00000002 00', 'BAD_MESSAGE'],
    ['an unchoke that hides bytes', '00000005 01', 'BAD_MESSAGE'],
    ['an interested that hides bytes', '00000002 02', 'BAD_MESSAGE'],
    ['a have without an index: read past its end', '00000001 04', 'BAD_MESSAGE'],
    ['a have with a byte too many: the stream goes out of step', '00000006 04', 'BAD_MESSAGE'],
    ['a request without a length: read past its end', '00000009 06', 'BAD_MESSAGE'],
    ['a request of 64-bit fields', '00000019 06', 'BAD_MESSAGE'],
    ['a cancel cut short', '0000000c 08', 'BAD_MESSAGE'],
    ['a port of four bytes', '00000005 09', 'BAD_MESSAGE'],
    ['a suggest without an index', '00000001 0d', 'BAD_MESSAGE'],
    ['a have all with a payload', '00000002 0e', 'BAD_MESSAGE'],
    ['a have none with a payload', '00000002 0f', 'BAD_MESSAGE'],
    ['a reject cut short', '00000005 10', 'BAD_MESSAGE'],
    ['an allowed fast cut short', '00000004 11', 'BAD_MESSAGE'],
    ['a piece without begin: a negative payload', '00000005 07', 'BAD_MESSAGE'],
    ['a piece of length 1: a negative payload', '00000001 07', 'BAD_MESSAGE'],
    ['a piece without payload: blocks without end for free', '00000009 07', 'BAD_MESSAGE'],
    ['a piece larger than anyone asks for', `${u32(10 + MAX_BLOCK_BYTES)} 07`, 'MESSAGE_TOO_LONG'],
    ['a piece of 4 GiB: writing past its place', 'ffffffff 07', 'MESSAGE_TOO_LONG'],
    ['a piece of 2 GiB: a negative 32-bit length', '80000000 07', 'MESSAGE_TOO_LONG'],
    ['a bitfield of 4 GiB: memory', 'ffffffff 05', 'MESSAGE_TOO_LONG'],
    ['a bitfield just above the limit', `${u32(LIMIT + 1)} 05`, 'MESSAGE_TOO_LONG'],
    ['a bitfield of nothing', '00000001 05', 'BAD_BITFIELD'],
    ['an extended message of 4 GiB: memory', 'ffffffff 14', 'MESSAGE_TOO_LONG'],
    ['an extended message just above the limit', `${u32(LIMIT + 1)} 14`, 'MESSAGE_TOO_LONG'],
    ['an extended message without its id', '00000001 14', 'BAD_MESSAGE'],
    ['an unknown message of 4 GiB: a connection that never says anything', 'ffffffff 63', 'MESSAGE_TOO_LONG'],
    ['an unknown message of 2 GiB: a negative 32-bit length', '80000000 ff', 'MESSAGE_TOO_LONG'],
    ['an HTTP request instead of messages', toHex(new TextEncoder().encode('GET /')), 'MESSAGE_TOO_LONG'],
  ]

  it.each(table)('%s', (_, bytes, code) => {
    const { sink, framer } = setUp()
    framer.feed(handshake)
    const all = hex(bytes)
    for (let at = 0; at < all.length - 1; at++) framer.feed(all.subarray(at, at + 1))
    expect(() => framer.feed(all.subarray(all.length - 1))).toThrow(expect.objectContaining({ code }))
    framer.feed(messages.choke)
    expect(sink.calls).toEqual(greeting)

    const inOneChunk = setUp().framer
    expect(() => inOneChunk.feed(concatBytes([handshake, all, new Uint8Array(20)]))).toThrow(ProtocolError)
  })

  it('another protocol, at its first byte', () => {
    expect(() => setUp().framer.feed(hex('16'))).toThrow(expect.objectContaining({ code: 'BAD_HANDSHAKE' }))
    const almost = handshake.slice()
    almost[19] = 0x4c
    expect(() => setUp().framer.feed(almost)).toThrow(expect.objectContaining({ code: 'BAD_HANDSHAKE' }))
  })

  it.each([24, 26])('a bitfield of %i bytes for 200 pieces', bytes => {
    const { framer } = setUp()
    framer.setPieceCount(200)
    framer.feed(handshake)
    expect(() => framer.feed(messages.encodeBitfield(new Uint8Array(bytes)))).toThrow(
      expect.objectContaining({ code: 'BAD_BITFIELD' }),
    )
  })

  it('but the right bitfield of a huge torrent may be above the limit', () => {
    const { sink, framer } = setUp()
    framer.setPieceCount(LIMIT * 80)
    framer.feed(handshake)
    const message = messages.encodeBitfield(new Uint8Array(LIMIT * 10))
    for (let at = 0; at < message.length; at += 700) framer.feed(message.subarray(at, at + 700))
    expect(sink.calls).toHaveLength(3)
  })

  it('and the limit can be set anew', () => {
    const { framer } = setUp()
    framer.feed(handshake)
    framer.setMaxMessageBytes(10)
    expect(() => framer.feed(hex('0000000b 14'))).toThrow(ProtocolError)
  })

  it('by nothing but a ProtocolError for any bytes, and never writes outside its place', () => {
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(...each.map(([bytes]) => bytes)),
      fc
        .record({
          length: fc.nat({ max: 600 }),
          id: fc.nat({ max: 21 }),
          rest: fc.uint8Array({ maxLength: 40 }),
        })
        .map(({ length, id, rest }) => Uint8Array.of(0, 0, length >> 8, length & 255, id, ...rest)),
    )
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), fc.integer({ min: 1, max: 90 }), (parts, step) => {
        const { sink, framer, memory } = setUp()
        const allowed = new Uint8Array(memory.length)
        sink.place = (index, _, length) => {
          if (index % 3 === 0 || length > 1000) return -1
          const target = index % 2000
          allowed.fill(1, target, target + length)
          return target
        }
        const bytes = concatBytes([handshake, ...parts])
        try {
          for (let at = 0; at < bytes.length; at += step) framer.feed(bytes.subarray(at, at + step))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
        for (let at = 0; at < memory.length; at++) {
          if (memory[at] !== 0 && allowed[at] === 0) throw new Error(`wrote to byte ${at}`)
        }
      }),
      { numRuns: 400, seed: 20 },
    )
  })
})

describe('closing', () => {
  it('in the middle of a feed ends it at once, at any call', () => {
    const names = [
      'onInfoHash',
      'onPeerId',
      'onBitfield',
      'onKeepAlive',
      'onChoke',
      'onRequest',
      'onBlock',
    ] as const
    for (const name of [...names, 'onExtended', 'onUnknown'] as const) {
      const { sink, framer } = setUp()
      sink[name] = () => {
        sink.calls.push('closed')
        framer.close()
      }
      framer.feed(stream)
      framer.feed(stream)
      expect(sink.calls.indexOf('closed'), name).toBe(sink.calls.length - 1)
    }
  })

  it('while a block is opened leaves memory alone', () => {
    const { sink, framer, memory } = setUp()
    sink.place = () => {
      framer.close()
      return 0
    }
    framer.feed(stream)
    expect(sink.calls.at(-1)).toBe('open 7 16384 300')
    expect(framer.midBlock).toBe(false)
    expect(memory.every(byte => byte === 0)).toBe(true)
  })

  it('between two parts of a block leaves memory alone', () => {
    const { framer, memory } = setUp()
    framer.feed(concatBytes([handshake, messages.pieceHeader(1, 0, 300), payload.subarray(0, 100)]))
    framer.close()
    framer.feed(payload.subarray(100))
    expect(memory.subarray(100).every(byte => byte === 0)).toBe(true)
  })

  it('is what a throw of the sink amounts to', () => {
    const { sink, framer } = setUp()
    sink.onHave = () => {
      throw new ProtocolError('BAD_INDEX', 'no such piece')
    }
    expect(() => framer.feed(stream)).toThrow('no such piece')
    const told = sink.calls.length
    framer.feed(messages.choke)
    expect(sink.calls).toHaveLength(told)
  })

  it('is not needed for a sink that feeds: that is a fault of ours', () => {
    const { sink, framer } = setUp()
    sink.onChoke = () => framer.feed(messages.choke)
    expect(() => framer.feed(stream)).toThrow('assertion failed')
  })

  it('is not needed for a place outside of memory: that is a fault of ours', () => {
    const { sink, framer, memory } = setUp()
    sink.place = () => memory.length - 299
    expect(() => framer.feed(stream)).toThrow('assertion failed')
  })
})
