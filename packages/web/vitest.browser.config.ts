import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/web/browser/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One browser at a time: it brings processes enough.
    fileParallelism: false,
    reporters: ['verbose'],
  },
})
