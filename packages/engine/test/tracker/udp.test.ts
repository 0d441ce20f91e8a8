import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, readUint32, writeUint32 } from '../../src/bytes/bytes.ts'
import { toHex } from '../../src/bytes/hex.ts'
import type { UdpTask } from '../../src/tracker/udp.ts'
import { UdpExchange, UdpTrackerSession } from '../../src/tracker/udp.ts'
import { decodeUdpReply, encodeAnnounce, encodeConnect, encodeScrape } from '../../src/tracker/udp-packets.ts'
import { latin, REQUEST } from './request.ts'

const ID = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const ANNOUNCE: UdpTask = { kind: 'announce', request: REQUEST, urlData: '' }

describe('datagrams (BEP 15)', () => {
  it('to connect are 16 bytes with the magic number', () => {
    expect(toHex(encodeConnect(0xdeadbeef))).toBe('0000041727101980' + '00000000' + 'deadbeef')
  })

  it('to announce have every field in its place', () => {
    const request = { ...REQUEST, event: 'stopped' as const, leftBytes: 2 ** 40 + 5, numWant: 0 }
    const packet = encodeAnnounce(ID, 9, request, '')
    expect(packet).toHaveLength(98)
    expect(toHex(packet.subarray(0, 16))).toBe('0102030405060708' + '00000001' + '00000009')
    expect(packet.subarray(16, 36)).toEqual(REQUEST.infoHash)
    expect(packet.subarray(36, 56)).toEqual(REQUEST.peerId)
    expect(toHex(packet.subarray(56))).toBe(
      '0000000000000002' +
        '0000010000000005' +
        '0000000000000001' + // downloaded, left, uploaded
        '00000003' +
        '00000000' +
        '000000ab' +
        '00000000' +
        '1ae1', // event, address, key, number, port
    )
  })

  it('carry path and query of the URL in pieces of 255 bytes (BEP 41)', () => {
    const options = (urlData: string): Uint8Array => encodeAnnounce(ID, 9, REQUEST, urlData).subarray(98)
    expect(options('/dir?a=b&c=d')).toEqual(concatBytes([Uint8Array.of(2, 12), latin('/dir?a=b&c=d')]))
    const long = options('x'.repeat(300))
    expect([long.length, long[1], long[257], long[258]]).toEqual([304, 255, 2, 45])
    expect(options('x'.repeat(2000))).toHaveLength(0)
  })

  it('to scrape name the info-hashes', () => {
    const packet = encodeScrape(ID, 9, [REQUEST.infoHash, REQUEST.peerId])
    expect(packet).toHaveLength(56)
    expect(packet.subarray(36)).toEqual(REQUEST.peerId)
    expect(encodeScrape(ID, 9, Array(100).fill(REQUEST.infoHash))).toHaveLength(16 + 74 * 20)
  })

  it('of peers are read in steps of 6 bytes over IPv4 and 18 over IPv6', () => {
    const list = Uint8Array.of(10, 0, 0, 1, 0, 80, 10, 0, 0, 2, 0, 81, 10, 0, 0, 3, 0, 82)
    const packet = concatBytes([words(1, 7, 1800, 4, 5), list])
    expect(announced(packet, false).map(peer => peer.host)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    expect(announced(packet, true)).toEqual([
      { host: 'a00:1:50:a00:2:51:a00:3', port: 82, peerId: undefined },
    ])
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['7 bytes', new Uint8Array(7)],
    ['a cut connect', words(0, 7, 1)],
    ['a cut announce', words(1, 7, 1800, 4)],
    ['an unknown action', words(4, 7, 0, 0, 0)],
  ])('of %s are ignored', (_, packet) => {
    expect(decodeUdpReply(packet, false)).toBeUndefined()
  })

  it('of any bytes are a reply or nothing', () => {
    fc.assert(
      fc.property(fc.nat(4), fc.uint8Array({ maxLength: 100 }), fc.boolean(), (action, rest, ipv6) => {
        const reply = decodeUdpReply(concatBytes([words(action), rest]), ipv6)
        if (reply?.kind === 'announce') expect(reply.reply.intervalMs).toBeGreaterThanOrEqual(60_000)
      }),
      { numRuns: 500 },
    )
  })
})

describe('an exchange', () => {
  it('connects, announces and has the reply', () => {
    const { exchange } = begin()
    const connect = exchange.poll(0)!
    expect(connect).toHaveLength(16)
    expect(exchange.poll(0)).toBeUndefined()
    exchange.handle(connected(connect), 100)
    const announce = exchange.poll(100)!
    expect(announce.subarray(0, 8)).toEqual(ID)
    exchange.handle(
      concatBytes([words(1, transactionOf(announce), 1800, 4, 5), latin('\x0a\0\0\x01\x1a\xe1')]),
      200,
    )
    expect(exchange.outcome).toMatchObject({
      kind: 'announced',
      reply: { intervalMs: 1_800_000, leechers: 4, seeders: 5, peers: [{ host: '10.0.0.1', port: 6881 }] },
    })
    expect(exchange.nextTimeout).toBeUndefined()
    expect(exchange.poll(1e9)).toBeUndefined()
  })

  it('scrapes', () => {
    const { exchange } = begin({ kind: 'scrape', infoHashes: [REQUEST.infoHash] })
    exchange.handle(connected(exchange.poll(0)!), 0)
    exchange.handle(words(2, transactionOf(exchange.poll(0)!), 10, 11, 12), 0)
    expect(exchange.outcome).toEqual({
      kind: 'scraped',
      swarms: [{ seeders: 10, downloads: 11, leechers: 12 }],
    })
  })

  it('repeats after 15 and 30 s and gives up after a minute', () => {
    const { exchange } = begin()
    expect(sendTimes(exchange)).toEqual([0, 15_000, 45_000])
    expect(exchange.outcome).toMatchObject({ kind: 'failed', error: { code: 'TRACKER_TIMEOUT' } })
  })

  it('gives the announce a minute of its own', () => {
    const { exchange } = begin()
    const connect = exchange.poll(0)!
    expect(exchange.poll(15_000)).toEqual(connect)
    exchange.handle(connected(connect), 20_000)
    expect(sendTimes(exchange)).toEqual([20_000, 35_000, 65_000])
    expect(exchange.outcome).toMatchObject({ kind: 'failed', error: { code: 'TRACKER_TIMEOUT' } })
  })

  it('uses a connection id for a minute', () => {
    const { exchange, session } = begin()
    exchange.handle(connected(exchange.poll(0)!), 1000)
    expect(begin(ANNOUNCE, session, 60_999).exchange.poll(60_999)).toHaveLength(98)
    expect(begin(ANNOUNCE, session, 61_000).exchange.poll(61_000)).toHaveLength(16)
  })

  it('connects again when an id from before is refused or brings no answer', () => {
    for (const refuse of [true, false]) {
      const session = new UdpTrackerSession()
      session.remember(ID, 0)
      const { exchange } = begin(ANNOUNCE, session, 1000)
      const announce = exchange.poll(1000)!
      expect(announce).toHaveLength(98)
      if (refuse) exchange.handle(words(3, transactionOf(announce)), 1500)
      expect(exchange.poll(refuse ? 1500 : 16_000)).toHaveLength(16)
      expect(session.connectionId(1500)).toBeUndefined()
    }
  })

  it('tells the words of a refusal, made safe', () => {
    const { exchange } = begin()
    const error = concatBytes([words(3, transactionOf(exchange.poll(0)!)), latin('go\x1b away')])
    exchange.handle(error, 10)
    expect(exchange.outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'TRACKER_REFUSED', message: 'go away' },
    })
  })

  it('ignores what does not answer its request', () => {
    const { exchange } = begin()
    const connect = exchange.poll(0)!
    const transaction = transactionOf(connect)
    const strays = [
      connected(encodeConnect(transaction ^ 1)),
      connected(connect).subarray(0, 15),
      words(1, transaction, 1800, 0, 0),
      words(2, transaction, 1, 1, 1),
      words(3, transaction ^ 1),
      new Uint8Array(),
    ]
    for (const stray of strays) exchange.handle(stray, 10)
    expect(exchange.outcome).toBeUndefined()
    expect(exchange.poll(10)).toBeUndefined()
    exchange.handle(connected(connect), 20)
    const announce = exchange.poll(20)!
    for (const stray of [connected(announce), words(2, transactionOf(announce), 1, 1, 1)])
      exchange.handle(stray, 30)
    expect(exchange.outcome).toBeUndefined()
  })

  it('is not disturbed by any datagrams of strangers', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), datagrams => {
        const { exchange } = begin()
        exchange.poll(0)
        for (const datagram of datagrams) exchange.handle(datagram, 1)
        expect(exchange.outcome).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })
})

function begin(
  task: UdpTask = ANNOUNCE,
  session = new UdpTrackerSession(),
  now = 0,
): { exchange: UdpExchange; session: UdpTrackerSession } {
  let seed = 0x5eed0000
  const random = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length)
    writeUint32(bytes, 0, seed++)
    return bytes
  }
  return { exchange: new UdpExchange({ session, task, ipv6: false, random }, now), session }
}

/** When it sends, until it gives up. */
function sendTimes(exchange: UdpExchange): number[] {
  const times: number[] = []
  for (let at = exchange.nextTimeout; at !== undefined; at = exchange.nextTimeout) {
    if (exchange.poll(at) !== undefined) times.push(at)
  }
  return times
}

function announced(packet: Uint8Array, ipv6: boolean): readonly { host: string }[] {
  const reply = decodeUdpReply(packet, ipv6)
  return reply?.kind === 'announce' ? reply.reply.peers : []
}

function transactionOf(request: Uint8Array): number {
  return readUint32(request, 12)
}

function connected(request: Uint8Array): Uint8Array {
  return concatBytes([words(0, transactionOf(request)), ID])
}

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  for (const [at, value] of values.entries()) writeUint32(bytes, at * 4, value)
  return bytes
}
