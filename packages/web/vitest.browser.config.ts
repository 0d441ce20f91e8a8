import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/web/browser/*.test.ts'],
    // Against hanging for ever, not a measure of speed.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // Two browsers at a time: much of their time is waiting, and each brings processes enough.
    maxWorkers: 2,
    reporters: ['verbose'],
  },
})
