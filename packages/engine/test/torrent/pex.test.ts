import { describe, expect, test } from 'vitest'
import { decode } from '../../src/bencode/decode.ts'
import type { BencodeDict } from '../../src/bencode/value.ts'
import { formatAddress, type PeerAddress, parseCompact4, parseCompact6 } from '../../src/bytes/address.ts'
import { type ConnectedContact, PexExtension } from '../../src/torrent/pex.ts'
import { RecentPeers } from '../../src/torrent/recent-peers.ts'
import { encodePexMessage } from '../../src/wire/pex-message.ts'
import { FakeExtensionPeer } from './extension-peers.ts'

const MINUTE = 60_000

function setUp(host = '10.0.0.1') {
  const contacts: ConnectedContact[] = []
  const found: string[][] = []
  const recent = new RecentPeers()
  const pex = new PexExtension({
    contacts: () => contacts,
    recent,
    onPeers: peers => void found.push(peers.map(({ address }) => formatAddress(address))),
  })
  const peer = new FakeExtensionPeer(pex, 1, host)
  peer.shake({}, 0)
  const tick = (now: number): { added: string[]; dropped: string[] }[] => {
    pex.onTick(now)
    return peer.take().map(read)
  }
  return { contacts, found, recent, pex, peer, tick }
}

function read(payload: Uint8Array): { added: string[]; dropped: string[] } {
  const dict = decode(payload, { strict: true }).value as BencodeDict
  const list = (key: string): string[] =>
    [...parseCompact4(dict.bytes(key)!), ...parseCompact6(dict.bytes(`${key}6`)!)].map(formatAddress)
  return { added: list('added'), dropped: list('dropped') }
}

function contact(id: number, host = `10.0.${id >> 8}.${id & 255}`): ConnectedContact {
  return { id, address: { host, port: 1000 + id }, flags: 0 }
}

function telling(...hosts: (string | PeerAddress)[]): Uint8Array {
  const added = hosts.map(host => ({
    address: typeof host === 'string' ? { host, port: 6881 } : host,
    flags: 0,
  }))
  return encodePexMessage(added, [])
}

describe('telling', () => {
  test('begins with whom we are connected to, of both families, and not the peer itself', () => {
    const { contacts, tick } = setUp()
    contacts.push(contact(1), contact(2), contact(3, 'fd00::3'))
    expect(tick(0)).toEqual([{ added: ['10.0.0.2:1002', '[fd00::3]:1003'], dropped: [] }])
  })

  test('goes on with what changed, at most once a minute', () => {
    const { contacts, tick } = setUp()
    contacts.push(contact(2), contact(3))
    expect(tick(0)).toHaveLength(1)
    contacts.splice(0, 1)
    contacts.push(contact(4))
    for (let now = 100; now < MINUTE; now += 5_000) expect(tick(now)).toEqual([])
    expect(tick(MINUTE)).toEqual([{ added: ['10.0.0.4:1004'], dropped: ['10.0.0.2:1002'] }])
    expect(tick(3 * MINUTE)).toEqual([])
  })

  test('says nothing of those that came and went in between', () => {
    const { contacts, tick } = setUp()
    contacts.push(contact(2))
    tick(0)
    contacts.push(contact(3))
    tick(1_000)
    contacts.pop()
    expect(tick(MINUTE)).toEqual([])
  })

  test('waits a minute also after it had nothing to tell for long', () => {
    const { contacts, tick } = setUp()
    expect(tick(0)).toEqual([])
    contacts.push(contact(2))
    expect(tick(10_000)).toHaveLength(1)
    contacts.push(contact(3))
    expect(tick(10_000 + MINUTE - 1)).toEqual([])
    expect(tick(10_000 + MINUTE)).toHaveLength(1)
  })

  test('spreads many over several messages of 50', () => {
    const { contacts, tick } = setUp()
    for (let id = 2; id < 122; id++) contacts.push(contact(id))
    expect([0, 1, 2, 3].flatMap(n => tick(n * MINUTE).map(({ added }) => added.length))).toEqual([50, 50, 20])
    contacts.length = 0
    const dropped = [4, 5, 6, 7].flatMap(n => tick(n * MINUTE).map(message => message.dropped))
    expect(dropped.map(list => list.length)).toEqual([50, 50, 20])
    expect(new Set(dropped.flat()).size).toBe(120)
  })

  test('keeps addresses of our own network from the internet', () => {
    const { contacts, tick } = setUp('8.8.8.8')
    contacts.push(contact(2), contact(3, '127.0.0.1'), contact(4, '9.9.9.9'))
    expect(tick(0)).toEqual([{ added: ['9.9.9.9:1004'], dropped: [] }])
  })

  test('leaves out peers that do not take it, or no longer, or are gone', () => {
    const { contacts, pex, peer, tick } = setUp()
    contacts.push(contact(2))
    peer.supported = false
    expect(tick(0)).toEqual([])
    peer.supported = true
    pex.onPeerGone(peer)
    expect(tick(1_000)).toEqual([])
  })
})

