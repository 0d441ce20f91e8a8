/** What a torrent of a file or folder would hold, in an order that is the same on every machine. */
import type { Dirent, Stats } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { compareBytes } from '../bytes/bytes.ts'
import { ShoalError } from '../errors.ts'
import { diskError, errnoOf } from './disk-errors.ts'

/** A torrent file of more would be larger than is read. */
const MAX_FILES = 1_000_000

export interface FoundFile {
  /** Elements below the folder; empty for the file that was named itself. */
  readonly elements: readonly string[]
  readonly path: string
  readonly length: number
}

export interface Found {
  /** Its last element. */
  readonly name: string
  readonly singleFile: boolean
  readonly files: readonly FoundFile[]
}

/**
 * The file, or all files below the folder, sorted element by element as bytes of UTF-8. `path` itself may be a link.
 *
 * - Names that begin with a dot are passed over with all below them: they are notes of systems and programs
 *   (`.DS_Store`, `.git`, our own part files), and what is once shared cannot be taken back.
 * - Links are refused, not followed: they may lead anywhere, and nobody could seed from here afterwards. So is what
 *   is no file at all.
 * - Empty folders vanish: a torrent knows files only.
 *
 * @throws ShoalError `SOURCE_NOT_FOUND`, `OPTION_INVALID`, `DISK_PERMISSION`, `DISK_READ`; the signal's reason
 */
export async function walkFolder(
  path: string,
  maxDepth: number,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const top = resolve(path)
  const name = basename(top)
  const stats = await statTop(top)
  signal?.throwIfAborted()
  if (stats.isFile())
    return { name, singleFile: true, files: [{ elements: [], path: top, length: stats.size }] }
  if (!stats.isDirectory()) throw refused(top, 'is neither a file nor a folder')
  const files: FoundFile[] = []
  await walk(top, [], { files, maxDepth, signal })
  return { name, singleFile: false, files }
}

interface Walk {
  readonly files: FoundFile[]
  readonly maxDepth: number
  readonly signal: AbortSignal | undefined
}

async function walk(folder: string, above: readonly string[], all: Walk): Promise<void> {
  for (const entry of await entriesOf(folder)) {
    all.signal?.throwIfAborted()
    const { name } = entry
    const path = join(folder, name)
    const elements = [...above, name]
    if (elements.length > all.maxDepth) throw refused(path, `is more than ${all.maxDepth} folders deep`)
    if (entry.isSymbolicLink()) {
      throw refused(path, 'is a symbolic link, which a torrent cannot hold: put the file itself there')
    }
    if (entry.isDirectory()) {
      await walk(path, elements, all)
    } else if (entry.isFile()) {
      all.files.push({ elements, path, length: await lengthOf(path) })
      if (all.files.length > MAX_FILES)
        throw refused(folder, `makes more than ${MAX_FILES} files, too many for a torrent`)
    } else {
      throw refused(path, 'is neither a file nor a folder')
    }
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  let entries: Dirent[]
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (cause) {
    throw diskError(cause, 'read', folder)
  }
  const shown = entries.filter(({ name }) => !name.startsWith('.'))
  const keyed = shown.map(entry => ({ entry, key: utf8.encode(entry.name) }))
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ entry }) => entry)
}

async function lengthOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size
  } catch (cause) {
    // What is not UTF-8 comes to us with replacement characters, by which it is not found.
    if (errnoOf(cause) === 'ENOENT' && path.includes('\ufffd'))
      throw refused(path, 'has a name that is not UTF-8')
    throw diskError(cause, 'read', path)
  }
}

async function statTop(path: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT' && errnoOf(cause) !== 'ENOTDIR') throw diskError(cause, 'read', path)
    throw new ShoalError('SOURCE_NOT_FOUND', `${path} does not exist`, {
      operation: 'create',
      subject: path,
      cause,
    })
  }
}

function refused(path: string, problem: string): ShoalError {
  return new ShoalError('OPTION_INVALID', `${path} ${problem}`, { operation: 'create', subject: path })
}

const utf8 = new TextEncoder()
