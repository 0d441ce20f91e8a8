/**
 * How fast the framer takes piece messages: 1 GiB of 16 KiB blocks, from one reused 256 KiB chunk whose cuts wander
 * through the messages as those of a socket do, into 8 MiB of shared memory.
 *
 *     npm run build && node bench/framer.mjs [--json: the median with shared memory, for bench/run.mjs]
 */
import { performance } from 'node:perf_hooks'
import { Framer } from '../packages/engine/dist/wire/framer.js'
import { encodeHandshake } from '../packages/engine/dist/wire/handshake.js'
import { pieceHeader } from '../packages/engine/dist/wire/messages.js'

const BLOCK_BYTES = 16 * 1024
const CHUNK_BYTES = 256 * 1024
const MEMORY_BYTES = 8 * 1024 * 1024
const TOTAL_BYTES = 1024 * 1024 * 1024
const RUNS = 5

const memories = {
  'shared memory': new Uint8Array(new SharedArrayBuffer(MEMORY_BYTES)),
  'plain memory': new Uint8Array(MEMORY_BYTES),
}
if (process.argv.includes('--json')) {
  const runs = Array.from({ length: RUNS }, () => measure(memories['shared memory']))
  const { seconds, blocks } = runs.sort((a, b) => a.seconds - b.seconds)[RUNS >> 1]
  console.log(JSON.stringify({ bytes: blocks * BLOCK_BYTES, seconds, cpuSeconds: seconds }))
  process.exit()
}
for (const [name, memory] of Object.entries(memories)) {
  for (let run = 1; run <= RUNS; run++) {
    const { seconds, blocks } = measure(memory)
    const megabytes = (blocks * BLOCK_BYTES) / 1e6 / seconds
    const nanoseconds = (seconds * 1e9) / blocks
    console.log(`${name}, run ${run}: ${megabytes.toFixed(0)} MB/s, ${nanoseconds.toFixed(0)} ns a block`)
  }
}

/** Seconds for all the blocks, with the calls of the sink but without any work in them. */
function measure(memory) {
  let blocks = 0
  let target = 0
  const nothing = () => {}
  const sink = {
    onInfoHash: nothing,
    onPeerId: nothing,
    openBlock() {
      target = target + BLOCK_BYTES < MEMORY_BYTES ? target + BLOCK_BYTES : 0
      return target
    },
    onBlock() {
      blocks++
    },
  }
  const framer = new Framer(memory, sink, { maxMessageBytes: CHUNK_BYTES })
  framer.feed(encodeHandshake({ infoHash: new Uint8Array(20), peerId: new Uint8Array(20) }))

  // The chunk is whole messages but cut anew at every feed: first the tail of the last message, then the rest.
  const message = new Uint8Array(13 + BLOCK_BYTES)
  message.set(pieceHeader(1, BLOCK_BYTES, BLOCK_BYTES))
  const perChunk = Math.floor(CHUNK_BYTES / message.length)
  const chunk = new Uint8Array((perChunk + 1) * message.length)
  for (let at = 0; at < chunk.length; at += message.length) chunk.set(message, at)
  const span = perChunk * message.length

  const chunks = Math.ceil(TOTAL_BYTES / (perChunk * BLOCK_BYTES))
  let cut = 0
  const from = performance.now()
  for (let n = 0; n < chunks; n++) {
    const step = n % 2 === 0 ? 5003 : -5003
    const end = cut + span + step
    framer.feed(chunk.subarray(cut, Math.min(end, chunk.length)))
    cut = Math.min(end, chunk.length) % message.length
  }
  return { seconds: (performance.now() - from) / 1000, blocks }
}
