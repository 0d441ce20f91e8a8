/**
 * `run.mjs FILE ARGS…` installs and compiles what is missing, then runs FILE in this same process, so that
 * signals, exit codes and the terminal are the program's own.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt, orExplain, ROOT } from './ensure-built.mjs'

const [file, ...args] = process.argv.slice(2)
if (file === undefined) {
  console.error('usage: run.mjs FILE ARGS…')
  process.exit(2)
}
await orExplain(ensureBuilt)

const program = resolve(ROOT, file)
// npm runs scripts in the root folder; what people name is relative to where they are.
const { npm_lifecycle_event: script, INIT_CWD: home } = process.env
if (script !== undefined && home !== undefined && process.cwd() === ROOT) process.chdir(home)
process.argv = [process.execPath, program, ...args]
await import(pathToFileURL(program).href)
