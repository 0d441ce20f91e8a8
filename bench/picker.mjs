/**
 * What the picker costs per block, in a torrent of 100,000 pieces of 1 MiB. Run `npm run build` first, then
 * `node bench/picker.mjs` (`--json`: one figure for bench/run.mjs). Figures are microseconds of one core; a block of 16 KiB at 500 MB/s may cost 33 in all.
 */
import { Bitfield } from '../packages/engine/dist/bytes/bitfield.js'
import { SLAB_BYTES, SlabPool } from '../packages/engine/dist/bytes/slabs.js'
import { BLOCK_BYTES, Geometry } from '../packages/engine/dist/metainfo/geometry.js'
import { Picker } from '../packages/engine/dist/torrent/picker.js'

const PIECES = 100_000
const BLOCKS = 64
const PEERS = 50
const random = { below: bound => Math.floor(Math.random() * bound) }

const rows = []

function world(options) {
  const length = PIECES * BLOCKS * BLOCK_BYTES
  const geometry = new Geometry(BLOCKS * BLOCK_BYTES, [{ path: ['a'], length, pad: false }])
  // The picker never touches the memory, so only its length is real.
  const pool = new SlabPool({ length: 512 * SLAB_BYTES })
  const have = new Bitfield(PIECES)
  for (let n = 0; n < 10; n++) have.add(n)
  const picker = new Picker({ geometry, pool, random, have, ...options })
  return { picker, pool }
}

function peer(id, share) {
  const pieces = new Bitfield(PIECES)
  for (let index = 0; index < PIECES; index++) if (Math.random() < share) pieces.add(index)
  return { id, pieces, parole: false }
}

function record(what, started, count) {
  rows.push({ what, µs: Number((((performance.now() - started) * 1000) / count).toFixed(3)) })
}

/** `peers` in turn refill their windows by `batch` blocks, which arrive and are stored at once. */
function transfer(what, { picker }, peers, batch, blocks) {
  const out = new Int32Array(2 * batch)
  const run = count => {
    let done = 0
    for (let turn = 0; done < count; turn++) {
      const from = peers[turn % peers.length]
      const picked = picker.pick(from, batch, out)
      if (picked === 0) throw new Error('nothing was picked')
      for (let at = 0; at < picked; at++) {
        const index = out[2 * at]
        picker.open(from, index, out[2 * at + 1])
        picker.received(from, index, out[2 * at + 1])
        const ready = picker.takeRun(index)
        if (ready === undefined) continue
        picker.runWritten(ready)
        if (ready.last) picker.stored(index)
      }
      done += picked
    }
  }
  run(20_000)
  const started = performance.now()
  run(blocks)
  record(`a block (pick, open, received, run): ${what}`, started, blocks)
}

if (process.argv.includes('--json')) {
  const one = world({})
  const peers = Array.from({ length: PEERS }, (_, id) => peer(id, id % 5 === 0 ? 2 : 0.5))
  for (const each of peers) one.picker.peerJoined(each)
  transfer('', one, peers, 30, 500_000)
  const seconds = rows[0].µs / 1e6
  console.log(JSON.stringify({ bytes: BLOCK_BYTES, seconds, cpuSeconds: seconds }))
  process.exit()
}

for (const sequential of [false, true]) {
  const order = sequential ? 'sequential' : 'rarest first'
  for (const batch of [1, 30]) {
    const one = world({ sequential })
    const peers = Array.from({ length: PEERS }, (_, id) => peer(id, id % 5 === 0 ? 2 : 0.5))
    for (const each of peers) one.picker.peerJoined(each)
    transfer(`${order}, ${PEERS} peers with half, ${batch} a pick`, one, peers, batch, 500_000)
  }
}

{
  const one = world({})
  const seed = peer(0, 2)
  const poor = Array.from({ length: 20 }, (_, n) => peer(n + 1, 0.002))
  for (const each of [seed, ...poor]) one.picker.peerJoined(each)
  transfer('peers with 0.2 %, 1 a pick', one, poor, 1, 100_000)

  const empty = peer(99, 0)
  one.picker.peerJoined(empty)
  const out = new Int32Array(2)
  let started = performance.now()
  for (let n = 0; n < 100_000; n++) one.picker.pick(empty, 1, out)
  record('a pick for a peer that has nothing of use', started, 100_000)

  started = performance.now()
  for (let n = 0; n < 2_000; n++) one.picker.wants(empty)
  record('wants, answered no', started, 2_000)

  const gaining = peer(100, 0)
  one.picker.peerJoined(gaining)
  started = performance.now()
  for (let index = 0; index < PIECES; index++) {
    gaining.pieces.add(index)
    one.picker.peerHas(gaining, index)
  }
  record('have', started, PIECES)
}

{
  const one = world({})
  const peers = Array.from({ length: 20 }, (_, id) => peer(id, 0.5))
  let started = performance.now()
  for (const each of peers) one.picker.peerJoined(each)
  record('a peer with half joins', started, peers.length)
  const out = new Int32Array(2)
  one.picker.pick(peers[0], 1, out)
  const seed = peer(50, 2)
  started = performance.now()
  one.picker.peerJoined(seed)
  record('a seed joins', started, 1)
  started = performance.now()
  for (let n = 0; n < 20; n++) {
    one.picker.peerLeft(peers[n])
    one.picker.release(peers[0], out[0], out[1])
    one.picker.dropAll()
    one.picker.pick(seed, 1, out)
  }
  record('a peer with half leaves and the order is made anew', started, 20)
  const priorities = new Uint8Array(PIECES).fill(7)
  started = performance.now()
  for (let n = 0; n < 20; n++) one.picker.setPriorities(priorities)
  record('priorities of all pieces', started, 20)
}

{
  // Everything left is asked for: 16 pieces of 64 blocks, each refill looks for blocks that few others were asked for.
  const have = Bitfield.full(PIECES)
  for (let n = 0; n < 16; n++) have.delete(n * 6000)
  const one = world({ have })
  const peers = Array.from({ length: PEERS }, (_, id) => peer(id, 2))
  for (const each of peers) one.picker.peerJoined(each)
  const out = new Int32Array(2 * 1024)
  for (const each of peers) one.picker.pick(each, 40, out)
  let picked = 0
  const started = performance.now()
  for (let n = 0; n < 20_000; n++) {
    const from = peers[n % PEERS]
    picked += one.picker.pick(from, 1, out)
    one.picker.release(from, out[0], out[1])
  }
  record('a pick of one block in endgame', started, 20_000)
  if (picked === 0) throw new Error('the endgame was not measured')
}

console.table(rows)
