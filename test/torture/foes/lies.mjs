import { ID, message, pieceMessage } from './wire.mjs'

/** A seed in all but what it sends: one block in so many is wrong. `peer` is connected; who dialled has greeted. */
export function lie(peer, oneIn, onLie = () => {}) {
  peer.onGreeted = () => {
    // Who begins with encryption comes again without.
    if (!peer.theirInfoHash.equals(peer.torrent.infoHash)) return peer.close()
    if (peer.ownId === undefined) peer.greet({ fast: false, ext: false })
    peer.hasEverything()
    peer.send(message(ID.unchoke))
  }
  peer.onMessage = (id, [piece, at, length]) => {
    if (id !== ID.request) return
    const data = Buffer.from(peer.block(piece, at, length))
    if (peer.random.below(oneIn) === 0) {
      onLie()
      data[peer.random.below(length)] ^= 1 + peer.random.below(255)
    }
    peer.send(pieceMessage(piece, at, data))
  }
}
