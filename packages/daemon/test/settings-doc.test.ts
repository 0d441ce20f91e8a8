import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { settingsTable } from '../src/config/print-config.ts'

test('docs/daemon.md has the table of all settings', () => {
  const document = readFileSync(new URL('../../../docs/daemon.md', import.meta.url), 'utf8')
  expect(document).toContain(settingsTable())
})
