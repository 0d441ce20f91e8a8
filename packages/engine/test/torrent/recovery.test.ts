import { describe, expect, test } from 'vitest'
import { type ErrorCode, ShoalError } from '../../src/errors.ts'
import { BLOCK_BYTES } from '../../src/metainfo/geometry.ts'
import { Recovery } from '../../src/torrent/recovery.ts'
import { decodeResume } from '../../src/torrent/resume.ts'
import { encodeBitfield, unchoke } from '../../src/wire/messages.ts'
import { Bench, type BenchOptions } from './fakes.ts'

const errorOf = (code: ErrorCode): ShoalError => new ShoalError(code, `some ${code}`, { subject: '/x' })

function benchOf(options: BenchOptions = {}): Bench {
  return new Bench({ recover: true, ...options })
}

/** The files fail, and all that is asked of the store while it closes is answered. */
function failAll(bench: Bench, fail: () => void): void {
  fail()
  close(bench)
}

function close(bench: Bench): void {
  bench.settleStore()
  bench.store.closed()
}

function store(bench: Bench, piece: number): void {
  const bits = new Uint8Array(1).fill(0xf0)
  const them = bench.visit().greet().say(encodeBitfield(bits), unchoke)
  for (let block = 0; block < bench.geometry.blockCount(piece); block++) {
    them.sayBlock(bench.geometry, piece, block)
  }
  bench.store.answerAll()
}

