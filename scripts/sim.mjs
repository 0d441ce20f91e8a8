/**
 * Plays scenarios of the simulator again:
 *
 *     npm run sim -- --scenario 'a liar among seeds' --seed 7 --trace
 *     npm run sim -- --seeds 50            every scenario with 50 seeds that nobody has tried
 *     npm run sim -- --seeds 50 --seed 7   with those from 7 to 56, to compare two versions
 *     npm run sim -- --scenario 'a fault in: a slow line' --seed 7 --fault 812:reset
 *
 * Without `--scenario` all are played, without `--seed` with their fixed seeds.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureBuilt, orExplain, ROOT } from './ensure-built.mjs'

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    /** Number of a call, what goes wrong with it, perhaps for how many ms: see packages/engine/sim/faults.ts. */
    fault: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
})
await orExplain(ensureBuilt)

const env = { ...process.env }
if (values.seed !== undefined) env.SIM_SEED = values.seed
if (values.seeds !== undefined) env.SIM_SEEDS = values.seeds
if (values.fault !== undefined) env.SIM_FAULT = values.fault
if (values.trace) env.SIM_TRACE = '1'

const args = ['run', '--testTimeout=600000', 'packages/engine/sim/']
if (values.trace) args.push('--disableConsoleIntercept')
// vitest takes a pattern: the name is to be found as it is written.
if (values.scenario !== undefined) args.push('-t', values.scenario.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, ...args], { cwd: ROOT, env, stdio: 'inherit' })
process.exitCode = status ?? 1
