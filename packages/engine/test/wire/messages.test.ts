import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes/hex.ts'
import { decodeHandshake, encodeHandshake, readReserved, reservedBits } from '../../src/wire/handshake.ts'
import * as messages from '../../src/wire/messages.ts'

describe('messages', () => {
  it.each([
    ['keep-alive', messages.keepAlive, '00000000'],
    ['choke', messages.choke, '0000000100'],
    ['unchoke', messages.unchoke, '0000000101'],
    ['interested', messages.interested, '0000000102'],
    ['not interested', messages.notInterested, '0000000103'],
    ['have', messages.encodeHave(0x01020304), '000000050401020304'],
    ['bitfield', messages.encodeBitfield(Uint8Array.of(0xff, 0x80)), '0000000305ff80'],
    ['request', messages.encodeRequest(1, 0x4000, 0x3fff), '0000000d06000000010000400000003fff'],
    ['piece header', messages.pieceHeader(1, 0x4000, 0x4000), '00004009070000000100004000'],
    ['cancel', messages.encodeCancel(1, 2, 3), '0000000d08000000010000000200000003'],
    ['port', messages.encodePort(6881), '00000003091ae1'],
    ['suggest', messages.encodeSuggest(5), '000000050d00000005'],
    ['have all', messages.haveAll, '000000010e'],
    ['have none', messages.haveNone, '000000010f'],
    ['reject', messages.encodeReject(1, 2, 3), '0000000d10000000010000000200000003'],
    ['allowed fast', messages.encodeAllowedFast(5), '000000051100000005'],
    ['extended', messages.encodeExtended(2, Uint8Array.of(100, 101)), '0000000414026465'],
  ])('%s has the bytes of its BEP', (_, bytes, expected) => {
    expect(toHex(bytes)).toBe(expected)
  })

  it('asks for many blocks in one buffer', () => {
    const blocks = Int32Array.of(3, 0, 3, 2, 9, 9)
    const bytes = messages.encodeRequests(blocks, 2, (_, block) => (block === 2 ? 100 : 16384))
    expect(toHex(bytes)).toBe(
      toHex(messages.encodeRequest(3, 0, 16384)) + toHex(messages.encodeRequest(3, 32768, 100)),
    )
  })
})

describe('handshake', () => {
  const infoHash = new Uint8Array(20).fill(1)
  const peerId = new Uint8Array(20).fill(2)

  it('is read as it was written', () => {
    const reserved = reservedBits({ fast: true, extended: false, dht: true })
    const bytes = encodeHandshake({ infoHash, peerId, reserved })
    expect(bytes).toHaveLength(68)
    expect(decodeHandshake(bytes)).toEqual({ infoHash, peerId, reserved })
  })

  it('offers nothing unless told', () => {
    const { reserved } = decodeHandshake(encodeHandshake({ infoHash, peerId }))
    expect(readReserved(reserved)).toEqual({ fast: false, extended: false, dht: false })
  })

  it('has each extension at the bit of its BEP', () => {
    expect(toHex(reservedBits({ fast: true, extended: false, dht: false }))).toBe('0000000000000004')
    expect(toHex(reservedBits({ fast: false, extended: true, dht: false }))).toBe('0000000000100000')
    expect(toHex(reservedBits({ fast: false, extended: false, dht: true }))).toBe('0000000000000001')
    expect(readReserved(new Uint8Array(8).fill(255))).toEqual({ fast: true, extended: true, dht: true })
  })

  it('is refused when cut short or of another protocol', () => {
    const bytes = encodeHandshake({ infoHash, peerId })
    expect(() => decodeHandshake(bytes.subarray(0, 67))).toThrow(
      expect.objectContaining({ code: 'BAD_HANDSHAKE' }),
    )
    bytes[5] = 0
    expect(() => decodeHandshake(bytes)).toThrow(expect.objectContaining({ code: 'BAD_HANDSHAKE' }))
  })
})
