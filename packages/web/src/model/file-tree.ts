/**
 * The files of a torrent as folders, for tens of thousands of them: built once in one pass, shown as flat rows of what
 * is open. Totals of folders are kept up to date on the way up when one file changes.
 */
import type { FilePriority } from '@shoal/daemon/contract'

export interface TreeFile {
  readonly path: string
  readonly length: number
  readonly haveBytes: number
  readonly priority: FilePriority
}

export interface TreeNode {
  readonly name: string
  readonly depth: number
  readonly parent: TreeNode | null
  /** Of a file; -1 for folders. */
  readonly index: number
  readonly children: TreeNode[]
  open: boolean
  length: number
  haveBytes: number
  /** Files below, and how many of them are wanted. */
  files: number
  wanted: number
  /** Of all below, or `mixed`. */
  priority: FilePriority | 'mixed'
}

export type Tri = 'all' | 'some' | 'none'

export class FileTree {
  readonly root: TreeNode = node('', -1, null, -1)
  readonly #files: TreeNode[] = []
  readonly #paths: readonly string[]

  /** @param open folders, by their paths, besides those that are open at first */
  constructor(files: readonly TreeFile[], open: ReadonlySet<string> = new Set()) {
    this.#paths = files.map(file => file.path)
    const folders = new Map<string, TreeNode>([['', this.root]])
    for (const [index, file] of files.entries()) {
      const cut = file.path.lastIndexOf('/')
      const parent = folderAt(folders, cut < 0 ? '' : file.path.slice(0, cut))
      const leaf = node(file.path.slice(cut + 1), parent.depth + 1, parent, index)
      leaf.length = file.length
      leaf.haveBytes = file.haveBytes
      leaf.files = 1
      leaf.wanted = file.priority === 'skip' ? 0 : 1
      leaf.priority = file.priority
      parent.children.push(leaf)
      this.#files.push(leaf)
    }
    sum(this.root)
    // A torrent is one folder nearly always: that one is open.
    for (let at = this.root; ; at = at.children[0]!) {
      at.open = true
      if (at.children.length !== 1 || at.children[0]!.index >= 0) break
    }
    for (const path of open) {
      const folder = folders.get(path)
      if (folder !== undefined) folder.open = true
    }
  }

  /** Paths of the folders that are open. */
  openFolders(): string[] {
    const found: string[] = []
    const walk = (at: TreeNode): void => {
      for (const child of at.children) {
        if (child.index >= 0) continue
        if (child.open) found.push(pathOf(child))
        walk(child)
      }
    }
    walk(this.root)
    return found
  }

  /** Whether these are the files that it was made of. */
  isOf(files: readonly TreeFile[]): boolean {
    return files.length === this.#paths.length && files.every((file, at) => file.path === this.#paths[at])
  }

  /** Of all files below, when one element of their paths gets another name. */
  renamed(at: TreeNode, name: string): { readonly index: number; readonly path: string }[] {
    const before = pathOf(at)
    const after = before.slice(0, before.length - at.name.length) + name
    const changes: { index: number; path: string }[] = []
    const walk = (each: TreeNode, path: string): void => {
      if (each.index >= 0) changes.push({ index: each.index, path })
      for (const child of each.children) walk(child, `${path}/${child.name}`)
    }
    walk(at, after)
    return changes
  }

  /** What is shown: all that open folders hold, or with words, the files whose path has them all. */
  rows(words = ''): TreeNode[] {
    const rows: TreeNode[] = []
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
    if (wanted.length > 0) {
      for (const file of this.#files) {
        const path = pathOf(file).toLowerCase()
        if (wanted.every(word => path.includes(word))) rows.push(file)
      }
      return rows
    }
    const walk = (at: TreeNode): void => {
      for (const child of at.children) {
        rows.push(child)
        if (child.open) walk(child)
      }
    }
    walk(this.root)
    return rows
  }

  /** All files below get it. @returns their indexes */
  setPriority(at: TreeNode, priority: FilePriority): number[] {
    const changed: number[] = []
    const walk = (each: TreeNode): void => {
      if (each.index >= 0) {
        each.priority = priority
        each.wanted = priority === 'skip' ? 0 : 1
        changed.push(each.index)
        return
      }
      for (const child of each.children) walk(child)
      gather(each)
    }
    walk(at)
    for (let up = at.parent; up !== null; up = up.parent) gather(up)
    return changed
  }

  /** A checkbox: what is wanted wholly is skipped, anything else is wanted. */
  toggle(at: TreeNode): number[] {
    return this.setPriority(at, tri(at) === 'all' ? 'skip' : 'normal')
  }

  /** New figures for the same files. */
  update(files: readonly TreeFile[]): void {
    for (const [index, file] of files.entries()) {
      const leaf = this.#files[index]
      if (leaf === undefined) return
      leaf.haveBytes = file.haveBytes
      leaf.priority = file.priority
      leaf.wanted = file.priority === 'skip' ? 0 : 1
    }
    sum(this.root)
  }

  /** Of all files, in their order. */
  priorities(): FilePriority[] {
    return this.#files.map(file => file.priority as FilePriority)
  }

  wantedBytes(): number {
    let bytes = 0
    for (const file of this.#files) if (file.priority !== 'skip') bytes += file.length
    return bytes
  }
}

export function tri(at: TreeNode): Tri {
  return at.wanted === 0 ? 'none' : at.wanted === at.files ? 'all' : 'some'
}

/** Elements joined by `/`. */
export function pathOf(at: TreeNode): string {
  let path = at.name
  for (let up = at.parent; up !== null && up.depth >= 0; up = up.parent) path = `${up.name}/${path}`
  return path
}

function node(name: string, depth: number, parent: TreeNode | null, index: number): TreeNode {
  return {
    name,
    depth,
    parent,
    index,
    children: [],
    open: false,
    length: 0,
    haveBytes: 0,
    files: 0,
    wanted: 0,
    priority: 'normal',
  }
}

function folderAt(folders: Map<string, TreeNode>, path: string): TreeNode {
  const found = folders.get(path)
  if (found !== undefined) return found
  const cut = path.lastIndexOf('/')
  const parent = folderAt(folders, cut < 0 ? '' : path.slice(0, cut))
  const folder = node(path.slice(cut + 1), parent.depth + 1, parent, -1)
  parent.children.push(folder)
  folders.set(path, folder)
  return folder
}

function sum(at: TreeNode): void {
  if (at.index >= 0) return
  for (const child of at.children) sum(child)
  gather(at)
}

function gather(at: TreeNode): void {
  at.length = 0
  at.haveBytes = 0
  at.files = 0
  at.wanted = 0
  let priority: TreeNode['priority'] | undefined
  for (const child of at.children) {
    at.length += child.length
    at.haveBytes += child.haveBytes
    at.files += child.files
    at.wanted += child.wanted
    priority = priority === undefined || priority === child.priority ? child.priority : 'mixed'
  }
  at.priority = priority ?? 'normal'
}
