/**
 * Runs the tests of this folder in a network namespace of their own: clients refuse peers on 127.x, and nothing in it
 * reaches or disturbs the world. Needs root and iproute2. Arguments go to vitest. With INTEROP_KEEP set, what the
 * clients wrote and logged stays.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBuilt, orExplain, ROOT } from '../../scripts/ensure-built.mjs'

const ADDRESSES = 20
const NEIGHBOURS = 8
const name = `shoal-interop-${process.pid}`
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))

await orExplain(ensureBuilt)
const work = mkdtempSync(join(tmpdir(), 'shoal-interop-'))
ip('netns', 'add', name)
try {
  ip('-n', name, 'link', 'set', 'lo', 'up')
  for (let i = 1; i <= ADDRESSES; i++) ip('-n', name, 'address', 'add', `10.77.1.${i}/32`, 'dev', 'lo')
  // A network, as local discovery needs one.
  for (let i = 1; i <= NEIGHBOURS; i++) ip('-n', name, 'address', 'add', `10.77.2.${i}/24`, 'dev', 'lo')
  ip('-n', name, 'link', 'set', 'lo', 'multicast', 'on')
  ip('-n', name, 'route', 'add', '224.0.0.0/4', 'dev', 'lo')
  process.exitCode = await tests()
} finally {
  // Whatever is still in our namespace was started by us, and kept the tests from ending it.
  for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean)) end(Number(pid))
  ip('netns', 'delete', name)
  if (process.env.INTEROP_KEEP === undefined) rmSync(work, { recursive: true, force: true })
  else console.error(`kept: ${work}`)
}

/** Waits also when interrupted: the tests end their clients, then the namespace can go. */
function tests() {
  const inside = [
    process.execPath,
    vitest,
    'run',
    '--config',
    'vitest.interop.config.ts',
    ...process.argv.slice(2),
  ]
  const child = spawn('ip', ['netns', 'exec', name, ...inside], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, INTEROP_DIR: work },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 1))
  })
}

function end(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function ip(...args) {
  const { status, error, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()} (network namespaces need root)`)
  return stdout
}
