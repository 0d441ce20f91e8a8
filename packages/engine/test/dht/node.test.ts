import { describe, expect, test } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import type { PeerAddress } from '../../src/bytes/address.ts'
import { toHex } from '../../src/bytes/hex.ts'
import { compactNodes } from '../../src/dht/krpc.ts'
import { decodeMessage } from '../../src/dht/krpc-decode.ts'
import type { DhtNode } from '../../src/dht/node.ts'
import { isNodeIdOf } from '../../src/dht/node-id.ts'
import {
  ascii,
  drain,
  id,
  makeNode,
  populate,
  queriesOf,
  question,
  repliesOf,
  START_MS,
  seeded,
  sha1,
  to,
} from './helpers.ts'

const ASKER: PeerAddress = { host: '50.60.70.80', port: 4000 }
const HASH = id(7)
/** After `populate` of some nodes. */
const LATER = START_MS + 60_000

/** Asks and gives the one answer. */
function ask(
  node: DhtNode,
  datagram: Uint8Array,
  now: number,
  from = ASKER,
): ReturnType<typeof decodeMessage> {
  node.handle(datagram, from, now)
  return to(from, drain(node)).find(message => message.kind !== 'query')
}

function tokenOf(node: DhtNode, now: number, from = ASKER): Uint8Array {
  const reply = ask(node, question('get_peers', { info_hash: HASH }), now, from)
  if (reply?.kind !== 'reply' || reply.reply.token === undefined) throw new Error('no token')
  return reply.reply.token
}

describe('answers', () => {
  test('a ping is answered with our id and the address of who asked', () => {
    const node = makeNode()
    expect(ask(node, question('ping', {}), START_MS)).toMatchObject({
      kind: 'reply',
      transaction: ascii('aa'),
      ip: ASKER.host,
      reply: { id: node.id },
    })
  })

  test('find_node gives the 8 nearest good nodes', () => {
    const node = makeNode()
    populate(node, 30, START_MS)
    const reply = ask(node, question('find_node', { target: HASH }), LATER)
    expect(reply?.kind === 'reply' && reply.reply.nodes).toHaveLength(8)
  })

  test('an announce needs the token of that address', () => {
    const node = makeNode()
    const token = tokenOf(node, START_MS)
    const announce = question('announce_peer', { info_hash: HASH, port: 5000, token })
    const other = { host: '50.60.70.81', port: 4000 }
    expect(ask(node, announce, START_MS, other)).toMatchObject({ kind: 'error', code: 203 })
    expect(node.snapshot(START_MS).storedPeers).toBe(0)
    expect(ask(node, announce, START_MS)?.kind).toBe('reply')
    const implied = question('announce_peer', {
      info_hash: HASH,
      port: 0,
      implied_port: 1,
      token: tokenOf(node, START_MS, other),
    })
    expect(ask(node, implied, START_MS, other)?.kind).toBe('reply')
    const found = ask(node, question('get_peers', { info_hash: HASH }), START_MS + 2000)
    expect(found?.kind === 'reply' && found.reply.values.map(peer => peer.port).sort()).toEqual([4000, 5000])
  })

  test('sample_infohashes gives what is stored (BEP 51)', () => {
    const node = makeNode()
    ask(
      node,
      question('announce_peer', { info_hash: HASH, port: 5000, token: tokenOf(node, START_MS) }),
      START_MS,
    )
    node.handle(question('sample_infohashes', { target: HASH }), ASKER, START_MS)
    const text = String.fromCharCode(...drain(node)[0]!.datagram)
    expect(text).toContain(`7:samples20:${String.fromCharCode(...HASH)}`)
    expect(text).toContain('3:numi1e')
    expect(text).toContain('8:intervali300e')
  })

  test('an unknown method and a malformed question are answered with an error', () => {
    const node = makeNode()
    expect(ask(node, question('vote', {}), START_MS)).toMatchObject({ kind: 'error', code: 204 })
    expect(ask(node, question('get_peers', { info_hash: 'x' }), START_MS)).toMatchObject({ code: 203 })
  })

  test('a read-only node answers nothing, says so, and is not taken into tables', () => {
    const node = makeNode({ readOnly: true })
    expect(ask(node, question('ping', {}), START_MS)).toBeUndefined()
    node.addNode({ ...ASKER, host: '50.60.70.99' }, START_MS)
    const [datagram] = drain(node)
    expect(String.fromCharCode(...datagram!.datagram)).toContain('2:roi1e')
    const other = makeNode({ random: seeded(9) })
    other.handle(datagram!.datagram, ASKER, START_MS)
    expect(queriesOf(to(ASKER, drain(other)))).toHaveLength(0)
  })
})

