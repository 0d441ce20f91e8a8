import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/interop/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 30_000,
    maxConcurrency: 2,
    // They share the addresses of one namespace.
    fileParallelism: false,
    reporters: ['verbose'],
  },
})
