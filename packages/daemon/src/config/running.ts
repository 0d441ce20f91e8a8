/**
 * How programs of the same user find a daemon that runs on this machine, and are let in: a file in its state folder, for
 * its owner alone, from its start to its end. The token in it is another one each time.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Running {
  readonly url: string
  readonly token: string
  readonly pid: number
}

/** Undefined: none runs that could be found by this; a process that was killed leaves its file, but is not there. */
export function readRunning(stateFolder: string): Running | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(pathOf(stateFolder), 'utf8'))
    return isRunning(value) && isAlive(value.pid) ? value : undefined
  } catch {
    return undefined
  }
}

export function writeRunning(stateFolder: string, running: Running): void {
  // One that others could read for a moment would have been read.
  rmSync(pathOf(stateFolder), { force: true })
  writeFileSync(pathOf(stateFolder), JSON.stringify(running), { mode: 0o600, flag: 'wx' })
}

export function removeRunning(stateFolder: string): void {
  rmSync(pathOf(stateFolder), { force: true })
}

function pathOf(stateFolder: string): string {
  return join(stateFolder, 'running.json')
}

function isRunning(value: unknown): value is Running {
  if (typeof value !== 'object' || value === null) return false
  const { url, token, pid } = value as Partial<Record<keyof Running, unknown>>
  return (
    typeof url === 'string' && typeof token === 'string' && Number.isSafeInteger(pid) && (pid as number) > 0
  )
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
