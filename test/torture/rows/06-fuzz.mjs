/** Decoders and machines under damaged input; what holds of each stands beside it. */
import { bombs } from '../support/bombs.mjs'
import { bencode, decoders } from '../support/decoders.mjs'
import { fuzz } from '../support/fuzz.mjs'
import { fuzzHttp } from '../support/http-answers.mjs'
import { machines } from '../support/machines.mjs'

export const title = 'damaged input to decoders'

export async function run({ full, seed, log }) {
  const times = full ? 10 : 1
  const jobs = [
    [bencode, 1_000_000 * times],
    [{ name: 'http-answers', fuzz: fuzzHttp }, 5_000 * times],
    ...[...decoders, ...machines].map(target => [target, 100_000 * times]),
  ]
  const only = process.env.TORTURE_TARGET
  const failures = []
  let inputs = 0
  let seconds = 0
  for (const [target, count] of jobs) {
    if (only !== undefined && target.name !== only) continue
    const { steps = 1 } = target
    const runs = Math.ceil(count / steps)
    const result = await (target.fuzz?.(runs, seed) ?? fuzz(target, runs, seed))
    if (result.failure !== undefined) {
      failures.push(result.failure)
      continue
    }
    inputs += count
    seconds += result.seconds
    const share = Math.round((100 * result.accepted) / runs)
    const rate = Math.round(count / result.seconds)
    log(
      `${target.name}: ${count} inputs, ${share} % accepted, ${rate} a second, slowest ${result.slowestMs.toFixed(1)} ms, ${result.cpuSeconds?.toFixed(1)} CPU s`,
    )
  }
  const { worst, problems } = bombs()
  failures.push(...problems)
  log(`bombs: ${worst.toFixed(0)} times the input is kept at worst`)
  return {
    ok: failures.length === 0,
    count: `${(inputs / 1e6).toFixed(1)} M inputs, ${jobs.length} targets`,
    figure: `${Math.round(inputs / seconds)} inputs/s`,
    notes: failures,
  }
}
