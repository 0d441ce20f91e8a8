/**
 * Makes a fresh clone ready: installs what package-lock.json names, compiles the packages and bundles the command
 * line, each only when something changed since the last time. Run it, or call {@link ensureBuilt}.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const MODULES = join(ROOT, 'node_modules')
const INSTALL_STAMP = join(MODULES, '.shoal-install')
const BUILD_STAMP = join(MODULES, '.shoal-build')
/** Not node_modules/.bin/tsc: that is a shell script on Windows. */
const TSC = join(MODULES, 'typescript', 'bin', 'tsc')
/** In the order in which they depend on each other. */
const PACKAGES = ['packages/engine', 'packages/daemon', 'packages/cli']
const BUNDLE_SCRIPT = 'scripts/bundle.mjs'
/** Written last by {@link BUNDLE_SCRIPT}. */
const BUNDLE = join(ROOT, 'packages/cli/bundle/LICENSES.txt')
const WEB_STAMP = join(MODULES, '.shoal-web')
const WEB_SCRIPT = 'scripts/web.mjs'
/** Written last by {@link WEB_SCRIPT}. */
const WEB = join(ROOT, 'packages/cli/bundle/web/LICENSES.txt')
/** What the page is made of, besides its own folder. */
const WEB_SOURCES = ['packages/daemon/src/contract', 'packages/daemon/src/client.ts']

/** What is said when it failed; the message is for people and complete. */
class SetupError extends Error {}

/** Throws when installing or compiling fails; see {@link orExplain}. Some 20 ms when there is nothing to do. */
export function ensureBuilt() {
  install()
  build()
}

/** Runs `work`; what is meant for people is printed as one message instead of a stack, and ends the process. */
export async function orExplain(work) {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    process.exit(1)
  }
}

function install() {
  const wanted = fingerprintOfLockfile()
  if (read(INSTALL_STAMP) === wanted) return
  if (isInstalledByHand()) return writeFileSync(INSTALL_STAMP, wanted)
  console.error('shoal: installing dependencies (npm ci)')
  let result = npm('ci')
  if (OUT_OF_STEP.test(result.output)) {
    // The lockfile lacks something that package.json asks for; what it has is still followed, and it stays as it is.
    console.error(
      'shoal: package-lock.json is not complete, installing what it lacks (npm install --no-save)',
    )
    result = npm('install', '--no-save')
  }
  if (result.error !== undefined) throw new SetupError(`shoal: cannot run npm: ${result.error.message}`)
  if (result.status !== 0) {
    const output = result.output.trim()
    if (UNREACHABLE.test(output)) {
      throw new SetupError(
        `shoal: cannot install: npm's registry is not reachable (${UNREACHABLE.exec(output)[0]}); ` +
          'a first run needs the network once',
      )
    }
    throw new SetupError(`${output}\nshoal: cannot install: npm failed (${ending(result)})`)
  }
  mkdirSync(MODULES, { recursive: true })
  writeFileSync(INSTALL_STAMP, wanted)
}

/** npm writes a lockfile of its own last: newer than ours means that someone ran `npm install` since. */
function isInstalledByHand() {
  const own = statSync(join(MODULES, '.package-lock.json'), { throwIfNoEntry: false })
  return (
    own !== undefined && own.mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs && existsSync(TSC)
  )
}

const OUT_OF_STEP = /\bEUSAGE\b.*\bpackage-lock\.json\b.* in sync/s
const UNREACHABLE =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b/

function build() {
  const source = fingerprintOfSource()
  if (read(BUILD_STAMP) !== source || !PACKAGES.every(isCompiled) || !existsSync(BUNDLE)) {
    console.error('shoal: compiling')
    step('tsc', [TSC, '-b', ...PACKAGES])
    step(BUNDLE_SCRIPT, [join(ROOT, BUNDLE_SCRIPT)])
    writeFileSync(BUILD_STAMP, source)
  }
  const page = fingerprintOfPage()
  if (read(WEB_STAMP) === page && existsSync(WEB)) return
  console.error('shoal: building the web page')
  step(WEB_SCRIPT, [join(ROOT, WEB_SCRIPT)])
  writeFileSync(WEB_STAMP, page)
}

function step(name, args) {
  const result = run(process.execPath, args)
  if (result.error !== undefined) throw new SetupError(`shoal: cannot run ${name}: ${result.error.message}`)
  if (result.status !== 0) {
    throw new SetupError(`${result.output.trim()}\nshoal: cannot compile: ${name} failed (${ending(result)})`)
  }
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  })
  return { ...result, output: `${result.stdout ?? ''}${result.stderr ?? ''}` }
}

function ending({ status, signal }) {
  return signal === null ? `exit code ${status}` : signal
}

function npm(...args) {
  // No dependency needs a script at install time (test/lockfile.test.ts), so none gets to run one.
  const all = [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev']
  const program = npmProgram()
  if (program !== undefined) return run(process.execPath, [program, ...all])
  return run('npm', all, { shell: process.platform === 'win32' })
}

/** The npm that runs us, else the one that came with this Node; undefined: whatever the path has. */
function npmProgram() {
  const running = process.env.npm_execpath
  if (running !== undefined && /npm-cli\.c?js$/.test(running)) return running
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js')
  return existsSync(beside) ? beside : undefined
}

/** Installed packages depend on the lockfile, and on the machine: some tools are native programs. */
function fingerprintOfLockfile() {
  const lockfile = readFileSync(join(ROOT, 'package-lock.json'))
  return createHash('sha256').update(`${process.platform} ${process.arch}\n`).update(lockfile).digest('hex')
}

function fingerprintOfSource() {
  const folders = PACKAGES.flatMap(folder => [
    `${folder}/tsconfig.json`,
    `${folder}/package.json`,
    ...filesBelow(`${folder}/src`).filter(path => path.endsWith('.ts')),
  ])
  return fingerprint(['tsconfig.base.json', BUNDLE_SCRIPT, ...folders])
}

function fingerprintOfPage() {
  const own = ['index.html', 'package.json', 'tsconfig.json', 'vite.config.ts'].map(
    name => `packages/web/${name}`,
  )
  const folders = ['packages/web/src', 'packages/web/public', ...WEB_SOURCES].flatMap(filesBelow)
  return fingerprint([WEB_SCRIPT, BUNDLE_SCRIPT, ...own, ...folders])
}

/** Names, sizes and times instead of contents: this runs before every command. */
function fingerprint(paths) {
  const hash = createHash('sha256')
  for (const path of paths) {
    const { size, mtimeMs } = statSync(join(ROOT, path))
    hash.update(`${path}\0${size}\0${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** In an order that is always the same; a file is itself. */
function filesBelow(path) {
  const stats = statSync(join(ROOT, path), { throwIfNoEntry: false })
  if (stats === undefined) return []
  if (stats.isFile()) return [path]
  const entries = readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort()
}

function isCompiled(folder) {
  return existsSync(join(ROOT, folder, 'dist', '.tsbuildinfo'))
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await orExplain(ensureBuilt)
}
