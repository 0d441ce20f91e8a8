/**
 * Scenarios as tests: each is run with a few seeds, or with the one that `npm run sim` names. The name of a scenario is
 * the test's name; the seed is in brackets behind it.
 */
import { test } from 'vitest'
import type { SwarmShape } from './swarm.ts'

/** Another seed than the fixed ones, by `npm run sim -- --seed N`. */
const SEED = process.env.SIM_SEED
const TRACE = process.env.SIM_TRACE === '1'
/** So many seeds from that one, or a random one, on: for nights, and to compare two versions. */
const MANY = Number(process.env.SIM_SEEDS ?? 0)

/** One, so that all tests together stay quick. `.ci/run` plays another; scenarios that need certain ones name them. */
const FIXED_SEEDS = [Number(process.env.SIM_FIXED_SEED ?? 1)]

/** What a scenario passes on to `swarm`. */
export type Run = Pick<SwarmShape, 'scenario' | 'seed' | 'trace'>

export function scenario(
  name: string,
  play: (run: Run) => void,
  seeds: readonly number[] = FIXED_SEEDS,
): void {
  const trace = TRACE ? (line: string): void => void process.stdout.write(`${line}\n`) : undefined
  for (const seed of chosen(seeds))
    test(`${name} [seed ${seed}]`, () => play({ scenario: name, seed, trace }))
}

function chosen(fixed: readonly number[]): readonly number[] {
  if (SEED === undefined && MANY === 0) return fixed
  const first = SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(SEED)
  return Array.from({ length: MANY || 1 }, (_, at) => first + at)
}
