/** Programs that a test starts, and what they say. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SHOAL = fileURLToPath(new URL('../../cli/bin/shoal.js', import.meta.url))
/** Nobody but those that the test names. */
export const ALONE: readonly string[] = ['--bind', '127.0.0.1', '--port', '0', '--no-dht', '--no-lsd']

const children: ChildProcess[] = []

export function run(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [SHOAL, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return child
}

/** Resolves when nobody writes any more to what the test removes then. */
export async function endAll(): Promise<void> {
  await Promise.all(children.splice(0).map(end))
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** What a program says, as soon as it says it. */
export function until(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let said = ''
    const take = (chunk: Buffer): void => {
      said += chunk
      const match = pattern.exec(said)
      if (match !== null) resolve(match)
    }
    child.stdout!.on('data', take)
    child.stderr!.on('data', take)
    child.on('exit', code => reject(new Error(`exit code ${code}: ${said}`)))
  })
}