describe('abuse', () => {
  test('10,000 questions a second get few answers, and a search goes on meanwhile', () => {
    const node = makeNode()
    const nodes = populate(node, 20, START_MS)
    const storing = nodes[5]!
    let answers = 0
    let bytes = 0
    const found: PeerAddress[] = []
    let isDone = false
    node.findPeers(HASH, { onPeers: peers => found.push(...peers), onDone: () => (isDone = true) }, LATER)
    const datagram = question('get_peers', { info_hash: HASH })
    const seconds = 5
    for (let ms = 0; ms < seconds * 1000; ms++) {
      const now = LATER + ms
      for (let n = 0; n < 10; n++) node.handle(datagram, ASKER, now)
      if (node.nextTimeout(now) <= now || ms % 100 === 0) node.tick(now)
      for (const { to: address, datagram: sent } of drain(node)) {
        const message = decodeMessage(sent)!
        if (address.host === ASKER.host) {
          answers++
          bytes += sent.length
        } else if (message.kind === 'query') {
          const values = address.host === storing.host ? [Uint8Array.of(1, 2, 3, 4, 5, 6)] : []
          const reply = encode({
            r: { id: sha1(ascii(address.host)), values },
            t: message.transaction,
            y: 'r',
          })
          node.handle(reply, address, now)
        }
      }
    }
    expect(answers).toBeLessThanOrEqual(10 * seconds + 1)
    // Not as much as was asked, by far.
    expect(bytes).toBeLessThan(seconds * 10_000 * datagram.length * 0.01)
    expect(isDone).toBe(true)
    expect(found).toEqual([{ host: '1.2.3.4', port: 0x0506 }])
  })

  test('questions from forged addresses make us send a bounded number of bytes', () => {
    const node = makeNode()
    populate(node, 30, START_MS)
    const random = seeded(3)
    let bytes = 0
    for (let n = 0; n < 20_000; n++) {
      const from = { host: `${60 + random.below(100)}.${random.below(255)}.${random.below(255)}.1`, port: 99 }
      node.handle(question('find_node', { target: HASH }), from, LATER + n / 4)
      for (const { datagram } of drain(node)) bytes += datagram.length
    }
    // 5 s at 20 kB/s and a burst of 100 kB, and a few pings.
    expect(bytes).toBeLessThan(215_000)
  })

  test.each([
    ['find_node', { target: HASH }],
    ['find_node', { target: HASH, want: ['n4', 'n6'] }],
    ['get_peers', { info_hash: HASH }],
    ['sample_infohashes', { target: HASH }],
    ['ping', {}],
    ['vote', {}],
  ] as const)('who has proven nothing gets at most five times its question (%s)', (method, args) => {
    const node = makeNode()
    populate(node, 30, START_MS)
    for (let n = 0; n < 200; n++) {
      const from = { host: `60.${n}.1.1`, port: 4000 }
      const announce = { info_hash: HASH, port: 5000, token: tokenOf(node, LATER + n * 200, from) }
      ask(node, question('announce_peer', announce), LATER + n * 200, from)
    }
    const now = LATER + 60_000
    const datagram = question(method, args, 'a')
    node.handle(datagram, ASKER, now)
    const sent = drain(node)
    const bytes = sent.reduce((sum, each) => sum + each.datagram.length, 0)
    expect(sent.length).toBeGreaterThan(0)
    expect(bytes).toBeLessThanOrEqual(5 * datagram.length)
  })

  test('who has shown a token gets more, but no more than BEP 32 has', () => {
    const node = makeNode()
    populate(node, 30, START_MS)
    for (let n = 0; n < 300; n++) {
      const from = { host: `60.${n >> 4}.${n & 15}.1`, port: 4000 }
      const announce = { info_hash: HASH, port: 5000, token: tokenOf(node, LATER + n * 200, from) }
      ask(node, question('announce_peer', announce), LATER + n * 200, from)
    }
    const now = LATER + 120_000
    node.handle(question('get_peers', { info_hash: HASH }), { host: '60.0.0.1', port: 4000 }, now)
    const [answer] = drain(node)
    expect(answer!.datagram.length).toBeGreaterThan(700)
    expect(answer!.datagram.length).toBeLessThanOrEqual(1024)
  })

  test('an answer counts only from the address that was asked, with its transaction, and once', () => {
    const node = makeNode()
    node.addNode(ASKER, START_MS)
    const [query] = queriesOf(to(ASKER, drain(node)))
    const answer = encode({ r: { id: id(0x80) }, t: query!.transaction, y: 'r' })
    node.handle(answer, { ...ASKER, port: 4001 }, START_MS)
    node.handle(answer, { ...ASKER, host: '50.60.70.81' }, START_MS)
    node.handle(encode({ r: { id: id(0x80) }, t: 'aaaa', y: 'r' }), ASKER, START_MS)
    expect(node.snapshot(START_MS)).toMatchObject({ nodes: 0, dropped: 3 })
    node.handle(answer, ASKER, START_MS)
    node.handle(answer, ASKER, START_MS)
    expect(node.snapshot(START_MS)).toMatchObject({ nodes: 1, dropped: 4 })
  })

  test('what a node of the internet tells of our own network is not believed', () => {
    const node = makeNode()
    populate(node, 1, START_MS)
    const found: PeerAddress[] = []
    node.findPeers(HASH, { onPeers: peers => found.push(...peers), onDone: () => {} }, LATER)
    node.tick(LATER)
    const [asked] = drain(node)
    const message = decodeMessage(asked!.datagram)!
    const hosts = ['10.0.0.1', '192.168.1.1', '127.0.0.1', '169.254.1.1', '224.0.0.1', '0.0.0.0', '8.8.4.4']
    const nodes = hosts.map((host, n) => ({ id: id(7, n), host, port: 6881 }))
    const values = hosts.map(host => Uint8Array.from([...host.split('.').map(Number), 1, 1]))
    const fields = { id: id(0x99), nodes: compactNodes(nodes), values }
    node.handle(encode({ r: fields, t: message.transaction, y: 'r' }), asked!.to, LATER)
    expect(found).toEqual([{ host: '8.8.4.4', port: 257 }])
    expect(drain(node).map(each => each.to.host)).toEqual(['8.8.4.4'])
  })

  test('datagrams of nonsense, from nowhere and from ourselves are dropped', () => {
    const node = makeNode()
    node.handle(new Uint8Array(65_536), ASKER, START_MS)
    node.handle(ascii('hello'), ASKER, START_MS)
    node.handle(question('ping', {}), { host: '50.60.70.80', port: 0 }, START_MS)
    node.handle(question('ping', {}), { host: '2a00::1', port: 1 }, START_MS)
    node.handle(question('ping', {}), { host: '224.1.1.1', port: 1 }, START_MS)
    node.handle(question('ping', { id: node.id }), ASKER, START_MS)
    expect(drain(node)).toEqual([])
    expect(node.snapshot(START_MS)).toMatchObject({ received: 6, dropped: 6 })
  })
})

