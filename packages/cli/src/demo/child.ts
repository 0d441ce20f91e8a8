/** A `shoal` of our own as a process of its own, and the events that its `--json` tells. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { PACKAGE_FOLDER } from '../package-folder.ts'

const BIN = fileURLToPath(new URL('bin/shoal.js', PACKAGE_FOLDER))
/** A child takes up to 5 s to leave in good order. */
const KILL_AFTER_MS = 5_500
/** The end of what a child complains of, kept for the error. */
const STDERR_CHARS = 2_000

/** A line of `--json`; fields are as the event has them. */
export interface ChildEvent {
  readonly event: string
  readonly [field: string]: unknown
}

export class Child {
  readonly name: string
  readonly #process: ChildProcess
  readonly #exited: Promise<number | null>
  #stderr = ''

  constructor(name: string, args: readonly string[], onEvent: (event: ChildEvent) => void) {
    this.name = name
    this.#process = spawn(process.execPath, [BIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS)
    })
    createInterface({ input: this.#process.stdout! }).on('line', line => onEvent(JSON.parse(line)))
    this.#exited = new Promise(resolve => {
      this.#process.on('error', () => resolve(null))
      this.#process.on('close', code => resolve(code))
    })
  }

  /** Rejects when the process ends before `until` is settled. */
  async during<T>(until: Promise<T>): Promise<T> {
    const died = this.#exited.then(code => {
      const last = this.#stderr.trim().split('\n').at(-1) ?? ''
      throw new Failure(
        EXIT.other,
        `the ${this.name} ended with code ${code}: ${last.replace(/^shoal: /, '')}`,
      )
    })
    return await Promise.race([until, died])
  }

  /** Asks it to leave, and makes it. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGTERM')
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), KILL_AFTER_MS)
    await this.#exited
    clearTimeout(timer)
  }

  /** For when there is no more time. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
