/** Engines that find each other by the DHT alone. */
import type { EngineOptions } from '../src/engine.ts'
import type { Node } from './node.ts'
import { NODE_PORT } from './node.ts'
import { type Run, scenario } from './scenario.ts'
import { type SimSwarm, type SwarmShape, swarm } from './swarm.ts'

/** Addresses go by the order of being added. */
const FIRST = { host: '10.0.0.1', port: NODE_PORT }
const NODES = 8

/** Some engines without a torrent that know each other. */
function dhtWorld(run: Run, torrent: SwarmShape['torrent']): SimSwarm {
  const s = swarm({ ...run, torrent: { hasTracker: false, ...torrent }, engine: withDht() })
  for (let n = 0; n < NODES; n++) s.addBystander()
  s.world.runFor(20_000)
  for (const node of s.bystanders) s.world.check(goodNodes(node) > 0, `${node.name} is in the DHT`)
  return s
}

function withDht(): Pick<EngineOptions, 'dht'> {
  return { dht: { bootstrap: [FIRST], saved: undefined } }
}

function goodNodes(node: Node): number {
  return node.engine.dht?.snapshot()[4]?.goodNodes ?? 0
}

function storedPeers(s: SimSwarm): number {
  return s.nodes.reduce((sum, node) => sum + (node.engine.dht?.snapshot()[4]?.storedPeers ?? 0), 0)
}

scenario('a torrent without trackers, found by the DHT alone', run => {
  const s = dhtWorld(run, {})
  s.addSeed()
  s.world.run('the seed has announced itself', () => storedPeers(s) > 0, { limitMs: 60_000 })
  s.addLeecher()
  s.runUntilComplete()
  s.finish()
})

scenario('a DHT that loses a fifth of its datagrams', run => {
  const s = dhtWorld(run, {})
  s.udp.loss = 0.2
  s.addSeed()
  s.addLeecher()
  s.addLeecher()
  s.runUntilComplete(20 * 60_000)
  s.finish()
})

scenario('a way into the DHT that is found only later', run => {
  const s = dhtWorld(run, {})
  s.addSeed()
  s.world.run('the seed has announced itself', () => storedPeers(s) > 0, { limitMs: 60_000 })
  const late = s.addLeecher({ engine: { dht: { bootstrap: [], saved: undefined } } })
  s.world.runFor(5_000)
  s.world.check(late.member.torrent.book.size === 0, 'it knows nobody')
  late.engine.dht?.addNode(s.bystanders[3]!.address)
  // Within the first lookup, which has waited: the next would be minutes later.
  s.world.run('it is complete', () => late.member.hasAll, { limitMs: 60_000 })
  s.finish()
})

scenario('a saved table is a way into the DHT', run => {
  const s = dhtWorld(run, {})
  const saved = s.bystanders[5]!.engine.dht?.save()
  s.addSeed()
  s.world.run('the seed has announced itself', () => storedPeers(s) > 0, { limitMs: 60_000 })
  s.bystanders[5]!.close()
  s.addLeecher({ engine: { dht: { bootstrap: [], saved } } })
  s.runUntilComplete()
  s.finish()
})

scenario('a private torrent is not looked for', run => {
  const s = dhtWorld(run, { private: true })
  const { infoHashHex } = s.torrent.metainfo
  s.addSeed()
  const leecher = s.addLeecher()
  let met = 0
  s.world.addCheck('', () => {
    for (const node of [...s.seeds, leecher]) {
      const { swarm } = node.member.torrent
      if ((swarm?.peers.size ?? 0) > 0) met++
    }
  })
  s.world.runFor(16 * 60_000)
  s.world.check(met === 0 && storedPeers(s) === 0, `nobody heard of ${infoHashHex}`)
  s.finish()
})
