/**
 * How long this process got nothing done although it was there: it was stopped, or others had the processors. That is no
 * time that it took. Where it was busy itself, it had a processor meanwhile, and that counts as ever.
 */
const EVERY_MS = 20
/** Less is the system's own pace. */
const LEAST_MS = 50

export class StoodStill {
  #ms = 0
  #lastMs = performance.now()
  #cpu = process.cpuUsage()

  constructor() {
    setInterval(() => this.#look(), EVERY_MS).unref()
  }

  /** Milliseconds since it was made. */
  get ms() {
    this.#look()
    return this.#ms
  }

  #look() {
    const nowMs = performance.now()
    const { user, system } = process.cpuUsage(this.#cpu)
    const idleMs = nowMs - this.#lastMs - EVERY_MS - (user + system) / 1000
    if (idleMs > LEAST_MS) this.#ms += idleMs
    this.#lastMs = nowMs
    this.#cpu = process.cpuUsage()
  }
}
