/** How other clients are told to fetch one torrent, found through its tracker alone, such that they go on after a kill. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SHOAL = fileURLToPath(new URL('../../../packages/cli/bin/shoal.js', import.meta.url))
const LIBTORRENT = fileURLToPath(new URL('libtorrent-get.py', import.meta.url))
/** Debian's own: its package is not visible to other Pythons that may be first on the path. */
const PYTHON = '/usr/bin/python3'

/**
 * Each takes { torrent, dir, ip, port, scratch, marker } and gives the command; it ends by itself when all is there, or
 * touches `marker`.
 */
export const OTHERS = {
  shoal: {
    version: () => output(process.execPath, SHOAL, '--version'),
    command: ({ torrent, dir, ip, port, scratch }) => [
      ...[process.execPath, SHOAL, 'get', torrent, '--dir', dir, '--state', scratch],
      ...['--bind', ip, '--port', `${port}`, '--no-discovery'],
    ],
  },
  transmission: {
    version: () => output('transmission-daemon', '--version'),
    command: job => {
      const { dir, port, scratch } = job
      writeFileSync(join(scratch, 'settings.json'), JSON.stringify(transmissionSettings(job)))
      const watch = join(scratch, 'watch')
      mkdirSync(watch, { recursive: true })
      // It takes what it finds there into its own folder: once.
      if (!existsSync(join(scratch, 'torrents'))) spawnSync('cp', [job.torrent, watch])
      return ['transmission-daemon', '-f', '-g', scratch, '-w', dir, '-P', `${port}`, '-c', watch]
    },
  },
  aria2: {
    version: () => output('aria2c', '--version').split('\n')[0],
    command: ({ torrent, dir, ip, port }) => [
      ...['aria2c', '--no-conf', '--quiet', `--interface=${ip}`, `--listen-port=${port}`, `--dir=${dir}`],
      ...['--enable-dht=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false'],
      ...['--file-allocation=none', '--seed-time=0', '--continue=true', torrent],
    ],
  },
  // A library: what it remembers depends on the program. Those that people use save every few minutes at best.
  'libtorrent, never saved': {
    version: libtorrentVersion,
    command: job => libtorrent(job, 0),
  },
  'libtorrent, saved every 60 s': {
    version: libtorrentVersion,
    command: job => libtorrent(job, 60),
  },
  'libtorrent, saved every 2 s': {
    version: libtorrentVersion,
    command: job => libtorrent(job, 2),
  },
}

function libtorrent({ torrent, dir, ip, port, scratch }, saveEverySeconds) {
  const resume = join(scratch, 'resume')
  return [PYTHON, LIBTORRENT, torrent, dir, ip, `${port}`, resume, `${saveEverySeconds}`]
}

function libtorrentVersion() {
  return output(PYTHON, '-c', 'import libtorrent; print(libtorrent.__version__)')
}

function transmissionSettings({ ip, scratch, marker }) {
  const script = join(scratch, 'finish.sh')
  writeFileSync(script, `#!/bin/sh\ntouch "${marker}"\n`, { mode: 0o755 })
  return {
    'bind-address-ipv4': ip,
    'dht-enabled': false,
    'lpd-enabled': false,
    'pex-enabled': false,
    'utp-enabled': false,
    'port-forwarding-enabled': false,
    'rpc-enabled': false,
    'script-torrent-done-enabled': true,
    'script-torrent-done-filename': script,
  }
}

/** What it says; undefined where it is not installed. */
function output(file, ...args) {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() || stderr.trim() : undefined
}
