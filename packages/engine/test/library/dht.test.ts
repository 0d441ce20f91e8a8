import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createDht } from '../../src/library/dht.ts'
import { createEngine } from '../../src/library/engine.ts'
import { parseTorrent } from '../../src/library/parse.ts'
import type { Dht, DhtOptions } from '../../src/library/types/dht.ts'
import type { Engine, EngineOptions } from '../../src/library/types/engine.ts'
import type { Torrent } from '../../src/library/types/torrent.ts'
import { encodeTorrent } from '../../src/metainfo/create.ts'
import { atEnd, content, folder } from './sandbox.ts'

const LOCAL = { bind: '127.0.0.1', port: 0 }
const HASH = '0123456789abcdef0123456789abcdef01234567'
const PIECE = 16_384

async function node(options: DhtOptions = {}): Promise<Dht> {
  const dht = await createDht({ ...LOCAL, ...options })
  atEnd(() => dht.close())
  return dht
}

async function engine(options: EngineOptions = {}): Promise<Engine> {
  const made = await createEngine({ ...LOCAL, lsd: false, ...options })
  atEnd(() => made.close())
  return made
}

/** The first knows nobody; each of the others enters by it. */
async function network(count: number): Promise<Dht[]> {
  const first = await node()
  const others = Array.from({ length: count - 1 }, () => node({ bootstrap: [address(first)] }))
  return [first, ...(await Promise.all(others))]
}

const address = ({ port }: { readonly port: number }): string => `127.0.0.1:${port}`

function torrentOf(data: Uint8Array, options: { readonly private?: boolean } = {}): Uint8Array {
  const pieces = Array.from({ length: Math.ceil(data.length / PIECE) }, (_, at) =>
    createHash('sha1')
      .update(data.subarray(at * PIECE, (at + 1) * PIECE))
      .digest(),
  )
  return encodeTorrent({
    name: 'data.bin',
    files: data.length,
    pieceLength: PIECE,
    pieceHashes: Buffer.concat(pieces),
    private: options.private ?? false,
  })
}

describe('five nodes on this machine', () => {
  test('find the peer that one of them announced', async () => {
    const [, b, c, , e] = await network(5)
    const announced = await b!.find(HASH, { announcePort: 7001 })
    expect(announced.announced).toBeGreaterThan(0)
    const told: string[] = []
    const found = await e!.find(HASH, { onPeers: peers => told.push(...peers) })
    expect(found.peers).toEqual(['127.0.0.1:7001'])
    expect(told).toEqual(found.peers)
    expect((await c!.find(HASH)).peers).toEqual(['127.0.0.1:7001'])
  })

  test('keep a value and give it to each other', async () => {
    const [a, , , d, e] = await network(5)
    const { target, stored } = await a!.put('a value, käse')
    expect(stored).toBeGreaterThan(0)
    expect(target).toBe(createHash('sha1').update('14:a value, käse').digest('hex'))
    const item = await e!.get(target)
    expect(new TextDecoder().decode(item?.bytes)).toBe('a value, käse')
    expect(item?.mutable).toBe(false)
    expect(await d!.get(HASH)).toBeUndefined()
  })

  test('know of each other, and answer a ping with their id', async () => {
    const [a, b] = await network(5)
    const nodes = await b!.nodes()
    expect(nodes.map(each => each.address)).toContain(address(a!))
    const pong = await b!.ping(address(a!))
    expect(pong?.id).toBe(nodes.find(each => each.address === address(a!))?.id)
  })

  test('do not list or ask one that only looks on', async () => {
    const [a] = await network(3)
    const guest = await node({ bootstrap: [address(a!)], readOnly: true })
    expect((await guest.nodes()).map(each => each.address)).toContain(address(a!))
    expect((await a!.nodes()).map(each => each.address)).not.toContain(address(guest))
  })
})

