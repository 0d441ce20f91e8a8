/** Other programs as children: with a log, and never left behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** How long a program may take to end politely; some wait long for the answer to a last announce. */
const GRACE_MS = 3_000

const running = new Set<Program>()

// A run that is ended by a signal must not leave programs behind.
process.on('exit', () => {
  for (const program of running) program.kill('SIGKILL')
})

export interface ProgramOptions {
  readonly logFile: string
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

export class Program {
  /** Resolves with the exit code or the signal, once it ended. */
  readonly ended: Promise<number | string>
  readonly #command: string
  readonly #logFile: string
  readonly #child: ChildProcess
  #ending: number | string | undefined

  constructor(command: readonly string[], options: ProgramOptions) {
    const [file, ...args] = command
    if (file === undefined) throw new RangeError('an empty command')
    this.#command = command.join(' ')
    this.#logFile = options.logFile
    const log = openSync(options.logFile, 'a')
    this.#child = spawn(file, args, {
      stdio: ['ignore', log, log],
      // A group of its own, so that what it starts ends with it.
      detached: true,
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    closeSync(log)
    running.add(this)
    this.ended = new Promise(resolve => {
      const end = (how: number | string): void => {
        this.#ending = how
        running.delete(this)
        resolve(how)
      }
      this.#child.once('error', error => end(error.message))
      this.#child.once('exit', (code, signal) => end(code ?? signal ?? 'unknown'))
    })
  }

  /** The exit code or signal, undefined while it runs. */
  get ending(): number | string | undefined {
    return this.#ending
  }

  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined || this.#ending !== undefined) return
    try {
      process.kill(-pid, signal)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }

  /** Asks with SIGINT, then insists. Resolves with how it ended. */
  async stop(): Promise<number | string> {
    this.kill('SIGINT')
    const insist = setTimeout(() => this.kill('SIGKILL'), GRACE_MS)
    try {
      return await this.ended
    } finally {
      clearTimeout(insist)
    }
  }

  /** The command, how it ended and the end of its log, for messages. */
  describe(): string {
    const tail = readFileSync(this.#logFile, 'utf8').replaceAll('\r', '\n').slice(-1500)
    return `$ ${this.#command}\n[${this.#ending ?? 'still running'}]\n${tail}`
  }
}
