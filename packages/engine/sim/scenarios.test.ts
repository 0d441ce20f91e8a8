/** Whole swarms that do what swarms should. */
import { scenario } from './scenario.ts'
import { swarm } from './swarm.ts'

scenario('one seed to ten leechers', run => {
  const s = swarm({ ...run, seeds: 1, leechers: 10, torrent: { pieces: 24, files: 4 } })
  s.runUntilComplete()
  s.finish()
})
