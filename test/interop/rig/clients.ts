/** How each client is told to seed and to download one torrent, with nothing found but through its tracker. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Program } from './program.ts'

export type ClientName = 'shoal' | 'libtorrent' | 'transmission' | 'aria2' | 'rtorrent'

/** One torrent for one client. */
export interface Job {
  /** The path of its file, or a magnet link. */
  readonly torrent: string
  /** Holds, or receives, the torrent's file or folder. */
  readonly dir: string
  /** Listens and connects here; no other client of the run has this address. */
  readonly ip: string
  readonly port: number
  /** The client's own: configuration, session, log. */
  readonly scratch: string
}

export interface Client {
  /** It does not create files without content (Transmission 3.00). */
  readonly skipsEmptyFiles?: true
  seed(job: Job): Program
  /** `isComplete` is asked again and again; a program that ended otherwise has failed. */
  get(job: Job): { readonly program: Program; isComplete(): boolean }
}

export const CLIENTS: Readonly<Record<ClientName, Client>> = {
  shoal: {
    seed: job => start(job, shoal('seed', job)),
    get: job => untilExit(start(job, shoal('get', job))),
  },
  libtorrent: {
    seed: job => start(job, libtorrent('seed', job)),
    get: job => untilExit(start(job, libtorrent('get', job))),
  },
  transmission: {
    skipsEmptyFiles: true,
    seed: job => start(job, transmission(job)),
    get: job => untilMarked(job, marker => startedAgain(marker, transmission(job, marker))),
  },
  aria2: {
    // Without the first it would hash everything before it listens, without the second it would end at ratio 1.
    seed: job => start(job, aria2(job, ['--bt-seed-unverified=true', '--seed-ratio=0.0'])),
    get: job => untilExit(start(job, aria2(job, ['--seed-time=0']))),
  },
  rtorrent: {
    seed: job => start(job, rtorrent(job)),
    get: job => untilMarked(job, marker => rtorrent(job, marker)),
  },
}

function shoal(command: 'seed' | 'get', { torrent, dir, ip, port }: Job): string[] {
  const program = fileURLToPath(new URL('../../../packages/cli/bin/shoal.js', import.meta.url))
  const options = ['--dir', dir, '--port', String(port), '--bind', ip, '--no-discovery']
  return [process.execPath, program, command, torrent, ...options]
}

function libtorrent(command: 'seed' | 'get', { torrent, dir, ip, port }: Job): string[] {
  const program = fileURLToPath(new URL('libtorrent-peer.py', import.meta.url))
  // Debian's own Python: its package is not visible to others that may be first on the path.
  return ['/usr/bin/python3', program, command, torrent, dir, ip, String(port)]
}

function transmission({ torrent, dir, ip, port, scratch }: Job, marker?: string): string[] {
  const settings = {
    'bind-address-ipv4': ip,
    'dht-enabled': false,
    'lpd-enabled': false,
    'pex-enabled': false,
    'utp-enabled': false,
  }
  writeFileSync(join(scratch, 'settings.json'), JSON.stringify(settings))
  const options = ['-g', scratch, '-w', dir, '-p', String(port), '--no-portmap', '--encryption-tolerated']
  const finish = marker === undefined ? [] : ['-f', touchScript(scratch, marker)]
  return ['transmission-cli', ...options, '--no-downlimit', '--no-uplimit', ...finish, torrent]
}

function aria2({ torrent, dir, ip, port, scratch }: Job, options: readonly string[]): string[] {
  return [
    'aria2c',
    '--no-conf',
    '--console-log-level=notice',
    '--summary-interval=0',
    `--interface=${ip}`,
    `--listen-port=${port}`,
    // UDP trackers are served by its DHT socket; without a file of nodes and entry points there is no DHT behind it.
    '--enable-dht=true',
    `--dht-listen-port=${port}`,
    `--dht-file-path=${join(scratch, 'dht.dat')}`,
    '--enable-peer-exchange=false',
    '--bt-enable-lpd=false',
    '--file-allocation=none',
    `--dir=${dir}`,
    ...options,
    torrent,
  ]
}

function rtorrent({ torrent, dir, ip, port, scratch }: Job, marker?: string): string[] {
  const session = join(scratch, 'session')
  mkdirSync(session)
  const lines = [
    // No terminal is needed then.
    'system.daemon.set = true',
    `session.path.set = "${session}"`,
    `directory.default.set = "${dir}"`,
    `network.bind_address.set = ${ip}`,
    `network.local_address.set = ${ip}`,
    `network.port_range.set = ${port}-${port}`,
    'network.port_random.set = no',
    'protocol.encryption.set = none',
    'protocol.pex.set = no',
    'dht.mode.set = disable',
    'trackers.use_udp.set = yes',
    `log.open_file = "log", "${join(scratch, 'rtorrent.log')}"`,
    'log.add_output = "info", "log"',
    'log.add_output = "tracker_debug", "log"',
    ...(marker === undefined
      ? []
      : [`method.set_key = event.download.finished, done, "execute.nothrow = touch, \\"${marker}\\""`]),
    `load.start = "${torrent}"`,
  ]
  const file = join(scratch, 'rtorrent.rc')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return ['rtorrent', '-n', '-o', `import=${file}`]
}

const XDG_FOLDERS = ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME']

function start(job: Job, command: readonly string[]): Program {
  return new Program(command, {
    logFile: join(job.scratch, 'log'),
    cwd: job.scratch,
    // They would look into the user's own folders, and leave their state there.
    env: { HOME: job.scratch, ...Object.fromEntries(XDG_FOLDERS.map(name => [name, job.scratch])) },
  })
}

/** For clients that end when they are done. */
function untilExit(program: Program): ReturnType<Client['get']> {
  return { program, isComplete: () => program.ending === 0 }
}

/** For clients that run a command of ours when they are done, and go on as seeders. */
function untilMarked(job: Job, command: (marker: string) => readonly string[]): ReturnType<Client['get']> {
  const marker = join(job.scratch, 'complete')
  return { program: start(job, command(marker)), isComplete: () => existsSync(marker) }
}

/**
 * transmission-cli leaves, and calls it a success, when it finds its torrent stopped: as it is for a moment once peers
 * have told what is in a magnet link. Started once more, it goes on with what it was told.
 */
export function startedAgain(marker: string, command: readonly string[]): readonly string[] {
  return ['sh', '-c', '"$@"; test -e "$0" || exec "$@"', marker, ...command]
}

function touchScript(scratch: string, marker: string): string {
  const file = join(scratch, 'finish.sh')
  writeFileSync(file, `#!/bin/sh\ntouch "${marker}"\n`, { mode: 0o755 })
  return file
}
