/** Torrents that are read while they download. */
import type { LinkShape } from './net.ts'
import { SimReader } from './reader.ts'
import { scenario } from './scenario.ts'
import { type SimSwarm, swarm } from './swarm.ts'

const MB = 1_000_000
const PIECE = 256 * 1024
const QUICK: LinkShape = { upBytesPerSec: 5 * MB, downBytesPerSec: 5 * MB, latencyMs: 20 }
const SLOW: LinkShape = { upBytesPerSec: 60_000, downBytesPerSec: 60_000, latencyMs: 60 }
const SEEDS = [1]

/** Two quick seeds and four slow ones, and somebody who downloads. */
function mixed(run: Parameters<Parameters<typeof scenario>[1]>[0], pieces: number): SimSwarm {
  const s = swarm({ ...run, torrent: { pieces, pieceLength: PIECE }, slabs: 64 })
  for (let n = 0; n < 2; n++) s.addSeed({ link: QUICK })
  for (let n = 0; n < 4; n++) s.addSeed({ link: SLOW })
  s.addLeecher()
  return s
}

scenario(
  'a reader at 2 MB/s among quick and slow peers, who seeks',
  run => {
    const s = mixed(run, 110)
    const { member } = s.leechers[0]!
    s.world.run('downloading', () => member.phase === 'active')
    const first = new SimReader(member, { start: 0, end: s.totalBytes, bytesPerSec: 2 * MB })
    s.world.runFor(1_500)
    s.world.check(first.firstByteMs < 1_500, `the first byte came after ${first.firstByteMs} ms`)
    first.close()
    let piece = 60
    while (member.torrent.have.has(piece)) piece++
    const start = piece * PIECE + 12_345
    const seek = new SimReader(member, { start, end: s.totalBytes, bytesPerSec: 2 * MB })
    s.world.run('it is played to the end', () => seek.isDone, { limitMs: 60_000 })
    s.world.check(seek.firstByteMs < 1_000, `after the seek the first byte came after ${seek.firstByteMs} ms`)
    const stalledMs = first.stalledMs + seek.stalledMs
    // New peers are on trial, for a piece or two each: until then there is little to play.
    s.world.check(stalledMs < 1_500, `it stalled for ${stalledMs} ms`)
    s.runUntilComplete()
    // Nearly half of it without readers as well: at the end, what the slow ones hold up is asked for twice.
    const { wastedBytes } = member.torrent.totals
    s.world.check(wastedBytes < s.totalBytes / 6, `${wastedBytes} bytes came twice`)
    s.finish()
  },
  SEEDS,
)

scenario(
  'three readers at different places, one of whom never reads',
  run => {
    const s = mixed(run, 80)
    const { node, torrent } = s.leechers[0]!.member
    const { member } = node
    s.world.run('downloading', () => member.phase === 'active')
    const play = { end: s.totalBytes, bytesPerSec: MB }
    const readers = [0, 60 * PIECE].map(start => new SimReader(member, { ...play, start }))
    const idle = new SimReader(member, { ...play, start: 30 * PIECE, neverReads: true })
    s.world.run('both are at the end', () => readers.every(({ isDone }) => isDone), { limitMs: 90_000 })
    for (const { firstByteMs, stalledMs } of readers) {
      s.world.check(firstByteMs < 2_000, `the first byte came after ${firstByteMs} ms`)
      s.world.check(stalledMs < 2_500, `it stalled for ${stalledMs} ms`)
    }
    s.world.check(!idle.isDone && idle.position === 30 * PIECE, 'who never reads is where it was')
    s.world.check(torrent.have.has(30), 'what it would read is there')
    s.runUntilComplete()
    idle.close()
    s.finish()
  },
  SEEDS,
)

scenario(
  'a reader of a piece that only a slow peer has, and of one whose disk fails',
  run => {
    const s = swarm({ ...run, torrent: { pieces: 12, pieceLength: 64 * 1024 }, slabs: 32 })
    const others = Array.from({ length: 11 }, (_, at) => at + 1)
    s.addScripted({ pieces: others }, { link: QUICK })
    s.addScripted({}, { link: SLOW })
    const { member, storage } = s.addLeecher()
    s.world.run('downloading', () => member.phase === 'active')
    const reader = new SimReader(member, { start: 0, end: 64 * 1024, bytesPerSec: MB })
    s.world.run('it is read', () => reader.isDone, { limitMs: 20_000 })
    s.world.check(reader.firstByteMs < 6_000, `the first byte came after ${reader.firstByteMs} ms`)
    s.runUntilComplete()
    storage.faults.readFails = 1
    const failing = new SimReader(member, { start: 5 * 65_536, end: 6 * 65_536, bytesPerSec: MB })
    s.world.run('it fails', () => failing.isDone, { limitMs: 20_000 })
    const { code } = failing.error as { code?: string }
    s.world.check(code === 'DISK_READ', `it failed with ${code}`)
    s.finish()
  },
  SEEDS,
)
