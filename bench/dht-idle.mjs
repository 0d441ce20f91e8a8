/**
 * What the DHT costs an engine that does nothing: memory and processor time beside the same engine without it, once its
 * table is as full as that of a node among ten million. The others are this process: for each engine 490 nodes, each at
 * a 127.x address of its own, placed as those that it would come to know. That leaves out only what nobody tells it of.
 *
 *     node bench/dht-idle.mjs [--minutes 1] [--pairs 3]
 *
 * After 15 minutes a table begins to ask who is still there: `--minutes 20` has that in it.
 */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { decode } from '../packages/engine/dist/bencode/decode.js'
import { encode } from '../packages/engine/dist/bencode/encode.js'
import { createEngine } from '../packages/engine/dist/index.js'

/** Leading bits that the nearest of ten million has in common with us, but for the last few. */
const FAR_BITS = 20
/** More than the 8 of a bucket and the 8 that wait for a place in it. */
const NODES_PER_BUCKET = 24
const NEAR_NODES = 10
/** As fast as an engine pings those that it hears from. */
const FILL_PER_SEC = 5
/** What the busiest nodes of the public DHT are asked. */
const ASKED_PER_SEC = 50
const K = 8
const CHILD = '--child'

async function main() {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '1' }, pairs: { type: 'string', default: '3' } },
  })
  const minutes = Number(values.minutes)
  const pairs = Number(values.pairs)
  const without = []
  const joined = []
  for (let n = 0; n < pairs; n++) {
    without.push(await Subject.start(undefined))
    joined.push(await Subject.start(await Network.open(n)))
  }
  for (const { network, port } of joined) network.enter(port)
  console.error(`filling tables: ${Math.ceil(joined[0].network.nodes.length / FILL_PER_SEC)} s`)
  await Promise.all(joined.map(({ network }) => network.askAll(FILL_PER_SEC)))
  // What that left behind is collected, and its last answers are in.
  await pause(10_000)
  const idle = await measure([...without, ...joined], minutes)
  const stop = joined.map(({ network }) => network.keepAsking(ASKED_PER_SEC))
  const asked = await measure(joined, 1)
  for (const end of stop) end()

  const nodes = joined.map(({ state }) => state.nodes)
  print('engine without DHT', without.map(idle))
  print(`with DHT, ${Math.min(...nodes)} to ${Math.max(...nodes)} nodes, nobody asks`, joined.map(idle))
  print(`the same, asked ${ASKED_PER_SEC} times a second`, joined.map(asked))
  for (const subject of [...without, ...joined]) subject.close()
}

/** By subject: what it holds now, and took of the processor for so many minutes. */
async function measure(subjects, minutes) {
  const before = new Map()
  for (const subject of subjects) before.set(subject, await subject.ask())
  await pause(minutes * 60_000)
  const figures = new Map()
  for (const subject of subjects) {
    const { cpuMs, ms, datagrams } = before.get(subject)
    const after = await subject.ask()
    const share = (after.cpuMs - cpuMs) / (after.ms - ms)
    figures.set(subject, { ...after, share, datagrams: (after.datagrams - datagrams) / minutes })
  }
  return subject => figures.get(subject)
}

function print(label, figures) {
  const middle = of => figures.map(of).toSorted((a, b) => a - b)[figures.length >> 1]
  const rss = middle(each => each.rssBytes) / 2 ** 20
  const heap = middle(each => each.heapBytes) / 2 ** 20
  const share = middle(each => each.share) * 100
  const datagrams = middle(each => each.datagrams)
  console.log(
    `${label.padEnd(46)} ${rss.toFixed(1)} MiB resident, ${heap.toFixed(2)} MiB on the heap, ` +
      `${share.toFixed(2)} % of a core, ${datagrams.toFixed(0)} datagrams a minute`,
  )
}

/** An engine in a process of its own. */
class Subject {
  static async start(network) {
    const subject = new Subject()
    subject.network = network
    subject.child = fork(fileURLToPath(import.meta.url), [CHILD, network === undefined ? 'off' : 'on'], {
      execArgv: ['--expose-gc'],
    })
    const [{ port }] = await once(subject.child, 'message')
    subject.port = port
    return subject
  }

  async ask() {
    this.child.send('state')
    const [state] = await once(this.child, 'message')
    this.state = state
    return state
  }

  close() {
    this.child.disconnect()
  }
}

