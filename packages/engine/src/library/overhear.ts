/** What is said on one connection of a torrent, in plain words, for people who watch it. */
import { ShoalError } from '../errors.ts'
import { systemClock } from '../node/system.ts'
import type { Torrent as CoreTorrent } from '../torrent/torrent.ts'
import { describeMessage } from '../wire/describe.ts'
import { describeExtension, readSaid } from './said.ts'
import { OVERHEARD_BYTES, type Overheard } from './types/overheard.ts'

/** @throws ShoalError `OPTION_INVALID` */
export function overhear(
  torrent: CoreTorrent,
  address: string,
  listener: (heard: Overheard) => void,
): () => void {
  const peer = [...(torrent.swarm?.peers.values() ?? [])].find(({ key, phase }) => {
    return key === address && phase === 'open'
  })
  if (peer === undefined) {
    throw new ShoalError('OPTION_INVALID', `no peer at ${JSON.stringify(address)} is connected`)
  }
  const startMs = systemClock.now()
  const { pieceCount, pieceLength } = torrent.geometry
  let isEnded = false
  // In a later turn, so that a listener may do anything, and what it throws is its own.
  const tell = (heard: Overheard): void => {
    queueMicrotask(() => {
      if (!isEnded) listener(heard)
    })
  }
  tell({ kind: 'met', ...peer.acquaintance, pieceCount, pieceLength })
  const end = peer.overhear({
    onMessage(direction, bytes) {
      const says = readSaid(bytes, id => peer.extensionName(direction, id))
      const { name, text } = describeMessage(bytes, direction, pieceCount)
      tell({
        kind: 'message',
        direction,
        name,
        text: describeExtension(says, direction) ?? text,
        says,
        bytes: bytes.slice(0, OVERHEARD_BYTES),
        totalBytes: bytes.length,
        atMs: systemClock.now() - startMs,
      })
    },
    onClosed: reason => tell({ kind: 'closed', reason }),
  })
  return () => {
    isEnded = true
    end()
  }
}
