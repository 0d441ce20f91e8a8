/**
 * The disk is full at any offset of a download, that of the data or that of the state, or it is not mounted any more, and
 * later all is well. Nothing that was there is lost, the torrent says why it waits, and goes on by itself.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const title = 'disk full or gone, and back'

const CASES = fileURLToPath(new URL('../support/disk-full-cases.mjs', import.meta.url))

/** @param {{ full: boolean, seed: number, work: string, log: (line: string) => void }} t */
export async function run({ full, seed, work, log }) {
  if (process.platform !== 'linux' || process.getuid() !== 0) {
    return { ok: false, count: '', figure: 'needs root on Linux', notes: [] }
  }
  const settings = { seed, work, data: full ? 50 : 8, state: full ? 20 : 3, unmounted: full ? 20 : 4 }
  // What is mounted there goes with it.
  const args = [
    '--mount',
    '--propagation',
    'private',
    process.execPath,
    '--unhandled-rejections=strict',
    CASES,
  ]
  const child = spawn('unshare', [...args, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let rest = ''
  let trouble = ''
  const results = []
  child.stdout.setEncoding('utf8').on('data', text => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      log(line)
      results.push(JSON.parse(line))
    }
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    trouble = (trouble + text).slice(-2000)
  })
  const code = await new Promise(resolve => child.once('close', resolve))
  const notes = results.flatMap(({ name, faults }) => faults.map(fault => `${name}: ${fault}`))
  const expected = settings.data + settings.state + settings.unmounted
  if (code !== 0 || results.length < expected)
    notes.push(`${results.length} of ${expected} cases ended, exit ${code}: ${trouble}`)
  if (notes.length > 0) notes.push(`again with: npm run torture -- --only 4 --seed ${seed}`)
  const slowest = Math.max(0, ...results.map(({ backMs }) => backMs))
  const again = Math.max(0, ...results.map(({ againBytes }) => againBytes))
  return {
    ok: notes.length === 0,
    count: `${expected} times`,
    figure: `back within ${(slowest / 1000).toFixed(1)} s; again at most ${(again / 2 ** 20).toFixed(1)} MiB`,
    notes,
  }
}