async function child(dht) {
  const engine = await createEngine({ port: 0, bind: '127.0.0.1', lsd: false, dht, dhtBootstrap: [] })
  process.on('disconnect', () => process.exit(0))
  process.on('message', () => {
    const { rss } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const { dht: table } = engine.snapshot()
    // After what it costs to tell of it.
    globalThis.gc()
    process.send({
      rssBytes: rss,
      heapBytes: process.memoryUsage().heapUsed,
      cpuMs: (user + system) / 1000,
      ms: performance.now(),
      nodes: table?.nodes ?? 0,
      datagrams: (table?.sent ?? 0) + (table?.received ?? 0),
    })
  })
  process.send({ port: engine.snapshot().dht?.port })
}

/** The part of a large DHT that one node comes to know. Where they are is settled when that one's id is known. */
class Network {
  nodes = []
  #port
  #placed = withResolvers()

  static async open(number) {
    const network = new Network()
    const count = FAR_BITS * NODES_PER_BUCKET + NEAR_NODES
    for (let n = 0; n < count; n++) {
      const socket = createSocket('udp4')
      const host = `127.${10 + number}.${n >> 8}.${n & 255}`
      socket.bind(0, host)
      await once(socket, 'listening')
      const node = { host, socket, id: randomBytes(20) }
      socket.on('message', (datagram, from) => network.#onDatagram(node, datagram, from))
      network.nodes.push(node)
    }
    return network
  }

  /** The first answer tells who is asked. */
  enter(port) {
    this.#port = port
    this.#ask(this.nodes[0])
  }

  /** Each once: who is new is pinged, and has a place if there is one. */
  async askAll(perSec) {
    await this.#placed.promise
    for (const node of shuffled(this.nodes)) {
      this.#ask(node)
      await pause(1000 / perSec)
    }
  }

  keepAsking(perSec) {
    const timer = setInterval(() => {
      this.#ask(this.nodes[Math.floor(Math.random() * this.nodes.length)])
    }, 1000 / perSec)
    return () => clearInterval(timer)
  }

  #ask({ socket, id }) {
    const query = { a: { id, target: randomBytes(20) }, q: 'find_node', t: 'aa', y: 'q' }
    socket.send(encode(query), this.#port, '127.0.0.1')
  }

  #onDatagram({ socket, id }, datagram, from) {
    const { value } = decode(datagram)
    if (value.text('y') === 'r') return this.#place(value.dict('r').bytes('id'))
    const args = value.dict('a')
    const target = args.bytes('target') ?? args.bytes('info_hash')
    const nodes = target === undefined ? {} : { nodes: this.#closest(target) }
    socket.send(encode({ r: { id, ...nodes }, t: value.bytes('t'), y: 'r' }), from.port, from.address)
  }

  #place(center) {
    if (this.center !== undefined) return
    this.center = center
    for (const [n, node] of this.nodes.entries()) {
      const bits = Math.min(FAR_BITS, Math.floor(n / NODES_PER_BUCKET))
      node.id = sharing(center, bits, bits < FAR_BITS)
    }
    this.#placed.resolve()
  }

  #closest(target) {
    const distance = ({ id }) => id.map((byte, at) => byte ^ target[at])
    const sorted = this.nodes.map(node => ({ node, far: Buffer.from(distance(node)) }))
    sorted.sort((a, b) => a.far.compare(b.far))
    return Buffer.concat(sorted.slice(0, K).map(({ node }) => compact(node)))
  }
}

/** A random id that has exactly, or at least, so many leading bits in common with this one. */
function sharing(center, bits, isExact) {
  const id = randomBytes(20)
  const copy = (bit, flip) => {
    const mask = 128 >> (bit & 7)
    const value = (center[bit >> 3] & mask) ^ (flip ? mask : 0)
    id[bit >> 3] = (id[bit >> 3] & ~mask) | value
  }
  for (let bit = 0; bit < bits; bit++) copy(bit, false)
  if (isExact) copy(bits, true)
  return id
}

function compact({ id, host, socket }) {
  const { port } = socket.address()
  return Buffer.concat([id, Buffer.from([...host.split('.').map(Number), port >> 8, port & 255])])
}

function shuffled(list) {
  return list
    .map(item => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers() {
  let resolve
  const promise = new Promise(done => {
    resolve = done
  })
  return { promise, resolve }
}

if (process.argv[2] === CHILD) await child(process.argv[3] === 'on')
else {
  await main()
  process.exit()
}
