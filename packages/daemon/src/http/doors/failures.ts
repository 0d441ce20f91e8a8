/**
 * Sign-ins that failed, for the log: each with the address that it came from, never with what was shown. Whoever tries
 * thousands of times must not fill a disk by it: beyond some a minute, they are only counted.
 */

/** What was not the right one. */
export type Shown = 'password' | 'token' | 'link'

/** For the log: words for people, and what is in them for programs. */
export interface FailedSignIn {
  readonly text: string
  readonly fields: Readonly<Record<string, string | number>>
}

/** People mistype a few times, and a program with an old token asks every few seconds. */
const LINES_PER_WINDOW = 10
const WINDOW_MS = 60_000

const WRONG: Readonly<Record<Shown, string>> = {
  password: 'the password is wrong',
  token: 'there is no such token',
  link: 'the link is used up, too old, or none of ours',
}

export class Failures {
  readonly #tell: (failed: FailedSignIn) => void
  #told = 0
  #untold = 0
  #window: NodeJS.Timeout | undefined

  constructor(tell: (failed: FailedSignIn) => void) {
    this.#tell = tell
  }

  /** @param waitSeconds that the address has to wait from now on; 0: it may try again */
  note(shown: Shown, address: string, waitSeconds: number): void {
    this.#window ??= setTimeout(() => this.end(), WINDOW_MS).unref()
    if (this.#told === LINES_PER_WINDOW) {
      this.#untold++
      return
    }
    this.#told++
    const wait = waitSeconds === 0 ? '' : `; who comes from there has to wait for ${waitSeconds} s now`
    const text = `a sign-in from ${address} failed: ${WRONG[shown]}${wait}`
    this.#tell({ text, fields: { address, shown, waitSeconds } })
  }

  /** What was not told one by one is told as a number. */
  end(): void {
    clearTimeout(this.#window)
    this.#window = undefined
    const count = this.#untold
    this.#told = 0
    this.#untold = 0
    if (count === 0) return
    const text = `${count} more ${count === 1 ? 'sign-in' : 'sign-ins'} failed within a minute`
    this.#tell({ text, fields: { count } })
  }
}
