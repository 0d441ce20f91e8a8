/** What is about to be added: each source, and what is known of it so far. */
import type { AddResult, Inspection } from '@shoal/daemon/contract'
import { type Accessor, createSignal, onCleanup } from 'solid-js'
import type { Api } from '../api/api.ts'
import { FileTree } from '../model/file-tree.ts'
import { answerText, problemText } from '../words/daemon.ts'

/** What the daemon takes at a time. */
const LARGEST_FILE_BYTES = 24 * 1024 * 1024
/** More than that are added unseen. */
const MOST_LOOKED_AT = 200
const AT_ONCE = 2

export interface Entry {
  readonly source: string
  readonly label: string
  readonly isFile: boolean
  readonly state: 'waiting' | 'looking' | 'known' | 'failed'
  readonly inspection?: Inspection
  readonly tree?: FileTree
  readonly problem?: string
}

export interface Entries {
  readonly all: Accessor<readonly Entry[]>
  /** The links, a line each, in place of those before. */
  setLinks(lines: readonly string[]): void
  /** @returns what is wrong with those that were not taken */
  addFiles(files: readonly File[]): Promise<FileProblem[]>
  remove(source: string): void
  look(source: string): void
  /** What could not be added stays, with the reason. */
  keepFailed(failed: readonly Extract<AddResult, { outcome: 'failed' }>[]): void
}

export interface FileProblem {
  readonly name: string
  readonly kind: 'large' | 'other'
}

export function entries(api: Api): Entries {
  const [all, setAll] = createSignal<readonly Entry[]>([])
  const aborts = new Map<string, AbortController>()
  onCleanup(() => {
    for (const abort of aborts.values()) abort.abort()
  })

  const update = (source: string, change: Partial<Entry>): void =>
    void setAll(list => list.map(entry => (entry.source === source ? { ...entry, ...change } : entry)))

  const look = (source: string): void => {
    const entry = all().find(each => each.source === source)
    if (entry === undefined || entry.state === 'looking' || entry.state === 'known') return
    const abort = new AbortController()
    aborts.set(source, abort)
    update(source, { state: 'looking' })
    void api.inspect(source, abort.signal).then(
      inspection => {
        aborts.delete(source)
        const tree = new FileTree(
          inspection.files.map(file => ({ ...file, haveBytes: 0, priority: 'normal' })),
        )
        update(source, { state: 'known', inspection, tree, label: inspection.name })
        lookOn()
      },
      error => {
        aborts.delete(source)
        if (!abort.signal.aborted) update(source, { state: 'failed', problem: problemText(error) })
        lookOn()
      },
    )
  }

  /** Files cost nothing to look at; a magnet link asks strangers, and only a single one is worth the wait. */
  const lookOn = (): void => {
    const looking = all().filter(entry => entry.state === 'looking').length
    const next = all()
      .slice(0, MOST_LOOKED_AT)
      .filter(entry => entry.state === 'waiting' && (entry.isFile || all().length === 1))
    for (const entry of next.slice(0, Math.max(0, AT_ONCE - looking))) look(entry.source)
  }

  const remove = (source: string): void => {
    aborts.get(source)?.abort()
    aborts.delete(source)
    setAll(list => list.filter(entry => entry.source !== source))
  }

  return {
    all,
    look,
    remove,
    setLinks(lines) {
      const wanted = [...new Set(lines.map(line => line.trim()).filter(line => line !== ''))]
      for (const entry of all()) if (!entry.isFile && !wanted.includes(entry.source)) remove(entry.source)
      const known = new Set(all().map(entry => entry.source))
      const fresh = wanted
        .filter(source => !known.has(source))
        .map((source): Entry => ({ source, label: labelOf(source), isFile: false, state: 'waiting' }))
      if (fresh.length > 0) setAll(list => [...list, ...fresh])
      lookOn()
    },
    async addFiles(files) {
      const problems: FileProblem[] = []
      for (const file of files) {
        if (file.size > LARGEST_FILE_BYTES) {
          problems.push({ name: file.name, kind: 'large' })
          continue
        }
        const bytes = new Uint8Array(await file.arrayBuffer())
        // A torrent file is a dictionary.
        if (bytes[0] !== 0x64) {
          problems.push({ name: file.name, kind: 'other' })
          continue
        }
        const source = `data:application/x-bittorrent;base64,${base64(bytes)}`
        if (all().some(entry => entry.source === source)) continue
        setAll(list => [...list, { source, label: file.name, isFile: true, state: 'waiting' }])
        lookOn()
      }
      return problems
    },
    keepFailed(failed) {
      const reasons = new Map(failed.map(each => [each.source, answerText(each.code, each.text)]))
      setAll(list =>
        list
          .filter(entry => reasons.has(entry.source))
          .map(entry => ({ ...entry, state: 'failed' as const, problem: reasons.get(entry.source)! })),
      )
    },
  }
}

/** A name for people: what a magnet link calls it, else the link itself. */
export function labelOf(source: string): string {
  const name = /[?&]dn=([^&]+)/.exec(source)?.[1]
  if (name === undefined) return source
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}

const CHUNK = 0x8000

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += CHUNK)
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(text)
}
