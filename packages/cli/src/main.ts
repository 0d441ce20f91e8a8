/** The entry: finds the command, loads only that one, and turns what it throws into a line and an exit code. */
import type { Command } from 'commander'
import { EXIT } from './exit-codes.ts'
import { explain, Failure } from './failure.ts'
import { renderHelp } from './help.ts'
import { print, watchStdout } from './output.ts'
import { readVersion } from './package-folder.ts'
import { route } from './route.ts'

/** How long what a command leaves behind (a socket, a thread) may keep the process alive. */
const LINGER_MS = 1000

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
  peek: async () => (await import('./commands/peek.ts')).definePeek(),
  dht: async () => (await import('./commands/dht.ts')).defineDht(),
  demo: async () => (await import('./commands/demo.ts')).defineDemo(),
}

async function main(argv: readonly string[]): Promise<void> {
  const target = route(argv)
  if (target.kind === 'help') return print(renderHelp(readVersion()))
  if (target.kind === 'version') return print(readVersion())
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

watchStdout()
try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error !== undefined) {
    const { line, exitCode } = explain(error)
    process.stderr.write(`shoal: ${line}\n`)
    process.exitCode = exitCode
  }
}
setTimeout(() => process.exit(), LINGER_MS).unref()
