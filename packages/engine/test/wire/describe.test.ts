import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/bytes/bytes.ts'
import { ProtocolError } from '../../src/errors.ts'
import { describeMessage } from '../../src/wire/describe.ts'
import { encodeHandshake, reservedBits } from '../../src/wire/handshake.ts'
import * as messages from '../../src/wire/messages.ts'
import { makePeerId } from '../../src/wire/peer-id.ts'
import { splitMessages } from '../../src/wire/split.ts'

const handshake = encodeHandshake({
  infoHash: new Uint8Array(20),
  peerId: makePeerId(new Uint8Array(12)),
  reserved: reservedBits({ fast: true, extended: true, dht: false }),
})
const piece = concatBytes([messages.pieceHeader(0, 0, 128), new Uint8Array(128)])

describe('a message in plain words', () => {
  it.each([
    ['in', handshake, 'They greet as Shoal 0.1.0, with fast extension, extension protocol (handshake)'],
    ['in', messages.keepAlive, 'They keep the connection open (keep-alive)'],
    ['in', messages.choke, 'They do not let us ask for now (choke)'],
    ['in', messages.unchoke, 'They let us ask (unchoke)'],
    ['out', messages.unchoke, 'We let them ask (unchoke)'],
    ['out', messages.interested, 'We want pieces that they have (interested)'],
    ['in', messages.notInterested, 'They want nothing from us (not interested)'],
    ['in', messages.encodeHave(3), 'They now have piece 3 (have)'],
    ['in', messages.encodeBitfield(Uint8Array.of(255, 240, 0, 0, 0)), 'They have 12 of 40 pieces (bitfield)'],
    ['out', messages.encodeRequest(0, 0, 128), 'We ask for 128 bytes of piece 0 from byte 0 (request)'],
    ['in', piece, 'They send 128 bytes of piece 0 from byte 0 (piece)'],
    ['out', messages.encodeCancel(1, 2, 1), 'We no longer want 1 byte of piece 1 from byte 2 (cancel)'],
    ['in', messages.encodePort(6881), 'They run a DHT node on UDP port 6881 (port)'],
    ['in', messages.encodeSuggest(4), 'They suggest that we ask for piece 4 (suggest)'],
    ['in', messages.haveAll, 'They have every piece (have all)'],
    ['in', messages.haveNone, 'They have no piece yet (have none)'],
    ['in', messages.encodeReject(1, 0, 64), 'They will not send 64 bytes of piece 1 from byte 0 (reject)'],
    ['in', messages.encodeAllowedFast(4), 'They let us ask for piece 4 even while choked (allowed fast)'],
    [
      'in',
      messages.encodeExtended(0, new Uint8Array(9)),
      'They tell which extensions they speak, in 9 bytes (extended)',
    ],
    ['out', messages.encodeExtended(3, new Uint8Array(9)), 'We send extension message 3, 9 bytes (extended)'],
    ['in', Uint8Array.of(0, 0, 0, 1, 99), 'They sent an unknown message (id 99, 0 bytes)'],
    ['in', Uint8Array.of(0, 0, 0, 2, 4, 0), 'They sent a malformed have: 6 bytes instead of 9'],
    ['in', Uint8Array.of(0, 0, 9), 'They sent 3 bytes that are no message'],
  ] as const)('%s %o', (direction, bytes, text) => {
    expect(describeMessage(bytes, direction, 40).text).toBe(text)
  })

  it('counts pieces without knowing how many there are', () => {
    expect(describeMessage(messages.encodeBitfield(Uint8Array.of(128)), 'in').text).toBe(
      'They have 1 piece (bitfield)',
    )
  })

  it('comes of any bytes, without control characters', () => {
    fc.assert(
      fc.property(fc.nat({ max: 22 }), fc.uint8Array({ maxLength: 70 }), (id, rest) => {
        for (const bytes of [rest, Uint8Array.of(0, 0, 0, rest.length + 1, id, ...rest)]) {
          expect(describeMessage(bytes, 'in').text).toMatch(/^[\x20-\x7eµ]+$/)
        }
      }),
      { seed: 20 },
    )
  })
})

describe('splitting into whole messages', () => {
  const parts = [handshake, messages.keepAlive, messages.unchoke, piece, messages.encodeHave(1)]
  const stream = concatBytes(parts)

  it.each([1, 3, 17, 100, 1000])('gives them all from chunks of %i bytes', step => {
    const whole: Uint8Array[] = []
    const split = splitMessages(1000, bytes => whole.push(bytes))
    for (let at = 0; at < stream.length; at += step) split(stream.slice(at, at + step))
    expect(whole).toEqual(parts)
  })

  it('refuses a message above its bound when its length is here, and is silent from then on', () => {
    const whole: Uint8Array[] = []
    const split = splitMessages(140, bytes => whole.push(bytes))
    split(handshake)
    expect(() => split(piece.subarray(0, 4))).toThrow(ProtocolError)
    split(messages.choke)
    expect(whole).toEqual([handshake])
  })

  it('refuses what does not begin as BitTorrent', () => {
    const split = splitMessages(1000, () => {})
    expect(() => split(Uint8Array.of(22))).toThrow(expect.objectContaining({ code: 'BAD_HANDSHAKE' }))
    split(handshake)
  })
})
