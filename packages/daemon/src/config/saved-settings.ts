/** What was set through the API: `settings.json` in the state folder, written so that a power cut leaves old or new. */
import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigError } from './config-error.ts'
import { readValue, Unreadable } from './read-value.ts'
import { isSettingKey, SETTINGS, type SettingKey } from './settings.ts'

const MODE = 0o600

/** Keys of other versions are passed over, and stay away once something is written. */
export function readSaved(path: string): Map<SettingKey, unknown> {
  const saved = new Map<SettingKey, unknown>()
  for (const [key, raw] of Object.entries(readJson(path))) {
    if (!isSettingKey(key)) continue
    try {
      saved.set(key, readValue(SETTINGS[key], raw, { isText: false, base: undefined }))
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      throw new ConfigError(
        'INVALID',
        `${path}: ${key} ${error.message}; correct it there, or delete it`,
        key,
      )
    }
  }
  return saved
}

export async function writeSaved(path: string, saved: ReadonlyMap<SettingKey, unknown>): Promise<void> {
  const text = `${JSON.stringify(Object.fromEntries(saved), undefined, 2)}\n`
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', MODE)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  // Windows has no such call.
  if (process.platform === 'win32') return
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function readJson(path: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    throw new SyntaxError('not an object')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    const why = error instanceof Error ? error.message : String(error)
    throw new ConfigError(
      'INVALID',
      `${path}: the saved settings cannot be read (${why}); delete it to start anew`,
    )
  }
}
