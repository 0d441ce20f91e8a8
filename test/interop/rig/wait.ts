import { setTimeout as sleep } from 'node:timers/promises'

/** Other programs' states can only be polled. */
const POLL_MS = 50

/** Resolves once `holds` does; throws `what` after `timeoutMs`. What `holds` throws goes through. */
export async function until(
  what: () => string,
  timeoutMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs / 1000} s: ${what()}`)
    await sleep(POLL_MS)
  }
}
