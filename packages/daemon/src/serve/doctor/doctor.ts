/**
 * What may stand in the way, looked at one by one: for `shoal doctor`, with or without a daemon that runs, and for
 * `GET /api/v1/doctor`. Nothing is changed, and nobody is asked who is not needed for the work in any case.
 */
import type { Config } from '../../config/config.ts'
import type { Finding } from '../../contract/index.ts'
import type { Session } from '../../session/session.ts'
import { checkFolders } from './folders.ts'
import { checkClock, checkDns, checkHandles, checkNode } from './machine.ts'
import { checkFreePorts, checkReachable } from './ports.ts'
import { checkAnswer, checkState, runningDaemon } from './running.ts'

export interface DoctorOptions {
  readonly config: Config
  readonly stateFolder: string
}

/** From within a daemon. */
export async function examineSelf(
  { config, stateFolder }: DoctorOptions,
  session: Session,
): Promise<Finding[]> {
  const common = await Promise.all([
    checkFolders(config, stateFolder),
    checkDns(),
    checkClock(trackersOf(session)),
    checkHandles(config.get('network.connections')),
  ])
  return [checkNode(), checkReachable(session.info()), ...common.flat()]
}

/** From a command line, whether a daemon runs or not. */
export async function examine({ config, stateFolder }: DoctorOptions): Promise<Finding[]> {
  const running = runningDaemon(stateFolder)
  const common = await Promise.all([
    running === undefined ? checkFreePorts(config) : checkAnswer(config, stateFolder),
    checkFolders(config, stateFolder),
    checkDns(),
    checkHandles(config.get('network.connections')),
  ])
  return [checkNode(), checkState(stateFolder, running), ...common.flat()]
}

/** Those of a few torrents do: they tell the time, too. */
function trackersOf(session: Session): readonly string[] {
  const hosts = session.rows().flatMap(({ tracker }) => (tracker === null ? [] : [tracker]))
  return [...new Set(hosts)].slice(0, 3)
}
