/** Does a daemon run on a state folder, and does it answer where the configuration says. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createClient } from '../../client.ts'
import type { Config } from '../../config/config.ts'
import { readRunning } from '../../config/running.ts'
import type { Finding } from '../../contract/index.ts'
import { ENGINE_FOLDER } from '../state.ts'

const TIMEOUT_MS = 3_000
/** It looks up names, and asks trackers for the time. */
const DOCTOR_MS = 15_000

/** The number of its process; undefined: none runs, as far as can be seen from here. */
export function runningDaemon(stateFolder: string): number | undefined {
  try {
    const { pid, host } = JSON.parse(readFileSync(join(stateFolder, ENGINE_FOLDER, 'lock'), 'utf8'))
    if (!Number.isInteger(pid) || pid <= 0) return undefined
    if (host === hostname() && pid !== process.pid) process.kill(pid, 0)
    return pid
  } catch (error) {
    const isOther = error instanceof Error && 'code' in error && error.code === 'EPERM'
    return isOther ? -1 : undefined
  }
}

export function checkState(stateFolder: string, running: number | undefined): Finding {
  const what = 'daemon'
  if (running === undefined) return { what, outcome: 'ok', text: `none runs on ${stateFolder}` }
  return { what, outcome: 'ok', text: `${running > 0 ? `process ${running}` : 'one'} runs on ${stateFolder}` }
}

/** What only a daemon that runs can tell: whether peers reach it, and what time its trackers have. */
const THEIRS: readonly string[] = ['port for peers', 'clock']

/** Also what it says itself, where it left a key for us. */
export async function checkAnswer(config: Config, stateFolder: string): Promise<Finding[]> {
  const known = readRunning(stateFolder)
  const answer = await checkHealth(known?.url ?? apiUrl(config))
  if (answer.outcome !== 'ok' || known === undefined) return [answer]
  try {
    const findings = await createClient(known).doctor({ signal: AbortSignal.timeout(DOCTOR_MS) })
    return [answer, ...findings.filter(({ what }) => THEIRS.includes(what))]
  } catch {
    return [answer]
  }
}

async function checkHealth(url: string): Promise<Finding> {
  const what = 'API'
  try {
    const response = await fetch(`${url}api/v1/health`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    await response.body?.cancel()
    if (response.ok) return { what, outcome: 'ok', text: `it answers at ${url}` }
    return {
      what,
      outcome: 'problem',
      text: `${url} answers ${response.status}`,
      advice: 'see the log of the daemon: another program may have this port',
    }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return {
      what,
      outcome: 'problem',
      text: `nobody answers at ${url}: ${cause instanceof Error ? cause.message : cause}`,
      advice: 'the daemon may have been started with another --listen; its log names the address',
    }
  }
}

/** As seen from this machine. */
export function apiUrl(config: Config, port: number = config.get('http.port')): string {
  const address = config.get('http.address')
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '[::1]' : bracketed(address)
  const path = config.get('http.base_path').replace(/\/$/, '')
  return `http://${host}:${port}${path}/`
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}
