/** A DHT of libtorrent's nodes: Shoal finds peers in it, and is found, without any tracker. Run by run.mjs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DhtNet } from './rig/dht-net.ts'

const NODES = 4

let net: DhtNet

beforeAll(async () => {
  net = new DhtNet('dht', 8000)
  for (let n = 0; n < NODES; n++) await net.libtorrentNode()
})

afterAll(async () => {
  await net?.stop()
})

test('Shoal gets a torrent without trackers from a libtorrent seed', async () => {
  const torrent = net.trackerless('libtorrent-seeds')
  net.libtorrent('seed', torrent.file)
  await net.isFound(torrent)
  await net.completes(net.shoal('get', torrent.file))
})

test('libtorrent gets a torrent without trackers from a Shoal seed', async () => {
  const torrent = net.trackerless('shoal-seeds')
  net.shoal('seed', torrent.file)
  await net.isFound(torrent)
  await net.completes(net.libtorrent('get', torrent.file))
})

test("libtorrent enters by Shoal's node, and gets the torrent from there", async () => {
  const torrent = net.trackerless('shoal-leads')
  const { address } = net.shoal('seed', torrent.file)
  await net.isFound(torrent)
  await net.completes(net.libtorrent('get', torrent.file, address))
})

test("Shoal stores a value at libtorrent's nodes, and gets it back", async () => {
  const put = await net.ask('put', 'a value of BEP 44')
  const target = /^[0-9a-f]{40}$/m.exec(put)?.[0] ?? expect.unreachable()
  expect(await net.ask('get', target)).toContain('\na value of BEP 44')
})
