/**
 * Ctrl-C: the first one ends in good order, the second at once. `npx` and other wrappers pass on a signal that the
 * terminal has already given to us, so that a second one within a moment is the first one again.
 */
import { EXIT, type ExitCode } from './exit-codes.ts'

const ECHO_MS = 300
/** After this the process ends, whatever still waits. */
const GRACE_MS = 4_800
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal
  /** Ctrl-C is again what it was, unless it has been used: a second one while closing must still be ours. */
  end(): void
}

export interface InterruptOptions {
  readonly signals?: readonly NodeJS.Signals[]
  readonly graceMs?: number
  /** Of a process that had to be ended. */
  readonly exitCode?: ExitCode
}

/** @param onFirst tells the user that it was heard */
export function watchInterrupts(
  onFirst: () => void,
  { signals = SIGNALS, graceMs = GRACE_MS, exitCode = EXIT.interrupted }: InterruptOptions = {},
): Interruption {
  const controller = new AbortController()
  let firstAtMs = 0
  const listener = (): void => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAtMs > ECHO_MS) process.exit(exitCode)
      return
    }
    firstAtMs = performance.now()
    setTimeout(() => process.exit(exitCode), graceMs).unref()
    onFirst()
    controller.abort()
  }
  for (const name of signals) process.on(name, listener)
  return {
    signal: controller.signal,
    end() {
      if (controller.signal.aborted) return
      for (const name of signals) process.off(name, listener)
    },
  }
}
