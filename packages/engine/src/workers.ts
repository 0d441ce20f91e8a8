/**
 * `@shoal/engine/workers`: store workers started before the engine itself is loaded, for programs that start, work and
 * end within seconds.
 *
 * @module
 */
import { defaultWorkers, startThreadsAhead } from './node/store-threads.ts'

/**
 * Starts store workers, which the next engine or verification takes instead of starting them when it needs them: they
 * load on another processor while the caller loads the rest, some 40 ms each. Those that nobody takes end with the
 * process.
 *
 * @param count what a download needs at once is 1; unless told, as many as hash in parallel
 */
export function startWorkersAhead(count: number = defaultWorkers()): void {
  startThreadsAhead(count)
}
