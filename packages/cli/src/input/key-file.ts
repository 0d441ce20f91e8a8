/** The key file of `shoal dht put --key`: an Ed25519 private key in PEM, made when there is none. */
import { open } from 'node:fs/promises'
import type { DhtKey } from '@shoal/engine'
import { EXIT } from '../exit-codes.ts'
import { Failure, isShoalError } from '../failure.ts'

/** A key of this kind has some 120 bytes. */
const MAX_BYTES = 16 * 1024
const OWNER_ONLY = 0o600
const OTHERS = 0o077

export interface KeyFile {
  readonly key: DhtKey
  /** It has just been made. */
  readonly isNew: boolean
  /** Others on this machine may read it. */
  readonly isOpen: boolean
}

export async function openKeyFile(path: string): Promise<KeyFile> {
  const found = await read(path)
  const pem = found?.pem ?? (await create(path))
  const { parseDhtKey } = await import('@shoal/engine')
  try {
    return { key: parseDhtKey(pem), isNew: found === undefined, isOpen: found?.isOpen ?? false }
  } catch (error) {
    if (!isShoalError(error)) throw error
    const problem = error.message.replace(/^the key /, '')
    throw new Failure(EXIT.usage, `--key: ${path} ${problem}`, 'name a file that is not there for a new key')
  }
}

async function read(path: string): Promise<{ readonly pem: string; readonly isOpen: boolean } | undefined> {
  const file = await open(path, 'r').catch(ifMissing)
  if (file === undefined) return undefined
  try {
    const bytes = Buffer.alloc(MAX_BYTES)
    const { bytesRead } = await file.read(bytes, 0, MAX_BYTES, 0).catch(error => named(error, path))
    // Windows has no such modes and tells 0666 of every file.
    const isOpen = process.platform !== 'win32' && ((await file.stat()).mode & OTHERS) !== 0
    return { pem: bytes.toString('latin1', 0, bytesRead), isOpen }
  } finally {
    await file.close()
  }
}

/** Never in place of another file. */
async function create(path: string): Promise<string> {
  const { createDhtKey } = await import('@shoal/engine')
  const pem = createDhtKey()
  const file = await open(path, 'wx', OWNER_ONLY)
  try {
    await file.writeFile(pem)
    await file.sync()
  } finally {
    await file.close()
  }
  return pem
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** Reading a folder fails without saying which. */
function named(error: unknown, path: string): never {
  if (error instanceof Error) Object.assign(error, { path })
  throw error
}
