/** How many files and sockets this process may have open at once (`ulimit -n`), and what is left of that for peers. */
import { readFileSync } from 'node:fs'
import { WORKER_HANDLES } from './handles.ts'

/**
 * Of Node itself, the terminal, DHT, local discovery, trackers, resume records, names being looked up, and files that are
 * open for reading: seldom more than 60.
 */
const OURS = 80
/** Each worker's event loop. */
const WORKER_OWN = 8
/** Slow, but it goes on. */
const LEAST_CONNECTIONS = 10

/** `wanted` connections, or as many as the process may open beside all else. */
export function connectionsWithin(wanted: number, workers: number, limit: number = openFilesLimit()): number {
  const left = limit - OURS - workers * (WORKER_OWN + WORKER_HANDLES)
  return Math.min(wanted, Math.max(LEAST_CONNECTIONS, left))
}

/** Node raises its limit as far as it is allowed to when it starts: elsewhere than on Linux that is plenty. */
function openFilesLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1')
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
