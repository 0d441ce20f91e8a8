import { expect, test } from 'vitest'
import { formatAddress, type PeerAddress } from '../../src/bytes/address.ts'
import type { Engine as CoreEngine } from '../../src/engine.ts'
import { createTorrent } from '../../src/library/create.ts'
import { fetchMetadata } from '../../src/library/magnet.ts'
import { parseMagnet } from '../../src/metainfo/magnet.ts'
import { systemRandom } from '../../src/node/system.ts'
import type { MagnetObserver, MagnetOptions } from '../../src/torrent/magnet-fetch.ts'
import { PeerBook, type PeerSource } from '../../src/torrent/peer-book.ts'
import { folder } from './sandbox.ts'

const SOURCES: readonly PeerSource[] = ['given', 'tracker', 'lsd', 'incoming', 'pex', 'dht']

/** What is left of one address from each source, and of one from two, once the description is there. */
async function foundBy(options: { readonly private: boolean }): Promise<string[]> {
  const { metainfo } = await createTorrent(folder({ 'a.bin': 'some content' }), options)
  const book = new PeerBook({ random: systemRandom })
  const fetch = { book, trackers: [], connected: 0, connecting: 0, progress: undefined }
  let dropped = 0
  const core = {
    addMagnet(_: unknown, observer: MagnetObserver) {
      SOURCES.forEach((source, at) => {
        book.add({ host: `10.0.0.${at}`, port: 1 }, source, 0)
      })
      for (const source of ['dht', 'tracker'] as const) book.add({ host: '10.0.0.9', port: 1 }, source, 0)
      observer.onMetadata(metainfo.infoBytes)
      return fetch
    },
    dropMagnet: () => void dropped++,
  }
  const magnet = parseMagnet(`magnet:?xt=urn:btih:${metainfo.infoHashHex}`)
  const fetched = await fetchMetadata(core as unknown as CoreEngine, undefined, magnet, {})
  expect(fetched.metainfo.private).toBe(options.private)
  expect(dropped).toBe(1)
  return fetched.found.map(({ address }) => formatAddress(address))
}

test('of a magnet link that turns out private, only the peers of trackers and of the user are kept', async () => {
  expect(await foundBy({ private: true })).toEqual(['10.0.0.0:1', '10.0.0.1:1', '10.0.0.9:1'])
})

test('of any other all are', async () => {
  expect(await foundBy({ private: false })).toHaveLength(SOURCES.length + 1)
})

test.each([
  [undefined, ['10.0.0.1:1', '8.8.8.8:1']],
  ['10.0.0.5', ['10.0.0.1:1', '8.8.8.8:1']],
  ['127.0.0.1', ['127.0.0.1:1', '10.0.0.1:1', '8.8.8.8:1']],
])('a link names no peer of this machine to an engine bound to %s, nor nobody', async (bind, expected) => {
  const { metainfo } = await createTorrent(folder({ 'a.bin': 'some content' }))
  const peers = ['127.0.0.1:1', '10.0.0.1:1', '8.8.8.8:1', '169.254.169.254:1', '0.0.0.0:1', 'localhost:2']
  const magnet = parseMagnet(
    `magnet:?xt=urn:btih:${metainfo.infoHashHex}${peers.map(peer => `&x.pe=${peer}`).join('')}`,
  )
  expect(magnet.peers).toHaveLength(peers.length)
  let dialled: readonly PeerAddress[] = []
  const core = {
    addMagnet(options: MagnetOptions, observer: MagnetObserver) {
      dialled = options.peers
      observer.onMetadata(metainfo.infoBytes)
      return { book: new PeerBook({ random: systemRandom }) }
    },
    dropMagnet: () => {},
  }
  await fetchMetadata(core as unknown as CoreEngine, undefined, magnet, { bind, peers: ['127.0.0.1:9'] })
  const names = dialled.map(formatAddress).filter(name => !name.endsWith(':2'))
  expect(names).toEqual(['127.0.0.1:9', ...expected])
  expect(dialled.length > names.length).toBe(bind === '127.0.0.1')
})
