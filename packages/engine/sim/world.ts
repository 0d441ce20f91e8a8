/**
 * A world in virtual time. Everything that happens is an event, ordered by time and by the order of planning; all chance
 * comes from one seed. So a run can be repeated exactly, and hours take as long as their events do.
 *
 * After every event the checks of its host are run: what never touches another host but by an event cannot have
 * broken another host's invariants.
 */
import type { Clock } from '../src/ports.ts'
import { EventHeap, type SimEvent } from './event-heap.ts'
import { mix, SeededRandom } from './random.ts'

/** Virtual time begins here, so that nobody takes 0 for `never`. */
const START_MS = 1_000_000
/** 2026-01-01, for what is shown to people. */
const START_UNIX = 1_767_225_600
const DEFAULT_LIMIT_MS = 60 * 60_000
const DEFAULT_LIMIT_EVENTS = 3_000_000

export interface WorldOptions {
  /** Names the scenario in the command that repeats it. */
  readonly scenario: string
  readonly seed: number
  /** Called with a line for every event. */
  readonly trace?: ((line: string) => void) | undefined
  /** More arguments of the command that repeats it. */
  readonly replay?: string | undefined
}

export interface RunLimits {
  /** Virtual time that the run may take. */
  readonly limitMs?: number
  readonly limitEvents?: number
}

/** A scenario did not hold; the message has the seed and the command that repeats it. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError'
}

export class World {
  readonly scenario: string
  readonly seed: number
  readonly random: SeededRandom
  readonly #trace: ((line: string) => void) | undefined
  readonly #replay: string
  readonly #events = new EventHeap()
  readonly #checks = new Map<string, (() => void)[]>()
  #nowMs = START_MS
  #sequence = 0
  #count = 0
  #fingerprint = 0
  #place = ''
  #what = 'the scenario itself'

  constructor(options: WorldOptions) {
    this.scenario = options.scenario
    this.seed = options.seed
    this.#trace = options.trace
    this.#replay = options.replay === undefined ? '' : ` ${options.replay}`
    this.random = SeededRandom.named(options.seed, 'world')
  }

  /** Somebody looks closely: checks need not be cheap. */
  get isReplay(): boolean {
    return this.#trace !== undefined
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** Virtual time since the beginning. */
  get elapsedMs(): number {
    return this.#nowMs - START_MS
  }

  /** Events that have happened. */
  get eventCount(): number {
    return this.#count
  }

  /** Depends on every event so far: two runs are the same when theirs are. */
  get fingerprint(): number {
    return this.#fingerprint
  }

  /** Depends on the seed and the name alone: what one part draws does not change what another draws. */
  randomFor(name: string): SeededRandom {
    return SeededRandom.named(this.seed, name)
  }

  /** Plans an event at a host (or at none: ''); the function that is returned cancels it. */
  after(delayMs: number, place: string, what: string, run: () => void): () => void {
    const event: SimEvent = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      sequence: this.#sequence++,
      place,
      what,
      run,
    }
    this.#events.push(event)
    return () => {
      event.run = undefined
    }
  }

  /** A check after every event of a host; '' for after every event at all. Throws when something is wrong. */
  addCheck(place: string, check: () => void): void {
    const checks = this.#checks.get(place)
    if (checks === undefined) this.#checks.set(place, [check])
    else checks.push(check)
  }

  clockOf(place: string): Clock {
    return {
      now: () => this.#nowMs,
      unixTime: () => START_UNIX + this.elapsedMs / 1000,
      every: (intervalMs, tick) => {
        let cancel = (): void => {}
        const plan = (): void => {
          cancel = this.after(intervalMs, place, 'tick', () => {
            plan()
            tick()
          })
        }
        plan()
        return () => cancel()
      },
    }
  }

  /** Runs until `done` holds, which is asked after every event; fails when a limit comes first. */
  run(what: string, done: () => boolean, limits: RunLimits = {}): void {
    const endMs = this.#nowMs + (limits.limitMs ?? DEFAULT_LIMIT_MS)
    const lastEvent = this.#count + (limits.limitEvents ?? DEFAULT_LIMIT_EVENTS)
    while (!done()) {
      if (this.#count >= lastEvent) this.fail(`${what}: not after ${this.#count} events`)
      if (!this.#step(endMs)) {
        this.fail(`${what}: not within ${(limits.limitMs ?? DEFAULT_LIMIT_MS) / 1000} s`)
      }
    }
  }

  /** Lets so much time pass. */
  runFor(durationMs: number, limits: { readonly limitEvents?: number } = {}): void {
    const endMs = this.#nowMs + durationMs
    const lastEvent = this.#count + (limits.limitEvents ?? DEFAULT_LIMIT_EVENTS)
    while (this.#step(endMs)) {
      if (this.#count >= lastEvent) this.fail(`more than ${limits.limitEvents} events in ${durationMs} ms`)
    }
    this.#nowMs = endMs
  }

  note(place: string, text: string): void {
    this.#trace?.(`${this.#stamp()} ${place.padEnd(8)}   ${text}`)
  }

  /** Ends the scenario: something did not hold. */
  fail(problem: string, cause?: unknown): never {
    const at = `${(this.elapsedMs / 1000).toFixed(3)} s, event ${this.#count} (${this.#place || 'world'}: ${this.#what})`
    const command = `npm run sim -- --scenario '${this.scenario}' --seed ${this.seed}${this.#replay} --trace`
    throw new SimulationError(`${problem}\n  at ${at}\n  again with: ${command}`, { cause })
  }

  /** Fails unless the condition holds. */
  check(condition: boolean, problem: string): void {
    if (!condition) this.fail(problem)
  }

  #step(endMs: number): boolean {
    for (;;) {
      const event = this.#events.pop()
      if (event === undefined) return false
      if (event.run === undefined) continue
      if (event.atMs > endMs) {
        this.#events.push(event)
        return false
      }
      this.#happen(event)
      return true
    }
  }

  #happen(event: SimEvent): void {
    this.#nowMs = event.atMs
    this.#count++
    this.#place = event.place
    this.#what = event.what
    this.#learn(event)
    this.#trace?.(`${this.#stamp()} ${event.place.padEnd(8)} ${event.what}`)
    const run = event.run
    event.run = undefined
    try {
      run?.()
      for (const check of this.#checks.get(event.place) ?? []) check()
      if (event.place !== '') for (const check of this.#checks.get('') ?? []) check()
    } catch (error) {
      if (error instanceof SimulationError) throw error
      this.fail(error instanceof Error ? error.message : String(error), error)
    }
  }

  #learn(event: SimEvent): void {
    let hash = this.#fingerprint ^ Math.floor(event.atMs * 1000)
    for (const text of [event.place, event.what]) {
      for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    }
    this.#fingerprint = mix(hash >>> 0)
  }

  #stamp(): string {
    return (this.elapsedMs / 1000).toFixed(4).padStart(10)
  }
}
