/** Debian's `transmission-remote`, told to one daemon or another. */
import { execFile } from 'node:child_process'

export const PASSWORD = 'correct horse: battery'
/** It waits half a minute for an answer; nothing here takes that long. */
const TIMEOUT_MS = 60_000

/** A daemon that speaks Transmission's protocol. */
export interface Target {
  readonly name: string
  /** `host:port`. */
  readonly rpc: string
  /** Holds the data. */
  readonly dir: string
  /** Resolves once it has ended by itself. */
  readonly ended: Promise<unknown>
  stop(): Promise<void>
}

export interface Said {
  readonly code: number
  readonly text: string
}

export function remote({ rpc }: Target, args: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    execFile(
      'transmission-remote',
      [rpc, '--auth', `shoal:${PASSWORD}`, ...args],
      { timeout: TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code
        if (typeof code !== 'number') reject(error)
        else resolve({ code, text: stdout + stderr })
      },
    )
  })
}
