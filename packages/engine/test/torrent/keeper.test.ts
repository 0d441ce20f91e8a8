import { describe, expect, it } from 'vitest'
import { Bitfield } from '../../src/bytes/bitfield.ts'
import { Geometry } from '../../src/metainfo/geometry.ts'
import type { FileStamp, Store } from '../../src/ports.ts'
import { Keeper } from '../../src/torrent/keeper.ts'
import { decodeResume } from '../../src/torrent/resume.ts'
import { piecesToCheck } from '../../src/torrent/start-up.ts'

const MIB = 1024 * 1024
const PIECES = 100
const UNIX = 1_700_000_000

/** A torrent of one file and a disk that has what was written; the keeper's record and journal are kept as they come. */
class Life {
  now = 0
  readonly geometry = new Geometry(MIB, [{ path: ['f'], length: PIECES * MIB, pad: false }])
  readonly have = new Bitfield(PIECES)
  readonly syncs: (readonly number[])[] = []
  stampsAsked = 0
  record: Uint8Array | undefined
  journal = new Uint8Array(0)
  /** How long the journal was when it was last made durable. */
  durableBytes = 0
  uploadedBytes = 0
  keeper: Keeper
  readonly store = {
    sync: (pieces: readonly number[]) => this.syncs.push(pieces),
    stamp: () => this.stampsAsked++,
  } as unknown as Store

  constructor(bootId = 'boot 1', before?: Life) {
    this.now = before?.now ?? 0
    this.keeper = new Keeper({
      infoHash: new Uint8Array(20),
      geometry: this.geometry,
      clock: { now: () => this.now, unixTime: () => UNIX + this.now / 1_000, every: () => () => {} },
      bootId,
      facts: () => ({
        have: this.have,
        priorities: [4],
        uploadedBytes: this.uploadedBytes,
        downloadedBytes: 0,
        corruptBytes: 0,
        addedAt: UNIX,
        completedAt: undefined,
        peers: [],
      }),
      onRecord: bytes => {
        this.record = bytes
        this.journal = new Uint8Array(0)
        this.durableBytes = 0
      },
      onJournal: (bytes, durable) => {
        this.journal = Uint8Array.from([...this.journal, ...bytes])
        if (durable) this.durableBytes = this.journal.length
      },
    })
    if (before?.record !== undefined) this.keeper.read(before.record, before.journal)
    this.keeper.begin()
  }

  stored(...pieces: number[]): void {
    this.keeper.touch()
    for (const piece of pieces) {
      this.have.add(piece)
      this.keeper.piece(piece)
    }
  }

  wait(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 100
      this.keeper.tick(this.now, this.store)
    }
  }

  /** What a next life would hash, and what it would believe, of a file last written so long ago. */
  next(bootId: string, ageMs = 0, size = PIECES * MIB): { have: number[]; check: number[] } {
    const life = new Life(bootId, this)
    const found: FileStamp[] = [{ size, mtimeMs: UNIX * 1_000 + this.now - ageMs }]
    const { have, check } = piecesToCheck(life.keeper.recall(found), this.geometry, found)
    return { have: [...have], check }
  }
}

