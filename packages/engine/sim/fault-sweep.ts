/** Very many swarms, each with another fault: in turn of every kind, at calls all over each scenario. */
import { type FaultOutcome, playFault } from './fault-game.ts'
import { FAULT_SCENARIOS } from './fault-scenarios.ts'
import { FAULTS, type Fault, formatFault, type IoKind } from './faults.ts'
import { SeededRandom } from './random.ts'

/** Of one world seed, whose calls are counted once. */
const FAULTS_PER_SEED = 25
/** Each so many swarms one is played twice, to see the same. */
const TWICE_EVERY = 50
/** How long a fault lasts: mostly it is one call alone. */
const BURSTS_MS = [0, 0, 0, 4_000, 0, 0, 0, 30_000]

export interface SweepOptions {
  /** Swarms to be played. */
  readonly count: number
  readonly seed: number
  /** Failures after which it ends early. */
  readonly maxFailures: number
  readonly log: (line: string) => void
}

export interface SweepResult {
  readonly played: number
  /** Of these, so many a second time. */
  readonly replayed: number
  /** Message of each, with the command that plays it again. */
  readonly failures: readonly string[]
  /** Different faults that were met, and all that there are; `kind: fault`. */
  readonly met: ReadonlySet<string>
  readonly all: readonly string[]
  readonly scenarios: number
  /** The longest that a fault held up a swarm, in ms, and which did. */
  readonly worstMs: number
  readonly worst: string
}

/** As tests and commands know it. */
export function titleOf(scenario: string): string {
  return `a fault in: ${scenario}`
}

export function sweep(options: SweepOptions): SweepResult {
  const names = Object.keys(FAULT_SCENARIOS)
  const clean = new Map<string, FaultOutcome>()
  const failures: string[] = []
  const met = new Set<string>()
  let worstMs = 0
  let worst = ''
  let played = 0
  let replayed = 0
  for (; played < options.count && failures.length < options.maxFailures; played++) {
    const turn = Math.floor(played / names.length)
    const scenario = names[played % names.length]!
    const seed = options.seed * 1000 + Math.floor(turn / FAULTS_PER_SEED)
    const key = `${scenario} ${seed}`
    const play = (fault: Fault | undefined): FaultOutcome | undefined => {
      try {
        return playFault(FAULT_SCENARIOS[scenario]!, { name: titleOf(scenario), seed, fault })
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error))
        options.log(failures.at(-1)!)
        return undefined
      }
    }
    let without = clean.get(key)
    if (without === undefined) {
      without = play(undefined)
      if (without === undefined) continue
      clean.set(key, without)
    }
    const fault = choose(without, turn, SeededRandom.named(options.seed, `fault ${played}`))
    const outcome = play(fault)
    if (outcome?.hit === undefined) continue
    met.add(`${outcome.hit.kind}: ${fault.what}`)
    if (played % TWICE_EVERY === 0) {
      replayed++
      const again = play(fault)
      if (again !== undefined && again.fingerprint !== outcome.fingerprint) {
        failures.push(`${key} with ${formatFault(fault)} went another way the second time`)
      }
    }
    const heldUpMs = outcome.completeMs - without.completeMs
    if (heldUpMs > worstMs) {
      worstMs = heldUpMs
      worst = `${scenario}, seed ${seed}, ${outcome.hit.kind} at ${outcome.hit.place}, ${formatFault(fault)}`
    }
    if (played % 100 === 99) options.log(`${played + 1} swarms, ${failures.length} failed`)
  }
  const all = Object.entries(FAULTS).flatMap(([kind, faults]) => faults.map(fault => `${kind}: ${fault}`))
  return { played, replayed, failures, met, all, scenarios: names.length, worstMs, worst }
}

/** One turn goes to a kind of call, the next to any call: most of these are of blocks on their way. */
function choose({ calls }: FaultOutcome, turn: number, random: SeededRandom): Fault {
  const kinds = [...new Set(calls.map(call => call.kind))]
  const burstMs = BURSTS_MS[random.below(BURSTS_MS.length)]!
  let call = random.below(calls.length)
  if (turn % 3 < 2) {
    const kind = kinds[random.below(kinds.length)]!
    const ofKind: number[] = []
    for (const [at, each] of calls.entries()) if (each.kind === kind) ofKind.push(at)
    call = ofKind[random.below(ofKind.length)]!
  }
  const kind: IoKind = calls[call]!.kind
  return { call, what: FAULTS[kind][random.below(FAULTS[kind].length)]!, burstMs }
}
