/**
 * A DHT of libtorrent's and Transmission's nodes, and magnet links with nothing but an info-hash in them. Nobody has a
 * tracker or asks the local network; each torrent has one seed and one getter, so there is nobody that one could hear
 * of the other from, either. Run by run.mjs.
 */
import { afterAll, beforeAll, describe, test } from 'vitest'
import { DhtNet, type Started } from './rig/dht-net.ts'

/** Transmission does nothing in a DHT of fewer than nine nodes. */
const EACH = 8
/** It enters with care, and takes its turns: from half a minute to one and a half. */
const TRANSMISSION_MS = 240_000

let net: DhtNet
const nodes: { libtorrent: Started[]; Transmission: Started[] } = { libtorrent: [], Transmission: [] }

beforeAll(async () => {
  net = new DhtNet('dht-magnet', 8200)
  for (let n = 0; n < EACH; n++) nodes.libtorrent.push(await net.libtorrentNode())
  nodes.Transmission.push(...(await Promise.all(Array.from({ length: EACH }, () => net.transmissionNode()))))
})

afterAll(async () => {
  await net?.stop()
})

describe.concurrent('by magnet link, and by the DHT alone', () => {
  // The slowest first.
  test(
    'Transmission gets a torrent from a Shoal seed',
    async () => {
      const torrent = net.trackerless('transmission-gets')
      net.shoal('seed', torrent.file)
      await net.isFound(torrent)
      await net.completes(net.transmissionGet(torrent.magnet))
    },
    TRANSMISSION_MS,
  )

  test('aria2 gets a torrent from a Shoal seed', async () => {
    const torrent = net.trackerless('aria2-gets')
    net.shoal('seed', torrent.file)
    await net.isFound(torrent)
    await net.completes(net.aria2Get(torrent.magnet))
  })

  test('libtorrent gets a torrent from a Shoal seed, which entered by Transmission', async () => {
    const torrent = net.trackerless('libtorrent-gets')
    net.shoal('seed', torrent.file, nodes.Transmission[2]!.address)
    await net.isFound(torrent)
    await net.completes(net.libtorrent('get', torrent.magnet))
  })

  for (const entry of ['libtorrent', 'Transmission'] as const) {
    test(`Shoal enters by ${entry}, and gets a torrent from a libtorrent seed`, async () => {
      const torrent = net.trackerless(`libtorrent-seeds-by-${entry}`)
      net.libtorrent('seed', torrent.file)
      await net.isFound(torrent)
      await net.completes(net.shoal('get', torrent.magnet, nodes[entry][1]!.address))
    })
  }
})
