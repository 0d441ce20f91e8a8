/**
 * Very many swarms. Of each three one has the fault that was had least, one has any fault at any call, most of which
 * are of blocks on their way, and one is caught in a storm of faults.
 */
import { type FaultOutcome, playFault } from './fault-game.ts'
import { FAULT_SCENARIOS } from './fault-scenarios.ts'
import { FAULTS, type Fault, formatFault, type IoCall, type IoKind, STORM } from './faults.ts'
import { SeededRandom } from './random.ts'

/** Of one world seed, whose calls are counted once. */
const FAULTS_PER_SEED = 25
/** Each so many swarms one is played twice, to see the same. */
const TWICE_EVERY = 50
/** How long a fault lasts: mostly it is one call alone. */
const BURSTS_MS = [0, 0, 0, 4_000, 0, 0, 0, 30_000]
const STORMS_MS = [5_000, 20_000, 60_000]

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
  const met = new Map<string, number>()
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
    const random = SeededRandom.named(options.seed, `fault ${played}`)
    const choose = [leastMet, anyAtAll, storm][turn % 3]!
    const fault = choose(without.calls, random, met)
    const outcome = play(fault)
    if (outcome === undefined) continue
    for (const each of outcome.faults) met.set(each, (met.get(each) ?? 0) + 1)
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
      worst = `${scenario}, seed ${seed}, ${formatFault(fault)}: ${[...outcome.faults].join(', ')}`
    }
    if (played % 100 === 99) options.log(`${played + 1} swarms, ${failures.length} failed`)
  }
  const all = Object.entries(FAULTS).flatMap(([kind, faults]) => faults.map(fault => `${kind}: ${fault}`))
  return {
    played,
    replayed,
    failures,
    met: new Set(met.keys()),
    all,
    scenarios: names.length,
    worstMs,
    worst,
  }
}

type Choose = (calls: readonly IoCall[], random: SeededRandom, met: ReadonlyMap<string, number>) => Fault

const leastMet: Choose = (calls, random, met) => {
  let best: { kind: IoKind; what: string; count: number } | undefined
  for (const kind of new Set(calls.map(call => call.kind))) {
    for (const what of FAULTS[kind]) {
      const count = met.get(`${kind}: ${what}`) ?? 0
      if (best === undefined || count < best.count) best = { kind, what, count }
    }
  }
  const { kind, what } = best!
  const ofKind = [...calls.keys()].filter(call => calls[call]!.kind === kind)
  return { call: oneOf(ofKind, random), what, burstMs: oneOf(BURSTS_MS, random) }
}

const anyAtAll: Choose = (calls, random) => {
  const call = random.below(calls.length)
  return { call, what: oneOf(FAULTS[calls[call]!.kind], random), burstMs: oneOf(BURSTS_MS, random) }
}

const storm: Choose = (calls, random) => ({
  call: random.below(calls.length),
  what: STORM,
  burstMs: oneOf(STORMS_MS, random),
})

function oneOf<T>(choices: readonly T[], random: SeededRandom): T {
  return choices[random.below(choices.length)]!
}
