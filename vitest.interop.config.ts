import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/interop/*.test.ts'],
    // Above those of what the tests wait for, whose messages have the programs' logs.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxConcurrency: 2,
    // They share the addresses of one namespace.
    fileParallelism: false,
    reporters: ['verbose'],
  },
})