describe('a torrent that is killed', () => {
  it('hashes what the lost end of its journal may have told of, and believes the rest', () => {
    const life = new Life()
    life.stored(0, 1)
    life.keeper.flush()
    const { length } = life.journal
    life.stored(2)
    life.keeper.flush()
    const { journal } = life
    life.journal = journal.slice(0, -1)
    const others = Array.from({ length: PIECES - 2 }, (_, at) => at + 2)
    expect(life.next('boot 1')).toEqual({ have: [0, 1], check: others })
    life.journal = journal.slice()
    life.journal[length + 20]! ^= 1
    expect(life.next('boot 1', 0, 3 * MIB)).toEqual({ have: [0, 1], check: [2] })
  })

  it('looks for what little is lacking before it is fetched: an end that is lost to the byte shows nowhere', () => {
    const life = new Life()
    const most = Array.from({ length: PIECES - 17 }, (_, at) => at)
    life.stored(...most)
    life.keeper.flush()
    expect(life.next('boot 1').check).toEqual([])
    life.stored(PIECES - 17)
    life.keeper.flush()
    const { journal } = life
    life.stored(PIECES - 16, PIECES - 15)
    life.keeper.flush()
    life.journal = journal
    const lacking = Array.from({ length: 16 }, (_, at) => PIECES - 16 + at)
    expect(life.next('boot 1')).toEqual({ have: [...most, PIECES - 17], check: lacking })
    // Nothing was ever written there.
    expect(life.next('boot 1', 0, (PIECES - 14) * MIB).check).toEqual([PIECES - 16, PIECES - 15])
  })

  it('claims in the record of its next check only what has been synced', () => {
    const before = new Life()
    before.stored(0)
    before.keeper.flush()
    const life = new Life('boot 1', before)
    const found: FileStamp[] = [{ size: PIECES * MIB, mtimeMs: UNIX * 1_000 }]
    expect([...life.keeper.recall(found)!.have]).toEqual([0])
    life.have.add(0)
    const unchecked = new Bitfield(PIECES)
    unchecked.add(5)
    life.keeper.beginCheck(life.have, unchecked, found)
    expect(decodeResume(life.record!).have.count).toBe(0)
    // Killed again: it is there. Power lost: nobody knows.
    expect(life.next('boot 1')).toEqual({ have: [0], check: [5] })
    expect(life.next('boot 2')).toEqual({ have: [], check: [0, 5] })
  })

  it('is not forgotten from the moment it is added', () => {
    expect(decodeResume(new Life().record!).have.count).toBe(0)
  })

  it('knows all that was stored, after one tick, and hashes nothing', () => {
    const life = new Life()
    life.stored(3, 1)
    life.wait(100)
    expect(life.next('boot 1')).toEqual({ have: [1, 3], check: [] })
  })

  it('does not wait for a tick when much comes in', () => {
    const life = new Life()
    const pieces = Array.from({ length: 17 }, (_, piece) => piece)
    life.stored(...pieces)
    expect(life.next('boot 1').have).toEqual(pieces.slice(0, 16))
  })

  it('knows it through any number of deaths', () => {
    let life = new Life()
    for (const piece of [5, 6, 7]) {
      life.stored(piece)
      life.wait(1_000)
      const after = new Life('boot 1', life)
      after.record = life.record
      after.journal = life.journal
      life = after
    }
    expect(life.next('boot 1')).toEqual({ have: [5, 6, 7], check: [] })
  })

  it('has its file hashed when somebody else wrote to it long after', () => {
    const life = new Life()
    life.stored(0)
    life.wait(1_000)
    expect(life.next('boot 1', -2_000)).toEqual({ have: [0], check: [] })
    expect(life.next('boot 1', -4_000).check).toContain(0)
    expect(life.next('boot 1', -60_000).check).toContain(0)
    expect(life.next('boot 1', -60_000).have).toEqual([])
  })

  it('in a long piece has written to its file and told nothing but that', () => {
    const life = new Life()
    life.stored(0)
    for (let second = 0; second < 120; second++) {
      life.keeper.touch()
      life.wait(1_000)
    }
    expect(life.next('boot 1')).toEqual({ have: [0], check: [] })
  })

  it('in the middle of a check goes on from there', () => {
    const life = new Life()
    const check = Bitfield.full(PIECES)
    const stamps = [{ size: PIECES * MIB, mtimeMs: UNIX * 1_000 }]
    life.keeper.beginCheck(new Bitfield(PIECES), check, stamps)
    for (let piece = 0; piece < 40; piece++) {
      if (piece % 2 === 0) life.keeper.piece(piece)
      else life.keeper.wrong(piece)
    }
    life.keeper.flush()
    const next = life.next('boot 1')
    expect(next.have).toEqual(Array.from({ length: 20 }, (_, at) => at * 2))
    expect(next.check).toEqual(Array.from({ length: 60 }, (_, at) => 40 + at))
  })
})

