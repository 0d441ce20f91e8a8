/** Whole downloads by magnet link: from an info-hash to everything on disk, beside peers that lie about what it is. */
import { formatAddress } from '../src/bytes/address.ts'
import type { PeerSource } from '../src/torrent/peer-book.ts'
import type { SimMagnet } from './magnet.ts'
import * as foes from './metadata-scripts.ts'
import { FAST } from './net.ts'
import type { Member, Node } from './node.ts'
import { NODE_PORT } from './node.ts'
import type { Script, ScriptedPeer } from './peer.ts'
import { scenario } from './scenario.ts'
import { type SimSwarm, swarm } from './swarm.ts'
import { TRACKER_URL } from './torrent.ts'

/** Figures are for whoever looks closely. */
const SHOW = process.env.SIM_TRACE !== undefined || process.env.SIM_FIGURES !== undefined
const TRACKERS = [[TRACKER_URL]]
/** Its description has 20,000 bytes and some, two pieces. */
const LARGE = { pieces: 1000, pieceLength: 16 * 1024 }
/** So that whoever lies is heard first. */
const FAR = { ...FAST, latencyMs: 80 }
const DHT_NODES = 8
/** Addresses go by the order of being added. */
const FIRST_NODE = { host: '10.0.0.1', port: NODE_PORT }

function show(s: SimSwarm, { node, metadataAtMs, mostHeldBytes, member }: SimMagnet): void {
  if (!SHOW) return
  const { scenario: name, seed } = s.world
  const seconds = (ms: number): string => (ms / 1000).toFixed(1)
  const times = `described at ${seconds(metadataAtMs)} s, complete at ${seconds(member?.doneAtMs ?? 0)} s`
  console.log(
    `${name} [${seed}]: ${node.name} ${times}, held ${mostHeldBytes} B, ${s.world.eventCount} events`,
  )
}

// ---------------------------------------------------------------------------------------------------- finding peers

function sourcesOf(member: Member, node: Node): readonly PeerSource[] {
  return member.torrent.book.entryFor(node.address)?.sources ?? []
}

/** Bytes of the torrent that it got over connections to these, which are open still. */
function gotFrom(member: Member, nodes: readonly Node[]): number {
  let bytes = 0
  for (const peer of member.torrent.swarm?.peers.values() ?? []) {
    if (nodes.some(node => node.host.address === peer.address.host)) bytes += peer.download.total
  }
  return bytes
}

scenario('a magnet link alone: the first peers by DHT, further ones by peer exchange', run => {
  const dht = { bootstrap: [FIRST_NODE], saved: undefined }
  const s = swarm({ ...run, torrent: { hasTracker: false, pieces: 200 } })
  for (let n = 0; n < DHT_NODES; n++) s.addBystander({ engine: { dht } })
  s.world.runFor(20_000)
  s.addSeed({ engine: { dht, uploadLimit: 20_000 } })
  const storedPeers = (): number =>
    s.bystanders.reduce((sum, { engine }) => sum + (engine.dht?.snapshot()[4]?.storedPeers ?? 0), 0)
  s.world.run('the seed has announced itself', () => storedPeers() > 0, { limitMs: 60_000 })

  const first = s.addMagnetLeecher({}, { engine: { dht } })
  // Seeds that announce themselves nowhere, and know nobody but the first leecher.
  const quiet = [0, 1].map(() =>
    s.addSeed({ engine: { uploadLimit: 60_000 }, torrent: { peers: [first.node.address] } }),
  )
  s.world.run('the first is described', () => first.member !== undefined, { limitMs: 60_000 })
  s.world.runFor(20_000)
  const second = s.addMagnetLeecher({}, { engine: { dht } })
  const meets = (): boolean => second.member !== undefined && gotFrom(second.member, quiet) > 500_000
  s.world.run('the second gets much from seeds that never announced themselves', meets, { limitMs: 180_000 })
  for (const seed of quiet) {
    const sources = sourcesOf(second.member!, seed)
    const isPexAlone = sources.every(source => source === 'pex' || source === 'incoming')
    s.world.check(isPexAlone, `${seed.name} is known by ${sources}`)
    s.world.check(seed.engine.dht === undefined, `${seed.name} is no node of the DHT`)
  }
  s.world.check(
    quiet.some(seed => sourcesOf(second.member!, seed)[0] === 'pex'),
    'one at least was learnt by peer exchange first',
  )
  s.world.check(sourcesOf(second.member!, first.node).includes('dht'), 'the first was found by the DHT')
  s.runUntilComplete()
  s.world.check(s.tracker.heard.length === 0, 'no tracker was asked')
  for (const magnet of s.magnets) show(s, magnet)
  s.finish()
})

scenario('a magnet link whose only peer has no description, but knows who has', run => {
  const s = swarm({ ...run, torrent: { hasTracker: false } })
  const magnet = s.addMagnetLeecher({ trackers: TRACKERS })
  const seeds = [s.addSeed(), s.addSeed()]
  s.addScripted(foes.tellsOf(() => seeds.map(seed => seed.address)))
  s.runUntilComplete()
  for (const seed of seeds) {
    const sources = sourcesOf(magnet.member!, seed)
    s.world.check(sources.length === 1 && sources[0] === 'pex', `${seed.name} is known by ${sources}`)
  }
  show(s, magnet)
  s.finish()
})

// ----------------------------------------------------------------------------------------------------- peers that lie

