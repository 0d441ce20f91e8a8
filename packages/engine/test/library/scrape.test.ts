import { createSocket } from 'node:dgram'
import { describe, expect, it } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import { scrapeTorrent } from '../../src/library/scrape.ts'
import type { ScrapeResult } from '../../src/library/types/tracker.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { startTracker } from '../../src/node/tracker-server.ts'
import { createTrackers } from '../../src/node/trackers.ts'
import { parse, single } from '../metainfo/build.ts'
import { REQUEST } from '../tracker/request.ts'
import { atEnd, serve } from './sandbox.ts'

function torrentAt(...tiers: string[][]): Metainfo {
  return parse(single(), { 'announce-list': tiers })
}

/** A tracker that lists two seeds and one leecher of the torrent. */
async function busyTracker(infoHash: Uint8Array): Promise<string> {
  const server = await startTracker()
  atEnd(() => server.close())
  const trackers = createTrackers()
  atEnd(() => trackers.close())
  for (const [port, leftBytes] of [
    [1001, 0],
    [1002, 0],
    [1003, 5],
  ] as const) {
    const request = { ...REQUEST, infoHash, port, leftBytes, event: 'started' as const }
    await new Promise(resolve => trackers.announce(server.url, request, resolve))
  }
  return server.url
}

/** A UDP tracker that knows of 7 seeds, 9 downloads and 8 leechers. */
async function udpTracker(): Promise<string> {
  const socket = createSocket('udp4')
  atEnd(() => void socket.close())
  socket.on('message', (packet, from) => {
    const isConnect = packet.length === 16
    const head = [0, 0, 0, isConnect ? 0 : 2, ...packet.subarray(12, 16)]
    const rest = isConnect ? [1, 2, 3, 4, 5, 6, 7, 8] : [0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 8]
    socket.send(Uint8Array.from([...head, ...rest]), from.port, from.address)
  })
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  return `udp://127.0.0.1:${socket.address().port}/announce`
}

function codes(results: readonly ScrapeResult[]): string[] {
  return results.map(result => (result.ok ? 'ok' : result.error.code))
}

describe('scraping a torrent', () => {
  it('gives one result for each tracker, in their order, whatever happens to the others', async () => {
    const busy = await busyTracker(parse(single()).infoHash)
    const udp = await udpTracker()
    const dead = 'http://127.0.0.1:1/announce'
    const other = 'http://127.0.0.1:1/other'
    expect(await scrapeTorrent(torrentAt([dead, busy], [udp, busy], [other]))).toMatchObject([
      { url: dead, ok: false, error: { code: 'TRACKER_UNREACHABLE', operation: 'scrape' } },
      { url: busy, ok: true, seeders: 2, leechers: 1, downloads: 0 },
      { url: udp, ok: true, seeders: 7, leechers: 8, downloads: 9 },
      { url: other, ok: false, error: { code: 'TRACKER_UNSUPPORTED' } },
    ])
  })

  it('lists nobody: a scrape is no announce', async () => {
    const metainfo = parse(single())
    const server = await startTracker()
    atEnd(() => server.close())
    const results = await scrapeTorrent(torrentAt([server.url]))
    expect(results).toMatchObject([
      { ok: false, error: { message: 'the tracker has no counts of this torrent' } },
    ])
    expect(server.peerCount(metainfo.infoHashHex)).toBe(0)
  })

  it('of a torrent without trackers has no results', async () => {
    expect(await scrapeTorrent(parse(single()))).toEqual([])
  })

  it('waits for a silent tracker as long as it was told, and hides its secrets', async () => {
    const url = `${await serve(() => {})}/s3cret/announce`
    const [result] = await scrapeTorrent(torrentAt([url]), { timeoutMs: 50 })
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'TRACKER_TIMEOUT', message: 'no answer within 0.05 s' },
    })
    expect(result?.ok === false && result.error.subject).not.toContain('s3cret')
  })

  it('asks all at once, but never more than 50', async () => {
    let open = 0
    let most = 0
    const infoHash = parse(single()).infoHash
    const body = encode(new Map([['files', new Map([[infoHash, { complete: 1 }]])]]))
    const waiting: (() => void)[] = []
    const base = await serve((_, response) => {
      open++
      most = Math.max(most, open)
      waiting.push(() => {
        open--
        response.end(body)
      })
      // The first fifty wait for each other; nobody else may come meanwhile.
      if (open === 50 || most === 50) setTimeout(() => waiting.splice(0).forEach(answer => void answer()), 20)
    })
    const urls = Array.from({ length: 60 }, (_, at) => `${base}/${at}/announce`)
    const results = await scrapeTorrent(torrentAt(urls))
    expect(codes(results)).toEqual(urls.map(() => 'ok'))
    expect(results.map(result => result.url)).toEqual(urls)
    expect(most).toBe(50)
  })

  it('ends when aborted, before or meanwhile', async () => {
    const metainfo = torrentAt([`${await serve(() => controller.abort())}/announce`])
    const controller = new AbortController()
    const scrape = scrapeTorrent(metainfo, { signal: controller.signal })
    await expect(scrape).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(scrapeTorrent(metainfo, { signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })

  it.each([0, -1, Number.NaN, 2 ** 31])('refuses %d ms as a timeout', async timeoutMs => {
    await expect(scrapeTorrent(parse(single()), { timeoutMs })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  })
})
