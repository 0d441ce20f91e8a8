import { describe, expect, test } from 'vitest'
import { ShoalError } from '../../src/errors.ts'
import { BLOCK_BYTES } from '../../src/metainfo/geometry.ts'
import { encodeEntry } from '../../src/torrent/journal.ts'
import { decodeResume, encodeResume } from '../../src/torrent/resume.ts'
import * as messages from '../../src/wire/messages.ts'
import { Bench, type Remote } from './fakes.ts'

const FULL: ShoalError = new ShoalError('DISK_FULL', 'no space left')
const REPLY = {
  intervalMs: 1_800_000,
  minIntervalMs: undefined,
  seeders: undefined,
  leechers: undefined,
  downloads: undefined,
  peers: [],
  warning: undefined,
  trackerId: undefined,
  externalIp: undefined,
}

/** Someone who has everything and lets us ask. */
function seed(bench: Bench): Remote {
  const { pieceCount } = bench.geometry
  const bits = new Uint8Array(Math.ceil(pieceCount / 8))
  for (let piece = 0; piece < pieceCount; piece++) bits[piece >> 3]! |= 128 >> (piece & 7)
  return bench.visit().greet().say(messages.encodeBitfield(bits), messages.unchoke)
}

function fetch(bench: Bench, from: Remote, piece: number): void {
  for (let block = 0; block < bench.geometry.blockCount(piece); block++) {
    from.sayBlock(bench.geometry, piece, block)
  }
}

function expectAllMemory(bench: Bench): void {
  expect(bench.pool.available).toBe(bench.pool.capacity)
}

describe('from start to stop', () => {
  test('a whole download', () => {
    const bench = new Bench()
    const them = seed(bench)
    for (let piece = 0; piece < 4; piece++) fetch(bench, them, piece)
    bench.store.answerAll()
    expect(bench.log).toEqual(['opening', 'active', 'piece 0', 'piece 1', 'piece 2', 'piece 3', 'done'])
    bench.stop()
    expect(bench.log.at(-1)).toBe('stopped')
    expectAllMemory(bench)
    expect(decodeResume(bench.records.at(-1)!).have.isFull).toBe(true)
  })

  test('stop in the middle: what the store still has in hand counts, and no piece is claimed that is not stored', () => {
    const bench = new Bench()
    const them = seed(bench)
    fetch(bench, them, 0)
    fetch(bench, them, 1)
    them.say(messages.pieceHeader(2, 0, BLOCK_BYTES), new Uint8Array(77))
    bench.torrent.stop()
    expect(them.link.isClosed).toBe(true)
    bench.store.answer()
    bench.store.answer({ kind: 'corrupt', digests: new Uint8Array(40) })
    bench.settleStore()
    bench.store.closed()
    expect([...bench.torrent.have]).toEqual([0])
    expect(bench.torrent.phase.name).toBe('stopped')
    expectAllMemory(bench)
    expect([...decodeResume(bench.records.at(-1)!).have]).toEqual([0])
  })

  test.each(['opening', 'checking'] as const)(
    'stop while %s: what the store says later is nothing',
    phase => {
      const bench = new Bench({ cold: true })
      bench.torrent.start()
      if (phase === 'checking') bench.store.prepared([{ size: 118_304, mtimeMs: 1 }])
      expect(bench.torrent.phase.name).toBe(phase)
      bench.torrent.stop()
      const { handler } = bench.store
      handler.onPrepared([{ size: 5, mtimeMs: 5 }])
      handler.onChecked(0, true)
      handler.onError(FULL)
      handler.onCheckDone()
      handler.onReadable()
      bench.store.closed()
      expect(bench.log.slice(-2)).toEqual(['closing', 'stopped'])
      bench.torrent.start()
      bench.store.prepared()
      expect(bench.torrent.phase.name).toBe('active')
    },
  )

  test('start while it stops: it starts when it has stopped', () => {
    const bench = new Bench()
    bench.torrent.stop()
    bench.torrent.start()
    expect(bench.torrent.phase.name).toBe('closing')
    bench.store.closed()
    expect(bench.torrent.phase.name).toBe('opening')
  })

  test('start, then stop, while it stops: it stays stopped', () => {
    const bench = new Bench()
    bench.torrent.stop()
    bench.torrent.start()
    bench.torrent.stop()
    bench.store.closed()
    expect(bench.torrent.phase.name).toBe('stopped')
  })

  test('start while active is no wish for later', () => {
    const bench = new Bench()
    bench.torrent.start()
    bench.store.handler.onError(FULL)
    bench.store.closed()
    expect(bench.torrent.phase.name).toBe('error')
  })

  test('nobody is welcome but while it is active', () => {
    const bench = new Bench()
    bench.torrent.stop()
    expect(bench.visit().handler).toBeUndefined()
    bench.store.closed()
    expect(bench.visit().handler).toBeUndefined()
  })
})

