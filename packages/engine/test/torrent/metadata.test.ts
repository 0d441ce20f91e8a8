import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../src/bytes/bytes.ts'
import { MetadataExtension } from '../../src/torrent/metadata.ts'
import { MAX_METADATA_BYTES } from '../../src/torrent/metadata-download.ts'
import {
  encodeMetadataData,
  encodeMetadataReject,
  encodeMetadataRequest,
  METADATA_PIECE_BYTES,
  parseMetadataMessage,
} from '../../src/wire/metadata-message.ts'
import { sha1 } from '../metainfo/build.ts'
import { FakeExtensionPeer } from './extension-peers.ts'

const TICK_MS = 100

/** How a peer answers a request; undefined: not at all. */
type Answer = (piece: number, truth: Uint8Array) => Uint8Array | undefined

const honest: Answer = (piece, truth) => encodeMetadataData(piece, truth.length, part(truth, piece))
const lying: Answer = (piece, truth) => {
  const wrong = part(truth, piece).slice()
  wrong[0] = wrong[0]! ^ 1
  return encodeMetadataData(piece, truth.length, wrong)
}
const rejecting: Answer = piece => encodeMetadataReject(piece)
const silent: Answer = () => undefined

function part(bytes: Uint8Array, piece: number): Uint8Array {
  return bytes.subarray(piece * METADATA_PIECE_BYTES, (piece + 1) * METADATA_PIECE_BYTES)
}

/** No two pieces alike. */
function pattern(size: number): Uint8Array {
  return new Uint8Array(size).map((_, at) => (at >> 14) + at * 7)
}

interface Behaviour {
  readonly answer: Answer
  /** Until an answer arrives; 50 unless given. */
  readonly delayMs?: number
  readonly size?: number
  readonly joinsAt?: number
}

/** A magnet link and its peers, in virtual time. */
class Swarm {
  readonly truth: Uint8Array
  readonly received: Uint8Array[] = []
  readonly extension: MetadataExtension
  readonly peers: FakeExtensionPeer[] = []
  readonly #waiting: { at: number; peer: FakeExtensionPeer; payload: Uint8Array }[] = []
  readonly #behaviours: readonly Behaviour[]
  readonly requests: number[] = []
  now = 0

  constructor(size: number, behaviours: readonly Behaviour[]) {
    this.truth = pattern(size)
    this.#behaviours = behaviours
    this.extension = new MetadataExtension({
      infoHash: new Uint8Array(sha1(this.truth)),
      sha1,
      infoBytes: undefined,
      onMetadata: bytes => this.received.push(bytes),
    })
    this.peers = behaviours.map((_, n) => new FakeExtensionPeer(this.extension, n))
    this.requests = behaviours.map(() => 0)
  }

  /** Until the metadata is there or the time is over; the time it took. */
  run(forMs: number): number {
    const until = this.now + forMs
    for (; this.now < until && this.received.length === 0; this.now += TICK_MS) {
      for (const [n, behaviour] of this.#behaviours.entries()) this.#step(n, behaviour)
      const due = this.#waiting.filter(({ at }) => at <= this.now)
      for (const entry of due) {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1)
        entry.peer.says(entry.payload, this.now)
      }
      this.extension.onTick(this.now)
    }
    return this.now
  }

  #step(n: number, { answer, delayMs = 50, size = this.truth.length, joinsAt = 0 }: Behaviour): void {
    const peer = this.peers[n]!
    if (this.now === joinsAt) peer.shake({ metadataSize: size }, this.now)
    for (const payload of peer.take()) {
      const message = parseMetadataMessage(payload)
      if (message.kind !== 'request') continue
      this.requests[n]!++
      const reply = answer(message.piece, this.truth)
      if (reply !== undefined) this.#waiting.push({ at: this.now + delayMs, peer, payload: reply })
    }
  }

  /** The right bytes, once. */
  get won(): boolean {
    return this.received.length === 1 && equalBytes(this.received[0]!, this.truth)
  }

  get closed(): boolean[] {
    return this.peers.map(peer => peer.closed !== undefined)
  }
}

