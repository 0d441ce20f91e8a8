/**
 * What V8 has compiled of some scripts, kept from one run of the program to the next, in one file:
 *
 *     sha1 of all that follows │ length of the head │ head: JSON │ the code of each script, at multiples of 8
 *     20                       │ 4                  │            │
 *
 * V8 itself refuses code of another version or of other flags, but takes damaged code for good: hence the digest. Whatever
 * else is wrong with the file or its folder, the program is compiled as if there were none.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

const DIGEST_BYTES = 20
const LENGTH_BYTES = 4
/** Where V8 wants code to begin; it copies it otherwise. */
const ALIGNMENT = 8
/** More is not what {@link CodeCache.save} writes. */
const MAX_BYTES = 32 * 1024 * 1024

/** A run that lasts so many times longer has used more of the program: what it compiled replaces what is there. */
const LONGER = 4
/** One that is longer than this adds what is lacking, no more: V8 drops code that has not been run for long. */
const LONG_MS = 10_000

interface Head {
  /** How long the run had lasted that wrote all of it; 0: none did. */
  readonly ranMs: number
  /** Names and lengths, in their order. */
  readonly scripts: readonly (readonly [string, number])[]
}

/** What is kept of a script: see `vm.Script`. */
export interface Compiled {
  createCachedData(): Buffer
}

export class CodeCache {
  readonly #path: string
  readonly #ranMs: number
  readonly #code: Map<string, Buffer>

  private constructor(path: string, ranMs: number, code: Map<string, Buffer>) {
    this.#path = path
    this.#ranMs = ranMs
    this.#code = code
  }

  /** Never throws: what cannot be read, is somebody else's or is damaged counts as empty. */
  static open(path: string): CodeCache {
    try {
      const { ranMs, code } = parse(read(path))
      return new CodeCache(path, ranMs, code)
    } catch {
      return new CodeCache(path, 0, new Map())
    }
  }

  get(name: string): Buffer | undefined {
    return this.#code.get(name)
  }

  /** V8 does not want it. */
  drop(name: string): void {
    this.#code.delete(name)
  }

  /**
   * After a run: writes the code of its scripts, and of those that were known before, if that is more than there is. The
   * caches of other builds in the folder go. Never throws: the next run compiles again.
   *
   * @param build what the names of this build's caches begin with
   */
  save(scripts: ReadonlyMap<string, Compiled>, ranMs: number, build: string): void {
    const isOutdone = ranMs <= LONG_MS && ranMs > LONGER * this.#ranMs
    if (!isOutdone && [...scripts.keys()].every(name => this.#code.has(name))) return
    const folder = dirname(this.#path)
    const own = `${this.#path}.${process.pid}`
    try {
      makeFolder(folder)
      const code = new Map(this.#code)
      for (const [name, script] of scripts)
        if (isOutdone || !code.has(name)) code.set(name, script.createCachedData())
      writeFileSync(own, serialize(isOutdone ? ranMs : this.#ranMs, code), { mode: 0o600, flag: 'wx' })
      renameSync(own, this.#path)
      for (const other of readdirSync(folder))
        if (!other.startsWith(build)) rmSync(join(folder, other), { force: true })
    } catch {
      discard(own)
    }
  }
}

/** Of the user alone. Its parents as well, as far as platforms expect a program to make them. */
function makeFolder(folder: string): void {
  for (const each of [dirname(dirname(folder)), dirname(folder), folder]) {
    try {
      mkdirSync(each, { mode: 0o700 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  const stats = lstatSync(folder)
  if (!stats.isDirectory() || !isOurs(stats)) throw new Error(`${folder} is none of ours`)
}

/** Code is run: only what this very user has written. */
function isOurs({ uid }: { readonly uid: number }): boolean {
  return process.getuid === undefined || uid === process.getuid()
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // Where nothing can be written, nothing was.
  }
}

function read(path: string): Buffer {
  // Not to wait for whoever writes to a pipe, and not what a link leads to.
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile() || !isOurs(stats) || stats.size > MAX_BYTES)
      throw new Error(`${path} is none of ours`)
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}

function parse(bytes: Buffer): { ranMs: number; code: Map<string, Buffer> } {
  const body = bytes.subarray(DIGEST_BYTES)
  if (!digestOf(body).equals(bytes.subarray(0, DIGEST_BYTES))) throw new Error('damaged')
  const headEnd = DIGEST_BYTES + LENGTH_BYTES + body.readUInt32LE(0)
  const head: Head = JSON.parse(bytes.toString('utf8', DIGEST_BYTES + LENGTH_BYTES, headEnd))
  const code = new Map<string, Buffer>()
  let at = aligned(headEnd)
  for (const [name, length] of head.scripts) {
    code.set(name, bytes.subarray(at, at + length))
    at = aligned(at + length)
  }
  return { ranMs: head.ranMs, code }
}

function serialize(ranMs: number, code: ReadonlyMap<string, Buffer>): Buffer {
  const scripts = [...code].map(([name, { length }]) => [name, length] as const)
  const json = Buffer.from(JSON.stringify({ ranMs, scripts } satisfies Head))
  let at = aligned(DIGEST_BYTES + LENGTH_BYTES + json.length)
  const places = [...code.values()].map(each => {
    const place = at
    at = aligned(at + each.length)
    return [place, each] as const
  })
  const bytes = Buffer.alloc(at)
  bytes.writeUInt32LE(json.length, DIGEST_BYTES)
  json.copy(bytes, DIGEST_BYTES + LENGTH_BYTES)
  for (const [place, each] of places) each.copy(bytes, place)
  digestOf(bytes.subarray(DIGEST_BYTES)).copy(bytes)
  return bytes
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest()
}

function aligned(at: number): number {
  return Math.ceil(at / ALIGNMENT) * ALIGNMENT
}
