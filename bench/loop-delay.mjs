/**
 * Downloads in this process and tells for how long its event loop did not come round: what a program that embeds the
 * library feels. Prints one line of JSON: milliseconds.
 *
 *     node bench/loop-delay.mjs a.torrent folder 127.0.0.1:6881 [address to use]
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createEngine } from '../packages/engine/dist/index.js'

/** A timer of so many ms is late by what the loop was busy: its own time is taken off again. */
const RESOLUTION_MS = 1

const [torrent, dir, peer, bind] = process.argv.slice(2)
const engine = await createEngine({ bind, port: 0 })
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
const handle = await engine.add(torrent, { dir, peers: [peer], discovery: false })
histogram.enable()
await handle.done
histogram.disable()
await engine.close()

const late = nanoseconds => Math.max(0, Number((nanoseconds / 1e6 - RESOLUTION_MS).toFixed(2)))
const [p50, p99, max] = [histogram.percentile(50), histogram.percentile(99), histogram.max].map(late)
console.log(JSON.stringify({ p50, p99, max }))
