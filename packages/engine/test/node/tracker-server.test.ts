import { get } from 'node:http'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { decode } from '../../src/bencode/decode.ts'
import { BencodeDict } from '../../src/bencode/value.ts'
import { toHex } from '../../src/bytes/hex.ts'
import { ShoalError } from '../../src/errors.ts'
import type { TrackerServer } from '../../src/node/tracker-server.ts'
import { startTracker } from '../../src/node/tracker-server.ts'
import { createTrackers } from '../../src/node/trackers.ts'
import type { AnnounceReply, AnnounceRequest } from '../../src/tracker/announce.ts'
import { parseScrapeReply, percentEncode, scrapeUrl } from '../../src/tracker/http.ts'
import { REQUEST } from '../tracker/request.ts'

const HASH = toHex(REQUEST.infoHash)
const hasIpv6 = Object.values(networkInterfaces()).some(each =>
  each?.some(({ address }) => address === '::1'),
)

let server: TrackerServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

describe('the small tracker', () => {
  // macOS has only 127.0.0.1 of the loopback network.
  it.skipIf(process.platform === 'darwin')(
    'introduces peers to each other, by the address they come from',
    async () => {
      server = await startTracker()
      const first = await announce({ port: 1, event: 'started' })
      expect(first).toMatchObject({
        peers: [],
        intervalMs: 60_000,
        minIntervalMs: 5_000,
        leechers: 1,
        seeders: 0,
      })
      const second = await announce({ port: 2, leftBytes: 0 }, '127.0.0.2')
      expect(second.peers).toEqual([{ host: '127.0.0.1', port: 1, peerId: undefined }])
      expect(second).toMatchObject({ leechers: 1, seeders: 1 })
      expect((await announce({ port: 1 })).peers).toMatchObject([{ host: '127.0.0.2', port: 2 }])
      expect(server.peerCount(HASH)).toBe(2)
    },
  )

  it('lets go who stops and counts who completes, once', async () => {
    server = await startTracker()
    await announce({ port: 1, event: 'started' })
    await announce({ port: 1, event: 'completed', leftBytes: 0 })
    expect(await announce({ port: 1, event: 'completed', leftBytes: 0 })).toMatchObject({
      seeders: 1,
      downloads: 1,
    })
    expect(await announce({ port: 1, event: 'stopped' })).toMatchObject({ seeders: 0, leechers: 0 })
    expect(server.peerCount(HASH)).toBe(0)
    const body = await fetchBytes(scrapeUrl(server.url, [REQUEST.infoHash])!)
    expect(parseScrapeReply(body, [REQUEST.infoHash]).get(HASH)).toEqual({
      seeders: 0,
      leechers: 0,
      downloads: 1,
    })
  })

  it('gives no more peers than asked for', async () => {
    server = await startTracker()
    for (let port = 1; port <= 5; port++) await announce({ port })
    expect((await announce({ port: 9, numWant: 3 })).peers).toHaveLength(3)
    expect((await announce({ port: 9, numWant: 0 })).peers).toHaveLength(0)
  })

  it.skipIf(!hasIpv6)('speaks the long form to who asks for it, and IPv6', async () => {
    server = await startTracker({ host: '::1' })
    const query = `info_hash=${percentEncode(REQUEST.infoHash)}&peer_id=${percentEncode(REQUEST.peerId)}&left=1`
    await fetchBytes(`${server.url}?${query}&port=7`)
    const { value } = decode(await fetchBytes(`${server.url}?${query}&port=8&compact=0`))
    const peer = value instanceof BencodeDict ? value.list('peers')?.[0] : undefined
    expect(peer).toBeInstanceOf(BencodeDict)
    if (!(peer instanceof BencodeDict)) return
    expect([peer.text('ip'), peer.int('port'), peer.bytes('peer id')]).toEqual(['::1', 7, REQUEST.peerId])
    const trackers = createTrackers()
    const outcome = await new Promise(resolve =>
      trackers.announce(server!.url, { ...REQUEST, port: 9 }, resolve),
    )
    expect(outcome).toMatchObject({ peers: [{ host: '::1' }, { host: '::1' }] })
  })

  it.each([
    ['', 'info_hash'],
    ['?info_hash=abc', 'info_hash'],
    ['?info_hash=%zz%', 'info_hash'],
    [`?info_hash=${'x'.repeat(20)}`, 'peer_id'],
    [`?info_hash=${'x'.repeat(20)}&peer_id=${'y'.repeat(20)}&port=0`, 'port'],
    [`?info_hash=${'x'.repeat(20)}&peer_id=${'y'.repeat(20)}&port=-1e9`, 'port'],
  ])('refuses the announce %j', async (query, words) => {
    server = await startTracker()
    const { value } = decode(await fetchBytes(server.url + query))
    expect(value instanceof BencodeDict && value.text('failure reason')).toContain(words)
  })

  it('says when its port is taken', async () => {
    server = await startTracker()
    const error = await startTracker({ port: server.port }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ShoalError)
    expect(error).toMatchObject({ code: 'PORT_IN_USE' })
  })
})

function announce(fields: Partial<AnnounceRequest>, bindHost?: string): Promise<AnnounceReply> {
  const trackers = createTrackers({ bindHost })
  return new Promise((resolve, reject) => {
    trackers.announce(server!.url, { ...REQUEST, ...fields }, outcome => {
      if (outcome instanceof ShoalError) reject(outcome)
      else resolve(outcome)
    })
  })
}

function fetchBytes(url: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))))
    }).on('error', reject)
  })
}
