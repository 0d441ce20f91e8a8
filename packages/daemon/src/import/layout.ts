/** From the paths that another client uses to our names: a folder that holds a root, and files below that. */
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Metainfo } from '@shoal/engine'
import type { FoundTorrent } from './found.ts'

/** What other clients put behind the names of files that are not whole. */
const ENDINGS = ['.part', '.!qB'] as const

interface Names {
  readonly root?: string
  /** Below the root, by number of the file. */
  readonly files?: Readonly<Record<number, readonly string[]>>
}

export interface Layout {
  readonly dir: string
  readonly place: string
  /** Undefined: as in the torrent. */
  readonly names: Names | undefined
  /** Path of each file from {@link place} on. */
  readonly files: readonly string[]
}

export function layoutOf(metainfo: Metainfo, { dir, place, paths }: FoundTorrent): Layout {
  const files = metainfo.files.map(({ path }, index) => elements(paths[index]) ?? path)
  const isSingle = metainfo.files.length === 1 && metainfo.files[0]!.path.length === 1
  if (isSingle) {
    const [path] = files as [readonly string[]]
    const above = path.slice(0, -1)
    return made(metainfo, join(dir, ...above), join(place, ...above), path.at(-1)!, undefined, [
      path.slice(-1),
    ])
  }
  const roots = new Set(files.map(path => path[0]!))
  const [root = metainfo.name] = roots
  if (roots.size === 1 && files.every(path => path.length > 1))
    return made(
      metainfo,
      dir,
      place,
      root,
      changed(
        metainfo,
        files.map(path => path.slice(1)),
      ),
      files,
    )
  // Without a folder of its own: the one that holds the files takes its place.
  const own = files.map(path => [basename(place), ...path])
  return made(metainfo, dirname(dir), dirname(place), basename(place), changed(metainfo, files), own)
}

/** Files on disk that carry such an ending, and what they are called without it. */
export function unfinishedNames({
  place,
  files,
}: Layout): readonly { readonly from: string; readonly to: string }[] {
  return files.flatMap(file => {
    const to = join(place, file)
    if (existsSync(to)) return []
    const ending = ENDINGS.find(each => existsSync(`${to}${each}`))
    return ending === undefined ? [] : [{ from: `${to}${ending}`, to }]
  })
}

/** Whether everything that is wanted has its size, and nobody has written to it since the other client looked. */
export function isUntouched(metainfo: Metainfo, layout: Layout, found: FoundTorrent): boolean {
  return metainfo.files.every(({ length, pad }, index) => {
    if (pad || found.priorities.get(index) === 'skip') return true
    const stats = statSync(join(layout.place, layout.files[index]!), { throwIfNoEntry: false })
    if (stats === undefined) return length === 0
    const at = found.progress.checkedAt?.[index]
    return (
      stats.isFile() && stats.size === length && (at === undefined || Math.floor(stats.mtimeMs / 1000) <= at)
    )
  })
}

function made(
  metainfo: Metainfo,
  dir: string,
  place: string,
  root: string,
  files: Readonly<Record<number, readonly string[]>> | undefined,
  paths: readonly (readonly string[])[],
): Layout {
  const isOwn = root === metainfo.name
  const names =
    isOwn && files === undefined
      ? undefined
      : { ...(isOwn ? {} : { root }), ...(files === undefined ? {} : { files }) }
  return { dir, place, names, files: paths.map(path => path.join('/')) }
}

function changed(
  metainfo: Metainfo,
  paths: readonly (readonly string[])[],
): Readonly<Record<number, readonly string[]>> | undefined {
  const entries = paths.flatMap((path, index) => {
    const own = metainfo.files[index]!.path.slice(1)
    return path.join('/') === own.join('/') ? [] : [[index, path] as const]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function elements(path: string | undefined): readonly string[] | undefined {
  if (path === undefined) return undefined
  const ending = ENDINGS.find(each => path.endsWith(each))
  const parts = (ending === undefined ? path : path.slice(0, -ending.length)).split('/')
  // Written by another client, but a file on disk all the same.
  return parts.some(part => part === '' || part === '.' || part === '..') ? undefined : parts
}
