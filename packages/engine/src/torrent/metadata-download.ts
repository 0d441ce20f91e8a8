/**
 * Getting the info dictionary of a magnet link from peers, any of whom may lie (BEP 9). Only the whole has a hash, so a
 * wrong piece is known only when all are here.
 *
 *     together ──whole, hash right─────────────────────▶ done
 *      (one assembly for all peers that claim the same size)
 *         │ hash wrong, all of one peer: it is closed, begin again
 *         └ hash wrong, of several: each goes on alone with the pieces it sent itself
 *     alone ──whole, hash right──▶ done: whoever sent a piece that differs is closed
 *         └ hash wrong: that peer is closed
 *
 * A liar so costs at most one whole, and cannot spoil what others send. Peers that are alone take turns, a few at a
 * time and each keeping its pieces, so that those that trickle do not hold up the others.
 */
import { equalBytes } from '../bytes/bytes.ts'
import { ProtocolError } from '../errors.ts'
import type { Sha1 } from '../ports.ts'
import { encodeMetadataRequest, METADATA_PIECE_BYTES } from '../wire/metadata-message.ts'
import type { ExtendedHandshake } from './extended-handshake.ts'
import type { ExtensionPeer } from './extensions.ts'
import { MetadataAssembly } from './metadata-assembly.ts'

/** What others take too (libtorrent, rain, rqbit: about 30 MiB); info dictionaries of 100,000 files have about 10. */
export const MAX_METADATA_BYTES: number = 30 * 1024 * 1024
/** Of all that has arrived and is not verified; room for two of the largest at once. */
const MAX_HELD_BYTES: number = 64 * 1024 * 1024
/** A peer's share of requests at a time: 64 KiB on the way fill most lines. */
const REQUESTS_PER_PEER = 4
/** 16 KiB take as long on the slowest lines; what comes later is still welcome. */
const REQUEST_TIMEOUT_MS = 5_000
/** When there is nothing else to ask for, a piece that is so late is asked of a second peer. */
const DUPLICATE_AFTER_MS = 2_000
/** Times the timeouts and rejects in a row. */
const PAUSE_MS = 5_000
const PAUSE_MAX_MS = 60_000
const EVICTED_PAUSE_MS = 30_000
/** Pieces that nobody asked for, where a crossing message may explain a few. */
const UNASKED_MAX = 16
const ALONE_AT_ONCE = 8
/** Most get all of it within a turn. */
const TURN_MS = 8_000
/** Sizes that some peer claimed; only those that no connected peer claims any longer are forgotten. */
const ASSEMBLIES_MAX = 32

const NAME = 'ut_metadata'

export interface MetadataDownloadOptions {
  readonly infoHash: Uint8Array
  readonly sha1: Sha1
  /** Once, with bytes of the right hash, which are the receiver's. */
  readonly onMetadata: (bytes: Uint8Array, now: number) => void
  /** A peer sent a piece that it was asked for, right or wrong. */
  readonly onPiece?: ((peer: ExtensionPeer, bytes: number, now: number) => void) | undefined
}

interface Source {
  readonly peer: ExtensionPeer
  /** Its claim. */
  readonly size: number
  /** That of all peers of its size, or its own. */
  assembly: MetadataAssembly
  alone: boolean
  /** Alone: since when it may ask, or undefined while it waits, since `waitingSince`. */
  turnSince: number | undefined
  waitingSince: number
  /** When each piece was asked for. */
  readonly outstanding: Map<number, number>
  /** Asked for too long ago to wait for. */
  readonly late: Set<number>
  pausedUntil: number
  /** Timeouts and rejects since the last piece. */
  failures: number
  unasked: number
}

export class MetadataDownload {
  readonly #options: MetadataDownloadOptions
  readonly #sources = new Map<number, Source>()
  readonly #together = new Map<number, MetadataAssembly>()
  /** Sizes for which peers together came to a wrong whole. */
  readonly #mixed = new Set<number>()
  #heldBytes = 0
  #done = false

  constructor(options: MetadataDownloadOptions) {
    this.#options = options
  }

  get isDone(): boolean {
    return this.#done
  }

  /** Unverified bytes in memory. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The assembly that is nearest to whole; undefined while no peer told a size. */
  get progress(): { readonly bytes: number; readonly size: number } | undefined {
    let best: MetadataAssembly | undefined
    for (const { assembly } of this.#sources.values()) {
      const ahead = best === undefined || assembly.heldBytes / assembly.size > best.heldBytes / best.size
      if (ahead) best = assembly
    }
    return best === undefined ? undefined : { bytes: best.heldBytes, size: best.size }
  }