describe('errors', () => {
  test('a run that fails ends in error with all memory back, and it may start again', () => {
    const bench = new Bench()
    const them = seed(bench)
    fetch(bench, them, 0)
    fetch(bench, them, 1)
    bench.store.answer({ kind: 'failed', error: FULL })
    expect(bench.torrent.phase.name).toBe('closing')
    bench.store.answer({ kind: 'failed', error: FULL })
    bench.settleStore()
    bench.store.closed()
    expect(bench.log.slice(-2)).toEqual(['error', 'failed DISK_FULL'])
    expectAllMemory(bench)
    bench.torrent.start()
    bench.store.prepared()
    fetch(bench, seed(bench), 0)
    bench.store.answerAll()
    expect(bench.torrent.have.has(0)).toBe(true)
  })

  test('one that comes while it stops is told, and it is stopped all the same', () => {
    const bench = new Bench()
    bench.store.handler.onError(FULL)
    bench.torrent.stop()
    bench.store.closed()
    expect(bench.log.slice(-3)).toEqual(['error', 'failed DISK_FULL', 'stopped'])
    expect(bench.torrent.phase.name).toBe('stopped')
  })

  test('a sync that fails does not leave it closing for ever', () => {
    const bench = new Bench()
    fetch(bench, seed(bench), 0)
    bench.store.answerAll()
    bench.wait(6_000)
    expect(bench.store.calls).toEqual(['sync 0'])
    bench.store.handler.onError(FULL)
    expect(bench.torrent.phase.name).toBe('closing')
    if (bench.store.calls.length > 1) bench.store.handler.onError(FULL)
    expect(bench.store.isClosing).toBe(true)
    bench.store.closed()
    expect(bench.torrent.phase.name).toBe('error')
  })

  test('while opening', () => {
    const bench = new Bench({ cold: true })
    bench.torrent.start()
    bench.store.handler.onError(FULL)
    bench.store.closed()
    expect(bench.torrent.phase).toEqual({ name: 'error', error: FULL })
    bench.torrent.stop()
    expect(bench.torrent.phase.name).toBe('stopped')
  })
})

