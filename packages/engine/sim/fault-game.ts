/**
 * Plays a scenario in which one call goes wrong, and judges what becomes of it:
 *
 * - a torrent stops only with the error that its disk gave, and does stop when it gave one;
 * - once somebody has started it again, and after all other faults by itself, it completes; so it does after faults
 *   of its disk where it is to try again by itself;
 * - closing ends: no memory, connection, socket or timer is left, and no call is made afterwards.
 *
 * What {@link Node} checks after every event holds throughout.
 */
import { type Fault, FaultPlan, formatFault, type IoCall } from './faults.ts'
import { faultyPorts } from './faulty-ports.ts'
import type { Member } from './node.ts'
import { type SimSwarm, type SwarmShape, swarm } from './swarm.ts'

/** What a torrent does not try again by itself is left in error for so long. */
const PATIENCE_MS = 20_000
/** After one fault, whatever it is. */
const LIMIT_MS = 30 * 60_000
/** Nobody makes a call after its end for so long. */
const QUIET_MS = 10 * 60_000

export type FaultScenario = (game: FaultGame) => void

export interface FaultOutcome {
  /** All calls that were made. */
  readonly calls: readonly IoCall[]
  /** What went wrong, `kind: fault`. */
  readonly faults: ReadonlySet<string>
  /** Virtual time until all was complete, in ms. */
  readonly completeMs: number
  readonly fingerprint: number
}

export interface FaultCase {
  readonly name: string
  readonly seed: number
  /** Undefined: all goes well. */
  readonly fault: Fault | undefined
  readonly trace?: ((line: string) => void) | undefined
}

/** Throws a SimulationError that names the command to play it again. */
export function playFault(scenario: FaultScenario, played: FaultCase): FaultOutcome {
  const game = new FaultGame(played)
  scenario(game)
  return game.outcome()
}

export class FaultGame {
  readonly #case: FaultCase
  readonly #plan: FaultPlan
  readonly #members = new Set<Member>()
  #swarm: SimSwarm | undefined
  #completeMs = 0

  constructor(played: FaultCase) {
    this.#case = played
    this.#plan = new FaultPlan(played.fault)
  }

  get seed(): number {
    return this.#case.seed
  }

  /** To be called once. */
  swarm(shape: Omit<SwarmShape, 'scenario' | 'seed'>): SimSwarm {
    const plan = this.#plan
    const { name, seed, fault, trace } = this.#case
    const s = swarm({
      ...shape,
      scenario: name,
      seed,
      trace,
      replay: fault === undefined ? undefined : `--fault ${formatFault(fault)}`,
      ports: {
        wrapPorts: (host, ports) => faultyPorts(plan, host, ports),
        expects: error => plan.errors.has(error),
      },
    })
    plan.isAtWork = (place, infoHash) => {
      const members = s.nodes.find(node => node.name === place)?.members ?? []
      const phase = members.find(({ content }) => content.metainfo.infoHashHex === infoHash)?.phase
      return phase === 'opening' || phase === 'checking' || phase === 'active'
    }
    this.#swarm = s
    s.world.clockOf('').every(1000, () => this.#lookAfter(s))
    return s
  }

  /** Waits until all have everything, then closes and judges. */
  settle(): void {
    const s = this.#theSwarm
    s.runUntilComplete(LIMIT_MS)
    this.#completeMs = s.world.elapsedMs
    this.finish()
  }

  /** Closes all engines, complete or not, and judges. */
  finish(): void {
    const s = this.#theSwarm
    const { world } = s
    this.#lookAfter(s)
    s.finish()
    this.#judge(s)
    const made = this.#plan.calls.length
    world.runFor(QUIET_MS)
    world.check(this.#plan.calls.length === made, 'an engine that is closed makes no calls')
    world.check(this.#plan.ticking === 0, `${this.#plan.ticking} clocks still tick`)
    world.check(this.#plan.sockets === 0, `${this.#plan.sockets} UDP sockets are still open`)
    const { fault } = this.#case
    world.check(fault === undefined || this.#plan.hit !== undefined, `call ${fault?.call} was never made`)
  }

  outcome(): FaultOutcome {
    const { calls, faults } = this.#plan
    const { fingerprint } = this.#theSwarm.world
    return { calls, faults, completeMs: this.#completeMs, fingerprint }
  }

  get #theSwarm(): SimSwarm {
    if (this.#swarm === undefined) throw new Error('a scenario has a swarm')
    return this.#swarm
  }

  /** The user, who looks now and then and starts what is in error. */
  #lookAfter(s: SimSwarm): void {
    for (const node of s.nodes) {
      for (const member of node.members) {
        this.#members.add(member)
        const { phase } = member.torrent
        // What says that it will try again has to do so.
        if (phase.name !== 'error' || phase.retryAt !== undefined || node.isClosing) continue
        if (s.world.elapsedMs - member.errorAtMs >= PATIENCE_MS) member.torrent.start()
      }
    }
  }

  #judge(s: SimSwarm): void {
    const { told } = this.#plan
    for (const { node, content, errors } of this.#members) {
      for (const error of errors) {
        const isTold = told.some(
          each =>
            each.error === error &&
            each.place === node.name &&
            each.infoHash === content.metainfo.infoHashHex,
        )
        s.world.check(
          isTold,
          `${node.name} stopped with an error that its disk did not give: ${error.message}`,
        )
      }
    }
    for (const { error, place, wasAtWork } of told) {
      const isHeard = [...this.#members].some(
        ({ node, errors }) => node.name === place && errors.includes(error),
      )
      s.world.check(isHeard || !wasAtWork, `${place} did not stop with what its disk said: ${error.message}`)
    }
  }
}