describe('telling of those that left a moment ago', () => {
  const hosts = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, n) => `10.0.0.${from + n}:${1000 + from + n}`)

  test('happens once, and as of those that are gone a message later', () => {
    const { contacts, recent, tick } = setUp()
    contacts.push(contact(2))
    recent.add(contact(3), 0)
    recent.add(contact(4, 'fd00::4'), 0)
    expect(tick(0)).toEqual([{ added: ['10.0.0.2:1002', '10.0.0.3:1003', '[fd00::4]:1004'], dropped: [] }])
    expect(tick(MINUTE)).toEqual([{ added: [], dropped: ['10.0.0.3:1003', '[fd00::4]:1004'] }])
    expect(tick(2 * MINUTE)).toEqual([])
  })

  test('goes on with those that came back and left again', () => {
    const { recent, tick } = setUp()
    recent.add(contact(3), 0)
    expect(tick(0)).toHaveLength(1)
    expect(tick(MINUTE)).toHaveLength(1)
    recent.add(contact(3), MINUTE + 1)
    expect(tick(2 * MINUTE)).toEqual([{ added: ['10.0.0.3:1003'], dropped: [] }])
  })

  test('never adds and drops an address in one message, or one that is connected', () => {
    const { contacts, recent, tick } = setUp()
    contacts.push(contact(2), contact(3))
    recent.add(contact(3), 0)
    expect(tick(0)).toEqual([{ added: ['10.0.0.2:1002', '10.0.0.3:1003'], dropped: [] }])
    contacts.shift()
    recent.add(contact(2), 1_000)
    expect(tick(MINUTE)).toEqual([{ added: [], dropped: ['10.0.0.2:1002'] }])
    expect(tick(3 * MINUTE)).toEqual([])
  })

  test('is for those with fewer than 25 contacts, of either family', () => {
    const { contacts, recent, tick } = setUp()
    for (let id = 2; id < 27; id++) contacts.push(contact(id))
    recent.add(contact(30), 0)
    recent.add(contact(31, 'fd00::31'), 0)
    expect(tick(0)).toEqual([{ added: [...hosts(2, 27), '[fd00::31]:1031'], dropped: [] }])
    contacts.pop()
    expect(tick(MINUTE)[0]).toMatchObject({ added: ['10.0.0.30:1030'] })
  })

  test('knows the last 25 of either family, for ten minutes', () => {
    const { recent, tick } = setUp()
    for (let id = 2; id < 40; id++) recent.add(contact(id), id)
    recent.add(contact(2), 50)
    expect(tick(10 * MINUTE + 20)).toEqual([{ added: [...hosts(20, 40), '10.0.0.2:1002'], dropped: [] }])
  })

  test('spreads over several messages what is more than 50', () => {
    const { contacts, recent, tick } = setUp()
    for (let id = 2; id < 26; id++) contacts.push(contact(id), contact(id + 100, `fd00::${id}`))
    for (let id = 30; id < 60; id++) recent.add(contact(id), 0)
    expect(tick(0).map(({ added }) => added.length)).toEqual([50])
    const [next] = tick(MINUTE)
    expect(next?.added).toEqual(hosts(37, 60))
    expect(next?.dropped).toEqual(hosts(35, 37))
  })

  test('keeps addresses of our own network from the internet', () => {
    const { recent, tick } = setUp('8.8.8.8')
    recent.add(contact(3), 0)
    recent.add(contact(4, '9.9.9.9'), 0)
    expect(tick(0)).toEqual([{ added: ['9.9.9.9:1004'], dropped: [] }])
  })
})

describe('being told', () => {
  test('takes what is credible', () => {
    const { found, peer } = setUp('8.8.8.8')
    peer.says(telling('9.9.9.9', '2a00::1', '10.0.0.9', '127.0.0.1', '192.168.0.1', 'fe80::1', '0.0.0.0'), 0)
    expect(found).toEqual([['9.9.9.9:6881', '[2a00::1]:6881']])
  })

  test('takes addresses of our network from our network', () => {
    const { found, peer } = setUp()
    peer.says(telling('10.0.0.9', '127.0.0.1', '0.0.0.0'), 0)
    expect(found).toEqual([['10.0.0.9:6881']])
  })

  test('takes a host of the internet with one port only', () => {
    const { found, peer } = setUp()
    const many = (host: string): PeerAddress[] => [1, 2, 3, 3].map(port => ({ host, port }))
    peer.says(telling(...many('9.9.9.9'), ...many('10.0.0.9')), 0)
    expect(found).toEqual([['9.9.9.9:1', '10.0.0.9:1', '10.0.0.9:2', '10.0.0.9:3']])
  })

  test('takes at most 100 of a message', () => {
    const { found, peer } = setUp()
    peer.says(telling(...Array.from({ length: 5000 }, (_, n) => `10.1.${n >> 8}.${n & 255}`)), 0)
    expect(found[0]).toHaveLength(100)
  })

  test('ignores messages that come too early', () => {
    const { found, peer } = setUp()
    for (const now of [0, 1_000, 44_000, 46_000]) peer.says(telling('9.9.9.9'), now)
    expect(found).toHaveLength(2)
    expect(peer.closed).toBeUndefined()
  })

  test('puts up with one every half minute, and takes every other', () => {
    const { found, peer } = setUp()
    for (let n = 0; n < 200; n++) peer.says(telling('9.9.9.9'), n * 30_000)
    expect(found).toHaveLength(100)
    expect(peer.closed).toBeUndefined()
  })

  test('closes a peer that floods', () => {
    const { found, peer } = setUp()
    for (let n = 0; n < 20; n++) peer.says(telling('9.9.9.9'), n * 1_000)
    expect(found).toHaveLength(1)
    expect(peer.closed?.code).toBe('QUEUE_FLOOD')
  })

  test('closes a peer whose message is none, and tells nothing of an empty one', () => {
    const { found, peer } = setUp()
    peer.says(telling(), 0)
    expect(found).toEqual([])
    peer.says(Uint8Array.of(100, 1), MINUTE)
    expect(peer.closed?.code).toBe('BAD_MESSAGE')
  })
})
