import { describe, expect, test } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import { BLOCK_BYTES } from '../../src/metainfo/geometry.ts'
import { Patience } from '../../src/torrent/patience.ts'
import * as messages from '../../src/wire/messages.ts'
import { Bench } from './fakes.ts'

const BOTH = { fast: true, extended: true }

/** Each of no use, however often; none breaks a rule by itself. */
const FLOODS: Readonly<Record<string, Uint8Array>> = {
  'keep-alives': messages.keepAlive,
  chokes: messages.choke,
  unchokes: messages.unchoke,
  'haves of one piece': messages.encodeHave(1),
  'bitfields that say nothing new': messages.encodeBitfield(Uint8Array.of(0)),
  'have none': messages.haveNone,
  'requests while choked': messages.encodeRequest(0, 0, BLOCK_BYTES),
  'requests of 256 KiB': messages.encodeRequest(0, 0, 256 * 1024),
  cancels: messages.encodeCancel(0, 0, BLOCK_BYTES),
  'cancels out of range': messages.encodeCancel(99, 1, 1),
  suggestions: messages.encodeSuggest(1),
  'allowed fast': messages.encodeAllowedFast(1),
  'rejects of nothing': messages.encodeReject(0, 0, BLOCK_BYTES),
  'DHT ports': messages.encodePort(6881),
  'extended handshakes': messages.encodeExtended(0, encode({ v: 'x' })),
  'extended messages of an unknown kind': messages.encodeExtended(99, new Uint8Array(1)),
  'unknown messages': Uint8Array.of(0, 0, 0, 1, 77),
}

describe('a peer may send so much of no use', () => {
  for (const [what, message] of Object.entries(FLOODS)) {
    test(`${what}: a hundred are harmless, thousands are not`, () => {
      const bench = new Bench({ have: 'all', pieceLength: 512 * 1024, pieces: 8 })
      const them = bench.visit().greet(BOTH)
      for (let n = 0; n < 100; n++) them.say(message)
      bench.wait(6_000)
      them.link.take()
      expect(them.link.isClosed).toBe(false)
      for (let n = 0; n < 20_000 && !them.link.isClosed; n++) {
        them.say(message)
        if (n % 100 === 99) them.link.take()
      }
      expect(them.link.isClosed).toBe(true)
    })
  }

  test('a mood that changes with every piece is no flood', () => {
    const bench = new Bench({ have: 'all' })
    const them = bench.visit().greet(BOTH)
    for (let n = 0; n < 5_000; n++) them.say(messages.interested, messages.notInterested)
    expect(them.link.isClosed).toBe(false)
    for (let n = 0; n < 10_000; n++) them.say(messages.interested, messages.notInterested)
    expect(them.link.isClosed).toBe(true)
  })

  test('a whole queue of requests that crosses a choke is none either', () => {
    const bench = new Bench({ have: 'all' })
    const them = bench.visit().greet()
    for (let n = 0; n < 2_000; n++) them.say(messages.encodeRequest(0, 0, BLOCK_BYTES))
    expect(them.link.isClosed).toBe(false)
  })

  test('what was borne is forgotten with time', () => {
    const patience = new Patience(0)
    patience.spend(3_900, 0)
    expect(() => patience.spend(200, 0)).toThrow('of no use')
    const rested = new Patience(0)
    rested.spend(3_900, 0)
    rested.spend(200, 10_000)
    rested.spend(800, 10_000)
    expect(() => rested.spend(3_000, 10_000)).toThrow('of no use')
  })
})
