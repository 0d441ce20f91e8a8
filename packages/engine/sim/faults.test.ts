/** Something goes wrong at one call of one engine: everyone completes all the same, or says what went wrong. */
import { expect, test } from 'vitest'
import { playFault } from './fault-game.ts'
import { FAULT_SCENARIOS } from './fault-scenarios.ts'
import { sweep, titleOf } from './fault-sweep.ts'
import { FAULTS, parseFault } from './faults.ts'
import { scenario } from './scenario.ts'

/** Which one, by `npm run sim -- --fault 812:reset`. */
const FAULT = process.env.SIM_FAULT

for (const [name, play] of Object.entries(FAULT_SCENARIOS)) {
  scenario(
    titleOf(name),
    ({ scenario: title, seed, trace }) => {
      const fault = FAULT === undefined ? undefined : parseFault(FAULT)
      const first = playFault(play, { name: title, seed, fault, trace })
      if (trace !== undefined) return
      const again = playFault(play, { name: title, seed, fault })
      expect(again.fingerprint).toBe(first.fingerprint)
    },
    [1],
  )
}

test('60 swarms, each with a fault', () => {
  const { failures } = sweep({ count: 60, seed: 1, maxFailures: 3, log: () => {} })
  expect(failures.join('\n\n')).toBe('')
})

test('the scenarios make calls of every kind', () => {
  const kinds = new Set<string>()
  for (const [name, play] of Object.entries(FAULT_SCENARIOS)) {
    for (const { kind } of playFault(play, { name: titleOf(name), seed: 1, fault: undefined }).calls)
      kinds.add(kind)
  }
  expect([...kinds].sort()).toEqual(Object.keys(FAULTS).sort())
})
