import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'packages/*/sim/**/*.test.ts', 'test/*.test.ts'],
    // Against hanging for ever, not a measure of speed: whole swarms on a busy machine take their time.
    testTimeout: 60_000,
    // Many tests wait for processes: the processor that is left free by default would stay so.
    maxWorkers: Math.max(2, availableParallelism()),
  },
})
