/**
 * Honest peers that are slow in different ways, with little memory, beside a quick one that has nothing to do now and then,
 * and a liar: what they hold while they are silent for a moment is not asked for twice too often.
 */
import { dsl, FAST, type LinkShape } from './net.ts'
import type { Script, Session } from './peer.ts'
import { scenario } from './scenario.ts'
import * as scripts from './scripts.ts'
import { swarm } from './swarm.ts'

/** Answers one request after the other, each so long after the last. */
function every(ms: number): Script {
  const busyUntil = new WeakMap<Session, number>()
  return {
    onRequest: (session, piece, begin, length) => {
      const { nowMs } = session.world
      const at = Math.max(nowMs, busyUntil.get(session) ?? 0) + ms
      busyUntil.set(session, at)
      session.after(at - nowMs, 'answers', () => answer(session, piece, begin, length))
    },
  }
}

/** Answers all that it was asked for once in so long, as where a rate is limited by the second. */
function inBursts(ms: number): Script {
  return {
    onRequest: (session, piece, begin, length) => {
      const leftMs = ms - (session.world.nowMs % ms)
      session.after(leftMs, 'answers', () => answer(session, piece, begin, length))
    },
  }
}

function answer(session: Session, piece: number, begin: number, length: number): void {
  session.sendBlock(piece, begin, session.block(piece, begin, length))
}

const MODEM: LinkShape = { upBytesPerSec: 10_240, downBytesPerSec: 10_240, latencyMs: 60 }
const FAR: LinkShape = { upBytesPerSec: 200_000, downBytesPerSec: 200_000, latencyMs: 245 }

interface Slow {
  readonly script: Script
  readonly link?: LinkShape
  readonly count: number
  /** Of what there is, so much may come in vain: the liar's 1 % included. */
  readonly wasted: number
}

const KINDS: Readonly<Record<string, Slow>> = {
  modems: { script: {}, link: MODEM, count: 6, wasted: 0.08 },
  'peers that send a block every 19 s': { script: every(19_000), count: 4, wasted: 0.03 },
  'peers that send a block every 1.5 s': { script: every(1_500), count: 6, wasted: 0.08 },
  'peers half a second away': { script: {}, link: FAR, count: 6, wasted: 0.08 },
  'peers that send once a second': { script: inBursts(1_000), link: dsl(1_000_000), count: 6, wasted: 0.12 },
}

for (const [what, { script, link = FAST, count, wasted }] of Object.entries(KINDS)) {
  scenario(`${what} and a liar, beside a quick one`, run => {
    const s = swarm({ ...run, slabs: 12, torrent: { pieces: 96, pieceLength: 256 * 1024 } })
    for (let n = 0; n < count; n++) s.addScripted(script, { link })
    s.addScripted(scripts.liar(6), { link: dsl(2_000_000) })
    s.addSeed({ link: { ...FAST, upBytesPerSec: 1_000_000 } })
    const leecher = s.addLeecher()
    // The quick one alone takes 25.2 s.
    const tookMs = s.runUntilComplete()
    s.world.check(tookMs < 27_000, `took ${tookMs} ms`)
    const { wastedBytes } = leecher.member.torrent.totals
    s.world.check(wastedBytes < wasted * s.totalBytes, `${wastedBytes} bytes came in vain`)
    s.finish()
  })
}