describe('resume records', () => {
  const whole = new Bench({ have: 'all' })
  whole.store.stamps = [{ size: whole.geometry.totalLength, mtimeMs: 1.2345678 }]
  whole.stop()
  const record = whole.records.at(-1)!

  test('a record that holds is believed without a look', () => {
    const bench = new Bench({ cold: true, resume: record })
    bench.torrent.start()
    bench.store.prepared([{ size: bench.geometry.totalLength, mtimeMs: 1.2345678 }])
    expect(bench.torrent.phase.name).toBe('active')
    expect(bench.torrent.have.isFull).toBe(true)
  })

  test('missing pieces of a file that is as recorded are not looked for, however fine its time', () => {
    const partial = new Bench({ have: [0] })
    partial.store.stamps = [{ size: 99_000, mtimeMs: 1.2345678 }]
    partial.stop()
    const bench = new Bench({ cold: true, resume: partial.records.at(-1)! })
    bench.torrent.start()
    bench.store.prepared([{ size: 99_000, mtimeMs: 1.2345678 }])
    expect(bench.store.calls).toEqual([])
    expect(bench.torrent.phase.name).toBe('active')
  })

  test('the journal is open before anything is written, where something is wanted', () => {
    expect(new Bench({ have: [0] }).journal).toHaveLength(1)
    expect(new Bench({ have: 'all' }).journal).toHaveLength(0)
  })

  test('a journal goes on after what of it can be used', () => {
    const { infoHash, generation } = decodeResume(record)
    const open = encodeEntry({ kind: 'open', infoHash, generation, bootId: 'b' }, 1)
    const cut = Uint8Array.from([...open, ...open.subarray(0, 20)])
    const wrong = Uint8Array.from([...open, ...new Uint8Array(20)])
    const bench = (journal: Uint8Array) => new Bench({ cold: true, resume: record, journal }).log
    expect(bench(open)).toEqual([])
    expect(bench(cut)).toEqual([`torn after ${open.length}`, 'warning'])
    expect(bench(wrong)).toEqual([`damaged journal, ${open.length} bytes are not`, 'warning'])
    const foreign = encodeEntry({ kind: 'open', infoHash: new Uint8Array(20), generation, bootId: 'b' }, 1)
    expect(bench(foreign)).toEqual(['damaged journal, 0 bytes are not', 'warning'])
    expect(bench(new Uint8Array(0))).toEqual(['damaged journal', 'warning'])
    expect(bench(new Uint8Array(20))).toEqual(['damaged journal, 0 bytes are not', 'warning'])
  })

  test.each([
    ['of another torrent', encodeResume({ ...decodeResume(record), infoHash: new Uint8Array(20) })],
    ['of other files', encodeResume({ ...decodeResume(record), files: [] })],
    ['that is damaged', record.slice(1)],
  ])('a record %s is set aside with a warning', (_, resume) => {
    const bench = new Bench({ cold: true, resume })
    expect(bench.log).toEqual(['damaged record', 'warning'])
    bench.torrent.start()
    bench.store.prepared([{ size: bench.geometry.totalLength, mtimeMs: 1 }])
    expect(bench.store.calls).toEqual(['check 0 1 2 3'])
  })
})

describe('files', () => {
  test('a choice made while it opens reaches the store', () => {
    const bench = new Bench({ cold: true, files: 2, filePriorities: [4, 0] })
    bench.torrent.start()
    bench.torrent.setFilePriority(1, 4)
    bench.store.prepared()
    expect(bench.store.plan.wanted).toEqual([true, false])
    expect(bench.store.calls).toEqual(['select 11'])
  })

  test('a choice that changes nothing does not', () => {
    const bench = new Bench({ files: 2 })
    bench.torrent.setFilePriority(1, 7)
    expect(bench.store.calls).toEqual([])
  })

  test('without the rest it is done', () => {
    const bench = new Bench({ files: 2 })
    const them = seed(bench)
    fetch(bench, them, 0)
    fetch(bench, them, 1)
    bench.store.answerAll()
    bench.torrent.setFilePriority(1, 0)
    expect(bench.log).toContain('done')
    bench.check()
  })

  test('with more it is not done yet, and they are asked', () => {
    const bench = new Bench({ files: 2, filePriorities: [4, 0] })
    const them = seed(bench)
    fetch(bench, them, 0)
    fetch(bench, them, 1)
    bench.store.answerAll()
    expect(bench.log.filter(entry => entry === 'done').length).toBe(1)
    them.heard()
    bench.torrent.setFilePriority(1, 4)
    bench.wait(100)
    expect(them.heard()).toContain('request 3:0')
    fetch(bench, them, 2)
    fetch(bench, them, 3)
    bench.store.answerAll()
    expect(bench.log.filter(entry => entry === 'done').length).toBe(2)
  })

  test('in the middle of a block of a file that nobody wants any more', () => {
    const bench = new Bench({ files: 2 })
    const them = seed(bench)
    them.say(messages.pieceHeader(3, 0, BLOCK_BYTES), new Uint8Array(5))
    bench.torrent.setFilePriority(1, 0)
    bench.check()
    them.say(new Uint8Array(BLOCK_BYTES - 5))
    bench.check()
    fetch(bench, them, 0)
    bench.store.answerAll()
    expect(bench.torrent.have.has(0)).toBe(true)
    bench.stop()
    expectAllMemory(bench)
  })
})