  onHandshake(peer: ExtensionPeer, handshake: ExtendedHandshake, now: number): void {
    if (this.#done) return
    const known = this.#sources.get(peer.id)
    const size = handshake.metadataSize ?? known?.size
    if (known !== undefined && size !== known.size) {
      throw new ProtocolError('BAD_MESSAGE', `metadata of ${known.size} bytes is suddenly of ${size}`)
    }
    if (!peer.supports(NAME)) return this.onPeerGone(peer)
    if (known !== undefined || size === undefined || size > MAX_METADATA_BYTES) return
    const alone = this.#mixed.has(size)
    const source: Source = {
      peer,
      size,
      assembly: alone ? new MetadataAssembly(size) : this.#assemblyFor(size),
      alone,
      turnSince: undefined,
      waitingSince: now,
      outstanding: new Map(),
      late: new Set(),
      pausedUntil: 0,
      failures: 0,
      unasked: 0,
    }
    this.#sources.set(peer.id, source)
    if (!alone) this.#ask(source, now)
  }

  onData(
    peer: ExtensionPeer,
    { piece, totalSize, bytes }: { piece: number; totalSize: number | undefined; bytes: Uint8Array },
    now: number,
  ): void {
    const source = this.#sources.get(peer.id)
    if (source === undefined) return
    checkPiece(source, piece)
    if (totalSize !== undefined && totalSize !== source.size) {
      throw new ProtocolError('BAD_MESSAGE', `metadata of ${source.size} bytes is suddenly of ${totalSize}`)
    }
    const expected = source.assembly.pieceBytes(piece)
    if (bytes.length !== expected) {
      throw new ProtocolError(
        'BAD_MESSAGE',
        `metadata piece ${piece} has ${bytes.length} bytes of ${expected}`,
      )
    }
    const asked = source.outstanding.delete(piece)
    if (!source.late.delete(piece) && !asked) {
      if (++source.unasked > UNASKED_MAX) {
        throw new ProtocolError('UNREQUESTED_BLOCKS', 'metadata that nobody asked for')
      }
      return
    }
    source.failures = 0
    source.pausedUntil = 0
    this.#options.onPiece?.(peer, bytes.length, now)
    this.#put(source, piece, bytes, now)
  }

  onReject(peer: ExtensionPeer, piece: number, now: number): void {
    const source = this.#sources.get(peer.id)
    if (source === undefined) return
    checkPiece(source, piece)
    const askedAt = source.outstanding.get(piece)
    if (askedAt === undefined) return
    source.outstanding.delete(piece)
    source.assembly.release(piece, askedAt)
    if (now >= source.pausedUntil) pause(source, now)
  }

  tick(now: number): void {
    if (this.#done) return
    for (const source of this.#sources.values()) expire(source, now)
    this.#giveTurns(now)
    for (const source of this.#sources.values()) this.#ask(source, now)
  }

  onPeerGone(peer: ExtensionPeer): void {
    const source = this.#sources.get(peer.id)
    if (source === undefined) return
    this.#sources.delete(peer.id)
    for (const [piece, askedAt] of source.outstanding) source.assembly.release(piece, askedAt)
    this.#recount()
  }

  // ------------------------------------------------------------------------------------------------------- asking

  #ask(source: Source, now: number): void {
    const { peer, assembly, outstanding } = source
    if (now < source.pausedUntil || (source.alone && source.turnSince === undefined)) return
    const limit = source.failures > 0 ? 1 : REQUESTS_PER_PEER
    while (outstanding.size < limit) {
      const piece = assembly.pick(now - DUPLICATE_AFTER_MS, outstanding)
      if (piece === undefined) return
      assembly.asked(piece, now)
      outstanding.set(piece, now)
      peer.send(NAME, encodeMetadataRequest(piece))
    }
  }

  /** Who of those that are alone may ask now: as many as may at once, and nobody for long while others wait. */
  #giveTurns(now: number): void {
    const alone = [...this.#sources.values()].filter(source => source.alone && now >= source.pausedUntil)
    if (alone.length === 0) return
    const waiting = alone.filter(source => source.turnSince === undefined)
    let free = ALONE_AT_ONCE - (alone.length - waiting.length)
    for (const source of alone) {
      if (waiting.length <= free) break
      if (source.turnSince === undefined || now - source.turnSince < TURN_MS) continue
      endTurn(source, now)
      free++
    }
    waiting.sort((a, b) => a.waitingSince - b.waitingSince)
    for (const source of waiting.slice(0, Math.max(0, free))) source.turnSince = now
  }

  #assemblyFor(size: number): MetadataAssembly {
    let assembly = this.#together.get(size)
    if (assembly === undefined) {
      if (this.#together.size >= ASSEMBLIES_MAX) this.#forgetUnclaimed()
      assembly = new MetadataAssembly(size)
      this.#together.set(size, assembly)
    }
    return assembly
  }

  #forgetUnclaimed(): void {
    const claimed = new Set([...this.#sources.values()].map(source => source.size))
    for (const size of [...this.#together.keys()]) if (!claimed.has(size)) this.#together.delete(size)
    this.#recount()
  }

  // ---------------------------------------------------------------------------------------------------- gathering

  #put(source: Source, piece: number, bytes: Uint8Array, now: number): void {
    const { assembly } = source
    const before = assembly.heldBytes
    assembly.put(piece, bytes, source.peer.id)
    this.#heldBytes += assembly.heldBytes - before
    if (assembly.isWhole) return this.#judge(assembly, now)
    if (this.#heldBytes > MAX_HELD_BYTES) this.#evict(now)
    this.#ask(source, now)
  }

  #judge(assembly: MetadataAssembly, now: number): void {
    const bytes = assembly.whole()
    if (equalBytes(this.#options.sha1(bytes), this.#options.infoHash)) return this.#finish(bytes, now)
    const contributors = assembly.contributors
    if (contributors.size === 1) {
      assembly.clear()
      this.#recount()
      for (const id of contributors) this.#closeLiar(this.#sources.get(id))
    } else {
      this.#separate(assembly, now)
    }
  }

  /** One of them lied, nobody knows who: from here on each is judged by what it sends itself. */
  #separate(mixed: MetadataAssembly, now: number): void {
    this.#mixed.add(mixed.size)
    this.#together.delete(mixed.size)
    for (const source of this.#sources.values()) {
      if (source.assembly !== mixed) continue
      source.alone = true
      source.waitingSince = now
      source.assembly = new MetadataAssembly(mixed.size)
      for (const [piece, askedAt] of source.outstanding) source.assembly.asked(piece, askedAt)
    }
    for (const { piece, bytes, peerId } of mixed.parts()) {
      this.#sources.get(peerId)?.assembly.put(piece, bytes, peerId)
    }
    this.#recount()
    this.#giveTurns(now)
    for (const source of this.#sources.values()) if (source.alone) this.#ask(source, now)
  }

  #finish(bytes: Uint8Array, now: number): void {
    this.#done = true
    const liars = [...this.#sources.values()].filter(
      source => source.alone && differs(source.assembly, bytes),
    )
    this.#sources.clear()
    this.#together.clear()
    this.#heldBytes = 0
    for (const liar of liars) this.#closeLiar(liar)
    this.#options.onMetadata(bytes, now)
  }

  #closeLiar(source: Source | undefined): void {
    source?.peer.close(new ProtocolError('BAD_MESSAGE', 'metadata that does not match the info-hash'))
  }

  /** Too much is unverified: what is the furthest from whole goes, which what is claimed large mostly is. */
  #evict(now: number): void {
    let worst: MetadataAssembly | undefined
    for (const { assembly } of this.#sources.values()) {
      if (assembly.heldBytes === 0) continue
      if (worst === undefined || missing(assembly) > missing(worst)) worst = assembly
    }
    for (const [size, assembly] of this.#together) {
      if (![...this.#sources.values()].some(source => source.assembly === assembly)) {
        this.#together.delete(size)
      }
    }
    worst?.clear()
    for (const source of this.#sources.values()) {
      if (source.assembly !== worst) continue
      for (const piece of source.outstanding.keys()) source.late.add(piece)
      source.outstanding.clear()
      endTurn(source, now)
      source.pausedUntil = now + EVICTED_PAUSE_MS
    }
    this.#recount()
  }

  #recount(): void {
    const assemblies = new Set(this.#together.values())
    for (const { assembly } of this.#sources.values()) assemblies.add(assembly)
    this.#heldBytes = 0
    for (const { heldBytes } of assemblies) this.#heldBytes += heldBytes
  }
}

function checkPiece({ assembly }: Source, piece: number): void {
  if (piece < assembly.pieceCount) return
  throw new ProtocolError('BAD_INDEX', `metadata piece ${piece} of ${assembly.pieceCount}`)
}

function expire(source: Source, now: number): void {
  let failed = false
  for (const [piece, askedAt] of source.outstanding) {
    if (now - askedAt < REQUEST_TIMEOUT_MS) continue
    source.outstanding.delete(piece)
    source.late.add(piece)
    source.assembly.release(piece, askedAt)
    failed = true
  }
  if (failed) pause(source, now)
}

function pause(source: Source, now: number): void {
  source.failures++
  source.pausedUntil = now + Math.min(PAUSE_MAX_MS, PAUSE_MS * source.failures)
  endTurn(source, now)
}

function endTurn(source: Source, now: number): void {
  source.turnSince = undefined
  source.waitingSince = now
}

function missing(assembly: MetadataAssembly): number {
  return assembly.size - assembly.heldBytes
}

/** Whether any piece is not that of the true one; of another size all are wrong that are not. */
function differs(assembly: MetadataAssembly, truth: Uint8Array): boolean {
  for (const { piece, bytes } of assembly.parts()) {
    const begin = piece * METADATA_PIECE_BYTES
    if (!equalBytes(bytes, truth.subarray(begin, begin + bytes.length))) return true
  }
  return false
}
