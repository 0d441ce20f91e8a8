/** Whole networks of DHT nodes: what was announced is found, by few messages, whoever else is there. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { encode } from '../src/bencode/encode.ts'
import { formatAddress, type PeerAddress } from '../src/bytes/address.ts'
import { type Item, signedBytes } from '../src/dht/item.ts'
import { readSaved } from '../src/dht/saved.ts'
import type { SearchSummary } from '../src/dht/searches.ts'
import type { SwarmEstimate } from '../src/dht/tasks.ts'
import { Babbler, compact, type FoeContact, Liar, near } from './dht-foes.ts'
import { DhtNet, SimNode } from './dht-net.ts'

/** Figures are for whoever looks closely. */
const SHOW = process.env.SIM_TRACE !== undefined

interface Trial {
  readonly found: boolean
  readonly messages: number
  readonly hops: number
  readonly stored: number
}

/** One announces, another one looks for it. */
function trial(net: DhtNet, count: number): Trial[] {
  return Array.from({ length: count }, () => {
    const infoHash = net.random.bytes(20)
    const announcer = net.any()
    const { stored } = announcer.announce(infoHash)
    let seeker = net.any()
    while (seeker === announcer) seeker = net.any()
    const { summary, peers } = seeker.find(infoHash)
    const found = peers.some(peer => formatAddress(peer) === formatAddress(announcer.address))
    return { found, messages: summary.messages, hops: summary.hops, stored }
  })
}

function check(
  net: DhtNet,
  name: string,
  trials: readonly Trial[],
  limits: { messages: number; hops: number },
): void {
  const most = (key: 'messages' | 'hops'): number => Math.max(...trials.map(t => t[key]))
  const found = trials.filter(t => t.found).length
  if (SHOW) {
    const fewest = Math.min(...trials.map(t => t.stored))
    console.log(
      `${name}, seed ${net.world.seed}: ${found}/${trials.length} found, at most ${most('messages')} messages, ` +
        `${most('hops')} hops, at least ${fewest} stored; ${net.datagrams} datagrams, ${net.bytes} bytes`,
    )
  }
  expect(found, `${name}, seed ${net.world.seed}`).toBe(trials.length)
  expect(most('messages')).toBeLessThanOrEqual(limits.messages)
  expect(most('hops')).toBeLessThanOrEqual(limits.hops)
}

test.each([1, 2, 3])('200 nodes find what was announced (seed %i)', seed => {
  const net = new DhtNet('dht-200', seed)
  net.grow(200)
  const trials = trial(net, 12)
  check(net, '200 nodes', trials, { messages: 50, hops: 6 })
  expect(Math.min(...trials.map(t => t.stored))).toBe(8)
})

test('1,000 nodes find what was announced', () => {
  const net = new DhtNet('dht-1000', 1)
  net.grow(1000)
  check(net, '1,000 nodes', trial(net, 12), { messages: 50, hops: 7 })
})

test.each([1, 2])('what was announced is found when 30 % of the nodes are gone (seed %i)', seed => {
  const net = new DhtNet('dht-dead', seed)
  net.grow(100)
  for (let n = 0; n < 30; n++) net.nodes.splice(net.random.below(net.nodes.length), 1)[0]!.die()
  // Nobody knows yet: searches run into those that are gone.
  check(net, '30 % dead', trial(net, 10), { messages: 90, hops: 6 })
})

test('what was announced is found when 30 % of those who stored it are gone, too', () => {
  const net = new DhtNet('dht-churn', 1)
  net.grow(100)
  const infoHash = net.random.bytes(20)
  const announcer = net.any()
  announcer.announce(infoHash)
  const others = net.nodes.filter(node => node !== announcer)
  for (let n = 0; n < 30; n++) others.splice(net.random.below(others.length), 1)[0]!.die()
  const { peers } = others[0]!.find(infoHash)
  expect(peers.map(formatAddress)).toContain(formatAddress(announcer.address))
})

test.each([1, 2])('a tenth of all datagrams may get lost (seed %i)', seed => {
  const net = new DhtNet('dht-loss', seed)
  net.grow(100)
  net.loss = 0.1
  check(net, '10 % lost', trial(net, 10), { messages: 60, hops: 6 })
})

