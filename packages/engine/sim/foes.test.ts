/**
 * An honest seed that comes 300 ms after those who send a block, right or wrong, and then nothing: row 9 of the torture in
 * virtual time. With `--trace` a line every 100 ms tells who was asked for what.
 */
import { FAST } from './net.ts'
import { type Script, ScriptedPeer } from './peer.ts'
import { scenario } from './scenario.ts'
import * as scripts from './scripts.ts'
import { type SimSwarm, swarm } from './swarm.ts'

const MIB = 1024 * 1024
const PIECE_BYTES = 64 * 1024
const BLOCK_BYTES = 16 * 1024
const HEAD_START_MS = 300
/** How many times as long as without them. Row 9 allows half as long again. */
const SLOWER = 1.25

/** It comes to us, and nobody names it. */
function addFoe({ net, torrent }: SimSwarm, n: number, script: Script): ScriptedPeer {
  return new ScriptedPeer(net.addHost(`foe${n}`, FAST), torrent, script)
}

/** Tells what everybody was asked for. */
function watch(s: SimSwarm, honest: string): void {
  const { member, name } = s.leechers[0]!
  const { world } = s
  const look = (): void => {
    const { swarm } = member.torrent
    if (swarm === undefined || member.hasAll) return
    const { picker, flow, peers } = swarm
    const seed = [...peers.values()].find(({ address }) => address.host === honest)
    const foes = [...peers.values()].filter(peer => peer !== seed)
    const asked = foes.reduce((sum, { window }) => sum + window.size, 0)
    const count = (is: 'silent' | 'stalled' | 'parole'): string =>
      `${foes.filter(foe => foe[is]).length} ${is}`
    const rate = Math.round((seed?.downloadRate(world.nowMs) ?? 0) / 1024)
    const pieces = picker.partial()
    const drawn = pieces.map(({ index, received, requested }) => `${index}:${received}+${requested}`)
    world.note(name, `${picker.have.count} had, ${pieces.length} active, ${flow.corruptBytes} bytes corrupt`)
    world.note(
      name,
      `the seed: ${seed?.window.size} asked, ${rate} KiB/s${seed?.parole ? ', on parole' : ''}`,
    )
    world.note(
      name,
      `the others: ${asked} asked, ${count('silent')}, ${count('stalled')}, ${count('parole')}`,
    )
    world.note(name, `pieces, received and requested: ${drawn.slice(0, 12).join(' ')}`)
    world.after(100, '', 'looks', look)
  }
  if (world.isReplay) look()
}

const SWARMS = [
  { foes: 1, pieces: 48, bytesPerSec: 2 * MIB },
  { foes: 50, pieces: 256, bytesPerSec: 6 * MIB },
]

for (const { foes, pieces, bytesPerSec } of SWARMS) {
  for (const isTrue of [true, false]) {
    scenario(
      `${foes} that send one ${isTrue ? 'right' : 'wrong'} block and then nothing, and a seed`,
      run => {
        // As much memory as an engine has by default: fifty of them take all of it.
        const s = swarm({ ...run, slabs: 192, torrent: { pieces, pieceLength: PIECE_BYTES } })
        const leecher = s.addLeecher({ torrent: { maxConnections: 100 } })
        for (let n = 0; n < foes; n++) addFoe(s, n, scripts.oneBlock(isTrue)).dial(leecher.address)
        s.world.runFor(HEAD_START_MS)
        const seed = s.addScripted({}, { link: { ...FAST, upBytesPerSec: bytesPerSec, latencyMs: 0.1 } })
        leecher.member.torrent.addPeer(seed.address)
        watch(s, seed.address.host)
        const tookMs = s.runUntilComplete() - HEAD_START_MS
        const cleanMs = (pieces * PIECE_BYTES * 1000) / bytesPerSec
        s.world.check(tookMs < cleanMs * SLOWER, `took ${tookMs} ms, ${cleanMs} without them`)
        // One piece shows that somebody lies; of the other foes only their one block is lost.
        const mostBytes = isTrue ? 0 : (foes + 4) * BLOCK_BYTES
        const { wastedBytes } = leecher.member.torrent.totals
        s.world.check(wastedBytes <= mostBytes, `${wastedBytes} bytes came in vain`)
        s.assertNotBanned(s.leechers, [seed.address])
        s.finish()
      },
    )
  }
}
