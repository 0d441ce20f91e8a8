/** What peers do that should not: one function a kind. */
import { writeUint32 } from '../src/bytes/bytes.ts'
import { BLOCK_BYTES } from '../src/metainfo/geometry.ts'
import * as messages from '../src/wire/messages.ts'
import type { Script, Session } from './peer.ts'

/** Sends wrong bytes, in one block of so many. */
export function liar(oneIn: number): Script {
  return {
    onRequest: (session, piece, begin, length) => {
      const isTrue = !session.random.chance(1 / oneIn)
      session.sendBlock(piece, begin, session.block(piece, begin, length, isTrue))
    },
  }
}

export function neverUnchokes(): Script {
  return { onInterested: () => {} }
}

/** Chokes after so many blocks, forgetting what was asked, and unchokes a while later; with BEP 6 it rejects. */
export function chokesAfter(blocks: number, forMs: number, fast: boolean): Script {
  return {
    fast,
    onRequest: (session, piece, begin, length) => {
      if (session.choking) {
        if (session.fast) session.send(messages.encodeReject(piece, begin, length))
        return
      }
      session.sendBlock(piece, begin, session.block(piece, begin, length))
      if (session.blocksSent % blocks !== 0) return
      session.choke()
      session.after(forMs, 'unchokes again', () => session.unchoke())
    },
  }
}

/** Chokes and unchokes at once, again and again, without answering. */
export function flapping(everyMs: number): Script {
  return {
    onInterested: session => {
      const flap = (): void => {
        if (session.choking) session.unchoke()
        else session.choke()
        session.after(everyMs, 'flaps', flap)
      }
      flap()
    },
    onRequest: () => {},
  }
}

/** Unchokes, then never sends anything. */
export function silent(): Script {
  return { onRequest: () => {} }
}

/** Unchokes and never sends anything that is asked for, but tells of a piece every few seconds. */
export function chatters(): Script {
  return {
    pieces: [0],
    onReady: session => {
      session.tellPieces()
      let piece = 1
      const tell = (): void => {
        session.send(piece < session.theirs.length ? messages.encodeHave(piece++) : messages.keepAlive)
        session.after(5_000, 'tells', tell)
      }
      tell()
    },
    onRequest: () => {},
  }
}

/** Sends one block, a true one or not, then nothing any more. */
export function oneBlock(isTrue: boolean): Script {
  return {
    onRequest: (session, piece, begin, length) => {
      if (session.blocksSent > 0) return
      session.sendBlock(piece, begin, session.block(piece, begin, length, isTrue))
    },
  }
}

/** Unchokes, and rejects all that it is asked for (BEP 6). */
export function rejects(): Script {
  return {
    fast: true,
    onRequest: (session, piece, begin, length) => session.send(messages.encodeReject(piece, begin, length)),
  }
}

/** Answers nothing until so long after the beginning of the world, then everything. */
export function awakesAfter(ms: number): Script {
  return {
    onRequest: (session, piece, begin, length) => {
      session.after(ms - session.world.elapsedMs, 'awakes', () =>
        session.sendBlock(piece, begin, session.block(piece, begin, length)),
      )
    },
  }
}

/** Nothing after the handshake of TCP. */
export function mute(): Script {
  return { greet: () => {} }
}

/** After the handshake: bytes that mean nothing. */
export function garbage(): Script {
  return { onReady: session => session.send(session.random.bytes(20_000)) }
}

/** Another protocol. */
export function otherProtocol(): Script {
  const text = 'GET / HTTP/1.1\r\n\r\n'
  return { greet: session => session.send(Uint8Array.from(text, letter => letter.charCodeAt(0))) }
}

/** How long a flood goes on: long enough to be dealt with, short enough for scenarios of hours. */
const FLOOD_MS = 20_000

/** Does something again and again, as long as the other end takes it. */
function flood(session: Session, everyMs: number, act: () => void): void {
  const endMs = session.world.nowMs + FLOOD_MS
  const again = (): void => {
    if ((session.link?.queuedBytes ?? 0) < 64 * 1024) act()
    if (session.world.nowMs < endMs) session.after(everyMs, 'floods', again)
  }
  again()
}

/** Blocks that nobody asked for, one every few milliseconds. */
export function unrequested(): Script {
  return {
    onReady: session => {
      session.tellPieces()
      const { geometry } = session.peer.torrent
      flood(session, 5, () => {
        const piece = session.random.below(geometry.pieceCount)
        const length = geometry.blockSize(piece, 0)
        session.sendBlock(piece, 0, session.block(piece, 0, length, false))
      })
    },
  }
}

/** A message of 4 GiB. */
export function hugeLength(): Script {
  return {
    onReady: session => {
      const bytes = new Uint8Array(5)
      writeUint32(bytes, 0, 0xffffffff)
      bytes[4] = messages.MessageId.extended
      session.send(bytes)
    },
  }
}

export function haveOutOfRange(): Script {
  return {
    onReady: session => {
      session.tellPieces()
      session.send(messages.encodeHave(session.theirs.length))
    },
  }
}

/** A bitfield with a spare bit set, or a byte too long. */
export function wrongBitfield(tooLong: boolean): Script {
  return {
    onReady: session => {
      const bytes = new Uint8Array(Math.ceil(session.theirs.length / 8) + (tooLong ? 1 : 0)).fill(255)
      session.send(messages.encodeBitfield(bytes))
    },
  }
}

/** Asks for bytes that do not exist. */
export function requestsOutOfRange(): Script {
  return {
    onReady: session => session.send(messages.encodeRequest(0, 0xffff_fff0, BLOCK_BYTES)),
  }
}

/** Asks for the same block over and over, and takes all it gets. */
export function requestFlood(): Script {
  return {
    pieces: [],
    onReady: session => {
      session.tellPieces()
      session.send(messages.interested)
      const { geometry } = session.peer.torrent
      flood(session, 20, () => {
        for (let n = 0; n < 200; n++) session.send(messages.encodeRequest(0, 0, geometry.blockSize(0, 0)))
      })
    },
  }
}

/** Answers in order, so many bytes a second, a few bytes at a time. */
export function drip(bytesPerSec: number): Script {
  const everyMs = 250
  const queues = new WeakMap<Session, Uint8Array[]>()
  return {
    onRequest: (session, piece, begin, length) => {
      let queue = queues.get(session)
      if (queue === undefined) {
        const started: Uint8Array[] = []
        queue = started
        queues.set(session, started)
        const pour = (): void => {
          let left = (bytesPerSec * everyMs) / 1000
          while (left > 0 && started[0] !== undefined) {
            const part = started[0].subarray(0, left)
            session.send(part)
            left -= part.length
            if (part.length === started[0].length) started.shift()
            else started[0] = started[0].subarray(part.length)
          }
          session.after(everyMs, 'drips', pour)
        }
        pour()
      }
      queue.push(messages.pieceHeader(piece, begin, length), session.block(piece, begin, length))
    },
  }
}

/** Sends so many blocks and half of another, then ends the connection. */
export function closesMidBlock(blocks: number): Script {
  const ending = new WeakSet<Session>()
  return {
    onRequest: (session, piece, begin, length) => {
      if (ending.has(session)) return
      const bytes = session.block(piece, begin, length)
      if (session.blocksSent < blocks) return session.sendBlock(piece, begin, bytes)
      ending.add(session)
      session.send(messages.pieceHeader(piece, begin, length))
      session.send(bytes.subarray(0, length >> 1))
      session.after(200, 'closes in the middle of a block', () => session.close())
    },
  }
}
