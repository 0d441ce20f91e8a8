/**
 * Finds the daemon: what the command line says, then the environment, then the one that runs on this machine, which leaves
 * where it is and a key beside its state, for its owner alone to read.
 */
import type { Client } from '@shoal/daemon/client'
import type { Running } from '@shoal/daemon/local'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface Where {
  readonly url?: string
  readonly token?: string
}

/** @throws Failure (usage, unreachable) */
export async function connect(options: Where, env: Env = process.env): Promise<Client> {
  const { createClient } = await import('@shoal/daemon/client')
  const url = options.url ?? env.SHOAL_URL
  const token = options.token ?? env.SHOAL_TOKEN
  if (url !== undefined && url !== '') return createClient({ url: checked(url), token })
  const running = await findRunning(
    env,
    'start one with shoal serve, or say where it is with --url or SHOAL_URL',
  )
  return createClient({ url: running.url, token: token ?? running.token })
}

/**
 * The one of this user on this machine, for what no other may be asked.
 *
 * @param state its state folder, where it is not the usual one
 * @throws Failure (unreachable)
 */
export async function connectLocally(
  state: string | undefined,
  env: Env = process.env,
): Promise<{ readonly client: Client; readonly url: string }> {
  const { createClient } = await import('@shoal/daemon/client')
  const hint =
    'start it with shoal serve; then run this as the same user, with the same --state or SHOAL_STATE'
  const { url, token } = await findRunning(env, hint, state)
  return { client: createClient({ url, token }), url }
}

async function findRunning(env: Env, hint: string, state = env.SHOAL_STATE): Promise<Running> {
  const { defaultStateFolder, readRunning } = await import('@shoal/daemon/local')
  const running = readRunning(state || defaultStateFolder(process.platform, env))
  if (running === undefined) throw new Failure(EXIT.unreachable, 'no daemon runs on this machine', hint)
  return running
}

function checked(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol)) return url
  throw new Failure(
    EXIT.usage,
    `'${url}' is not where a daemon could be`,
    'write it like http://127.0.0.1:7727',
  )
}
