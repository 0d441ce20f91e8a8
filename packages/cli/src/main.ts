/** The entry: finds the command, loads only that one, and turns what it throws into a line and an exit code. */
import { startWorkersAhead } from '@shoal/engine/workers'
import type { Command } from 'commander'
import { EXIT } from './exit-codes.ts'
import { explain, Failure } from './failure.ts'
import { renderHelp } from './help.ts'
import { print, printed, watchStdout } from './output.ts'
import { readVersion } from './package-folder.ts'
import { route } from './route.ts'

const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  get: async () => (await import('./commands/get.ts')).defineGet(),
  stream: async () => (await import('./commands/stream.ts')).defineStream(),
  cat: async () => (await import('./commands/cat.ts')).defineCat(),
  seed: async () => (await import('./commands/seed.ts')).defineSeed(),
  create: async () => (await import('./commands/create.ts')).defineCreate(),
  magnet: async () => (await import('./commands/magnet.ts')).defineMagnet(),
  info: async () => (await import('./commands/info.ts')).defineInfo(),
  verify: async () => (await import('./commands/verify.ts')).defineVerify(),
  serve: async () => (await import('./commands/serve.ts')).defineServe(),
  doctor: async () => (await import('./commands/doctor.ts')).defineDoctor(),
  import: async () => (await import('./commands/import.ts')).defineImport(),
  peek: async () => (await import('./commands/peek.ts')).definePeek(),
  dht: async () => (await import('./commands/dht.ts')).defineDht(),
  demo: async () => (await import('./commands/demo.ts')).defineDemo(),
  add: async () => (await import('./commands/add.ts')).defineAdd(),
  list: async () => (await import('./commands/list.ts')).defineList(),
  watch: async () => (await import('./commands/watch.ts')).defineWatch(),
  show: async () => (await import('./commands/show.ts')).defineShow(),
  start: async () => (await import('./commands/start.ts')).defineStart(),
  stop: async () => (await import('./commands/stop.ts')).defineStop(),
  check: async () => (await import('./commands/check.ts')).defineCheck(),
  move: async () => (await import('./commands/move.ts')).defineMove(),
  remove: async () => (await import('./commands/remove.ts')).defineRemove(),
  files: async () => (await import('./commands/files.ts')).defineFiles(),
  peers: async () => (await import('./commands/peers.ts')).definePeers(),
  trackers: async () => (await import('./commands/trackers.ts')).defineTrackers(),
  limit: async () => (await import('./commands/limit.ts')).defineLimit(),
  queue: async () => (await import('./commands/queue.ts')).defineQueue(),
  labels: async () => (await import('./commands/labels.ts')).defineLabels(),
  stats: async () => (await import('./commands/stats.ts')).defineStats(),
  password: async () => (await import('./commands/password.ts')).definePassword(),
  tokens: async () => (await import('./commands/tokens.ts')).defineTokens(),
  completions: async () =>
    (await import('./commands/completions.ts')).defineCompletions(name => LOADERS[name]!()),
}

/** Commands that need a store worker: it starts on another processor while they load. */
const STORING: ReadonlySet<string> = new Set(['get', 'seed'])

async function main(argv: readonly string[]): Promise<void> {
  const target = route(argv)
  if (target.kind === 'help') return print(renderHelp(readVersion()))
  if (target.kind === 'version') return print(readVersion())
  if (STORING.has(target.name) && !target.args.some(arg => arg === '--help' || arg === '-h'))
    startWorkersAhead(1)
  const command = await LOADERS[target.name]!()
  command
    .name(`shoal ${target.name}`)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
  try {
    await command.parseAsync(target.args as string[], { from: 'user' })
  } catch (error) {
    throw fromCommander(error, target.name)
  }
}

/** Commander's own errors become usage failures; help that was asked for is no error. */
function fromCommander(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('commander.'))
    return error
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') return undefined
  const [what = '', near = ''] = error.message.replace(/^error: /, '').split('\n')
  const hint = /Did you mean (?:one of )?(.*)\?/.exec(near)?.[1]
  return new Failure(
    EXIT.usage,
    what,
    hint === undefined ? `see shoal ${name} --help` : `did you mean ${hint}?`,
  )
}

/** Never rejects: what went wrong becomes a line and an exit code. */
async function run(): Promise<void> {
  try {
    await main(process.argv.slice(2))
  } catch (error) {
    if (error !== undefined) {
      const { line, exitCode } = explain(error)
      process.stderr.write(`shoal: ${line}\n`)
      process.exitCode = exitCode
    }
  }
  // What a command leaves behind (a socket, a thread) keeps nobody waiting; who reads slowly gets all of it.
  await printed(process.stdout)
  await printed(process.stderr)
  // What could not be written is told of by now.
  setImmediate(() => process.exit())
}

watchStdout()
void run()