describe('our own id', () => {
  test('is one that our address may have, once several independent nodes agree on it', () => {
    const node = makeNode()
    const before = toHex(node.id)
    for (let n = 0; n < 8; n++) {
      // Those of one network are one voice.
      const address = { host: n < 4 ? `40.1.1.${n}` : `40.${n}.1.1`, port: 6881 }
      node.addNode(address, START_MS)
      const [query] = queriesOf(to(address, drain(node)))
      if (n < 7) expect(toHex(node.id)).toBe(before)
      const answer = {
        ip: Uint8Array.of(80, 1, 2, 3, 1, 1),
        r: { id: id(0x80, n) },
        t: query!.transaction,
        y: 'r',
      }
      node.handle(encode(answer), address, START_MS)
    }
    expect(node.snapshot(START_MS).externalIp).toBeUndefined()
    const last = { host: '40.99.1.1', port: 6881 }
    node.addNode(last, START_MS)
    const [query] = queriesOf(to(last, drain(node)))
    const answer = {
      ip: Uint8Array.of(80, 1, 2, 3, 1, 1),
      r: { id: id(0x90) },
      t: query!.transaction,
      y: 'r',
    }
    node.handle(encode(answer), last, START_MS)
    expect(node.snapshot(START_MS).externalIp).toBe('80.1.2.3')
    expect(isNodeIdOf('80.1.2.3', node.id)).toBe(true)
    // The nodes are kept.
    expect(node.snapshot(START_MS).nodes).toBeGreaterThan(0)
  })

  test('is kept with the nodes over a restart, and damaged records are no harm', () => {
    const node = makeNode()
    const nodes = populate(node, 20, START_MS)
    node.externalIp('80.1.2.3', LATER)
    const saved = node.save(LATER)
    const again = makeNode({ random: seeded(2), saved })
    expect(again.id).toEqual(node.id)
    again.tick(START_MS)
    again.tick(START_MS + 1)
    const asked = drain(again).map(each => each.to.host)
    expect(asked.length).toBeGreaterThan(0)
    for (const host of asked) expect(nodes.map(each => each.host)).toContain(host)
    for (const bad of [
      new Uint8Array(0),
      ascii('de'),
      ascii('d2:id3:abce'),
      ascii('le'),
      saved.subarray(0, 50),
    ]) {
      expect(makeNode({ saved: bad }).id).toHaveLength(20)
    }
  })
})