describe('trackers', () => {
  /** Its tracker has heard `started`, and nothing was waited for since its last piece was stored. */
  function completeAndStopped(): Bench {
    const bench = new Bench({ trackers: [['http://t/a']] })
    bench.wait(100)
    bench.announces[0]!.done(REPLY)
    const them = seed(bench)
    for (let piece = 0; piece < 4; piece++) fetch(bench, them, piece)
    bench.store.answerAll()
    bench.stop()
    return bench
  }

  test('hear started, completed, stopped', () => {
    const bench = new Bench({ trackers: [['http://t/a']] })
    bench.wait(100)
    const [started] = bench.announces
    expect(started?.request).toMatchObject({ event: 'started', leftBytes: bench.geometry.totalLength })
    started!.done(REPLY)
    const them = seed(bench)
    for (let piece = 0; piece < 4; piece++) fetch(bench, them, piece)
    bench.store.answerAll()
    bench.wait(100)
    expect(bench.announces[1]?.request).toMatchObject({ event: 'completed', leftBytes: 0 })
    bench.announces[1]!.done(REPLY)
    bench.stop()
    expect(bench.announces[2]?.request.event).toBe('stopped')
    expect(bench.torrent.isIdle).toBe(false)
    bench.announces[2]!.done(REPLY)
    expect(bench.torrent.isIdle).toBe(true)
  })

  test('hear completed before stopped from a torrent that stops as soon as it is complete', () => {
    const bench = completeAndStopped()
    expect(bench.announces.slice(1).map(({ request }) => request.event)).toEqual(['completed'])
    expect(bench.announces[1]?.isCancelled).toBe(false)
    bench.announces[1]!.done(REPLY)
    expect(bench.announces.slice(1).map(({ request }) => request.event)).toEqual(['completed', 'stopped'])
    expect(bench.torrent.isIdle).toBe(false)
    bench.announces[2]!.done(REPLY)
    expect(bench.torrent.isIdle).toBe(true)
  })

  test('hear stopped in the place of a completed that hangs, which is called back', () => {
    const bench = completeAndStopped()
    bench.wait(2_000)
    expect(bench.announces.slice(1).map(({ request }) => request.event)).toEqual(['completed', 'stopped'])
    expect(bench.announces[1]?.isCancelled).toBe(true)
    bench.announces[2]!.done(REPLY)
    expect(bench.torrent.isIdle).toBe(true)
  })

  test('are asked as soon as the torrent is looked at, without a tick', () => {
    const bench = new Bench({ trackers: [['http://t/a']] })
    expect(bench.announces.map(({ request }) => request.event)).toEqual(['started'])
  })

  test('what is on its way when it stops is called back', () => {
    const bench = new Bench({ trackers: [['http://t/a']] })
    bench.wait(100)
    bench.stop()
    expect(bench.announces.map(({ isCancelled }) => isCancelled)).toEqual([true])
    expect(bench.torrent.isIdle).toBe(true)
  })

  test('start right after stop: the tracker hears both, one after the other', () => {
    const bench = new Bench({ trackers: [['http://t/a']] })
    bench.wait(100)
    bench.announces[0]!.done(REPLY)
    bench.stop()
    bench.torrent.start()
    bench.store.prepared()
    bench.wait(200)
    expect(bench.announces.map(({ request }) => request.event)).toEqual(['started', 'stopped'])
    bench.announces[1]!.done(REPLY)
    bench.wait(200)
    expect(bench.announces.map(({ request }) => request.event)).toEqual(['started', 'stopped', 'started'])
  })
})

