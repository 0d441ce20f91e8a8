import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'packages/*/sim/**/*.test.ts', 'test/*.test.ts'],
    testTimeout: 20_000,
  },
})