describe('a torrent whose machine loses power', () => {
  it('hashes what was not synced, and believes what was', () => {
    const life = new Life()
    life.stored(0, 1)
    life.wait(5_100)
    expect(life.syncs).toEqual([[0, 1]])
    life.keeper.onSynced(life.store)
    life.stored(2)
    life.wait(100)
    expect(life.next('boot 2')).toEqual({ have: [0, 1], check: [2] })
  })

  it('is synced after 64 MiB, however soon', () => {
    const life = new Life()
    life.stored(...Array.from({ length: 64 }, (_, at) => at))
    life.wait(100)
    expect(life.syncs.map(pieces => pieces.length)).toEqual([64])
  })

  it('is told to be synced by a durable entry only', () => {
    const life = new Life()
    life.stored(0)
    life.wait(5_100)
    expect(life.durableBytes).toBe(0)
    life.keeper.onSynced(life.store)
    expect(life.durableBytes).toBe(life.journal.length)
  })

  it('believes nothing that was stored while the sync went on', () => {
    const life = new Life()
    life.stored(0)
    life.wait(5_100)
    life.stored(1)
    life.keeper.flush()
    life.keeper.onSynced(life.store)
    expect(life.next('boot 2')).toEqual({ have: [0], check: [1] })
  })

  it('has in doubt what an earlier life left unsynced, until this one has synced it', () => {
    const first = new Life()
    first.stored(0)
    first.wait(100)
    const second = new Life('boot 1', first)
    second.record = first.record
    second.journal = first.journal
    expect(second.next('boot 2')).toEqual({ have: [], check: [0] })
    second.wait(5_100)
    expect(second.syncs).toEqual([[0]])
    second.keeper.onSynced(second.store)
    expect(second.next('boot 2')).toEqual({ have: [0], check: [] })
  })

  it('does not end before what an earlier life left unsynced is synced, though it has nothing else to do', () => {
    const first = new Life()
    first.stored(0)
    first.wait(100)
    const second = new Life('boot 1', first)
    second.have.add(0)
    expect(second.keeper.isDirty).toBe(true)
    second.keeper.save(second.store)
    expect(second.syncs).toEqual([[0]])
    second.keeper.onSynced(second.store)
    second.keeper.onStamps([{ size: PIECES * MIB, mtimeMs: UNIX * 1_000 }])
    expect(second.keeper.isDirty).toBe(false)
    expect([...decodeResume(second.record!).have]).toEqual([0])
  })
})

describe('a record', () => {
  it('claims what is synced, and the journal after it the rest', () => {
    const life = new Life()
    life.stored(0)
    life.keeper.save(life.store)
    life.stored(1)
    life.keeper.onSynced(life.store)
    expect(life.stampsAsked).toBe(1)
    life.keeper.onStamps([{ size: PIECES * MIB, mtimeMs: UNIX * 1_000 + life.now }])
    expect([...decodeResume(life.record!).have]).toEqual([0])
    expect(life.next('boot 1')).toEqual({ have: [0, 1], check: [] })
    expect(life.next('boot 2')).toEqual({ have: [0], check: [1] })
  })

  it('ends the journal before it: what that said is of no account any more', () => {
    const life = new Life()
    life.stored(0)
    life.wait(100)
    const stale = life.journal
    life.have.delete(0)
    life.keeper.save(life.store)
    life.keeper.onSynced(life.store)
    life.keeper.onStamps([{ size: PIECES * MIB, mtimeMs: UNIX * 1_000 + life.now }])
    life.journal = stale
    expect(life.next('boot 1').have).toEqual([])
  })

  it('is made when it is urgent, and when what was uploaded is five minutes old; not for nothing', () => {
    const life = new Life()
    life.wait(600_000)
    expect(life.syncs).toEqual([])
    life.keeper.changed(true)
    life.wait(100)
    expect(life.syncs).toEqual([[]])
    life.keeper.onSynced(life.store)
    life.keeper.onStamps([undefined])
    life.uploadedBytes = 5
    life.keeper.uploaded(5)
    life.wait(299_000)
    expect(life.syncs).toHaveLength(1)
    life.wait(2_000)
    expect(life.syncs).toHaveLength(2)
  })
})

describe('a torrent that is started again in the same process', () => {
  it('knows what was stored while its last record was made', () => {
    const life = new Life()
    const { keeper, store } = life
    life.stored(0)
    keeper.save(store)
    life.stored(1)
    keeper.onSynced(store)
    const found: FileStamp[] = [{ size: PIECES * MIB, mtimeMs: UNIX * 1_000 }]
    keeper.onStamps(found)
    expect([...decodeResume(life.record!).have]).toEqual([0])
    // The next record is not to be had: its store fails.
    keeper.save(store)
    keeper.onSynced(store)
    keeper.onStoreGone()
    const { have, check } = piecesToCheck(keeper.recall(found), life.geometry, found)
    expect([[...have], check]).toEqual([[0, 1], []])
    const touched: FileStamp[] = [{ size: PIECES * MIB, mtimeMs: UNIX * 1_000 + 9 }]
    expect(piecesToCheck(keeper.recall(touched), life.geometry, touched).check).toHaveLength(PIECES)
  })
})