describe('Recovery', () => {
  test('looks soon, then ever less often', () => {
    const recovery = new Recovery()
    recovery.onActive(0)
    const pauses = [recovery.afterFault(100, 100) - 100]
    for (let n = 0; n < 7; n++) pauses.push(recovery.afterLook(0))
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('begins anew when all was well for long enough, not when it fails at once again', () => {
    const recovery = new Recovery()
    recovery.onActive(0)
    recovery.afterFault(0, 0)
    recovery.onActive(1_000)
    expect(recovery.afterFault(1_500, 1_500)).toBe(3_500)
    recovery.onActive(3_500)
    expect(recovery.afterFault(7_500, 7_500)).toBe(8_500)
    // It could not even be opened.
    expect(recovery.afterFault(60_000, 60_000)).toBe(62_000)
  })

  test('waits for what others may undo, not for what was wrong from the beginning', () => {
    const recovery = new Recovery()
    const may = (): string[] =>
      (
        ['DISK_FULL', 'DISK_READ', 'DISK_WRITE', 'DISK_PERMISSION', 'PATH_CONFLICT', 'CLOSED'] as const
      ).filter(code => recovery.mayPass(code))
    expect(may()).toEqual(['DISK_FULL', 'DISK_READ', 'DISK_WRITE'])
    recovery.onActive(5)
    expect(may()).toEqual(['DISK_FULL', 'DISK_READ', 'DISK_WRITE'])
    recovery.onSuccess()
    expect(may()).toEqual(['DISK_FULL', 'DISK_READ', 'DISK_WRITE', 'DISK_PERMISSION', 'PATH_CONFLICT'])
    recovery.reset()
    expect(may()).toEqual(['DISK_FULL', 'DISK_READ', 'DISK_WRITE'])
  })
})

describe('a torrent after an error of the disk', () => {
  test('looks until nothing stands in the way, then starts', () => {
    const bench = benchOf({ have: [0, 1] })
    failAll(bench, () => bench.torrent.onReadError(1, errorOf('DISK_READ')))
    expect(bench.torrent.phase).toMatchObject({ name: 'error', retryAt: bench.now + 1_000 })
    bench.wait(900)
    expect(bench.probes).toEqual([])
    bench.wait(200)
    const left = bench.geometry.totalLength - 4 * BLOCK_BYTES
    expect(bench.probes[0]!.need).toEqual({ bytes: left, files: [0] })
    bench.wait(5_000)
    expect(bench.probes).toHaveLength(1)
    bench.probes[0]!.done(errorOf('DISK_FULL'))
    expect(bench.torrent.phase).toMatchObject({ name: 'error', error: { code: 'DISK_FULL' } })
    bench.wait(1_900)
    expect(bench.probes).toHaveLength(1)
    bench.wait(200)
    bench.probes[1]!.done(undefined)
    expect(bench.torrent.phase.name).toBe('opening')
  })

  test('hashes again what is in the file that failed, however it looks', () => {
    const bench = benchOf({ have: 'all', pieces: 4, files: 2 })
    const stamps = bench.geometry.files.map(file => ({ size: file.length, mtimeMs: 7 }))
    bench.store.stamps = stamps
    failAll(bench, () => bench.torrent.onReadError(3, errorOf('DISK_READ')))
    // Nor would another process believe it.
    expect(decodeResume(bench.records.at(-1)!).files.map(file => file.stamp)).toEqual([stamps[0], undefined])
    bench.wait(1_100)
    bench.probes[0]!.done(undefined)
    bench.store.prepared(stamps)
    expect(bench.torrent.phase.name).toBe('checking')
    expect(bench.store.calls).toEqual(['check 1 2 3'])
    for (const piece of [1, 2, 3]) bench.store.handler.onChecked(piece, piece !== 3)
    bench.store.handler.onCheckDone()
    expect([...bench.torrent.have]).toEqual([0, 1, 2])
    expect(bench.log.filter(line => line === 'warning')).toHaveLength(1)
  })

  test('hashes again what may have been lost when the disk could not be made to keep it', () => {
    const bench = benchOf({ have: [0] })
    const stamps = [{ size: bench.geometry.totalLength, mtimeMs: 7 }]
    bench.store.stamps = stamps
    store(bench, 1)
    bench.wait(6_000)
    expect(bench.store.calls.at(-1)).toBe('sync 0 1')
    failAll(bench, () => bench.torrent.onError(errorOf('DISK_WRITE')))
    bench.wait(1_100)
    bench.probes[0]!.done(undefined)
    bench.store.prepared(stamps)
    expect(bench.store.calls).toEqual(['check 0 1 2 3'])
  })

  test('keeps nothing of a file that somebody else changed while it was in use', () => {
    const bench = benchOf({ have: 'all', pieces: 4, files: 2 })
    const stamps = bench.geometry.files.map(file => ({ size: file.length, mtimeMs: 7 }))
    bench.torrent.onStamps(stamps, [1])
    expect(decodeResume(bench.records.at(-1)!).files.map(file => file.stamp)).toEqual([stamps[0], undefined])
  })

  test('is told to have lost a file that is shorter than what was written to it', () => {
    const bench = benchOf({ have: [0, 1, 2] })
    bench.torrent.onStamps([{ size: 2 * BLOCK_BYTES, mtimeMs: 7 }], [])
    close(bench)
    expect(bench.torrent.phase).toMatchObject({
      name: 'error',
      error: { code: 'DISK_READ', subject: 'file 0' },
    })
  })

  test('does not start when it was stopped, or started, while it looked', () => {
    for (const act of ['stop', 'start'] as const) {
      const bench = benchOf({ have: [0] })
      failAll(bench, () => bench.torrent.onReadError(0, errorOf('DISK_READ')))
      bench.wait(1_100)
      bench.torrent[act]()
      const { name } = bench.torrent.phase
      bench.probes[0]!.done(undefined)
      expect(bench.torrent.phase.name).toBe(name)
      bench.wait(60_000)
      expect(bench.probes).toHaveLength(1)
    }
  })

  test('waits to be started when that was asked for, or when it never worked', () => {
    const bench = benchOf({ have: [0], recover: false })
    failAll(bench, () => bench.torrent.onReadError(0, errorOf('DISK_READ')))
    const cold = benchOf({ cold: true })
    cold.torrent.start()
    failAll(cold, () => cold.store.handler.onError(errorOf('PATH_CONFLICT')))
    for (const each of [bench, cold]) {
      expect(each.torrent.phase).toMatchObject({ name: 'error', retryAt: undefined })
      each.wait(60_000)
      expect(each.probes).toEqual([])
    }
  })
})