describe('getting the metadata', () => {
  test.each([1, 100, 16384, 16385, 16384 * 7, 1_000_000])('of %i bytes from one peer', size => {
    const swarm = new Swarm(size, [{ answer: honest }])
    swarm.run(30_000)
    expect(swarm.won).toBe(true)
    expect(swarm.requests).toEqual([Math.ceil(size / METADATA_PIECE_BYTES)])
    expect(swarm.extension.size).toBe(size)
  })

  test('shares the pieces among peers', () => {
    const swarm = new Swarm(64 * METADATA_PIECE_BYTES, Array(4).fill({ answer: honest }))
    swarm.run(30_000)
    expect(swarm.won).toBe(true)
    expect(swarm.requests).toEqual([16, 16, 16, 16])
  })

  test('goes on where peers reject, are silent or leave', () => {
    const swarm = new Swarm(40 * METADATA_PIECE_BYTES, [
      { answer: rejecting },
      { answer: silent },
      { answer: honest, joinsAt: 500 },
    ])
    expect(swarm.run(30_000)).toBeLessThan(15_000)
    expect(swarm.won).toBe(true)
    expect(swarm.closed).toEqual([false, false, false])
    expect(swarm.requests[0]).toBeLessThan(10)
    expect(swarm.requests[1]).toBeLessThan(10)
  })

  test('waits for slow peers rather than giving them up', () => {
    const swarm = new Swarm(3 * METADATA_PIECE_BYTES, [{ answer: honest, delayMs: 9_000 }])
    expect(swarm.run(60_000)).toBeLessThan(20_000)
    expect(swarm.won).toBe(true)
  })

  test('asks nobody once it is there', () => {
    const swarm = new Swarm(100, [{ answer: honest }])
    swarm.run(1_000)
    const late = new FakeExtensionPeer(swarm.extension, 99)
    late.shake({ metadataSize: 100 }, swarm.now)
    swarm.extension.onTick(swarm.now + 60_000)
    expect(late.sent).toEqual([])
    late.says(encodeMetadataData(0, 100, swarm.truth), swarm.now)
    expect(swarm.won).toBe(true)
  })

  test('tells how far it is', () => {
    const swarm = new Swarm(10 * METADATA_PIECE_BYTES, [
      { answer: (piece, truth) => (piece < 4 ? honest(piece, truth) : undefined) },
    ])
    expect(swarm.extension.progress).toBeUndefined()
    swarm.run(3_000)
    expect(swarm.extension.progress).toEqual({
      bytes: 4 * METADATA_PIECE_BYTES,
      size: 10 * METADATA_PIECE_BYTES,
    })
  })
})

