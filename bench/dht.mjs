/** How many queries a second one DHT node takes in: from as many addresses, answered as far as its limits let it. */
import { createHash, randomBytes } from 'node:crypto'
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
