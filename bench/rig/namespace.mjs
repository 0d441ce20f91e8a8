/**
 * Several clients refuse peers on 127.x. As root on Linux with iproute2, the benchmark runs itself again in a network
 * namespace of its own whose `lo` has other addresses; nothing in it reaches the world, or can be reached.
 */
import { spawn, spawnSync } from 'node:child_process'

const ADDRESSES = ['10.77.2.1', '10.77.2.2']
const INSIDE = 'SHOAL_BENCH_NAMESPACE'

/** @returns the addresses to use when this is the inner run or there can be none; otherwise the inner run's exit code */
export async function inNamespace(program, args) {
  if (process.env[INSIDE] !== undefined) return { addresses: ADDRESSES, isPrivate: true }
  const name = `shoal-bench-${process.pid}`
  if (process.platform !== 'linux' || process.getuid() !== 0 || !ip('netns', 'add', name)) {
    return { addresses: ['127.0.0.1', '127.0.0.1'], isPrivate: false }
  }
  try {
    ip('-n', name, 'link', 'set', 'lo', 'up')
    for (const address of ADDRESSES) ip('-n', name, 'address', 'add', `${address}/32`, 'dev', 'lo')
    return { exitCode: await again(['netns', 'exec', name, process.execPath, program, ...args]) }
  } finally {
    ip('netns', 'delete', name)
  }
}

/** Waits also when interrupted: the inner run ends its clients first. */
function again(args) {
  const child = spawn('ip', args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise(resolve => {
    child.once('error', () => resolve(1))
    child.once('exit', code => resolve(code ?? 1))
  })
}

function ip(...args) {
  return spawnSync('ip', args).status === 0
}
