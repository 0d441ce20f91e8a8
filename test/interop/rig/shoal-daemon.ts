/** `shoal serve`, with the password that the clients have. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Program } from './program.ts'
import { PASSWORD, type Target } from './remote.ts'
import { until } from './wait.ts'

const SHOAL = fileURLToPath(new URL('../../../packages/cli/bin/shoal.js', import.meta.url))

/** All in the configuration: what a flag says could not be changed by a client. */
export async function startShoal(
  scratch: string,
  at: { readonly ip: string; readonly port: number; readonly rpcPort: number },
): Promise<Target> {
  const dir = join(scratch, 'data')
  mkdirSync(dir, { recursive: true })
  const config = join(scratch, 'config.toml')
  const lines = [
    '[folders]',
    `downloads = ${JSON.stringify(dir)}`,
    // The second is where @ctrl/transmission adds unless told.
    `roots = [${JSON.stringify(scratch)}, "/downloads"]`,
    '[network]',
    `bind = "${at.ip}"`,
    `port = ${at.port}`,
    'dht = false',
    'lsd = false',
    '[disk]',
    // Here it is about the protocol: a disk that is nearly full is no reason to wait.
    'keep_free = 0',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const logFile = join(scratch, 'log')
  const rpc = `${at.ip}:${at.rpcPort}`
  const options = ['--config', config, '--state', join(scratch, 'state'), '--listen', rpc, '--json']
  const program = new Program([process.execPath, SHOAL, 'serve', ...options], {
    logFile,
    cwd: scratch,
    env: { HOME: scratch },
  })
  let key: string | undefined
  await until(
    () => `shoal serve prints a link\n${program.describe()}`,
    60_000,
    () => {
      if (program.ending !== undefined) throw new Error(program.describe())
      key = /#setup=([\w-]+)/.exec(readFileSync(logFile, 'utf8'))?.[1]
      return key !== undefined
    },
  )
  const response = await fetch(`http://${rpc}/api/v1/setup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Shoal': '1' },
    body: JSON.stringify({ key, password: PASSWORD }),
  })
  if (!response.ok)
    throw new Error(`the password is not set: ${await response.text()}\n${program.describe()}`)
  return {
    name: 'shoal',
    rpc,
    dir,
    ended: program.ended,
    stop: async () => {
      await program.stop()
    },
  }
}
