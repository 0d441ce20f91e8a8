import { readFileSync } from 'node:fs'

/** The folder of this package: one above the sources, the compiled files and the bundle alike. */
export const PACKAGE_FOLDER: URL = new URL('../', import.meta.url)

export function readVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('package.json', PACKAGE_FOLDER), 'utf8'),
  )
  return manifest.version
}
