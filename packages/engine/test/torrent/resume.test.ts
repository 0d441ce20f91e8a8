import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import { Bitfield } from '../../src/bytes/bitfield.ts'
import { Geometry } from '../../src/metainfo/geometry.ts'
import type { FileStamp } from '../../src/ports.ts'
import type { ResumeRecord } from '../../src/torrent/resume.ts'
import { decodeResume, encodeResume, MAX_RESUME_PEERS, reconcile } from '../../src/torrent/resume.ts'
import { piecesUntouched, stampsBeforeCheck } from '../../src/torrent/start-up.ts'

const PIECE = 16_384
const INVALID: unknown = expect.objectContaining({ code: 'RESUME_INVALID' })

// Pieces:  0 1 2 3 | 4 5 6 7, where file `b` begins in the middle of piece 3; `c` is empty; `d` is a pad file.
const geometry = new Geometry(PIECE, [
  { path: ['a'], length: 3.5 * PIECE, pad: false },
  { path: ['b'], length: 4 * PIECE, pad: false },
  { path: ['c'], length: 0, pad: false },
  { path: ['d'], length: 0.5 * PIECE, pad: true },
])
const stamps: readonly FileStamp[] = [
  { size: 3.5 * PIECE, mtimeMs: 1_700_000_000_123.456, mark: '7 99' },
  { size: 4 * PIECE, mtimeMs: 1_700_000_000_999 },
  { size: 0, mtimeMs: 5 },
  undefined,
]

function record(changes: Partial<ResumeRecord> = {}): ResumeRecord {
  return {
    infoHash: Uint8Array.from({ length: 20 }, (_, at) => at * 7),
    generation: 1_700_000_000,
    savedAt: 1_700_000_100,
    have: Bitfield.full(8),
    unchecked: undefined,
    files: stamps.map(stamp => ({ stamp, priority: 1 })),
    uploadedBytes: 3e12,
    downloadedBytes: 4_096,
    corruptBytes: 0,
    addedAt: 1_700_000_000,
    completedAt: undefined,
    peers: [
      { host: '10.0.0.1', port: 6_881 },
      { host: 'fd00::1', port: 1 },
    ],
    ...changes,
  }
}

function caught(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}

const replaced = (index: number, stamp: FileStamp): FileStamp[] =>
  stamps.map((old, at) => (at === index ? stamp : old))
const numbers = (have: Bitfield): number[] => [...have]

test('a record comes back as it was', () => {
  for (const original of [
    record(),
    record({ completedAt: 1_700_000_777, have: new Bitfield(8), peers: [] }),
  ]) {
    expect(decodeResume(encodeResume(original))).toEqual(original)
  }
})

test('no more peers are kept than the limit', () => {
  const peers = Array.from({ length: 500 }, (_, n) => ({ host: '10.0.0.1', port: n + 1 }))
  expect(decodeResume(encodeResume(record({ peers }))).peers).toEqual(peers.slice(0, MAX_RESUME_PEERS))
})

test('any flipped bit or missing end is noticed', () => {
  const bytes = encodeResume(record())
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
      const damaged = bytes.slice()
      damaged[at]! ^= 1 << bit
      expect(caught(() => decodeResume(damaged))).toEqual(INVALID)
      expect(caught(() => decodeResume(bytes.subarray(0, at)))).toEqual(INVALID)
    }),
    { numRuns: 200 },
  )
})

test('random bytes, other dictionaries and other versions are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      expect(caught(() => decodeResume(bytes))).toEqual(INVALID)
    }),
    { numRuns: 100 },
  )
  expect(caught(() => decodeResume(encode({})))).toEqual(INVALID)
  expect(caught(() => decodeResume(encode([])))).toEqual(INVALID)
  expect(caught(() => decodeResume(encode({ version: 3 })))).toEqual(
    expect.objectContaining({ message: expect.stringContaining('version is 3') }),
  )
})

