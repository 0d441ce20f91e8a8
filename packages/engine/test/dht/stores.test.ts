import { createPublicKey, verify as nodeVerify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import { parseIp } from '../../src/bytes/address.ts'
import { fromHex, toHex } from '../../src/bytes/hex.ts'
import { addToFilter, estimateCount } from '../../src/dht/bloom.ts'
import { type MutableItem, signedBytes, targetOf } from '../../src/dht/item.ts'
import { ItemStore, MAX_ITEMS } from '../../src/dht/item-store.ts'
import { MAX_PEERS_PER_TORRENT, MAX_TORRENTS, PEER_LIFE_MS, PeerStore } from '../../src/dht/peer-store.ts'
import { Bucket, SenderLimiter } from '../../src/dht/rate-limiter.ts'
import { Tokens } from '../../src/dht/tokens.ts'
import { ascii, id, seeded, sha1 } from './helpers.ts'

const MINUTE = 60_000

/** The filter that BEP 33 gives for 192.0.2.0 to 192.0.2.255 and 2001:db8:: to 2001:db8::3e7. */
const FILTER =
  'F6C3F5EAA07FFD91BDE89F777F26FB2BFF37BDB8FB2BBAA2FD3DDDE7BACFFF75EE7CCBAE' +
  'FE5EEDB1FBFAFF67F6ABFF5E43DDBCA3FD9B9FFDF4FFD3E9DFF12D1BDF59DB53DBE9FA5B' +
  '7FF3B8FDFCDE1AFB8BEDD7BE2F3EE71EBBBFE93BCDEEFE148246C2BC5DBFF7E7EFDCF24F' +
  'D8DC7ADFFD8FFFDFDDFFF7A4BBEEDF5CB95CE81FC7FCFF1FF4FFFFDFE5F7FDCBB7FD79B3' +
  'FA1FC77BFE07FFF905B7B7FFC7FEFEFFE0B8370BB0CD3F5B7F2BD93FEB4386CFDD6F7FD5' +
  'BFAF2E9EBFFFFEECD67ADBF7C67F17EFD5D75EBA6FFEBA7FFF47A91EB1BFBB53E8ABFB57' +
  '62ABE8FF237279BFEFBFEEF5FFC5FEBFDFE5ADFFADFEE1FB737FFFFBFD9F6AEFFEEE76B6' +
  'FD8F72EF'

test('the filter is that of BEP 33', () => {
  const filter = new Uint8Array(256)
  for (let n = 0; n < 256; n++) addToFilter(filter, parseIp(`192.0.2.${n}`)!, sha1)
  for (let n = 0; n < 1000; n++) addToFilter(filter, parseIp(`2001:db8::${n.toString(16)}`)!, sha1)
  expect(toHex(filter)).toBe(FILTER.toLowerCase())
  expect(estimateCount(filter)).toBeCloseTo(1224.9308, 3)
})

test('an empty filter counts none, and a full one a finite number', () => {
  expect(estimateCount(new Uint8Array(256))).toBe(0)
  expect(estimateCount(new Uint8Array(256).fill(255))).toBeLessThan(8000)
})

describe('peers', () => {
  const hash = id(1)
  const store = (): PeerStore => new PeerStore(4, seeded(1), sha1)

  test('are kept for half an hour after they announced last, one for each address', () => {
    const peers = store()
    peers.add(hash, { host: '1.1.1.1', port: 1 }, false, 0)
    peers.add(hash, { host: '2.2.2.2', port: 2 }, false, 0)
    peers.add(hash, { host: '1.1.1.1', port: 3 }, false, 20 * MINUTE)
    expect(peers.sample(hash, 9, false)).toHaveLength(2)
    peers.expire(PEER_LIFE_MS - MINUTE)
    expect(peers.peerCount).toBe(2)
    peers.expire(PEER_LIFE_MS + 3 * MINUTE)
    expect(peers.sample(hash, 9, false)).toEqual([{ host: '1.1.1.1', port: 3 }])
    peers.expire(PEER_LIFE_MS + 30 * MINUTE)
    expect(peers.torrentCount).toBe(0)
    expect(peers.sample(hash, 9, false)).toEqual([])
  })

  test('expire after their minutes have wrapped, too', () => {
    const peers = store()
    peers.expire(0)
    const late = 0xffff * MINUTE - 10 * MINUTE
    peers.add(hash, { host: '1.1.1.1', port: 1 }, false, late)
    peers.expire(late + 20 * MINUTE)
    expect(peers.peerCount).toBe(1)
    peers.expire(late + 40 * MINUTE)
    expect(peers.peerCount).toBe(0)
  })

  test('are bounded for each torrent, and there is no room then', () => {
    const peers = store()
    for (let n = 0; n < MAX_PEERS_PER_TORRENT; n++) {
      expect(peers.hasRoom(hash)).toBe(true)
      expect(peers.add(hash, { host: `1.1.${n >> 8}.${n & 255}`, port: 1 }, false, 0)).toBe(true)
    }
    expect(peers.hasRoom(hash)).toBe(false)
    expect(peers.add(hash, { host: '9.9.9.9', port: 1 }, false, 0)).toBe(false)
    expect(peers.add(hash, { host: '1.1.0.7', port: 2 }, false, 0)).toBe(true)
    expect(new Set(peers.sample(hash, 1000, false).map(peer => peer.host)).size).toBe(MAX_PEERS_PER_TORRENT)
  })

  test('of a real torrent outlast a flood of announces of made-up ones', () => {
    const peers = store()
    for (let n = 0; n < 3; n++) peers.add(hash, { host: `1.1.1.${n}`, port: 1 }, false, 0)
    const random = seeded(5)
    for (let n = 0; n < 3000; n++) peers.add(random.bytes(20), { host: '6.6.6.6', port: 1 }, false, 0)
    expect(peers.torrentCount).toBe(MAX_TORRENTS)
    expect(peers.sample(hash, 9, false)).toHaveLength(3)
    expect(peers.sampleTorrents(20)).toHaveLength(20)
  })

  test('of the other family are not taken', () => {
    expect(store().add(hash, { host: '2a00::1', port: 1 }, false, 0)).toBe(false)
    const six = new PeerStore(6, seeded(1), sha1)
    expect(six.add(hash, { host: '2a00::1', port: 7 }, false, 0)).toBe(true)
    expect(six.sample(hash, 9, false)).toEqual([{ host: '2a00::1', port: 7 }])
  })

  test('that seed can be left out, and are counted apart', () => {
    const peers = store()
    peers.add(hash, { host: '1.1.1.1', port: 1 }, true, 0)
    peers.add(hash, { host: '2.2.2.2', port: 2 }, false, 0)
    expect(peers.sample(hash, 9, true)).toEqual([{ host: '2.2.2.2', port: 2 }])
    const filters = peers.filters(hash, 0)!
    expect(Math.round(estimateCount(filters.seeds))).toBe(1)
    expect(Math.round(estimateCount(filters.peers))).toBe(1)
  })
})

describe('items', () => {
  const publicKey = fromHex('77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548')!
  const value = encode('Hello World!')
  const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
    const der = Buffer.concat([fromHex('302a300506032b6570032100')!, key])
    return nodeVerify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
  }
  const plain: MutableItem = {
    kind: 'mutable',
    value,
    publicKey,
    salt: new Uint8Array(0),
    seq: 1,
    signature: fromHex(
      '305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff' +
        '1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01',
    )!,
  }
  const salted: MutableItem = {
    ...plain,
    salt: ascii('foobar'),
    signature: fromHex(
      '6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d' +
        'df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08',
    )!,
  }

  test('have the targets and signatures of BEP 44', () => {
    expect(toHex(targetOf(plain, sha1))).toBe('4a533d47ec9c7d95b1ad75f576cffc641853b750')
    expect(toHex(targetOf(salted, sha1))).toBe('411eba73b6f087ca51a3795d9c8c938d365e32c1')
    expect(toHex(targetOf({ kind: 'immutable', value }, sha1))).toBe(
      'e5f96f6f38320f0f33959cb4d3d656452117aadb',
    )
    expect(signedBytes(salted.salt, 1, value)).toEqual(ascii('4:salt6:foobar3:seqi1e1:v12:Hello World!'))
    const store = new ItemStore(sha1, verify)
    expect(store.put(plain, undefined, id(), 0)).toBeUndefined()
    expect(store.put(salted, undefined, id(), 0)).toBeUndefined()
    expect(store.put({ ...salted, salt: ascii('foobaz') }, undefined, id(), 0)).toBe(206)
    expect(store.put({ ...plain, seq: 2 }, undefined, id(), 0)).toBe(206)
    expect(new ItemStore(sha1, undefined).put(plain, undefined, id(), 0)).toBe(206)
  })

  test('are replaced by newer ones only, and by what was compared', () => {
    const store = new ItemStore(sha1, () => true)
    const target = targetOf(plain, sha1)
    const put = (seq: number, text: string, cas?: number): number | undefined =>
      store.put({ ...plain, seq, value: encode(text) }, cas, id(), 0)
    expect(put(5, 'a', 99)).toBeUndefined()
    expect(put(4, 'b')).toBe(302)
    expect(put(5, 'b')).toBe(302)
    expect(put(5, 'a')).toBeUndefined()
    expect(put(6, 'c', 4)).toBe(301)
    expect(put(6, 'c', 5)).toBeUndefined()
    expect(store.get(target, 0)).toMatchObject({ seq: 6, value: encode('c') })
  })

  test('are forgotten after two hours, and make room for nearer ones', () => {
    const store = new ItemStore(sha1, undefined)
    for (let n = 0; n < MAX_ITEMS + 500; n++) {
      store.put({ kind: 'immutable', value: encode(n) }, undefined, id(), 0)
      expect(store.count).toBeLessThanOrEqual(MAX_ITEMS)
    }
    expect(store.count).toBe(MAX_ITEMS)
    store.expire(2 * 60 * MINUTE)
    expect(store.count).toBe(0)
  })
})

