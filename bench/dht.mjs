/** How many queries a second one DHT node takes in: from as many addresses, answered as far as its limits let it. */
import { createHash, randomBytes } from 'node:crypto'
import { decode } from '../packages/engine/dist/bencode/decode.js'
import { encode } from '../packages/engine/dist/bencode/encode.js'
import { DhtNode } from '../packages/engine/dist/dht/node.js'

const QUERIES = 200_000
const random = {
  bytes: length => new Uint8Array(randomBytes(length)),
  below: bound => Math.floor(Math.random() * bound),
}
const sha1 = bytes => new Uint8Array(createHash('sha1').update(bytes).digest())

for (const perSecond of [100, 1_000_000]) {
  const node = new DhtNode({ family: 4, random, sha1 }, 0)
  const query = encode({
    a: { id: random.bytes(20), target: random.bytes(20) },
    q: 'find_node',
    t: 'aa',
    y: 'q',
  })
  let answers = 0
  const began = performance.now()
  for (let n = 0; n < QUERIES; n++) {
    const host = `${1 + (n % 200)}.${(n >> 8) & 255}.${(n >> 4) & 255}.${1 + (n % 250)}`
    node.handle(query, { host, port: 6881 }, (n / perSecond) * 1000)
    while (node.poll() !== undefined) answers++
  }
  const seconds = (performance.now() - began) / 1000
  console.log(
    `queries at ${perSecond}/s: ${Math.round(QUERIES / seconds)} a second taken in, ${answers} of ${QUERIES} answered`,
  )
}

/** A node alone for hours of virtual time, where everybody answers: what a full table costs while nobody asks it. */
function idle() {
  const HOURS = 6
  const node = new DhtNode({ family: 4, random, sha1 }, 0)
  const idOf = new Map()
  // As near to the target as nodes of a large network are, each in a network of its own.
  const somebodyNear = target => {
    const id = random.bytes(20)
    for (let bit = random.below(20) - 1; bit >= 0; bit--) {
      const mask = 128 >> (bit & 7)
      id[bit >> 3] = (id[bit >> 3] & ~mask) | (target[bit >> 3] & mask)
    }
    const address = [11 + random.below(80), random.below(256), random.below(256), 1 + random.below(250)]
    idOf.set(address.join('.'), id)
    return [...id, ...address, 26, 225]
  }
  const answer = ({ to, datagram }, now) => {
    const query = decode(datagram).value
    if (query.text('y') !== 'q') return
    const target = query.dict('a').bytes('target') ?? query.dict('a').bytes('info_hash')
    const id = idOf.get(to.host) ?? random.bytes(20)
    idOf.set(to.host, id)
    const list = target && Uint8Array.from(Array.from({ length: 8 }, () => somebodyNear(target)).flat())
    node.handle(encode({ r: { id, ...(list && { nodes: list }) }, t: query.bytes('t'), y: 'r' }), to, now)
  }
  node.bootstrap([{ host: '99.1.1.1', port: 6881 }], 0)
  let datagrams = 0
  let nodeMs = 0
  for (let now = 0; now < HOURS * 3_600_000; now += 100) {
    const began = performance.now()
    node.tick(now)
    nodeMs += performance.now() - began
    for (let out = node.poll(); out !== undefined; out = node.poll()) {
      datagrams++
      answer(out, now)
    }
  }
  idOf.clear()
  return { node, datagrams, nodeMs, HOURS, now: HOURS * 3_600_000 }
}

globalThis.gc?.()
const heapBefore = process.memoryUsage().heapUsed
const { node, datagrams, nodeMs, HOURS, now } = idle()
globalThis.gc?.()
const heap = process.memoryUsage().heapUsed - heapBefore
console.log(
  `idle with a full table: ${node.snapshot(now).nodes} nodes, ${Math.round(datagrams / HOURS)} datagrams sent an hour, ` +
    `${(nodeMs / HOURS).toFixed(0)} ms of ticks an hour, ${(heap / 1024).toFixed(0)} KiB`,
)
