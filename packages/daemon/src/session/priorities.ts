/** Priorities of files as runs of those that are not `normal`, and what follows from them. */
import type { Metainfo } from '@shoal/engine'
import type { FilePriority } from '../contract/index.ts'
import type { PriorityRun } from './record.ts'

export function priorityAt(runs: readonly PriorityRun[], index: number): FilePriority {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (runs[middle]![1] < index) low = middle + 1
    else high = middle
  }
  const run = runs[low]
  return run !== undefined && run[0] <= index ? run[2] : 'normal'
}

export function withPriorities(
  runs: readonly PriorityRun[],
  changes: ReadonlyMap<number, FilePriority>,
): PriorityRun[] {
  const all = new Map<number, FilePriority>()
  for (const [first, last, priority] of runs)
    for (let index = first; index <= last; index++) all.set(index, priority)
  for (const [index, priority] of changes) all.set(index, priority)
  const result: [number, number, FilePriority][] = []
  for (const index of [...all.keys()].sort((a, b) => a - b)) {
    const priority = all.get(index)!
    if (priority === 'normal') continue
    const before = result.at(-1)
    if (before !== undefined && before[1] === index - 1 && before[2] === priority) before[1] = index
    else result.push([index, index, priority])
  }
  return result
}

/** Bytes of the files that are not skipped. */
export function wantedBytes({ files }: Metainfo, runs: readonly PriorityRun[]): number {
  let sum = 0
  files.forEach((file, index) => {
    if (!file.pad && priorityAt(runs, index) !== 'skip') sum += file.length
  })
  return sum
}

/** Bytes of each file that are in pieces that are there. @param have a bit a piece; undefined: all of them */
export function haveOfFiles({ files, geometry }: Metainfo, have: Uint8Array | undefined): number[] {
  const { pieceLength, totalLength, pieceCount } = geometry
  if (have === undefined) return files.map(file => file.length)
  const before = new Float64Array(pieceCount + 1)
  for (let piece = 0; piece < pieceCount; piece++) {
    const isThere = ((have[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0
    const length = Math.min(pieceLength, totalLength - piece * pieceLength)
    before[piece + 1] = before[piece]! + (isThere ? length : 0)
  }
  const upTo = (offset: number): number => {
    const piece = Math.min(pieceCount, Math.floor(offset / pieceLength))
    const isThere = piece < pieceCount && before[piece + 1]! > before[piece]!
    return before[piece]! + (isThere ? offset - piece * pieceLength : 0)
  }
  return files.map(file => upTo(file.offset + file.length) - upTo(file.offset))
}
