import { expect, test } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import type { PeerAddress } from '../../src/bytes/address.ts'
import { Dht } from '../../src/dht/dht.ts'
import { compactNodes } from '../../src/dht/krpc.ts'
import { decodeMessage } from '../../src/dht/krpc-decode.ts'
import { drain, id, question, START_MS, seeded, sha1, to } from './helpers.ts'

const FOUR: PeerAddress = { host: '50.60.70.80', port: 4000 }
const SIX: PeerAddress = { host: '2a00:1::1', port: 6000 }
const HASH = id(7)

function pair(): Dht {
  return new Dht({ families: [4, 6], random: seeded(1), sha1 }, START_MS)
}

/** Answers whatever is asked, in the way of a node with these fields. */
function answerAll(
  dht: Dht,
  fields: (host: string) => Record<string, Uint8Array | Uint8Array[]>,
  now: number,
): string[] {
  const asked: string[] = []
  for (const { to: from, datagram } of drain(dht)) {
    const message = decodeMessage(datagram)
    if (message?.kind !== 'query') continue
    asked.push(from.host)
    const r = { id: sha1(new TextEncoder().encode(from.host)), ...fields(from.host) }
    dht.handle(encode({ r, t: message.transaction, y: 'r' }), from, now)
  }
  return asked
}

test('a search goes through both networks and reports once, each peer once', () => {
  const dht = pair()
  dht.bootstrap([FOUR, SIX], START_MS)
  const peers: PeerAddress[] = []
  const reports: number[] = []
  const peer = Uint8Array.of(1, 2, 3, 4, 0, 5)
  dht.findPeers(HASH, { onPeers: p => peers.push(...p), onDone: s => reports.push(s.messages) }, START_MS)
  for (let n = 0; n < 20; n++) {
    dht.tick(START_MS + n * 500)
    answerAll(dht, () => ({ values: [peer] }), START_MS + n * 500)
  }
  expect(peers).toEqual([{ host: '1.2.3.4', port: 5 }])
  expect(reports).toEqual([2])
  const snapshot = dht.snapshot(START_MS)
  expect([snapshot[4]?.nodes, snapshot[6]?.nodes]).toEqual([1, 1])
})

test('who wants nodes of both families gets them, who does not gets those of its own', () => {
  const dht = pair()
  dht.addNode(FOUR, START_MS)
  dht.addNode(SIX, START_MS)
  answerAll(dht, () => ({}), START_MS)
  const asker = { host: '70.1.1.1', port: 1 }
  const ask = (want?: string[]): [number, number] => {
    dht.handle(question('find_node', { target: HASH, ...(want && { want }) }), asker, START_MS)
    const [answer] = to(asker, drain(dht)).filter(message => message.kind === 'reply')
    return answer?.kind === 'reply' ? [answer.reply.nodes.length, answer.reply.nodes6.length] : [-1, -1]
  }
  expect(ask()).toEqual([1, 0])
  expect(ask(['n4', 'n6', 'x'])).toEqual([1, 1])
  expect(ask(['n6'])).toEqual([0, 1])
})

test('nodes of the other family that an answer tells of are pinged there', () => {
  const dht = pair()
  dht.bootstrap([FOUR], START_MS)
  dht.tick(START_MS)
  dht.tick(START_MS + 1)
  const other = { id: id(3), ...SIX }
  answerAll(dht, host => (host === FOUR.host ? { nodes6: compactNodes([other]) } : {}), START_MS + 2)
  expect(answerAll(dht, () => ({}), START_MS + 3)).toContain(SIX.host)
  expect(dht.snapshot(START_MS)[6]?.nodes).toBe(1)
})

test('what is saved is saved for each, and one family alone works', () => {
  const dht = pair()
  const saved = dht.save(START_MS)
  const again = new Dht({ families: [4, 6], random: seeded(2), sha1, saved }, START_MS)
  expect(again.snapshot(START_MS)[4]?.id).toEqual(dht.snapshot(START_MS)[4]?.id)
  expect(again.snapshot(START_MS)[6]?.id).toEqual(dht.snapshot(START_MS)[6]?.id)
  const alone = new Dht({ families: [4], random: seeded(3), sha1 }, START_MS)
  alone.handle(question('ping', {}), SIX, START_MS)
  alone.addNode(SIX, START_MS)
  expect(drain(alone)).toEqual([])
  expect(alone.snapshot(START_MS)[6]).toBeUndefined()
})