interface Foe {
  readonly what: string
  readonly script: () => Script
  /** Whether it can be told that it lies, and it is banned for that; or else it is let go. */
  readonly isProven: boolean
  /** Several of them may come to the truth together. */
  readonly isTrueAtTimes?: true
}

const MIB = 1024 * 1024
const FOES: readonly Foe[] = [
  { what: 'claim a smaller description', script: () => foes.claimsSize(() => 100), isProven: true },
  { what: 'claim a larger description', script: () => foes.claimsSize(size => size * 3), isProven: true },
  { what: 'claim one of 30 MiB', script: () => foes.claimsSize(() => 30 * MIB), isProven: true },
  { what: 'claim one of 2 GiB', script: () => foes.claimsSize(() => 2048 * MIB), isProven: false },
  { what: 'change the size of the description', script: foes.changesSize, isProven: true },
  { what: 'send pieces of a description a byte short', script: foes.sendsShort, isProven: true },
  { what: 'send wrong pieces of a description', script: () => foes.sendsWrong(1), isProven: true },
  {
    what: 'send some wrong pieces of a description',
    script: () => foes.sendsWrong(2),
    isProven: true,
    isTrueAtTimes: true,
  },
  { what: 'never answer', script: foes.neverAnswers, isProven: false },
  { what: 'never answer, and chatter', script: () => foes.chatters(10_000), isProven: false },
  { what: 'reject all', script: foes.rejectsAll, isProven: false },
]

function isBanned(s: SimSwarm, { fetch }: SimMagnet, foe: ScriptedPeer): boolean {
  return fetch.book.isBanned(formatAddress(foe.address), s.world.nowMs)
}

for (const { what, script, isProven, isTrueAtTimes } of FOES) {
  scenario(`a magnet link among peers that ${what}`, run => {
    const s = swarm({ ...run, torrent: LARGE })
    const magnet = s.addMagnetLeecher({ trackers: TRACKERS })
    for (let n = 0; n < 3; n++) s.addScripted(script())
    s.addSeed({ link: FAR })
    s.addSeed({ link: FAR })
    s.runUntilComplete()
    s.world.check(magnet.metadataAtMs < 30_000, `described after ${magnet.metadataAtMs} ms`)
    for (const { name, address } of s.seeds) {
      const key = formatAddress(address)
      s.world.check(!magnet.fetch.book.isBanned(key, s.world.nowMs), `${name} is banned, and told the truth`)
    }
    s.assertNotBanned(
      s.leechers,
      s.seeds.map(seed => seed.address),
    )
    show(s, magnet)
    s.finish()
  })

  if (isTrueAtTimes) continue
  scenario(`a magnet link with none at first but peers that ${what}`, run => {
    const s = swarm({ ...run, torrent: LARGE })
    const magnet = s.addMagnetLeecher({ trackers: TRACKERS })
    for (let n = 0; n < 3; n++) s.addScripted(script())
    const isDropped = (foe: ScriptedPeer): boolean => foe.ended > 0 && (!isProven || isBanned(s, magnet, foe))
    s.world.run('all of them are dropped', () => s.scripted.every(isDropped), { limitMs: 5 * 60_000 })
    s.world.check(magnet.member === undefined, 'nobody has told the truth')
    if (SHOW) console.log(`  dropped after ${(s.world.elapsedMs / 1000).toFixed(1)} s`)
    s.addSeed({ link: FAR })
    const beganMs = s.world.elapsedMs
    s.world.run('it is described', () => magnet.member !== undefined, { limitMs: 60_000 })
    if (SHOW) console.log(`  described ${(s.world.elapsedMs - beganMs) / 1000} s after the seed came`)
    s.runUntilComplete()
    show(s, magnet)
    s.finish()
  })
}

for (const [what, script] of [
  ['chatter', () => foes.chatters(10_000)],
  ['trickle', () => foes.trickles(20_000)],
  // Four pieces in that time: 16 KiB a second of 30 MiB, each its own.
  ['trickle faster', (n: number) => foes.trickles(4_000, 30 * MIB - n)],
] as const) {
  scenario(
    `a magnet link whose places are all taken by peers that ${what}`,
    run => {
      const s = swarm({ ...run })
      const magnet = s.addMagnetLeecher({ trackers: TRACKERS })
      for (let n = 0; n < 40; n++) s.addScripted(script(n))
      s.world.runFor(20_000)
      const { connected } = magnet.fetch
      s.world.check(connected === 30, `${connected} places are taken`)
      // It comes to us: the tracker is not asked again for half an hour.
      s.addSeed()
      s.runUntilComplete(3 * 60_000)
      show(s, magnet)
      s.finish()
    },
    [1, 2],
  )
}

scenario(
  'a magnet link and twenty who claim descriptions of 30 MiB each',
  run => {
    const s = swarm({ ...run, torrent: LARGE })
    const magnet = s.addMagnetLeecher({ trackers: TRACKERS })
    // Each its own: they are no help to each other, and all is held at once.
    for (let n = 0; n < 20; n++) s.addScripted(foes.claimsSize(() => 30 * MIB - n))
    s.world.run('much is held', () => magnet.mostHeldBytes > 60 * MIB, { limitMs: 5 * 60_000 })
    s.addSeed({ link: FAR })
    s.runUntilComplete()
    show(s, magnet)
    s.finish()
  },
  [1],
)