describe('a node of the DHT', () => {
  test('fails when nobody answers in time', async () => {
    const alone = await node()
    await expect(alone.find(HASH, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'NETWORK' })
  })

  test('ends its searches when aborted or closed', async () => {
    const alone = await node()
    const aborter = new AbortController()
    const aborted = alone.find(HASH, { signal: aborter.signal })
    const closed = alone.find(HASH)
    aborter.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
    const watched = expect(closed).rejects.toMatchObject({ code: 'CLOSED' })
    await alone.close()
    await watched
  })

  test.each(['nowhere', '127.0.0.1', '127.0.0.1:0', 'a b:1', ':1'])(
    'has no use for the address %j',
    async text => {
      await expect(createDht({ ...LOCAL, bootstrap: [text] })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
      })
    },
  )

  test('refuses values and hashes that are none', async () => {
    const alone = await node()
    await expect(alone.put('x'.repeat(1000))).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(alone.find('12')).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(alone.get(`${HASH}0`)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('goes back in by its saved table alone', async () => {
    const [a] = await network(3)
    const stateDir = folder()
    const before = await node({ stateDir, bootstrap: [address(a!)] })
    await before.find(HASH)
    await before.close()
    expect(readdirSync(join(stateDir, 'dht'))).toEqual(['4'])
    const after = await node({ stateDir })
    expect((await after.nodes()).map(each => each.address)).toContain(address(a!))
  })

  test('begins anew where the saved table is damaged', async () => {
    const stateDir = folder({ 'dht/4': 'd2:id3:abc5:nodes' })
    const dht = await node({ stateDir })
    expect(dht.snapshot().nodes).toBe(0)
    expect(readdirSync(join(stateDir, 'dht'))).toEqual(['4.bad'])
  })
})

describe('an engine', () => {
  const data = content(5 * PIECE)

  test('tells that the saved table is damaged, and keeps it aside', async () => {
    const damaged = 'd2:id3:abc5:nodes'
    const stateDir = folder({ 'dht/4': damaged })
    const torrent = await (await engine({ stateDir })).add(torrentOf(data), { dir: folder(), paused: true })
    const warnings: string[] = []
    torrent.on('warning', text => warnings.push(text))
    await expect.poll(() => warnings).toEqual([expect.stringContaining('table of the DHT (IPv4) is damaged')])
    expect(readFileSync(join(stateDir, 'dht', '4.bad'), 'utf8')).toBe(damaged)
  })

  test('gets a torrent without trackers from a seed that only the DHT knows of', async () => {
    const [a, b] = await network(3)
    const torrent = torrentOf(data)
    const seeder = await engine({ dhtBootstrap: [address(a!)] })
    await seeder.add(torrent, { dir: folder({ 'data.bin': data }), seedOnly: true })
    await expect.poll(() => a!.snapshot().storedPeers).toBeGreaterThan(0)
    const getter = await engine({ dhtBootstrap: [address(b!)] })
    const dir = folder()
    const download = await getter.add(torrent, { dir })
    await download.done
    expect(readFileSync(join(dir, 'data.bin')).equals(data)).toBe(true)
    expect(getter.snapshot().dht).toMatchObject({ nodes: expect.any(Number), port: expect.any(Number) })
    expect(download.snapshot().peers.map(peer => peer.source)).toContain('dht')
  })

  test('shares the number of its TCP port with the DHT', async () => {
    const made = await engine()
    await expect.poll(() => made.snapshot().dht?.port).toBe(made.port)
  })

  test('opens no socket where no DHT is wanted', async () => {
    const made = await engine({ dht: false })
    expect(made.snapshot().dht).toBeUndefined()
  })

  test('pings the nodes that a torrent names', async () => {
    const other = await node()
    const made = await engine()
    const nodes = [{ host: '127.0.0.1', port: other.port }]
    await made.add({ ...parseTorrent(torrentOf(data)), nodes }, { dir: folder() })
    await expect.poll(() => made.snapshot().dht?.nodes).toBe(1)
  })

  test.each([
    ['that is private', { private: true }, {}],
    ['that is to be found by nobody', {}, { discovery: false }],
  ])('says nothing of a torrent %s', async (_, shape, options) => {
    const [a, b] = await network(2)
    const made = await engine({ dhtBootstrap: [address(a!)] })
    const dir = folder({ 'data.bin': data })
    const silent = await made.add(torrentOf(data, shape), { dir, seedOnly: true, ...options })
    const open = await made.add(torrentOf(content(PIECE)), { dir: folder() })
    const find = async ({ metainfo }: Torrent): Promise<number> =>
      (await b!.find(metainfo.infoHashHex)).peers.length
    await expect.poll(() => find(open)).toBe(1)
    expect(await find(silent)).toBe(0)
  })
})
