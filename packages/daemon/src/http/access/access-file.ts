/** What is remembered of who may come in: `access.json`, for its owner's eyes only, and written so that it lasts. */
import { chmod, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Scope } from '../../contract/index.ts'
import { scope } from '../schema/session.ts'
import { shape } from '../schema/shape.ts'
import type { PasswordHash } from './password.ts'

export interface KeptToken {
  readonly name: string
  readonly scope: Scope
  /** SHA-256, base64: the token has 256 random bits, so that nothing slower is needed. */
  readonly hash: string
  readonly createdAt: number
  readonly usedAt: number | null
}

export interface KeptSession {
  readonly hash: string
  readonly expiresAt: number
}

export interface AccessRecord {
  readonly version: 1
  readonly password: PasswordHash | null
  readonly tokens: readonly KeptToken[]
  /** Signed-in browsers. */
  readonly sessions: readonly KeptSession[]
  /** Signs links to files; base64. */
  readonly linkKey: string
}

const text = z.string()
const record: z.ZodType<AccessRecord> = shape<AccessRecord>({
  version: z.literal(1),
  password: shape<PasswordHash>({
    salt: text,
    hash: text,
    cost: z
      .int()
      .min(2)
      .max(2 ** 20),
  }).nullable(),
  tokens: z.array(
    shape<KeptToken>({ name: text, scope, hash: text, createdAt: z.number(), usedAt: z.number().nullable() }),
  ),
  sessions: z.array(shape<KeptSession>({ hash: text, expiresAt: z.number() })),
  linkKey: text,
})

/** Undefined: there is none yet. @throws when it cannot be read, or is not one: nobody is let in by a guess */
export async function readAccess(path: string): Promise<AccessRecord | undefined> {
  let bytes: string
  try {
    bytes = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    return record.parse(JSON.parse(bytes))
  } catch (cause) {
    throw new Error(
      `${path} is damaged. It holds the password and the tokens: move it away, and Shoal asks for a new password.`,
      { cause },
    )
  }
}

export async function writeAccess(path: string, record: AccessRecord): Promise<void> {
  const beside = `${path}.new`
  const file = await open(beside, 'w', 0o600)
  try {
    // A file that was there already keeps the mode that it had.
    await chmod(beside, 0o600)
    await file.writeFile(`${JSON.stringify(record, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  await syncFolder(dirname(path))
}

/** Windows has no such call. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
