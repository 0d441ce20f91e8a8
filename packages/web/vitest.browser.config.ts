import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/web/browser/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two browsers at a time: much of their time is waiting, and each brings processes enough.
    maxWorkers: 2,
    reporters: ['verbose'],
  },
})