describe('a check', () => {
  const SIZE = 118_304
  const there = [{ size: SIZE, mtimeMs: 1 }]

  function checkAll(bench: Bench, matches: (piece: number) => boolean): void {
    for (let piece = 0; piece < 4; piece++) bench.store.handler.onChecked(piece, matches(piece))
    bench.store.handler.onCheckDone()
  }

  function close(bench: Bench): void {
    bench.settleStore()
    bench.store.closed()
  }

  test('of one at work closes it, hashes everything, and goes on', () => {
    const bench = new Bench({ have: 'all' })
    bench.log.length = 0
    bench.torrent.check()
    expect(bench.torrent.isReopening).toBe(true)
    close(bench)
    bench.store.prepared(there)
    expect(bench.store.calls).toEqual(['check 0 1 2 3'])
    checkAll(bench, piece => piece !== 2)
    expect(bench.log).toEqual(['closing', 'opening', 'checking', 'active', 'checked: done'])
    expect([...bench.torrent.have]).toEqual([0, 1, 3])
  })

  test('of one that is stopped ends stopped, and what it found is kept', () => {
    const bench = new Bench({ cold: true })
    bench.torrent.check()
    bench.store.prepared(there)
    bench.store.stamps = there
    checkAll(bench, piece => piece > 0)
    close(bench)
    expect(bench.log).toEqual(['opening', 'checking', 'closing', 'stopped', 'checked: done'])
    expect([...decodeResume(bench.records.at(-1)!).have]).toEqual([1, 2, 3])
    bench.torrent.start()
    bench.store.prepared(there)
    expect([...bench.torrent.have]).toEqual([1, 2, 3])
    expect(bench.torrent.phase.name).toBe('active')
  })

  test('of one that is stopped, and started meanwhile, ends at work', () => {
    const bench = new Bench({ cold: true })
    bench.torrent.check()
    bench.store.prepared(there)
    bench.torrent.start()
    checkAll(bench, () => true)
    expect(bench.log.slice(-3)).toEqual(['active', 'done', 'checked: done'])
  })

  test('of one that is just stopping begins when it has stopped', () => {
    const bench = new Bench({ have: 'all' })
    bench.torrent.stop()
    bench.torrent.check()
    close(bench)
    bench.store.prepared(there)
    checkAll(bench, () => true)
    close(bench)
    expect(bench.log.slice(-3)).toEqual(['closing', 'stopped', 'checked: done'])
  })

  test.each([
    ['closes', (_bench: Bench) => {}],
    [
      'checks',
      (bench: Bench) => {
        close(bench)
        bench.store.prepared(there)
      },
    ],
  ])('ends early when the torrent is stopped while it %s', (_, until) => {
    const bench = new Bench({ have: 'all' })
    bench.torrent.check()
    until(bench)
    bench.torrent.stop()
    close(bench)
    expect(bench.log).toContain('checked: stopped')
    expect(bench.log.at(-1)).toBe('stopped')
  })

  test.each([
    ['one at work', false, 'error'],
    ['one that is stopped', true, 'stopped'],
  ])('of %s that cannot be read tells so', (_, cold, phase) => {
    const bench = new Bench(cold ? { cold } : { have: 'all' })
    bench.torrent.check()
    if (!cold) close(bench)
    bench.store.prepared(there)
    bench.store.handler.onError(FULL)
    close(bench)
    expect(bench.log).toContain('checked: DISK_FULL')
    expect(bench.torrent.phase.name).toBe(phase)
  })

  test('asked for again while it goes on begins anew, and ends once', () => {
    const bench = new Bench({ have: 'all' })
    bench.torrent.check()
    close(bench)
    bench.store.prepared(there)
    bench.torrent.check()
    close(bench)
    bench.store.prepared(there)
    checkAll(bench, () => true)
    expect(bench.log.filter(text => text.startsWith('checked'))).toEqual(['checked: done'])
  })

  test('looks also where nothing was to be looked at: trusted data, and none at all', () => {
    const bench = new Bench({ cold: true, check: 'trust' })
    bench.torrent.check()
    bench.store.prepared(there)
    expect(bench.store.calls).toEqual(['check 0 1 2 3'])
    const empty = new Bench({ cold: true })
    empty.torrent.check()
    empty.store.prepared()
    close(empty)
    expect(empty.log.at(-1)).toBe('checked: done')
  })
})