test.each([1, 2])('1,000 sybils in one /24 around the target hide nothing (seed %i)', seed => {
  const net = new DhtNet('dht-sybils', seed)
  net.grow(100)
  const infoHash = net.random.bytes(20)
  const { dht, peers, summary } = besiege(net, infoHash, n => ({
    host: `9.9.9.${1 + (n % 250)}`,
    port: 7000 + n,
  }))
  expect(peers).toBe(true)
  expect(summary.messages).toBeLessThanOrEqual(100)
  if (SHOW) console.log(`sybils of one /24, seed ${seed}: ${summary.messages} messages`)
  // One network, one node in each bucket.
  expect(dht).toBeLessThanOrEqual(12)
})

test.each([1, 2])('1,000 sybils on 8 addresses all over the world hide nothing (seed %i)', seed => {
  const net = new DhtNet('dht-eight', seed)
  net.grow(100)
  const infoHash = net.random.bytes(20)
  const hosts = Array.from({ length: 8 }, () => net.freshAddress().host)
  const { peers, summary, dht } = besiege(net, infoHash, n => ({ host: hosts[n % 8]!, port: 7000 + n }))
  expect(peers).toBe(true)
  expect(summary.messages).toBeLessThanOrEqual(100)
  expect(dht).toBeLessThanOrEqual(8)
})

test.each([1, 2])('nodes that answer garbage neither break nor hide anything (seed %i)', seed => {
  const net = new DhtNet('dht-garbage', seed)
  net.grow(100)
  for (let n = 0; n < 50; n++) {
    const babbler = new Babbler(net, net.freshAddress())
    const liar = new Liar(net, { ...net.freshAddress(), id: net.random.bytes(20) }, () => ({
      nodes: net.random.bytes(26 * 8),
      token: 't',
    }))
    for (let m = 0; m < 10; m++) {
      net.any().dht.addNode(babbler.address, net.world.nowMs)
      liar.ping(net.any().address)
    }
  }
  for (const node of net.nodes) node.wake()
  net.world.runFor(20_000)
  check(net, 'garbage', trial(net, 10), { messages: 100, hops: 12 })
})

test('items are stored and got, and newer ones replace older ones', () => {
  const net = new DhtNet('dht-items', 1)
  net.grow(60)
  const value = encode({ text: 'x'.repeat(900) })
  const put = net
    .any()
    .run<[SearchSummary, Uint8Array]>('put', (done, node, now) =>
      node.putImmutable({ value }, { onDone: (summary, target) => done([summary, target]) }, now),
    )
  expect(put[0].stored).toBe(8)
  const got = net
    .any()
    .run<Item | undefined>('get', (done, node, now) => node.get(put[1], { onDone: done }, now))
  expect(got).toEqual({ kind: 'immutable', value })

  const keys = generateKeyPairSync('ed25519')
  const publicKey = new Uint8Array(keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(12))
  // Not any node: one of the nearest 8 would not store at itself.
  const publisher = net.nodes[0]!
  const salt = new TextEncoder().encode('salt')
  const store = (seq: number, text: string, cas?: number): [SearchSummary, Uint8Array] => {
    const v = encode(text)
    const signature = new Uint8Array(sign(null, signedBytes(salt, seq, v), keys.privateKey))
    const item = { publicKey, salt, seq, value: v, signature }
    return publisher.run('put', (done, node, now) =>
      node.putMutable(
        item,
        { ...(cas !== undefined && { cas }), onDone: (summary, at) => done([summary, at]) },
        now,
      ),
    )
  }
  const [first, target] = store(1, 'one')
  expect(first.stored).toBe(8)
  expect(store(2, 'two', 1)[0].stored).toBe(8)
  expect(store(1, 'one')[0].refusals).toEqual(new Array(8).fill(302))
  const newest = net
    .any()
    .run<Item | undefined>('get', (done, node, now) => node.get(target, { salt, onDone: done }, now))
  expect(newest).toMatchObject({ kind: 'mutable', seq: 2, value: encode('two') })
  // Who does not have it yet would take it without comparing.
  const { refusals } = store(3, 'three', 1)[0]
  expect(refusals.length).toBeGreaterThanOrEqual(6)
  expect(new Set(refusals)).toEqual(new Set([301]))
})