test('where nothing changed all is trusted', () => {
  const { have, recheck } = reconcile(decodeResume(encodeResume(record())), geometry, stamps)
  expect(have.isFull).toBe(true)
  expect(recheck).toEqual([])
})

test('a file with another time has its pieces rechecked, those it shares included', () => {
  const { have, recheck } = reconcile(record(), geometry, replaced(0, { size: 3.5 * PIECE, mtimeMs: 1 }))
  expect(recheck).toEqual([0, 1, 2, 3])
  expect(numbers(have)).toEqual([4, 5, 6, 7])
})

test('a file that grew is rechecked, one cut short loses what it cannot hold', () => {
  expect(reconcile(record(), geometry, replaced(1, { size: 9 * PIECE, mtimeMs: 1 })).recheck).toEqual([
    3, 4, 5, 6, 7,
  ])
  const { have, recheck } = reconcile(record(), geometry, replaced(1, { size: 2 * PIECE, mtimeMs: 1 }))
  expect(recheck).toEqual([3, 4])
  expect(numbers(have)).toEqual([0, 1, 2])
})

test('the pieces of a missing file are lost', () => {
  const { have, recheck } = reconcile(record(), geometry, replaced(0, undefined))
  expect(numbers(have)).toEqual([4, 5, 6, 7])
  expect(recheck).toEqual([])
})

test('only what the record claims is rechecked', () => {
  const have = new Bitfield(8)
  have.add(1)
  const result = reconcile(record({ have }), geometry, replaced(0, { size: 4 * PIECE, mtimeMs: 1 }))
  expect(result.recheck).toEqual([1])
  expect(result.have.isEmpty).toBe(true)
})

test('a piece that crosses into an unwanted file that never existed is rechecked', () => {
  const have = new Bitfield(8)
  for (let piece = 0; piece < 4; piece++) have.add(piece)
  const files = record().files.map((file, at) => (at === 1 ? { stamp: undefined, priority: 0 } : file))
  const result = reconcile(record({ have, files }), geometry, replaced(1, undefined))
  expect(numbers(result.have)).toEqual([0, 1, 2])
  expect(result.recheck).toEqual([3])
})

test('a record of another geometry is refused', () => {
  const other = new Geometry(PIECE, [{ path: ['a'], length: 8 * PIECE, pad: false }])
  expect(caught(() => reconcile(record(), other, [undefined]))).toEqual(INVALID)
  expect(caught(() => reconcile(record({ have: new Bitfield(9) }), geometry, stamps))).toEqual(INVALID)
})

describe('pieces that need no proof to be read', () => {
  const untouched = (found: readonly FileStamp[], changes: Partial<ResumeRecord> = {}): number[] => [
    ...piecesUntouched(record(changes), geometry, found, Bitfield.full(8)),
  ]
  const marked = stamps.map((stamp, index) => stamp && { ...stamp, mark: `${index}` })
  const kept = { files: marked.map(stamp => ({ stamp, priority: 1 })) }

  test('are those whose files have the very marks of the record', () => {
    const other = marked.map((stamp, index) => (index === 0 ? { ...stamp!, mark: 'another' } : stamp))
    expect(untouched(marked, kept)).toContain(0)
    expect(untouched(other, kept)).not.toContain(0)
    expect(untouched(other, kept).length).toBeGreaterThan(0)
  })

  test('are none where marks are not known, or the file was not there', () => {
    expect(untouched(stamps.map(stamp => stamp && { ...stamp, mark: undefined }))).toEqual([])
    expect(
      untouched(
        marked.map(() => undefined),
        kept,
      ),
    ).toEqual([])
  })

  test('are no more of them after a start whose check was cut short', () => {
    const found = marked.map((stamp, index) => (index === 0 ? { ...stamp!, mark: 'another' } : stamp))
    const { size, mtimeMs } = stamps[0]!
    expect(stampsBeforeCheck(record(kept), found)).toEqual([{ size, mtimeMs }, ...marked.slice(1)])
    expect(stampsBeforeCheck(undefined, found).every(stamp => stamp?.mark === undefined)).toBe(true)
  })
})
