/**
 * The cast: peers that attack, each by its name. `illegal`: the protocol is broken, so the engine has to let go of it at
 * once, or after the time that a handshake may take. The others are of no use only: they may stay while there is room.
 *
 * `act` is given a connected {@link WirePeer} before the handshake; `data.host` is an honest peer of the same torrent.
 */
import { encode } from '../../../packages/engine/dist/bencode/encode.js'
import { BLOCK } from './rig.mjs'
import { bytesMessage, extended, ID, message, pieceMessage } from './wire.mjs'

const MIB = 1024 * 1024
const keepAlive = Buffer.alloc(4)

/** A message whose length is a lie, and nothing else of it. */
function head(length, id, ...numbers) {
  const bytes = message(id, ...numbers)
  bytes.writeUInt32BE(length >>> 0, 0)
  return bytes
}

function repeat(bytes, times) {
  return Buffer.concat(Array(times).fill(bytes))
}

/** Handshakes, then does it: most attacks begin here. */
const greeted = (act, options) => peer => {
  peer.onGreeted = () => act(peer)
  peer.greet(options)
}

/** As {@link greeted}, and claims to have everything. */
const seeding = (act, options) =>
  greeted(peer => {
    peer.hasEverything()
    act(peer)
  }, options)

/** Takes requests as a seed would; `answer` decides what comes of each. */
const answering = (answer, options) =>
  seeding(peer => {
    peer.send(message(ID.unchoke))
    peer.onMessage = (id, [piece, begin, length]) => {
      if (id === ID.request) answer(peer, piece, begin, length)
    }
  }, options)

const flooding = (make, times = 1000, options) =>
  greeted(peer => {
    const bytes = repeat(make(peer), times)
    peer.flood(() => bytes)
  }, options)

const once = (make, options) => greeted(peer => peer.send(make(peer)), options)

function extendedHandshake(fields = {}) {
  return extended(0, encode({ m: { ut_metadata: 2, ut_pex: 1, lt_donthave: 3 }, ...fields }))
}

/** Numbers of ours for its extensions come with the engine's handshake: metadata 1, donthave 2, PEX 3. */
const METADATA = 1
const DONTHAVE = 2
const PEX = 3

function contacts(count, at) {
  const bytes = Buffer.alloc(count * 6)
  for (let n = 0; n < count; n++) {
    bytes.set(at(n), n * 6)
    bytes.writeUInt16BE(1024 + (n % 60_000), n * 6 + 4)
  }
  return bytes
}

const pex = (count, at) =>
  extended(PEX, encode({ added: contacts(count, at), 'added.f': Buffer.alloc(count) }))

