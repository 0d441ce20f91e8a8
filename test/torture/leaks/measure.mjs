/** What this process holds, once nothing is under way. */
import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** After a collection that finds everything: finalizers and freed array buffers take turns of their own. */
export async function settled() {
  for (let round = 0; round < 4; round++) {
    globalThis.gc()
    await pause(20)
  }
}

export async function held() {
  await settled()
  const { heapUsed, external } = process.memoryUsage()
  return { bytes: heapUsed + external, files: openFiles(), resources: resources() }
}

export function openFiles() {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}

/** Handles and timers by kind: `MessagePort 2, Timeout 1`. */
export function resources() {
  const counts = new Map()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts]
    .map(([kind, count]) => `${kind} ${count}`)
    .sort()
    .join(', ')
}

/** In percent, from what was held before to what is held after. */
export function growth(before, after) {
  return ((after.bytes - before.bytes) / before.bytes) * 100
}

/** Bytes a minute: the median over all pairs, which a few odd samples do not move (Theil, Sen). */
export function slope(samples) {
  const slopes = []
  // Hours have thousands of samples.
  const step = Math.ceil(samples.length / 300)
  for (let a = 0; a < samples.length; a += step) {
    for (let b = a + step; b < samples.length; b += step) {
      slopes.push((samples[b].bytes - samples[a].bytes) / (samples[b].atMs - samples[a].atMs))
    }
  }
  slopes.sort((a, b) => a - b)
  return (slopes[slopes.length >> 1] ?? 0) * 60_000
}
