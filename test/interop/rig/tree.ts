/** Folders compared byte for byte. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * What differs between two folders, a line each: missing and extra files, sizes, first different byte.
 * `skipsEmpty`: files without content may be missing.
 */
export function differences(expected: string, actual: string, skipsEmpty = false): string[] {
  const wanted = files(expected)
  const found = files(actual)
  const lines: string[] = []
  for (const path of found) if (!wanted.has(path)) lines.push(`extra: ${path}`)
  for (const path of wanted) {
    const a = readFileSync(join(expected, path))
    if (!found.has(path)) {
      if (a.length > 0 || !skipsEmpty) lines.push(`missing: ${path}`)
      continue
    }
    const b = readFileSync(join(actual, path))
    if (a.length !== b.length) lines.push(`${path}: ${b.length} bytes instead of ${a.length}`)
    else if (!a.equals(b)) lines.push(`${path}: differs from byte ${a.findIndex((byte, i) => byte !== b[i])}`)
  }
  return lines
}

function files(dir: string): Set<string> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true })
  return new Set(
    entries
      .filter(entry => !entry.isDirectory())
      .map(entry => relative(dir, join(entry.parentPath, entry.name))),
  )
}
