/** Other names for files and folders of a torrent, and for the torrent itself: on the disk, too. */
import type { FileRow } from '@shoal/daemon/contract'
import type { Api } from '../api/api.ts'
import { type FileTree, pathOf, type TreeNode } from '../model/file-tree.ts'
import { t } from '../words/index.ts'

/** The daemon records it, and does it then: mostly at once, later only while data is being moved. */
const TRIES = 20
const WAIT_MS = 250

export interface Naming {
  /** Paths, whole, before and after. */
  readonly from: string
  readonly to: string
  /** Of all files below, at least one. */
  readonly files: readonly { readonly index: number; readonly path: string }[]
  readonly back: Naming
}

/** @throws Error in words where the name cannot be */
export function namingOf(tree: FileTree, node: TreeNode, name: string): Naming {
  if (/[/\\]/.test(name) || name === '.' || name === '..') throw new Error(t().files.badName(name))
  if (node.parent?.children.some(each => each !== node && each.name === name) === true)
    throw new Error(t().files.exists(name))
  const from = pathOf(node)
  const to = from.slice(0, from.length - node.name.length) + name
  const forth = { from, to, files: tree.renamed(node, name) }
  const back = { from: to, to: from, files: tree.renamed(node, node.name) }
  return {
    ...forth,
    get back() {
      return { ...back, back: this }
    },
  }
}

/** @returns the files with their new names; undefined: it takes its time. @throws Error with what was in the way */
export async function carryOut(
  api: Api,
  id: string,
  { to, files }: Naming,
): Promise<readonly FileRow[] | undefined> {
  if (!to.includes('/')) await api.patch(id, { name: to })
  else await api.patchFiles(id, files.map(belowRoot))
  const [first] = files
  for (let turn = 0; turn < TRIES; turn++) {
    const found = await api.files(id)
    if (found[first!.index]?.path === first!.path) return found
    await new Promise(resolve => setTimeout(resolve, WAIT_MS))
    const { error } = await api.detail(id)
    if (error !== null) throw new Error(error.text)
  }
  return undefined
}

/** Folders that were open, by the paths that they have now. */
export function reopened(paths: readonly string[], naming: Naming | undefined): Set<string> {
  if (naming === undefined) return new Set(paths)
  const { from, to } = naming
  return new Set(
    paths.map(path => (path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : path)),
  )
}

function belowRoot({ index, path }: Naming['files'][number]): Naming['files'][number] {
  return { index, path: path.slice(path.indexOf('/') + 1) }
}
