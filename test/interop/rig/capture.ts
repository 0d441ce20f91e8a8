/** What passes the namespace's network, as far as it tells of discovery: all UDP, and offers of peer exchange. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Program } from './program.ts'
import { until } from './wait.ts'

interface End {
  readonly host: string
  readonly port: number
}

export interface Packet {
  readonly protocol: 'udp' | 'tcp'
  readonly from: End
  readonly to: End
  /** It holds an extended handshake (BEP 10) that names ut_pex. */
  readonly offersPex: boolean
}

export interface Capture {
  stop(): Promise<readonly Packet[]>
}

export async function startCapture(dir: string): Promise<Capture> {
  const logFile = join(dir, 'capture.log')
  const script = fileURLToPath(new URL('capture.py', import.meta.url))
  const program = new Program(['/usr/bin/python3', script], { logFile })
  const lines = (): string[] => readFileSync(logFile, 'utf8').split('\n').filter(Boolean)
  await until(
    () => `the capture begins\n${program.describe()}`,
    60_000,
    () => lines().length > 0,
  )
  return {
    async stop() {
      await program.stop()
      return lines()
        .slice(1)
        .map(line => JSON.parse(line))
    },
  }
}
