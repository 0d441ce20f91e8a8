/** Small swarms that together make every kind of call, for one of them to go wrong. */
import type { FaultScenario } from './fault-game.ts'
import { dsl } from './net.ts'
import { NODE_PORT } from './node.ts'
import { TRACKER_URL } from './torrent.ts'

const KiB = 1024
/** Addresses go by the order of being added; with one way in alone, its fault would be everybody's. */
const ENTRIES = ['10.0.0.1', '10.0.0.2'].map(host => ({ host, port: NODE_PORT }))

export const FAULT_SCENARIOS: Readonly<Record<string, FaultScenario>> = {
  'one seed to several leechers': game => {
    game.swarm({ seeds: 1, leechers: 3, torrent: { pieces: 10, pieceLength: 32 * KiB } })
    game.settle()
  },

  'pieces larger than memory': game => {
    game.swarm({
      seeds: 1,
      leechers: 1,
      slabs: 2,
      torrent: { pieces: 2, pieceLength: 1024 * KiB, shortBy: 300_001 },
    })
    game.settle()
  },

  'a slow line': game => {
    const s = game.swarm({ link: dsl(800_000), torrent: { pieces: 8, pieceLength: 64 * KiB } })
    s.addSeed()
    s.addLeecher()
    s.addLeecher()
    game.settle()
  },

  'disks that are tried again': game => {
    const s = game.swarm({ torrent: { pieces: 12, pieceLength: 64 * KiB, files: 3 }, link: dsl(3_000_000) })
    s.addSeed({ torrent: { recover: true } })
    for (let n = 0; n < 2; n++) s.addLeecher({ torrent: { recover: true } })
    // One of them has no room for a while, so that it looks now and then.
    const { faults } = s.leechers[0]!.storage
    faults.freeBytes = 300_000
    s.world.after(12_000, '', 'there is room again', () => {
      faults.freeBytes = Number.POSITIVE_INFINITY
    })
    game.settle()
  },

  'files chosen on the way': game => {
    const s = game.swarm({
      seeds: 1,
      leechers: 1,
      link: dsl(1_500_000),
      torrent: { pieces: 16, pieceLength: 32 * KiB, files: 4 },
    })
    const { member } = s.leechers[0]!
    s.world.run('some of it is there', () => member.torrent.have.count > 2)
    for (const priority of [0, 4, 0, 7]) {
      member.torrent.setFilePriority(3, priority)
      s.world.runFor(150)
    }
    game.settle()
  },

  'a private torrent': game => {
    game.swarm({ seeds: 1, leechers: 2, torrent: { private: true, pieces: 6, pieceLength: 32 * KiB } })
    game.settle()
  },

  'the DHT alone': game => {
    const s = game.swarm({
      torrent: { hasTracker: false, pieces: 6, pieceLength: 32 * KiB },
      engine: { dht: { bootstrap: ENTRIES, saved: undefined } },
    })
    for (let n = 0; n < 3; n++) s.addBystander()
    s.world.runFor(3_000)
    s.addSeed()
    s.world.runFor(3_000)
    s.addLeecher()
    game.settle()
  },

  'a magnet link': game => {
    const s = game.swarm({ seeds: 1, leechers: 1, torrent: { pieces: 6, pieceLength: 32 * KiB } })
    s.addMagnetLeecher({ trackers: [[TRACKER_URL]] })
    game.settle()
  },

  'a restart in the middle': game => {
    const s = game.swarm({
      seeds: 1,
      leechers: 1,
      link: dsl(1_000_000),
      torrent: { pieces: 20, pieceLength: 32 * KiB, files: 3 },
    })
    const leecher = s.leechers[0]!
    s.world.run('some of it is there', () => leecher.member.torrent.have.count > 5)
    leecher.close()
    s.world.run('the engine is closed', () => leecher.isClosed)
    leecher.reopen()
    game.settle()
  },

  'an engine that is closed in the middle': game => {
    const s = game.swarm({
      seeds: 1,
      leechers: 2,
      torrents: 2,
      link: dsl(1_000_000),
      torrent: { pieces: 20, pieceLength: 32 * KiB },
    })
    s.world.runFor(200 + (game.seed % 7) * 300)
    game.finish()
  },

  'damaged data': game => {
    const s = game.swarm({ seeds: 1, torrent: { pieces: 12, pieceLength: 32 * KiB, files: 3 } })
    const leecher = s.addLeecher()
    s.world.run('it is complete', () => leecher.member.hasAll)
    leecher.close()
    s.world.run('the engine is closed', () => leecher.isClosed)
    s.world.runFor(5_000)
    leecher.storage.disk(s.torrent).damage(7)
    leecher.reopen()
    s.world.run('it has seen that', () => !leecher.member.torrent.have.has(7))
    game.settle()
  },

  'stop and start': game => {
    const s = game.swarm({
      seeds: 1,
      leechers: 2,
      link: dsl(1_000_000),
      torrent: { pieces: 20, pieceLength: 32 * KiB },
    })
    for (let n = 0; n < 3; n++) {
      s.world.runFor(400)
      for (const node of s.nodes) {
        if (s.world.random.chance(0.5)) node.member.torrent.stop()
        if (s.world.random.chance(0.5)) node.member.torrent.start()
      }
    }
    for (const node of s.nodes) node.member.torrent.start()
    game.settle()
  },

  'two torrents, one port': game => {
    game.swarm({ seeds: 1, leechers: 2, torrents: 2, torrent: { pieces: 6, pieceLength: 32 * KiB } })
    game.settle()
  },
}