describe('liars', () => {
  test('that are alone are closed at the first wrong whole', () => {
    const swarm = new Swarm(50_000, [{ answer: lying }])
    swarm.run(10_000)
    expect(swarm.closed).toEqual([true])
    expect(swarm.received).toEqual([])
  })

  test.each([1, 2, 5, 20])('%i of them do not keep one honest peer from winning within 30 s', count => {
    const swarm = new Swarm(30 * METADATA_PIECE_BYTES, [
      ...Array(count).fill({ answer: lying }),
      { answer: honest },
    ])
    expect(swarm.run(30_000)).toBeLessThan(30_000)
    expect(swarm.won).toBe(true)
    expect(swarm.closed.at(-1)).toBe(false)
    // Those that sent something are known by it.
    expect(swarm.closed.filter(closed => closed).length).toBe(count)
  })

  test('in one piece among many are found, and nobody else is blamed', () => {
    const once: Answer = (piece, truth) => (piece === 0 ? lying(piece, truth) : honest(piece, truth))
    const swarm = new Swarm(30 * METADATA_PIECE_BYTES, [
      { answer: once },
      ...Array(3).fill({ answer: honest }),
    ])
    swarm.run(30_000)
    expect(swarm.won).toBe(true)
    expect(swarm.closed).toEqual([true, false, false, false])
  })

  test('that trickle do not hold up the honest', () => {
    const swarm = new Swarm(30 * METADATA_PIECE_BYTES, [
      ...Array(20).fill({ answer: lying, delayMs: 4_900 }),
      { answer: honest },
    ])
    expect(swarm.run(60_000)).toBeLessThan(30_000)
    expect(swarm.won).toBe(true)
  })

  test('about the size do not matter to the others', () => {
    const swarm = new Swarm(5 * METADATA_PIECE_BYTES, [
      { answer: silent, size: 1 },
      { answer: silent, size: MAX_METADATA_BYTES },
      { answer: () => encodeMetadataData(0, 16385, new Uint8Array(16384)), size: 16385 },
      { answer: honest },
    ])
    expect(swarm.run(30_000)).toBeLessThan(3_000)
    expect(swarm.won).toBe(true)
  })

  test('claim much and cost nothing', () => {
    const swarm = new Swarm(100, [{ answer: silent, size: MAX_METADATA_BYTES }])
    swarm.run(1_000)
    expect(swarm.requests).toEqual([4])
    expect(swarm.extension.progress).toEqual({ bytes: 0, size: MAX_METADATA_BYTES })
  })

  test.each([MAX_METADATA_BYTES + 1, 2 ** 31, 2 ** 53 - 1])('are not asked for %i bytes', size => {
    const swarm = new Swarm(100, [{ answer: honest, size }, { answer: honest }])
    swarm.run(1_000)
    expect(swarm.requests).toEqual([0, 1])
    expect(swarm.won).toBe(true)
  })

  test('can make us hold 64 MiB at most', () => {
    const answer = (size: number): Answer => {
      const count = Math.ceil(size / METADATA_PIECE_BYTES)
      // All but the last, so that it never comes to a hash.
      return piece =>
        piece === count - 1
          ? undefined
          : encodeMetadataData(piece, size, new Uint8Array(METADATA_PIECE_BYTES))
    }
    const sizes = [0, 1, 2].map(n => MAX_METADATA_BYTES - n)
    const swarm = new Swarm(100, [
      ...sizes.map(size => ({ size, answer: answer(size), delayMs: 0 })),
      { answer: honest, joinsAt: 60_000 },
    ])
    let most = 0
    for (let at = 0; at < 59_000; at += 1_000) {
      swarm.run(1_000)
      most = Math.max(most, swarm.extension.heldBytes)
    }
    expect(most).toBeLessThanOrEqual(64 * 1024 * 1024 + METADATA_PIECE_BYTES)
    expect(most).toBeGreaterThan(60 * 1024 * 1024)
    swarm.run(5_000)
    expect(swarm.won).toBe(true)
  })
})

describe('a peer is closed', () => {
  const size = 2 * METADATA_PIECE_BYTES + 5
  const full = new Uint8Array(METADATA_PIECE_BYTES)

  test.each([
    ['data of a piece beyond the last', encodeMetadataData(9, size, full), 'BAD_INDEX'],
    ['a reject of a piece beyond the last', encodeMetadataReject(3), 'BAD_INDEX'],
    ['data of another total size', encodeMetadataData(0, size + 1, full), 'BAD_MESSAGE'],
    ['a short piece', encodeMetadataData(0, size, full.subarray(1)), 'BAD_MESSAGE'],
    ['a last piece that is too long', encodeMetadataData(2, size, full), 'BAD_MESSAGE'],
    ['nothing that can be read', Uint8Array.of(1, 2, 3), 'BAD_MESSAGE'],
  ])('for %s', (_, payload, code) => {
    const swarm = new Swarm(size, [{ answer: silent }])
    swarm.run(200)
    swarm.peers[0]!.says(payload, swarm.now)
    expect(swarm.peers[0]!.closed?.code).toBe(code)
    swarm.run(1_000)
  })

  test('for a size that changes', () => {
    const swarm = new Swarm(size, [{ answer: silent }])
    swarm.run(200)
    swarm.peers[0]!.shake({}, swarm.now)
    swarm.peers[0]!.shake({ metadataSize: size }, swarm.now)
    expect(swarm.peers[0]!.closed).toBeUndefined()
    swarm.peers[0]!.shake({ metadataSize: size + 1 }, swarm.now)
    expect(swarm.peers[0]!.closed?.code).toBe('BAD_MESSAGE')
  })

  test('for going on to send what nobody asked for, which is not kept', () => {
    const swarm = new Swarm(100 * METADATA_PIECE_BYTES, [{ answer: silent }])
    swarm.run(200)
    const [peer] = swarm.peers
    const unasked = encodeMetadataData(50, swarm.truth.length, full)
    for (let n = 0; n < 16; n++) peer!.says(unasked, swarm.now)
    expect([peer!.closed, swarm.extension.heldBytes]).toEqual([undefined, 0])
    peer!.says(unasked, swarm.now)
    expect(peer!.closed?.code).toBe('UNREQUESTED_BLOCKS')
  })

  test('but not for a message type of the future, or a late reject', () => {
    const swarm = new Swarm(size, [{ answer: silent }])
    swarm.run(200)
    swarm.peers[0]!.says(new TextEncoder().encode('d8:msg_typei7ee'), swarm.now)
    swarm.run(8_000)
    swarm.peers[0]!.says(encodeMetadataReject(1), swarm.now)
    expect(swarm.closed).toEqual([false])
  })
})

