import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Against hanging for ever, not a measure of speed: whole swarms on a busy machine take their time. */
const TIMEOUT_MS = 180_000
/** How long what is waited for may take, which is soon there: less than all of a test has, so that it says what it was. */
const POLL_TIMEOUT_MS = 30_000

export default defineConfig({
  test: {
    // Many tests wait for processes: the processor that is left free by default would stay so.
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      {
        test: {
          name: 'core',
          include: ['packages/engine/test/**/*.test.ts'],
          exclude: ['packages/engine/test/{library,node}/**'],
          testTimeout: TIMEOUT_MS,
          // Nothing of what decides is global: one process loads it once for all its tests. Simulations have one each: they
          // are slower where the compiler has seen others. So has what uses helpers that say `afterEach` when they are loaded:
          // in a shared process that would hold for the first file alone, and what the others began would stay.
          isolate: false,
        },
      },
      {
        test: {
          name: 'world',
          include: ['packages/*/test/**/*.test.ts', 'packages/engine/sim/**/*.test.ts', 'test/*.test.ts'],
          exclude: ['packages/engine/test/!(library|node)/**', 'packages/engine/test/*.test.ts'],
          testTimeout: TIMEOUT_MS,
          hookTimeout: TIMEOUT_MS,
          expect: { poll: { timeout: POLL_TIMEOUT_MS } },
        },
      },
    ],
  },
})