test('a token is good for its address for five to ten minutes', () => {
  const tokens = new Tokens(seeded(1), sha1)
  const token = tokens.tokenFor('1.2.3.4', 0)
  expect(tokens.isValid(token, '1.2.3.4', 5 * MINUTE - 1)).toBe(true)
  expect(tokens.isValid(token, '1.2.3.4', 6 * MINUTE)).toBe(true)
  expect(tokens.isValid(token, '1.2.3.5', 6 * MINUTE)).toBe(false)
  expect(tokens.isValid(token.subarray(1), '1.2.3.4', 6 * MINUTE)).toBe(false)
  expect(tokens.isValid(token, '1.2.3.4', 11 * MINUTE)).toBe(false)
})

test('who asks too often is silenced for a while, the others are not', () => {
  const limiter = new SenderLimiter()
  let taken = 0
  for (let ms = 0; ms < 5000; ms++) for (let n = 0; n < 10; n++) if (limiter.take('a', ms)) taken++
  expect(taken).toBe(10)
  expect(limiter.isSilenced('a', 5000)).toBe(true)
  expect(limiter.take('b', 5000)).toBe(true)
  expect(limiter.take('a', 11_000)).toBe(true)
  for (let n = 0; n < 10_000; n++) limiter.take(`host ${n}`, 12_000)
  expect(limiter.senderCount).toBeLessThanOrEqual(4096)
})

test('a bucket gives its burst at once and then its rate', () => {
  const bucket = new Bucket(10, 50)
  let taken = 0
  for (let ms = 0; ms <= 10_000; ms += 10) while (bucket.take(1, ms)) taken++
  expect(taken).toBeGreaterThanOrEqual(149)
  expect(taken).toBeLessThanOrEqual(150)
})
