/** How each program is told to do each job; what is not installed is left out. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const SHOAL = fileURLToPath(new URL('../../packages/cli/bin/shoal.js', import.meta.url))
const LIBTORRENT = fileURLToPath(new URL('libtorrent-peer.py', import.meta.url))
/** Debian's own comes first: its package is not visible to other Pythons that may be first on the path. */
const PYTHON = ['/usr/bin/python3', 'python3'].find(
  python => spawnSync(python, ['-c', 'import libtorrent']).status === 0,
)

/**
 * `get` and `seed` take { torrent, dir, ip, port, scratch }, `check` { torrent, dir }, `create` { path, output }, and
 * all return a command that ends when the job is done, but for `seed`. `anywhere`: also works on 127.x.
 */
export const CLIENTS = {
  shoal: {
    installed: true,
    anywhere: true,
    get: job => shoal('get', job),
    seed: job => shoal('seed', job),
    check: ({ torrent, dir }) => [process.execPath, SHOAL, 'verify', torrent, '--dir', dir],
    create: ({ path, output }) => [
      process.execPath,
      SHOAL,
      ...['create', path, '--piece-length', '1M', '--force', '-o', output],
    ],
  },
  libtorrent: {
    installed: PYTHON !== undefined,
    get: job => libtorrent('get', job),
    seed: job => libtorrent('seed', job),
    check: job => libtorrent('check', job),
  },
  aria2: {
    installed: has('aria2c'),
    get: job => aria2(job, '--seed-time=0'),
    // Without the first it would hash everything, without the second it would end at ratio 1.
    seed: job => aria2(job, '--bt-seed-unverified=true', '--seed-ratio=0.0'),
  },
  mktorrent: {
    installed: has('mktorrent'),
    create: ({ path, output }) => ['mktorrent', '-t', '2', '-l', '20', '-o', output, path],
  },
  transmission: {
    installed: has('transmission-create'),
    create: ({ path, output }) => ['transmission-create', '-s', '1024', '-o', output, path],
  },
}

function shoal(command, { torrent, dir, ip, port, scratch }) {
  const options = ['--dir', dir, '--bind', ip, '--port', String(port), '--no-discovery', '--state', scratch]
  return [process.execPath, SHOAL, command, torrent, ...options]
}

function libtorrent(command, { torrent, dir, ip = '', port = 0 }) {
  return [PYTHON, LIBTORRENT, command, torrent, dir, ip, String(port)]
}

function aria2({ torrent, dir, ip, port }, ...options) {
  return [
    ...['aria2c', '--no-conf', '--quiet', `--interface=${ip}`, `--listen-port=${port}`, `--dir=${dir}`],
    ...['--enable-dht=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false'],
    ...['--file-allocation=none', '--bt-max-peers=0', ...options, torrent],
  ]
}

function has(program) {
  return (process.env.PATH ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Where clients may leave their state instead of the user's own folders. */
export function homeIn(scratch) {
  mkdirSync(scratch, { recursive: true })
  const names = ['HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME']
  return { cwd: scratch, env: Object.fromEntries(names.map(name => [name, scratch])) }
}
