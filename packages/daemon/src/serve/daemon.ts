/** Joins the parts to a daemon: settings, engine, session, household, the doors. */
import { createEngine, ShoalError } from '@shoal/engine'
import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/config-error.ts'
import { removeRunning, writeRunning } from '../config/running.ts'
import { type Definition, SETTINGS, type SettingKey } from '../config/settings.ts'
import { Unwanted } from '../household/unwanted.ts'
import { openAccess } from '../http/access/access.ts'
import { createHttp, type Http, type Listening } from '../http/create-http.ts'
import { Roots } from '../http/doors/roots.ts'
import { createSession } from '../session/create-session.ts'
import type { Session } from '../session/session.ts'
import { TransmissionRpc } from '../transmission/rpc.ts'
import { Demo } from './demo.ts'
import { examineSelf } from './doctor/doctor.ts'
import { apiUrl } from './doctor/running.ts'
import { allowedRoots, engineOptions, sessionSettings } from './from-config.ts'
import { Household } from './household.ts'
import type { DaemonLog } from './log.ts'
import { settingsAccess } from './settings-access.ts'
import { makeStateFolder, statePlaces } from './state.ts'

export interface DaemonOptions {
  readonly config: Config
  readonly stateFolder: string
  readonly log: DaemonLog
  readonly version: string
  /** The built web interface. */
  readonly webDir?: string | undefined
  /** A program that may asks for the end of the daemon. */
  readonly onStopWanted: () => void
}

export interface Daemon {
  /** Of the API and the web interface, as seen from this machine. */
  readonly url: string
  readonly session: Session
  /** Reads configuration and blocklist again, and goes on in a new log file if the old one was moved away. */
  reload(): void
  /** Stops in good order: the doors first, then what works, then what remembers. */
  close(): Promise<void>
}

/** @throws ShoalError `STATE_LOCKED` where another one runs on this state folder, `PORT_IN_USE` and the like */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  try {
    return await open(options, closing, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function open(
  { config, stateFolder, log, version, webDir, onStopWanted }: DaemonOptions,
  closing: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<Daemon> {
  makeStateFolder(stateFolder)
  const places = statePlaces(stateFolder)
  const engine = await createEngine(engineOptions(config, places.engine))
  closing.push(() => engine.close())
  for (const warning of config.warnings()) log.warn(warning)

  const household = new Household({ config, log, blocklistCache: places.blocklist })
  closing.push(() => household.close())
  // Before there are torrents: whom nobody wants to speak to is not spoken to meanwhile.
  const unwanted = new Unwanted(ranges => engine.setBlocklist(ranges))
  await household.block(ranges => unwanted.setList(ranges))
  household.locate()

  const session = await createSession({
    engine,
    stateDir: places.session,
    settings: sessionSettings(config),
    version,
    blocklist: () => household.blocklist(),
    countryOf: address => household.countryOf(address),
    onBans: addresses => unwanted.setBans(addresses),
    log: ({ level, text, id }) => log[level](text, id === null ? {} : { id }),
  })
  closing.push(() => session.close())
  const demo = new Demo({ session, folder: places.demo, log })
  closing.push(() => demo.close())
  await demo.sweep()
  household.watch((sources, options) => session.add(sources, options))
  closing.push(() => household.close())

  const forget = config.onChange(keys => {
    session.applySettings(sessionSettings(config))
    household.onChange(keys)
    log.setLevel(config.get('log.level'))
    tellChanges(log, keys)
  })
  closing.push(async () => forget())

  const access = await openAccess(places.access)
  const settings = settingsAccess(config)
  const roots = (): readonly string[] => allowedRoots(config)
  const rpc = new TransmissionRpc({
    session,
    settings,
    roots: new Roots(roots),
    close: onStopWanted,
    reloadBlocklist: () => household.reload(),
  })
  closing.push(async () => rpc.close())
  const http = createHttp({
    session,
    access,
    settings,
    roots,
    parts: rpc.parts,
    doctor: () => examineSelf({ config, stateFolder }, session),
    lists: { get: () => household.lists(), reload: () => household.reload() },
    demo: () => demo.start(),
    hosts: config.get('http.hosts'),
    basePath: config.get('http.base_path'),
    trustedProxies: config.get('http.trusted_proxies'),
    webDir,
    onChange: ({ who, address, what }) =>
      log.info(`${who} at ${address}: ${what}`, { event: 'change', who, address, what }),
    onFailedSignIn: ({ text, fields }) => log.warn(text, { event: 'refused', ...fields }),
    onFault: (error, where) => log.error(`a fault of Shoal in ${where}`, { event: 'fault', error }),
  })
  closing.push(() => http.close())
  const { port } = await listen(http, config)
  const url = apiUrl(config, port)
  log.info(`Shoal ${version} is at ${url}`, { event: 'listening', url, peerPort: engine.port })
  writeRunning(stateFolder, { url, token: access.createLocalToken(), pid: process.pid })
  closing.push(async () => removeRunning(stateFolder))
  if (access.isNew) {
    // Not a part of the text, which is cleaned of keys: whoever reads the log of the first start is the owner.
    const link = `${url}#setup=${access.createSetupKey()}`
    log.info('set a password first, within an hour:', { event: 'setup', link })
  }
  return { url, session, reload: () => reload(config, household, log), close }
}

/** @throws ShoalError `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `NETWORK` */
async function listen(http: Http, config: Config): Promise<Listening> {
  const host = config.get('http.address')
  const port = config.get('http.port')
  try {
    return await http.listen({ host, port })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const details = { operation: 'listen', subject: `${host} port ${port}`, cause }
    const where = `port ${port} of ${host}, for API and web interface,`
    if (code === 'EADDRINUSE')
      throw new ShoalError(
        'PORT_IN_USE',
        `${where} is used by another program (--listen, http.port)`,
        details,
      )
    if (code === 'EADDRNOTAVAIL')
      throw new ShoalError(
        'ADDRESS_UNAVAILABLE',
        `${host} is not an address of this machine (--listen, http.address)`,
        details,
      )
    throw new ShoalError(
      'NETWORK',
      `${where} cannot be opened: ${cause instanceof Error ? cause.message : cause}`,
      details,
    )
  }
}

function reload(config: Config, household: Household, log: DaemonLog): void {
  log.reopen()
  try {
    config.reload()
    log.info('the configuration was read again')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    log.error(`the configuration stays as it was: ${error.message}`)
  }
  void household.reload()
}

function tellChanges(log: DaemonLog, keys: readonly SettingKey[]): void {
  const later = keys.filter(key => (SETTINGS[key] as Definition).restart === true)
  log.info(`settings changed: ${keys.join(', ')}`, { event: 'settings' })
  if (later.length > 0) log.warn(`from the next start on: ${later.join(', ')}`)
}
