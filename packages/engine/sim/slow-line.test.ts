/**
 * Quick peers behind a slow line of our own: to each of them it seems that it is the others who are slow. What they are asked
 * for comes all the same, and what is asked of another as well comes twice. The other way round, a quick line and slow
 * peers, is in slow-peers.test.ts.
 */
import { FAST, type LinkShape } from './net.ts'
import { scenario } from './scenario.ts'
import { swarm } from './swarm.ts'

const MIB = 1024 * 1024
/** Piece memory of an engine by default, and very little. */
const USUAL_SLABS = 192
const FEW_SLABS = 8

/** A router lets half a second's worth wait, as many do. */
function home(bytesPerSec: number): LinkShape {
  return { upBytesPerSec: bytesPerSec / 5, downBytesPerSec: bytesPerSec, latencyMs: 20, downQueueMs: 500 }
}

interface Line {
  readonly what: string
  readonly bytesPerSec: number
  readonly slabs: number
  readonly pieceKib: number
  readonly mib: number
  /** Of what there is, so much may come in vain; and so many times what the line needs for it may it take. */
  readonly vain: number
  readonly longer: number
}

/** Twice as much as all are asked for at first: with less, all is asked for again as soon as the first have nothing left to do. */
const DIAL = { what: '125 kB/s', bytesPerSec: 125_000, mib: 16, vain: 0.03, longer: 1.05 }
const DSL = { what: '1 MB/s', bytesPerSec: 1_000_000, mib: 32, vain: 0.06, longer: 1.1 }
// Little of it is over when all have been asked for the first time.
const CABLE = { what: '10 MB/s', bytesPerSec: 10_000_000, mib: 64, vain: 0.03, longer: 1.3 }

const LINES: readonly Line[] = [
  { ...DIAL, slabs: USUAL_SLABS, pieceKib: 256 },
  { ...DIAL, slabs: USUAL_SLABS, pieceKib: 1024 },
  { ...DIAL, slabs: FEW_SLABS, pieceKib: 256 },
  { ...DIAL, slabs: FEW_SLABS, pieceKib: 1024 },
  { ...DSL, slabs: FEW_SLABS, pieceKib: 256 },
  { ...CABLE, slabs: USUAL_SLABS, pieceKib: 1024 },
]

for (const { what, bytesPerSec, slabs, pieceKib, mib, vain, longer } of LINES) {
  const memory = slabs === FEW_SLABS ? ', little memory' : ''
  scenario(`a line of ${what} and thirty seeds, pieces of ${pieceKib} KiB${memory}`, run => {
    const torrent = { pieces: (mib * 1024) / pieceKib, pieceLength: pieceKib * 1024 }
    const s = swarm({ ...run, torrent })
    for (let n = 0; n < 30; n++) s.addScripted({}, { link: FAST })
    const leecher = s.addLeecher({ link: home(bytesPerSec), slabs })
    const tookMs = s.runUntilComplete()
    const neededMs = (s.totalBytes * 1000) / bytesPerSec
    s.world.check(tookMs < longer * neededMs, `took ${tookMs} ms, where the line needs ${neededMs}`)
    const part = leecher.member.torrent.totals.wastedBytes / s.totalBytes
    s.world.check(part < vain, `${(part * 100).toFixed(1)} % came in vain`)
    s.finish()
  })
}

scenario('a line of 125 kB/s, and among thirty seeds one that is silent', run => {
  const s = swarm({ ...run, torrent: { pieces: 32, pieceLength: 256 * 1024 } })
  for (let n = 0; n < 29; n++) s.addScripted({}, { link: FAST })
  s.addScripted({ onRequest: () => {} }, { link: FAST })
  const leecher = s.addLeecher({ link: home(125_000), slabs: FEW_SLABS })
  const tookMs = s.runUntilComplete()
  const neededMs = (8 * MIB * 1000) / 125_000
  s.world.check(tookMs < 1.1 * neededMs, `took ${tookMs} ms, where the line needs ${neededMs}`)
  const part = leecher.member.torrent.totals.wastedBytes / s.totalBytes
  s.world.check(part < 0.06, `${(part * 100).toFixed(1)} % came in vain`)
  s.finish()
})
