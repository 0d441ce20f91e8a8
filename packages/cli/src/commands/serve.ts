import { fileURLToPath } from 'node:url'
import {
  createLog,
  type Daemon,
  type DaemonLog,
  type LogRecord,
  printConfig,
  startDaemon,
} from '@shoal/daemon'
import { Command } from 'commander'
import {
  addPlaceOptions,
  addSettingOptions,
  loadConfig,
  type SettingOptions,
} from '../daemon/config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { watchInterrupts } from '../interrupt.ts'
import { addColorOption, addExamples, type CommonOptions } from '../options.ts'
import { print } from '../output.ts'
import { PACKAGE_FOLDER, readVersion } from '../package-folder.ts'
import { logLine } from '../terminal/log-view.ts'
import { chooseStyle } from '../terminal/style.ts'

/** Saving and saying goodbye to trackers takes some 5 s at most; service managers kill after ten or more. */
const STOP_MS = 9_500

interface ServeOptions extends SettingOptions, CommonOptions {
  readonly printConfig?: boolean
  readonly json?: boolean
}

export function defineServe(): Command {
  const command = new Command('serve').description(
    'Run all torrents day and night, with an API and a web interface. Ctrl-C or SIGTERM stops it in good order, SIGHUP reads configuration and blocklist again.',
  )
  addPlaceOptions(command)
  addSettingOptions(command)
  command
    .optionsGroup('Output:')
    .option('--print-config', 'print the settings as they are in force, as a configuration file, and end')
    .option('--json', 'a line of JSON for each message, also on a terminal')
  addColorOption(command)
  addExamples(command, [
    ['shoal serve', 'on this machine only, data in ~/Downloads'],
    ['shoal serve --dir /srv/torrents --listen 0.0.0.0:7727', 'for the whole network'],
    ['shoal serve --set goals.ratio=2 --limit-up 2M', 'any setting can be a flag'],
    ['shoal serve --print-config > shoal.toml', 'a file to begin with'],
  ])
  return command.action(async (options: ServeOptions) => {
    const { config, stateFolder } = loadConfig(options)
    if (options.printConfig) return print(printConfig(config))
    const style = chooseStyle(options.color, process.stderr.isTTY === true, process.env)
    const show = (record: LogRecord): void => void process.stderr.write(`${logLine(record, style)}\n`)
    const isForPeople = process.stderr.isTTY === true && !options.json
    const file = config.get('log.file') ?? undefined
    const log = createLog({ level: config.get('log.level'), file, show: isForPeople ? show : undefined })
    endOnFaults(log)
    const stop = watchInterrupts(() => log.info('stopping'), {
      // A terminal that is closed takes its programs along; without one, this signal means: read again.
      signals: isForPeople ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM'],
      graceMs: STOP_MS,
      exitCode: EXIT.unfinished,
    })
    // Also while it starts: a signal that nobody waits for would end it.
    let daemon: Daemon | undefined
    let isStale = false
    const onHangup = (): void => {
      if (daemon === undefined) isStale = true
      else daemon.reload()
    }
    if (!isForPeople) process.on('SIGHUP', onHangup)
    daemon = await startDaemon({
      config,
      stateFolder,
      log,
      version: readVersion(),
      webDir: fileURLToPath(new URL('bundle/web', PACKAGE_FOLDER)),
      onStopWanted: () => process.kill(process.pid, 'SIGTERM'),
    })
    if (isStale) daemon.reload()
    await new Promise<void>(resolve => {
      if (stop.signal.aborted) resolve()
      else stop.signal.addEventListener('abort', () => resolve())
    })
    await daemon.close()
    log.info('stopped', { event: 'stopped' })
    log.flush()
  })
}

/** What nobody expected ends the process: whoever looks after it starts it anew, and nothing runs on half broken. */
function endOnFaults(log: DaemonLog): void {
  const end = (error: unknown): void => {
    log.error('a fault of Shoal; the daemon ends', { event: 'fault', error })
    log.flush()
    process.exit(EXIT.other)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}
