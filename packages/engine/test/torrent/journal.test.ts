import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeEntry, type JournalEntry, readJournal } from '../../src/torrent/journal.ts'

const BOOT = 'boot 1'
const HASH = new Uint8Array(20).fill(1)
const OPEN: JournalEntry = { kind: 'open', infoHash: HASH, generation: 7, bootId: BOOT }

function journal(...entries: JournalEntry[]): Uint8Array {
  return Uint8Array.from(entries.flatMap((entry, at) => [...encodeEntry(entry, 1_000 + at)]))
}

function have(...pieces: number[]): JournalEntry {
  return { kind: 'have', pieces }
}

describe('a journal', () => {
  it('tells what became of pieces, of which record, and when its last entry was made', () => {
    const bytes = journal(
      OPEN,
      have(3, 1),
      { kind: 'synced', pieces: 1 },
      { kind: 'wrong', pieces: [5] },
      { kind: 'alive' },
    )
    expect(readJournal(bytes, 10, BOOT).facts).toEqual({
      infoHash: HASH,
      generation: 7,
      have: [3, 1],
      unsynced: [1],
      told: 2,
      doubtful: [],
      wrong: [5],
      lastAt: 1_004,
    })
  })

  it('holds to its end in the same boot, and as far as it was synced in another', () => {
    const bytes = journal(OPEN, have(0, 1, 2), { kind: 'synced', pieces: 2 }, have(3))
    expect(readJournal(bytes, 4, BOOT).facts).toMatchObject({ have: [0, 1, 2, 3], doubtful: [] })
    expect(readJournal(bytes, 4, 'boot 2').facts).toMatchObject({
      have: [0, 1],
      doubtful: [2, 3],
      unsynced: [],
    })
    expect(readJournal(bytes, 4, '').facts).toMatchObject({ have: [0, 1], doubtful: [2, 3] })
  })

  it('doubts what a session before the power cut left unsynced, until it is hashed again', () => {
    const after: JournalEntry = { kind: 'open', infoHash: HASH, generation: 7, bootId: 'boot 2' }
    const bytes = journal(OPEN, have(0, 1, 2), { kind: 'synced', pieces: 1 }, after)
    expect(readJournal(bytes, 4, 'boot 2').facts).toMatchObject({ have: [0], doubtful: [1, 2] })
    const hashed = journal(OPEN, have(0, 1, 2), { kind: 'synced', pieces: 1 }, after, have(1), {
      kind: 'wrong',
      pieces: [2],
    })
    expect(readJournal(hashed, 4, 'boot 2').facts).toMatchObject({ have: [0, 1], doubtful: [], wrong: [2] })
  })

  it('of another record begins anew', () => {
    const next: JournalEntry = { kind: 'open', infoHash: HASH, generation: 8, bootId: BOOT }
    expect(readJournal(journal(OPEN, have(0, 1), next, have(2)), 4, BOOT).facts).toMatchObject({
      generation: 8,
      have: [2],
      told: 1,
    })
  })

  it('may be torn at its end, wherever: what came before holds and can be gone on from, without a word', () => {
    const whole = journal(OPEN, have(0), have(1))
    const upToFirst = journal(OPEN, have(0)).length
    for (let length = upToFirst; length < whole.length; length++) {
      expect(readJournal(whole.subarray(0, length), 4, BOOT)).toMatchObject({
        facts: { have: [0] },
        wholeBytes: upToFirst,
        damage: undefined,
      })
    }
  })

  it('is not torn where whole entries follow: its length is damaged', () => {
    const bytes = journal(OPEN, have(0), have(1), have(2))
    const at = journal(OPEN, have(0)).length
    for (const [byte, bit] of [
      [1, 0x10],
      [2, 0x01],
      [3, 0x80],
    ] as const) {
      const damaged = bytes.slice()
      damaged[at + byte]! ^= bit
      expect(readJournal(damaged, 4, BOOT)).toMatchObject({
        facts: { have: [0] },
        damage: `its entry at byte ${at} is damaged`,
      })
    }
  })

  it('that is damaged further up is used to there, and tells it', () => {
    const bytes = journal(OPEN, have(0), have(1), have(2))
    const at = journal(OPEN, have(0)).length
    bytes[at + 12]! ^= 1
    expect(readJournal(bytes, 4, BOOT)).toMatchObject({
      facts: { have: [0] },
      wholeBytes: at,
      damage: `its entry at byte ${at} is damaged`,
    })
  })

  it.each([
    ['pieces that the torrent does not have', journal(OPEN, have(4))],
    ['more pieces synced than told', journal(OPEN, have(0), { kind: 'synced', pieces: 2 })],
  ])('with %s is damaged', (_, bytes) => {
    expect(readJournal(bytes, 4, BOOT).damage).toBeDefined()
  })

  it.each([
    ['nothing', new Uint8Array(0)],
    ['garbage', new Uint8Array(100).fill(0x41)],
    ['zeroes', new Uint8Array(4_096)],
    ['entries of no record', journal(have(0))],
  ])('of %s says nothing', (_, bytes) => {
    const { facts, wholeBytes, damage } = readJournal(bytes, 4, BOOT)
    expect({ facts, wholeBytes }).toEqual({ facts: undefined, wholeBytes: 0 })
    expect(damage !== undefined).toBe(bytes.length > 0)
  })

  it('takes nothing from an entry that cannot be so, not even its time', () => {
    const whole = journal(OPEN, have(0))
    for (const entry of [have(99), { kind: 'synced', pieces: 2 } as const]) {
      const bytes = Uint8Array.from([...whole, ...encodeEntry(entry, 9_999)])
      const { facts, wholeBytes, damage } = readJournal(bytes, 10, BOOT)
      expect(facts).toEqual(readJournal(whole, 10, BOOT).facts)
      expect([wholeBytes, damage]).toEqual([whole.length, `its entry at byte ${whole.length} is damaged`])
    }
  })

  it('never throws, and never claims a piece that no entry named, whatever is done to its bytes', () => {
    const valid = journal(OPEN, have(0, 1), { kind: 'synced', pieces: 1 }, { kind: 'wrong', pieces: [2] })
    const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 })
    fc.assert(
      fc.property(edits, fc.nat(valid.length), (changes, length) => {
        const bytes = valid.slice(0, length)
        for (const [at, byte] of changes) if (at < length) bytes[at] = byte
        const { facts } = readJournal(bytes, 4, BOOT)
        for (const piece of facts?.have ?? []) expect([0, 1]).toContain(piece)
      }),
    )
  })
})
