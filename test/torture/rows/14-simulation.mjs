/**
 * Swarms of whole engines in virtual time, in each of which one call of one engine goes wrong: of every kind of call
 * and in every way its port can fail, at calls all over each scenario. All complete, or stop with the error of their
 * disk and complete once started again; engines end with nothing left over. See packages/engine/sim/fault-game.ts.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const title = 'simulated swarms, a fault in each'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const QUICK = 500
const FULL = 10_000
const MAX_FAILURES = 10

export async function run({ full, seed, work, log }) {
  const { sweep } = await simulator(work)
  const count = full ? FULL : QUICK
  const result = sweep({ count, seed, maxFailures: MAX_FAILURES, log })
  const { played, replayed, failures, met, all, scenarios, worstMs, worst } = result
  const notMet = all.filter(fault => !met.has(fault))
  const notes = [...failures]
  if (notMet.length > 0) notes.push(`never met: ${notMet.join(', ')}`)
  log(`worst: ${worst}`)
  return {
    ok: failures.length === 0 && notMet.length === 0 && played === count,
    count: `${played - failures.length} of ${count} swarms`,
    figure:
      `${met.size} of ${all.length} faults, ${scenarios} scenarios, ${replayed} played twice; ` +
      `held up by ${Math.round(worstMs / 1000)} s at most`,
    notes,
  }
}

/** The simulator is TypeScript, and no part of what is built: it is translated into the work folder. */
async function simulator(work) {
  const engine = join(ROOT, 'packages/engine')
  const config = {
    extends: join(ROOT, 'tsconfig.base.json'),
    compilerOptions: {
      // Whether its types are right is another test's matter.
      noCheck: true,
      declaration: false,
      isolatedDeclarations: false,
      sourceMap: false,
      rootDir: engine,
      outDir: join(work, 'out'),
      typeRoots: [join(ROOT, 'node_modules/@types')],
    },
    files: [join(engine, 'sim/fault-sweep.ts')],
  }
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }')
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', work], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the simulator cannot be translated: ${stdout}`)
  return import(pathToFileURL(join(work, 'out/sim/fault-sweep.js')).href)
}
