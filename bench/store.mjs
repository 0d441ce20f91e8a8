/**
 * The disk path alone: writes 1 GiB in 1 MiB pieces through the store, checks it, reads it as for uploading, hashes it.
 *
 *     npm run build && node bench/store.mjs [folder, /dev/shm unless told] [workers]
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Geometry } from '../packages/engine/dist/metainfo/geometry.js'
import { hashFiles } from '../packages/engine/dist/node/hash-files.js'
import { createStorage } from '../packages/engine/dist/node/storage.js'

const MIB = 1024 * 1024
const SLAB = 256 * 1024
const PIECES = 1024
const IN_FLIGHT = 24

const dir = mkdtempSync(join(process.argv[2] ?? '/dev/shm', 'shoal-bench-'))
const workers = process.argv[3] === undefined ? undefined : Number(process.argv[3])
const storage = createStorage({ memoryBytes: IN_FLIGHT * MIB, workers })
const geometry = new Geometry(MIB, [{ path: ['data'], length: PIECES * MIB, pad: false }])

// Every in-flight place holds one content, so piece p has content p % IN_FLIGHT.
const hashes = new Uint8Array(PIECES * 20)
for (let place = 0; place < IN_FLIGHT; place++) {
  const bytes = storage.memory.subarray(place * MIB, (place + 1) * MIB)
  for (let at = 0; at < MIB; at++) bytes[at] = (at * 31 + place * 7 + (at >> 9)) & 255
  const digest = createHash('sha1').update(bytes).digest()
  for (let piece = place; piece < PIECES; piece += IN_FLIGHT) hashes.set(digest, piece * 20)
}

let onEvent = () => {}
const handler = Object.fromEntries(
  [
    'onPrepared',
    'onRun',
    'onReadable',
    'onReadError',
    'onChecked',
    'onCheckDone',
    'onStamps',
    'onError',
    'onClosed',
  ].map(name => [name, (...args) => onEvent(name, ...args)]),
)
const plan = {
  dir,
  geometry,
  hashes,
  wanted: [true],
  allocation: 'sparse',
  readOnly: false,
  infoHash: 'ab'.repeat(20),
}
const store = storage.open(plan, handler)
await event('onPrepared')

await measure('write', async () => {
  let stored = 0
  const give = (place, piece) => {
    const slabs = Array.from({ length: MIB / SLAB }, (_, at) => (place * MIB) / SLAB + at)
    store.write({ piece, begin: 0, length: MIB, slabs, last: true }, false)
  }
  await new Promise(resolve => {
    // Places come free in any order, so each goes on with the piece of its own content.
    const own = Array.from({ length: IN_FLIGHT }, (_, place) => place)
    const giveOwn = place => {
      if (own[place] >= PIECES) return
      give(place, own[place])
      own[place] += IN_FLIGHT
    }
    onEvent = (name, run, outcome) => {
      if (name !== 'onRun' || outcome.kind !== 'stored') throw new Error(`${name} ${outcome?.kind}`)
      if (++stored === PIECES) resolve()
      giveOwn(run.piece % IN_FLIGHT)
    }
    for (let place = 0; place < IN_FLIGHT; place++) giveOwn(place)
  })
})

await measure('check', () => {
  let matching = 0
  store.check(Array.from({ length: PIECES }, (_, piece) => piece))
  return new Promise(resolve => {
    onEvent = (name, _piece, matches) => {
      if (name === 'onChecked' && matches) matching++
      if (name === 'onCheckDone') resolve(matching === PIECES || process.exit(1))
    }
  })
})

await measure('read 16 KiB', () => {
  let piece = 0
  let begin = 0
  return new Promise(resolve => {
    const go = () => {
      for (let n = 0; piece < PIECES; n++) {
        if (n === 64) return setImmediate(go)
        if (store.read(piece, begin, 16384) === undefined) return
        begin += 16384
        if (begin === MIB) {
          begin = 0
          piece++
        }
      }
      resolve()
    }
    onEvent = name => {
      if (name === 'onReadable') go()
    }
    go()
  })
})

store.close()
await event('onClosed')
await storage.close()
await measure('hashFiles', () => hashFiles([{ path: join(dir, 'data'), length: PIECES * MIB }], MIB))
rmSync(dir, { recursive: true })

function event(wanted) {
  return new Promise((resolve, reject) => {
    onEvent = (name, ...args) => {
      if (name === 'onError') reject(args[0])
      if (name === wanted) resolve(args)
    }
  })
}

async function measure(what, work) {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const gigabytes = (PIECES * MIB) / 1e9
  const rate = `${Math.round((gigabytes * 1000) / seconds)} MB/s`.padStart(10)
  const cost = `${((user + system) / 1e6 / gigabytes).toFixed(2)} CPU-s/GB`
  console.log(`${what.padEnd(12)}${rate}   ${cost}   RSS ${Math.round(process.memoryUsage().rss / MIB)} MiB`)
}
