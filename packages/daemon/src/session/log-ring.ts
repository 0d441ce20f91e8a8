/** What happened last, in sentences. */
import type { LogLine } from '../contract/index.ts'

const KEPT = 2_000

export class LogRing {
  readonly #lines: LogLine[] = []

  push(line: LogLine): void {
    this.#lines.push(line)
    // Not one by one: that would move all of them each time.
    if (this.#lines.length >= 2 * KEPT) this.#lines.splice(0, this.#lines.length - KEPT)
  }

  get(id: string | undefined): readonly LogLine[] {
    const lines = id === undefined ? this.#lines : this.#lines.filter(line => line.id === id)
    return lines.slice(-KEPT)
  }
}
