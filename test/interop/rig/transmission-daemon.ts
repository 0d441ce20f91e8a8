/** The program whose protocol it is. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Program } from './program.ts'
import { PASSWORD, remote, type Target } from './remote.ts'
import { until } from './wait.ts'

/** Settings in which the two differ unless told otherwise. */
const SETTINGS = {
  'rpc-whitelist-enabled': false,
  'rpc-host-whitelist-enabled': false,
  'rpc-authentication-required': true,
  'rpc-username': 'shoal',
  'rpc-password': PASSWORD,
  'dht-enabled': false,
  'lpd-enabled': false,
  'utp-enabled': false,
  'port-forwarding-enabled': false,
  'scrape-paused-torrents-enabled': false,
  'peer-limit-global': 300,
  'peer-limit-per-torrent': 80,
  encryption: 0,
}

export async function startTransmission(
  scratch: string,
  at: { readonly ip: string; readonly port: number; readonly rpcPort: number },
): Promise<Target> {
  const dir = join(scratch, 'data')
  mkdirSync(dir, { recursive: true })
  const settings = {
    ...SETTINGS,
    'bind-address-ipv4': at.ip,
    'peer-port': at.port,
    'rpc-bind-address': at.ip,
    'rpc-port': at.rpcPort,
    'download-dir': dir,
  }
  writeFileSync(join(scratch, 'settings.json'), JSON.stringify(settings))
  const program = new Program(['transmission-daemon', '--foreground', '--config-dir', scratch], {
    logFile: join(scratch, 'log'),
    cwd: scratch,
    env: { HOME: scratch },
  })
  const target = {
    name: 'transmission',
    rpc: `${at.ip}:${at.rpcPort}`,
    dir,
    ended: program.ended,
    stop: async () => {
      await program.stop()
    },
  }
  await until(
    () => `transmission-daemon answers\n${program.describe()}`,
    60_000,
    async () => (await remote(target, ['-l'])).code === 0,
  )
  return target
}
