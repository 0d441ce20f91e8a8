/**
 * What is written down of a move while it goes on, and until its embedder has been seen to know the new place:
 *
 *     moving   files may be in either place
 *     moved    all of them are in the new one
 *
 * One small file a torrent, beside its resume record; without a state folder, in the folder that the data goes to.
 */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ShoalError } from '../errors.ts'
import type { TorrentNames } from '../metainfo/other-names.ts'
import { diskError } from './disk-errors.ts'
import { syncFolder } from './durable.ts'
import { type MoveDisk, moveDisk } from './move-disk.ts'
import { readRecord } from './resume-files.ts'

/** A folder, absolute, and the names that files have in it. */
export interface NamedPlace {
  readonly dir: string
  readonly names: TorrentNames
}

export interface MoveNote {
  readonly phase: 'moving' | 'moved'
  readonly from: NamedPlace
  readonly to: NamedPlace
}

const VERSION = 1

/** Where the note of a torrent is; `dir`: where its data goes. */
export function moveNotePath(stateDir: string | undefined, infoHash: string, dir: string): string {
  return stateDir === undefined
    ? join(dir, `.${infoHash}.move`)
    : join(stateDir, 'resume', `${infoHash}.move`)
}

/** Undefined when there is none; one that is damaged says nothing. */
export async function readMoveNote(path: string): Promise<MoveNote | undefined> {
  let bytes: Uint8Array | undefined
  try {
    bytes = await readRecord(path)
  } catch (cause) {
    if (cause instanceof ShoalError && cause.code === 'RESUME_INVALID') return undefined
    throw diskError(cause, 'read', path)
  }
  if (bytes === undefined) return undefined
  try {
    const note: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return isNote(note) ? note : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export async function writeMoveNote(path: string, note: MoveNote, disk: MoveDisk = moveDisk): Promise<void> {
  try {
    await disk.write(path, new TextEncoder().encode(JSON.stringify({ version: VERSION, ...note })))
  } catch (cause) {
    throw diskError(cause, 'write', path)
  }
}

export async function removeMoveNote(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
    await syncFolder(dirname(path))
  } catch (cause) {
    throw diskError(cause, 'write', path)
  }
}

function isNote(value: unknown): value is MoveNote {
  if (!isObject(value) || value.version !== VERSION) return false
  const isPhase = value.phase === 'moving' || value.phase === 'moved'
  return isPhase && isPlace(value.from) && isPlace(value.to)
}

function isPlace(value: unknown): value is NamedPlace {
  if (!isObject(value) || typeof value.dir !== 'string' || !isObject(value.names)) return false
  const { root, files } = value.names
  if (root !== undefined && typeof root !== 'string') return false
  if (files === undefined) return true
  const isPath = (path: unknown): boolean =>
    Array.isArray(path) && path.every(name => typeof name === 'string')
  return isObject(files) && Object.values(files).every(isPath)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