export const CAST = [
  // ------------------------------------------------------------------------------------------ before a handshake
  { name: 'garbage before the handshake', illegal: true, act: peer => peer.send(peer.random.bytes(1000)) },
  {
    name: 'asks for a web page',
    illegal: true,
    act: peer => peer.send(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
  },
  { name: 'zeros before the handshake', illegal: true, act: peer => peer.flood(() => Buffer.alloc(65_536)) },
  {
    name: 'another protocol',
    illegal: true,
    act: peer =>
      peer.send(Buffer.concat([Buffer.of(19), Buffer.from('BitTorrent protocoL'), Buffer.alloc(48)])),
  },
  { name: 'wrong info-hash', illegal: true, act: peer => peer.greet({ infoHash: Buffer.alloc(20, 7) }) },
  { name: 'connects and says nothing', illegal: true, act: () => {} },
  {
    name: 'half a handshake',
    illegal: true,
    act: peer => {
      const { send } = peer
      peer.send = (...parts) => send.call(peer, Buffer.concat(parts).subarray(0, 60))
      peer.greet()
    },
  },
  {
    name: 'drips its handshake',
    illegal: true,
    act(peer) {
      const { send } = peer
      peer.send = (...parts) => {
        const bytes = Buffer.concat(parts)
        let at = 0
        peer.every(500, () => at < bytes.length && send.call(peer, bytes.subarray(at, ++at)))
      }
      peer.greet()
    },
  },
  {
    name: 'connects and closes, over and over',
    illegal: false,
    again: true,
    act: peer => setTimeout(() => peer.close(), 5),
  },
  {
    name: 'wrong info-hash, over and over',
    illegal: false,
    again: true,
    act: peer => peer.greet({ infoHash: Buffer.alloc(20, 9) }),
  },
  // ------------------------------------------------------------------------------------------------- who it is
  {
    name: 'our own peer id',
    illegal: true,
    // To hear it, it has to be told: from a first connection.
    async act(peer, { dial }) {
      const spy = await dial()
      spy.onGreeted = () => {
        peer.greet({ peerId: spy.theirPeerId })
        spy.close()
      }
      spy.greet()
    },
  },
  {
    name: "the honest peer's id",
    illegal: false,
    act: (peer, { honest }) => greeted(() => {}, { peerId: honest.peerId })(peer),
  },
  {
    name: "the honest peer's id, over and over",
    illegal: false,
    again: true,
    act: (peer, { honest }) =>
      greeted(() => setTimeout(() => peer.close(), 20), { peerId: honest.peerId })(peer),
  },
  { name: 'a handshake and nothing more', illegal: false, act: greeted(() => {}) },
  {
    name: 'garbage after the handshake',
    illegal: true,
    act: once(peer => Buffer.from(peer.random.bytes(4096)).fill(0xee, 0, 4)),
  },
  // ---------------------------------------------------------------------------------------------------- lengths
  { name: 'a message of 4 GiB', illegal: true, act: flooding(() => head(0xffffffff, ID.extended, 0)) },
  { name: 'a block of 1 GiB', illegal: true, act: once(() => head(0x40000000, ID.piece, 0, 0)) },
  {
    name: 'a block of 1 MiB',
    illegal: true,
    act: once(() => Buffer.concat([head(MIB + 9, ID.piece, 0, 0), Buffer.alloc(MIB)])),
  },
  { name: 'a block of no bytes', illegal: true, act: once(() => pieceMessage(0, 0, Buffer.alloc(0))) },
  { name: 'an extended message of 64 MiB', illegal: true, act: flooding(() => head(64 * MIB, ID.extended)) },
  { name: 'a choke of 5 bytes', illegal: true, act: once(() => message(ID.choke, 1)) },
  { name: 'a have of no bytes', illegal: true, act: once(() => message(ID.have)) },
  { name: 'a request of 8 bytes', illegal: true, act: once(() => message(ID.request, 0, 0)) },
  { name: 'keep-alives without end', illegal: true, act: flooding(() => keepAlive, 16_384) },
  { name: 'unknown messages of no bytes', illegal: true, act: flooding(() => message(99)) },
  {
    name: 'unknown messages of 200 KiB',
    illegal: true,
    act: flooding(() => bytesMessage(99, Buffer.alloc(200 * 1024)), 1),
  },
  // ---------------------------------------------------------------------------------------------- what it has
  { name: 'the same have without end', illegal: true, act: flooding(() => message(ID.have, 1)) },
  { name: 'a have out of range', illegal: true, act: once(peer => message(ID.have, peer.torrent.pieces)) },
  { name: 'a have of piece 2^32 - 1', illegal: true, act: once(() => message(ID.have, 0xffffffff)) },
  {
    name: 'haves of all, one by one',
    illegal: false,
    act: greeted(peer => {
      for (let piece = 0; piece < peer.torrent.pieces; piece++) peer.send(message(ID.have, piece))
    }),
  },
  {
    name: 'a bitfield too short',
    illegal: true,
    act: once(() => bytesMessage(ID.bitfield, Buffer.alloc(1))),
  },
  {
    name: 'a bitfield too long',
    illegal: true,
    act: once(peer => bytesMessage(ID.bitfield, Buffer.alloc(Math.ceil(peer.torrent.pieces / 8) + 1))),
  },
  {
    name: 'a bitfield with spare bits',
    illegal: true,
    act: once(peer => bytesMessage(ID.bitfield, Buffer.alloc(Math.ceil(peer.torrent.pieces / 8), 0xff))),
  },
  {
    name: 'the same bitfield without end',
    illegal: true,
    act: flooding(peer => bytesMessage(ID.bitfield, Buffer.alloc(Math.ceil(peer.torrent.pieces / 8), 0x80))),
  },
  { name: 'have-all after a bitfield', illegal: false, act: seeding(peer => peer.send(message(ID.haveAll))) },
  {
    name: 'have-all without the fast extension',
    illegal: true,
    act: once(() => message(ID.haveAll), { fast: false }),
  },
  { name: 'have-none without end', illegal: true, act: flooding(() => message(ID.haveNone)) },
  {
    name: 'has a piece and has it not, in turn',
    illegal: true,
    act: flooding(() => Buffer.concat([message(ID.have, 1), extended(DONTHAVE, Buffer.of(0, 0, 0, 1))])),
  },
  {
    name: 'a donthave out of range',
    illegal: true,
    act: once(() => extended(DONTHAVE, Buffer.alloc(4, 0xff))),
  },
  // --------------------------------------------------------------------------------------------- what it asks
  {
    name: 'a request for piece 2^32 - 1',
    illegal: true,
    act: once(() => message(ID.request, 0xffffffff, 0, BLOCK)),
  },
  {
    name: 'a request beyond the end',
    illegal: true,
    act: once(peer => message(ID.request, 0, peer.torrent.pieceBytes, BLOCK)),
  },
  {
    name: 'a request that wraps around',
    illegal: true,
    act: once(() => message(ID.request, 0, 0xffffc000, 0x8000)),
  },
  { name: 'a request of no bytes', illegal: true, act: once(() => message(ID.request, 0, 0, 0)) },
  {
    name: 'requests of more than 128 KiB',
    illegal: true,
    act: flooding(() => message(ID.request, 0, 0, 256 * 1024)),
  },
  {
    name: 'requests without reading',
    illegal: true,
    act: greeted(peer => {
      peer.socket.pause()
      peer.send(message(ID.interested))
      const all = []
      for (let n = 0; n < 2000; n++) {
        const { torrent } = peer
        all.push(message(ID.request, n % torrent.pieces, (n * BLOCK) % torrent.pieceBytes, BLOCK))
      }
      const bytes = Buffer.concat(all)
      peer.flood(() => bytes)
    }),
  },
  {
    name: 'requests for what nobody has, without fast',
    illegal: true,
    act: flooding(peer => message(ID.request, peer.torrent.pieces - 1, 0, BLOCK), 1000, { fast: false }),
  },
  { name: 'cancels without end', illegal: true, act: flooding(() => message(ID.cancel, 0, 0, BLOCK)) },
  {
    name: 'cancels out of range',
    illegal: true,
    act: flooding(() => message(ID.cancel, 0xffffffff, 1, 0xffffffff)),
  },
  {
    name: 'asks and cancels, in turn',
    illegal: true,
    act: greeted(peer => {
      peer.send(message(ID.interested))
      const { pieces } = peer.torrent
      const all = []
      for (let n = 0; n < 500; n++)
        all.push(message(ID.request, n % pieces, 0, BLOCK), message(ID.cancel, n % pieces, 0, BLOCK))
      const bytes = Buffer.concat(all)
      peer.flood(() => bytes)
    }),
  },
  {
    name: 'interested, never reads',
    illegal: false,
    act: greeted(peer => {
      peer.socket.pause()
      peer.send(message(ID.interested))
      for (let piece = 0; piece < peer.torrent.pieces; piece++) {
        for (let begin = 0; begin < peer.torrent.pieceBytes; begin += BLOCK)
          peer.send(message(ID.request, piece, begin, BLOCK))
      }
    }),
  },
  // --------------------------------------------------------------------------------------------- what it sends
  {
    name: 'blocks that nobody asked for',
    illegal: true,
    act: seeding(peer => {
      const bytes = pieceMessage(0, 0, peer.block(0, 0, BLOCK))
      peer.flood(() => bytes)
    }),
  },
  {
    name: 'wrong blocks that nobody asked for',
    illegal: true,
    act: greeted(peer => {
      let n = 0
      peer.flood(() => pieceMessage(n++ % peer.torrent.pieces, 0, Buffer.alloc(BLOCK, n)))
    }),
  },
  {
    name: 'a block of a piece out of range',
    illegal: true,
    act: flooding(peer => pieceMessage(peer.torrent.pieces, 0, Buffer.alloc(BLOCK)), 4),
  },
  {
    name: 'half of each block',
    illegal: true,
    act: answering((peer, piece, begin, length) =>
      peer.send(pieceMessage(piece, begin, peer.block(piece, begin, length >> 1))),
    ),
  },
  {
    name: 'one byte of each block',
    illegal: true,
    act: answering((peer, piece, begin) =>
      peer.send(pieceMessage(piece, begin, peer.block(piece, begin, 1))),
    ),
  },
  {
    name: 'too much of each block',
    illegal: true,
    act: answering((peer, piece, begin, length) =>
      peer.send(pieceMessage(piece, begin, Buffer.alloc(length + BLOCK))),
    ),
  },
  {
    name: 'blocks beside their place',
    illegal: true,
    act: answering((peer, piece, begin, length) =>
      peer.send(pieceMessage(piece, begin + 1, Buffer.alloc(length))),
    ),
  },
  {
    name: 'another piece than was asked for',
    illegal: true,
    act: answering((peer, piece, begin, length) =>
      peer.send(pieceMessage((piece + 7) % peer.torrent.pieces, begin, Buffer.alloc(length))),
    ),
  },
  {
    name: 'each block twenty times',
    illegal: true,
    act: answering((peer, piece, begin, length) => {
      const bytes = pieceMessage(piece, begin, peer.block(piece, begin, length))
      for (let n = 0; n < 20; n++) peer.send(bytes)
    }),
  },
  {
    name: 'all blocks wrong',
    illegal: true,
    act: answering((peer, piece, begin, length) =>
      peer.send(pieceMessage(piece, begin, Buffer.alloc(length, 0xbd))),
    ),
  },
  { name: 'unchokes and sends nothing', illegal: false, act: answering(() => {}) },
  { name: 'never unchokes', illegal: false, act: seeding(() => {}) },
  {
    name: 'a byte a second of each block',
    illegal: false,
    act: answering((peer, piece, begin, length) => {
      if (peer.dripping) return
      peer.dripping = true
      const bytes = pieceMessage(piece, begin, peer.block(piece, begin, length))
      let at = 14
      peer.send(bytes.subarray(0, at))
      peer.every(1000, () => peer.send(bytes.subarray(at, ++at)))
    }),
  },
  {
    name: 'closes in the middle of a block',
    illegal: false,
    again: true,
    act: answering((peer, piece, begin, length) => {
      if (peer.gave) return
      peer.gave = true
      peer.send(pieceMessage(piece, begin, peer.block(piece, begin, length)).subarray(0, 5000))
      setTimeout(() => peer.close(), 50)
    }),
  },
  {
    name: 'one good block, then nothing',
    illegal: false,
    act: answering((peer, piece, begin, length) => {
      if (peer.gave) return
      peer.gave = true
      peer.send(pieceMessage(piece, begin, peer.block(piece, begin, length)))
    }),
  },
  {
    name: 'one wrong block, then nothing',
    illegal: false,
    act: answering((peer, piece, begin, length) => {
      if (peer.gave) return
      peer.gave = true
      peer.send(pieceMessage(piece, begin, Buffer.alloc(length, 0xbd)))
    }),
  },
  {
    name: 'begins each block and closes its hand',
    illegal: false,
    act: answering((peer, piece, begin, length) => {
      if (!peer.gave) peer.send(pieceMessage(piece, begin, peer.block(piece, begin, length)).subarray(0, 14))
      peer.gave = true
    }),
  },
  // ------------------------------------------------------------------------------------------------------ moods
  {
    name: 'chokes and unchokes without end',
    illegal: true,
    act: seeding(peer => {
      const bytes = repeat(Buffer.concat([message(ID.unchoke), message(ID.choke)]), 1000)
      peer.flood(() => bytes)
    }),
  },
  {
    name: 'unchokes for 50 ms at a time',
    illegal: false,
    act: seeding(
      peer => {
        let choked = true
        peer.every(50, () => {
          choked = !choked
          peer.send(message(choked ? ID.choke : ID.unchoke))
        })
      },
      { fast: false },
    ),
  },
  {
    name: 'interested and not, without end',
    illegal: true,
    act: flooding(() => Buffer.concat([message(ID.interested), message(ID.notInterested)])),
  },
  // ------------------------------------------------------------------------------------------------- extensions
  {
    name: 'an extended handshake of 250 KiB',
    illegal: false,
    act: once(() => extendedHandshake({ v: 'x'.repeat(250_000) })),
  },
  {
    name: 'an extended handshake of garbage',
    illegal: false,
    act: once(peer => extended(0, peer.random.bytes(2000).fill(0x69, 0, 1))),
  },
  {
    name: 'an extended handshake of many lists',
    illegal: false,
    act: once(() => extended(0, `d1:m${'l'.repeat(100_000)}${'e'.repeat(100_000)}e`)),
  },
  { name: 'a string of -1 bytes', illegal: false, act: once(() => extended(0, 'd1:v-1:e')) },
  { name: 'extended handshakes without end', illegal: true, act: flooding(() => extendedHandshake()) },
  {
    name: 'listens everywhere',
    illegal: true,
    act: greeted(peer => {
      let port = 1
      peer.flood(() =>
        Buffer.concat(Array.from({ length: 200 }, () => extendedHandshake({ p: (port++ % 65_000) + 1 }))),
      )
    }),
  },
  {
    name: 'listens at port 0, -1 and 2^40',
    illegal: false,
    act: greeted(peer =>
      peer.send(extendedHandshake({ p: 0 }), extendedHandshake({ p: -1 }), extendedHandshake({ p: 2 ** 40 })),
    ),
  },
  {
    name: 'a request queue of -5, and of 2^50',
    illegal: false,
    act: seeding(peer =>
      peer.send(extendedHandshake({ reqq: -5 }), extendedHandshake({ reqq: 2 ** 50 }), message(ID.unchoke)),
    ),
  },
  { name: 'extended messages nobody knows', illegal: true, act: flooding(() => extended(200, 'x')) },
  {
    name: 'asks for the description without end',
    illegal: true,
    act: greeted(peer => {
      peer.send(extendedHandshake())
      const bytes = repeat(extended(METADATA, encode({ msg_type: 0, piece: 0 })), 500)
      peer.flood(() => bytes)
    }),
  },
  {
    name: 'asks for the description, and reads nothing',
    illegal: true,
    act: greeted(peer => {
      peer.socket.pause()
      peer.send(extendedHandshake())
      const bytes = repeat(extended(METADATA, encode({ msg_type: 0, piece: 0 })), 500)
      peer.flood(() => bytes)
    }),
  },
  {
    name: 'descriptions that nobody asked for',
    illegal: true,
    act: flooding(
      () =>
        Buffer.concat([
          extended(
            METADATA,
            Buffer.concat([encode({ msg_type: 1, piece: 9, total_size: 2 ** 40 }), Buffer.alloc(16_384)]),
          ),
        ]),
      8,
    ),
  },
  {
    name: 'a description of negative pieces',
    illegal: false,
    act: once(() =>
      Buffer.concat([
        extendedHandshake({ metadata_size: -1 }),
        extended(METADATA, encode({ msg_type: 0, piece: -1 })),
        extended(METADATA, encode({ msg_type: 0, piece: 2 ** 40 })),
      ]),
    ),
  },
  {
    name: 'peer exchange of 10,000 peers',
    illegal: false,
    act: once(() => pex(10_000, n => [127, 8, n >> 8, n & 255])),
  },
  { name: 'peer exchange without end', illegal: true, act: flooding(() => pex(50, n => [127, 9, 9, n]), 20) },
  {
    name: 'peer exchange of addresses not of this world',
    illegal: false,
    act: once(() =>
      pex(
        100,
        n =>
          [
            [0, 0, 0, 0],
            [224, 0, 0, 1],
            [255, 255, 255, 255],
            [169, 254, 1, 1],
            [127, 0, 0, 1],
          ][n % 5],
      ),
    ),
  },
  {
    name: 'DHT ports without end',
    illegal: true,
    act: flooding(() => Buffer.from([0, 0, 0, 3, ID.port, 0x50, 0x51])),
  },
  { name: 'a DHT port of 0', illegal: false, act: once(() => Buffer.from([0, 0, 0, 3, ID.port, 0, 0])) },
  // ------------------------------------------------------------------------------------------------------- fast
  {
    name: 'rejects what nobody asked for',
    illegal: true,
    act: flooding(() => message(ID.reject, 0, 0, BLOCK)),
  },
  {
    name: 'a reject out of range',
    illegal: true,
    act: once(peer => message(ID.reject, peer.torrent.pieces, 0, BLOCK)),
  },
  {
    name: 'rejects all that it is asked',
    illegal: false,
    act: answering((peer, piece, begin, length) => peer.send(message(ID.reject, piece, begin, length))),
  },
  { name: 'allowed-fast without end', illegal: true, act: flooding(() => message(ID.allowedFast, 1)) },
  {
    name: 'an allowed-fast out of range',
    illegal: true,
    act: once(peer => message(ID.allowedFast, peer.torrent.pieces)),
  },
  {
    name: 'all pieces allowed fast, none given',
    illegal: false,
    act: seeding(peer => {
      for (let piece = 0; piece < peer.torrent.pieces; piece++) peer.send(message(ID.allowedFast, piece))
    }),
  },
  { name: 'suggestions without end', illegal: true, act: flooding(() => message(ID.suggest, 1)) },
  { name: 'a suggestion out of range', illegal: true, act: once(() => message(ID.suggest, 0xfffffff0)) },
  {
    name: 'fast messages without the fast extension',
    illegal: true,
    act: once(() => message(ID.reject, 0, 0, BLOCK), { fast: false }),
  },
]