describe('giving the metadata', () => {
  function serving(size: number | undefined) {
    const infoBytes = size === undefined ? undefined : pattern(size)
    const extension = new MetadataExtension({
      infoHash: new Uint8Array(20),
      sha1,
      infoBytes,
      onMetadata: () => {},
    })
    const peer = new FakeExtensionPeer(extension, 1)
    peer.shake({}, 0)
    const ask = (piece: number, now: number): string[] => {
      peer.says(encodeMetadataRequest(piece), now)
      return kinds()
    }
    const kinds = (): string[] => peer.take().map(payload => parseMetadataMessage(payload).kind)
    return { extension, peer, ask, kinds, infoBytes }
  }

  test('sends each piece as it is', () => {
    const { peer, infoBytes } = serving(METADATA_PIECE_BYTES + 10)
    for (const piece of [1, 0]) peer.says(encodeMetadataRequest(piece), 0)
    expect(peer.take().map(parseMetadataMessage)).toEqual(
      [1, 0].map(piece => ({
        kind: 'data',
        piece,
        totalSize: METADATA_PIECE_BYTES + 10,
        bytes: part(infoBytes!, piece),
      })),
    )
  })

  test('rejects what is out of range, and everything when there is nothing', () => {
    expect(serving(100).ask(1, 0)).toEqual(['reject'])
    expect(serving(100).ask(2 ** 40, 0)).toEqual(['reject'])
    expect(serving(undefined).ask(0, 0)).toEqual(['reject'])
  })

  test('gives a peer at most all of it twice and a little', () => {
    const { ask } = serving(3 * METADATA_PIECE_BYTES)
    const answers = Array.from({ length: 30 }, (_, n) => ask(n % 3, n * 1_000)).flat()
    expect(answers.filter(kind => kind === 'data')).toHaveLength(14)
    expect(answers.filter(kind => kind === 'reject')).toHaveLength(16)
  })

  test('gives a few pieces a second, keeps a bounded number waiting and rejects the rest', () => {
    const { extension, ask, kinds } = serving(1000 * METADATA_PIECE_BYTES)
    const atOnce = Array.from({ length: 500 }, (_, n) => ask(n, 0)).flat()
    expect(atOnce.filter(kind => kind === 'data')).toHaveLength(16)
    expect(atOnce.filter(kind => kind === 'reject')).toHaveLength(64)
    for (let now = 0; now <= 2_000; now += TICK_MS) extension.onTick(now)
    expect(kinds()).toHaveLength(32)
    for (let now = 2_100; now <= 10_000; now += TICK_MS) extension.onTick(now)
    expect(kinds()).toHaveLength(32)
  })

  test('forgets a peer that is gone, and answers none that takes no messages', () => {
    const { extension, peer, ask, kinds } = serving(1000 * METADATA_PIECE_BYTES)
    for (let n = 0; n < 50; n++) ask(n, 0)
    extension.onPeerGone(peer)
    extension.onTick(5_000)
    expect(kinds()).toEqual([])
    peer.supported = false
    expect(ask(0, 10_000)).toEqual([])
  })

  test('begins as soon as it was got', () => {
    const swarm = new Swarm(100, [{ answer: honest }])
    swarm.run(1_000)
    const asker = new FakeExtensionPeer(swarm.extension, 50)
    asker.says(encodeMetadataRequest(0), swarm.now)
    expect(asker.take().map(parseMetadataMessage)).toMatchObject([{ kind: 'data', bytes: swarm.truth }])
  })
})