describe('searches', () => {
  test('that nobody answers end, and tell so', () => {
    const node = makeNode()
    node.bootstrap([ASKER], START_MS)
    let now = START_MS
    let messages = -1
    node.findPeers(HASH, { onPeers: () => {}, onDone: summary => (messages = summary.messages) }, now)
    for (let n = 0; n < 50 && messages === -1; n++) {
      now = Math.max(now + 1, node.nextTimeout(now))
      node.tick(now)
      drain(node)
    }
    expect(messages).toBe(1)
    expect(now - START_MS).toBeLessThan(10_000)
  })

  test('that are ended report nothing, and 6,000 of them at once are bounded', () => {
    const node = makeNode()
    let done = 0
    const onPeers = (): void => {}
    for (let n = 0; n < 6000; n++) {
      node.findPeers(seeded(n).bytes(20), { onPeers, onDone: () => done++ }, START_MS)
    }
    expect(done).toBe(0)
    expect(node.snapshot(START_MS).searches).toBeLessThanOrEqual(5016)
    const cancel = node.findPeers(HASH, { onPeers, onDone: () => (done = -1e9) }, START_MS)
    cancel()
    for (let n = 0; n < 400; n++) node.tick(START_MS + n * 100)
    expect(done).toBe(6000)
  })

  test('nodes that ask us are pinged before they are taken', () => {
    const node = makeNode()
    node.handle(question('ping', {}), ASKER, START_MS)
    const [query] = queriesOf(to(ASKER, drain(node)))
    expect(node.snapshot(START_MS).nodes).toBe(0)
    node.handle(encode({ r: { id: id(9, 9) }, t: query!.transaction, y: 'r' }), ASKER, START_MS)
    expect(node.snapshot(START_MS).nodes).toBe(1)
    expect(repliesOf([ask(node, question('ping', {}), START_MS + 5000)!])).toHaveLength(1)
  })

  test('what nobody would store is not put', () => {
    const node = makeNode()
    const onDone = (): void => {}
    const key = {
      publicKey: new Uint8Array(32),
      salt: new Uint8Array(0),
      seq: 1,
      signature: new Uint8Array(64),
    }
    const value = encode('x')
    for (const bad of [encode('x'.repeat(1000)), ascii('x'), ascii('d1:b0:1:a0:e'), new Uint8Array(0)]) {
      expect(() => node.putImmutable({ value: bad }, { onDone }, START_MS)).toThrow(/the item has a value/)
    }
    for (const wrong of [
      { publicKey: value },
      { signature: value },
      { salt: new Uint8Array(65) },
      { seq: -1 },
    ]) {
      expect(() => node.putMutable({ value, ...key, ...wrong }, { onDone }, START_MS)).toThrow(
        /the item has a/,
      )
    }
  })

  test('addresses to enter by may be given one after another', () => {
    const node = makeNode()
    const asked = new Set<string>()
    for (let n = 0; n < 3; n++) {
      node.bootstrap([{ host: `50.${n}.1.1`, port: 1 }], START_MS + n)
      node.tick(START_MS + n)
      for (const { to: address } of drain(node)) asked.add(address.host)
    }
    expect(asked.size).toBe(3)
  })

  test('a ping tells the id of who is there, or nothing', () => {
    const node = makeNode()
    const seen: (string | undefined)[] = []
    node.ping(ASKER, found => seen.push(found && toHex(found)), START_MS)
    const [query] = queriesOf(to(ASKER, drain(node)))
    node.handle(encode({ r: { id: id(5) }, t: query!.transaction, y: 'r' }), ASKER, START_MS)
    node.ping(ASKER, found => seen.push(found && toHex(found)), START_MS)
    node.tick(START_MS + 7000)
    expect(seen).toEqual([toHex(id(5)), undefined])
  })
})
