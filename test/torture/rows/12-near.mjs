/**
 * Torrents, links, trackers and redirects that would have us ask services near us, against canaries on near addresses;
 * and trackers that answer with what no tracker should. In a network namespace with addresses of the internet.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DNS_ADDRESS, FAR, NEAR } from '../near/addresses.mjs'
import { output } from '../support/output.mjs'

export const title = 'near services, hostile trackers'

const WORLD = fileURLToPath(new URL('../near/world.mjs', import.meta.url))

/** @param {{ full: boolean, seed: number, work: string, log: (line: string) => void }} t */
export async function run({ full, seed, work, log }) {
  const resolv = join(work, 'resolv.conf')
  writeFileSync(resolv, `nameserver ${DNS_ADDRESS}\noptions timeout:1 attempts:1\n`)
  const setUp = [
    'set -e',
    'ip link set lo up',
    // Loopback addresses are there.
    ...[...FAR, ...NEAR.filter(address => !address.startsWith('127.') && address !== '::1')].map(address =>
      address.includes(':')
        ? `ip -6 address add ${address}/128 dev lo nodad`
        : `ip address add ${address}/32 dev lo`,
    ),
    // So that packets to nobody go nowhere, rather than fail.
    'ip route add default dev lo',
    `mount --bind '${resolv}' /etc/resolv.conf`,
    'exec "$@"',
  ].join('\n')
  const settings = JSON.stringify({ full, seed, work })
  const { stdout, stderr, code } = await output(
    'unshare',
    ['--net', '--mount', 'sh', '-c', setUp, 'sh', process.execPath, WORLD, settings],
    log,
  )
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  if (code !== 0 || !last.startsWith('{')) {
    const figure = stderr.includes('Operation not permitted')
      ? 'needs root and unshare'
      : `ended with ${code}`
    return { ok: false, count: '', figure, notes: `${stdout}\n${stderr}`.trim().split('\n').slice(-30) }
  }
  return JSON.parse(last)
}
