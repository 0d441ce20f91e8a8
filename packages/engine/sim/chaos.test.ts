/**
 * Everything at once, drawn from the seed: lines, piece lengths, memory, peers that misbehave, and for a while resets,
 * silence, failing disks, restarts, and people who press buttons. Afterwards all is well again, and everyone has to
 * complete.
 */
import { dsl, FAST, type LinkShape } from './net.ts'
import type { Node } from './node.ts'
import type { Script } from './peer.ts'
import type { SeededRandom } from './random.ts'
import { scenario } from './scenario.ts'
import * as scripts from './scripts.ts'
import { type SimSwarm, swarm } from './swarm.ts'

const STORM_MS = 60_000
/** Bytes of each torrent, roughly. */
const TOTAL_BYTES = 3_000_000

const SCRIPTS: readonly (() => Script)[] = [
  () => ({}),
  () => ({ fast: true }),
  () => scripts.liar(2),
  () => scripts.liar(20),
  () => scripts.neverUnchokes(),
  () => scripts.chokesAfter(5, 2000, false),
  () => scripts.chokesAfter(3, 500, true),
  () => scripts.flapping(700),
  () => scripts.silent(),
  () => scripts.mute(),
  () => scripts.garbage(),
  () => scripts.unrequested(),
  () => scripts.requestFlood(),
  () => scripts.drip(5000),
  () => scripts.closesMidBlock(9),
]

function oneOf<T>(random: SeededRandom, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!
}

/** Something happens to a node; what lasts ends with the storm. */
const MISHAPS: readonly ((node: Node, random: SeededRandom, s: SimSwarm) => void)[] = [
  node => node.host.resetAll(),
  (node, random, s) => {
    node.host.silent = true
    s.world.after(random.between(1000, 40_000), '', 'silence ends', () => {
      node.host.silent = false
    })
  },
  node => {
    for (const { torrent } of node.members) torrent.stop()
  },
  node => {
    for (const { torrent } of node.members) torrent.start()
  },
  node => {
    node.member.torrent.stop()
    node.member.torrent.start()
  },
  (node, random) => {
    node.storage.faults.writeFails = random.below(3) / 10
    node.storage.faults.readFails = random.below(2) / 10
  },
  (node, random) => {
    node.storage.faults.freeBytes = random.below(TOTAL_BYTES)
  },
  (node, random) => {
    node.storage.faults.latencyMs = random.between(1, 400)
  },
  (node, random) => {
    const { torrent } = node.member
    torrent.setFilePriority(random.below(torrent.filePriorities.length), oneOf(random, [0, 1, 4, 7]))
  },
  (node, random) => {
    node.engine.downloadLimit.setRate(oneOf(random, [0, 20_000, 500_000, undefined]))
    node.engine.uploadLimit.setRate(oneOf(random, [0, 20_000, 500_000, undefined]))
  },
  (_node, random, s) => {
    s.tracker.mood = oneOf(random, ['answers', 'refuses', 'dead', 'silent'])
  },
  (node, _random, s) => {
    if (node.isClosing) return
    node.close()
    const reopen = (): void => {
      if (node.isClosed) node.reopen()
      else s.world.after(500, '', 'is it closed?', reopen)
    }
    reopen()
  },
]

scenario(
  'chaos',
  run => {
    const shapes = swarm(run).world.randomFor('shape')
    const lines: readonly LinkShape[] = [FAST, dsl(2_000_000), dsl(500_000)]
    const pieceLength = oneOf(shapes, [16, 64, 256, 1024]) * 1024
    const s = swarm({
      ...run,
      torrents: shapes.between(1, 2),
      torrent: {
        pieces: Math.max(3, Math.ceil(TOTAL_BYTES / pieceLength)),
        pieceLength,
        files: shapes.between(1, 5),
      },
      slabs: oneOf(shapes, [2, 3, 5, 16]),
    })
    for (let n = shapes.between(1, 3); n > 0; n--) s.addSeed({ link: oneOf(shapes, lines) })
    for (let n = shapes.between(1, 4); n > 0; n--) s.addLeecher({ link: oneOf(shapes, lines) })
    for (let n = shapes.below(5); n > 0; n--) {
      s.addScripted(oneOf(shapes, SCRIPTS)(), { link: oneOf(shapes, lines.slice(1)) })
    }

    const random = s.world.randomFor('mishaps')
    const mishap = (): void => {
      s.world.after(random.between(10, 4000), '', 'mishap', () => {
        if (s.world.elapsedMs > STORM_MS) return
        const node = oneOf(random, s.nodes)
        const kind = random.below(MISHAPS.length)
        s.world.note(node.name, `mishap ${kind}`)
        if (!node.isClosed) MISHAPS[kind]!(node, random, s)
        mishap()
      })
    }
    mishap()
    s.world.runFor(STORM_MS + 60_000)
    s.world.run('engines that were closed are open again', () => !s.nodes.some(node => node.isClosing))
    calm(s)
    s.runUntilComplete(4 * 60 * 60_000)
    s.finish()
  },
  [1, 2, 3, 95, 117, 241, 443],
)

function calm(s: SimSwarm): void {
  s.tracker.mood = 'answers'
  for (const node of s.nodes) {
    node.host.silent = false
    Object.assign(node.storage.faults, {
      writeFails: 0,
      readFails: 0,
      freeBytes: Number.POSITIVE_INFINITY,
      latencyMs: 1,
    })
    node.engine.downloadLimit.setRate(undefined)
    node.engine.uploadLimit.setRate(undefined)
    for (const { torrent } of node.members) {
      for (const file of torrent.filePriorities.keys()) torrent.setFilePriority(file, 4)
      torrent.start()
    }
  }
}