test('a scrape counts seeds and peers', () => {
  const net = new DhtNet('dht-scrape', 1)
  net.grow(80)
  const infoHash = net.random.bytes(20)
  for (const [at, node] of net.nodes.slice(0, 30).entries()) node.announce(infoHash, at < 12)
  const estimate = net.nodes[40]!.run<SwarmEstimate>('scrape', (done, node, now) =>
    node.scrape(infoHash, done, now),
  )
  expect(Math.abs(estimate.seeds - 12)).toBeLessThanOrEqual(1)
  expect(Math.abs(estimate.peers - 18)).toBeLessThanOrEqual(1)
})

test('the DHT of IPv6 works as that of IPv4 does', () => {
  const net = new DhtNet('dht-6', 1)
  net.grow(60, 6)
  check(net, 'IPv6', trial(net, 5), { messages: 40, hops: 5 })
})

test('nobody keeps a read-only node, yet it finds what it looks for', () => {
  const net = new DhtNet('dht-read-only', 1)
  net.grow(60)
  const infoHash = net.random.bytes(20)
  const announcer = net.any()
  announcer.announce(infoHash)
  const reader = new SimNode(net, net.freshAddress(), { readOnly: true })
  reader.dht.bootstrap([net.nodes[0]!.address], net.world.nowMs)
  reader.wake()
  net.world.runFor(10_000)
  expect(reader.find(infoHash).peers.map(formatAddress)).toContain(formatAddress(announcer.address))
  const received = reader.dht.snapshot(net.world.nowMs).received
  for (let n = 0; n < 10; n++) net.any().find(reader.dht.id)
  expect(reader.dht.snapshot(net.world.nowMs).received).toBe(received)
})

test('after hours at rest all is found still, and little was sent', () => {
  const net = new DhtNet('dht-rest', 1)
  net.grow(16)
  const before = net.datagrams
  net.world.runFor(6 * 3_600_000)
  const perNodeAndMinute = (net.datagrams - before) / 16 / 360
  if (SHOW) console.log(`at rest: ${perNodeAndMinute.toFixed(1)} datagrams a minute for each node`)
  expect(perNodeAndMinute).toBeLessThan(30)
  check(net, 'after six hours', trial(net, 5), { messages: 30, hops: 4 })
})

/** Sybils with ids near the target, who know only each other and make themselves known to all. */
function besiege(
  net: DhtNet,
  infoHash: Uint8Array,
  addressOf: (n: number) => PeerAddress,
): { peers: boolean; summary: SearchSummary; dht: number } {
  const sybils = Array.from({ length: 1000 }, (_, n) => ({
    ...addressOf(n),
    id: near(infoHash, 3, net.random.bytes(20)),
  }))
  const some = (): FoeContact[] => Array.from({ length: 8 }, () => sybils[net.random.below(sybils.length)]!)
  for (const sybil of sybils) {
    const liar = new Liar(net, sybil, () => ({ nodes: compact(some()), token: 't' }))
    for (let n = 0; n < 2; n++) liar.ping(net.any().address)
  }
  net.world.runFor(20_000)
  const announcer = net.any()
  announcer.announce(infoHash)
  const seeker = net.any()
  const { peers, summary } = seeker.find(infoHash)
  const hosts = new Set(sybils.map(sybil => sybil.host))
  const most = Math.max(...net.nodes.map(node => countKnown(node, hosts, net.world.nowMs)))
  const found = peers.some(peer => formatAddress(peer) === formatAddress(announcer.address))
  return { peers: found || announcer === seeker, summary, dht: most }
}

/** How many nodes of these hosts a node would save: the whole table, in so small a network. */
function countKnown(node: SimNode, hosts: ReadonlySet<string>, now: number): number {
  return readSaved(node.dht.save(now), 4).nodes.filter(contact => hosts.has(contact.host)).length
}
