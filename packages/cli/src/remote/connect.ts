/**
 * Finds the daemon: what the command line says, then the environment, then the one that runs on this machine, which leaves
 * where it is and a key beside its state, for its owner alone to read.
 */
import type { Client } from '@shoal/daemon/client'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

export interface Where {
  readonly url?: string
  readonly token?: string
}

/** @throws Failure (usage, unreachable) */
export async function connect(
  options: Where,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Client> {
  const { createClient } = await import('@shoal/daemon/client')
  const url = options.url ?? env.SHOAL_URL
  const token = options.token ?? env.SHOAL_TOKEN
  if (url !== undefined && url !== '') return createClient({ url: checked(url), token })
  const { defaultStateFolder, readRunning } = await import('@shoal/daemon/local')
  const running = readRunning(defaultStateFolder(process.platform, env))
  if (running === undefined)
    throw new Failure(
      EXIT.unreachable,
      'no daemon runs on this machine',
      'start one with shoal serve, or say where it is with --url or SHOAL_URL',
    )
  return createClient({ url: running.url, token: token ?? running.token })
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
