import { createServer, type Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { peek } from '../../src/library/peek.ts'
import type { PeekEvent, PeekOptions } from '../../src/library/types/peek.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { startTracker } from '../../src/node/tracker-server.ts'
import { encodeHandshake, reservedBits } from '../../src/wire/handshake.ts'
import {
  choke,
  encodeBitfield,
  encodeHave,
  encodeReject,
  haveAll,
  MessageId,
  pieceHeader,
  unchoke,
} from '../../src/wire/messages.ts'
import { splitMessages } from '../../src/wire/split.ts'
import { hashes, parse, single } from '../metainfo/build.ts'
import { atEnd, content, serve } from './sandbox.ts'

const DATA = content(40_000)
const METAINFO = parse(single({ length: DATA.length, pieces: hashes(3) }))

/** What a scripted peer says, as the names of its messages; `block` answers a request, `close` hangs up. */
type Say =
  | 'hello'
  | 'other'
  | 'all'
  | 'first'
  | 'have1'
  | 'unchoke'
  | 'choke'
  | 'block'
  | 'wrong'
  | 'reject'
  | 'close'
  | 'junk'
  | 'big'
interface Script {
  readonly fast?: boolean
  /** At once, after our hello, after our interest, after our request. */
  readonly connect?: readonly Say[]
  readonly hello?: readonly Say[]
  readonly interested?: readonly Say[]
  readonly request?: readonly Say[]
}

const SEED: Script = { hello: ['hello', 'first'], interested: ['unchoke'], request: ['block'] }
const open = new Set<Socket>()

/** The address of a peer that follows the script. */
function peer(script: Script): Promise<string> {
  const server = createServer(socket => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})
    let asked: Uint8Array | undefined
    const say = (all: readonly Say[] = []): void => {
      for (const each of all) {
        if (each === 'close') socket.end()
        else socket.write(bytesOf(each, script.fast === true, asked))
      }
    }
    const split = splitMessages(1000, bytes => {
      if (bytes.length === 68) say(script.hello)
      else if (bytes[4] === MessageId.interested) say(script.interested)
      else if (bytes[4] === MessageId.request) {
        asked = bytes
        say(script.request)
      }
    })
    socket.on('data', split)
    say(script.connect)
  })
  atEnd(() => void server.close())
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(`127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
    })
  })
}

function bytesOf(say: Exclude<Say, 'close'>, fast: boolean, asked: Uint8Array | undefined): Uint8Array {
  const peerId = new TextEncoder().encode('-TR4060-abcdefghijkl')
  const reserved = reservedBits({ fast, extended: false, dht: false })
  const view = asked === undefined ? undefined : new DataView(asked.buffer, asked.byteOffset)
  const [piece = 0, begin = 0, length = 0] = [5, 9, 13].map(at => view?.getUint32(at) ?? 0)
  switch (say) {
    case 'hello':
      return encodeHandshake({ infoHash: METAINFO.infoHash, peerId, reserved })
    case 'other':
      return encodeHandshake({ infoHash: new Uint8Array(20), peerId, reserved })
    case 'all':
      return haveAll
    case 'first':
      return encodeBitfield(Uint8Array.of(0b1000_0000))
    case 'have1':
      return encodeHave(1)
    case 'unchoke':
      return unchoke
    case 'choke':
      return choke
    case 'reject':
      return encodeReject(piece, begin, length)
    case 'wrong':
    case 'block': {
      const at = piece * 16_384 + begin
      const header = pieceHeader(piece, begin + (say === 'wrong' ? 1 : 0), length)
      return Uint8Array.of(...header, ...DATA.subarray(at, at + length))
    }
    case 'junk':
      return new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')
    case 'big':
      return Uint8Array.of(0x7f, 255, 255, 255, 7)
  }
}

async function peeked(options: PeekOptions, metainfo: Metainfo = METAINFO): Promise<PeekEvent[]> {
  const events: PeekEvent[] = []
  for await (const event of peek(metainfo, { timeoutMs: 30_000, ...options })) events.push(event)
  return events
}

/**
 * Of a peer that lets us wait. On a busy machine what comes before takes longer than the moment that is given to it: then
 * it gets more of them.
 */
async function toldInTime(
  expected: (seconds: number) => readonly string[],
  told: (timeoutMs: number) => Promise<readonly string[]>,
): Promise<void> {
  for (const timeoutMs of [100, 1_000, 10_000]) {
    const events = await told(timeoutMs)
    if (isDeepStrictEqual(events, expected(timeoutMs / 1000))) return
    if (timeoutMs === 10_000) expect(events).toEqual(expected(timeoutMs / 1000))
  }
}

/** In the words of a test: `peer ok chosen`, `→ request`, `block 128`. */
function words(events: readonly PeekEvent[]): string[] {
  return events.map(wordsOf)
}

function wordsOf(event: PeekEvent): string {
  switch (event.kind) {
    case 'tracker':
      return event.outcome.ok
        ? `tracker: ${event.outcome.peers} peers`
        : `tracker: ${event.outcome.error.code}`
    case 'peer': {
      const { outcome } = event
      return `${event.client ?? '?'}: ${outcome.ok ? (outcome.chosen ? 'chosen' : 'would do') : outcome.reason}`
    }
    case 'message':
      return `${event.direction === 'out' ? '→' : '←'} ${event.name}`
    case 'block':
      return `block ${event.bytes.length}`
    case 'gave-up':
      return `gave up: ${event.reason}`
  }
}

async function allClosed(): Promise<void> {
  while (open.size > 0) await new Promise(resolve => setImmediate(resolve))
}

describe('a peek at one peer', () => {
  it('tells the dialogue message by message, then the block', async () => {
    const events = await peeked({ peers: [await peer(SEED)], begin: 100, length: 128 })
    expect(words(events)).toEqual([
      'Transmission 4.0.6: chosen',
      '→ handshake',
      '← handshake',
      '← bitfield',
      '→ interested',
      '← unchoke',
      '→ request',
      '← piece',
      'block 128',
    ])
    const block = events.at(-1)
    expect(block?.kind === 'block' && block.bytes).toEqual(DATA.slice(100, 228))
    const message = events.find(event => event.kind === 'message' && event.name === 'piece')
    expect(message).toMatchObject({ totalBytes: 141, text: expect.stringMatching(/128 bytes of piece 0/) })
    expect(message?.kind === 'message' && message.bytes.length).toBe(128)
    await allClosed()
  })

  it('fetches the first 16 KiB unless told, and the short end of the last piece', async () => {
    const peers = [await peer({ ...SEED, hello: ['hello', 'all'], fast: true })]
    const events = await peeked({ peers })
    expect(words(events)).toContain('→ have none')
    expect(words(events).at(-1)).toBe('block 16384')
    expect(words(await peeked({ peers, piece: 2 })).at(-1)).toBe(`block ${40_000 - 2 * 16_384}`)
  })

  it('believes a peer that tells a part of its pieces afterwards, and one that lets us ask early', async () => {
    const lazy = await peer({ ...SEED, hello: ['hello', 'unchoke', 'first', 'have1'] })
    expect(words(await peeked({ peers: [lazy], piece: 1, length: 5 })).at(-1)).toBe('block 5')
  })

  it.each<[string, Script]>([
    ['answers for another torrent', { hello: ['other'] }],
    ['broke the protocol: byte 0 is 72: not the BitTorrent protocol', { connect: ['junk'] }],
    ['broke the protocol: message of 2147483651 bytes, limit 65536', { hello: ['hello', 'big'] }],
    ['closed the connection instead of a handshake', { hello: ['close'] }],
    ['closed the connection', { hello: ['hello', 'first'], interested: ['close'] }],
    ['sent a block that was not asked for', { hello: ['hello', 'first', 'block'] }],
  ])('says of a peer: %s', async (reason, script) => {
    const events = words(await peeked({ peers: [await peer(script)] }))
    expect(events[0]?.replace(/^[^:]*: /, '')).toBe(reason)
    expect(events[1]).toBe('gave up: the only peer did not give it')
    await allClosed()
  })

  it.each<[string, Script]>([
    ['?: took the connection but sent no handshake within', {}],
    ['Transmission 4.0.6: did not say that it has the piece within', { hello: ['hello'] }],
    ['Transmission 4.0.6: has the piece but did not let us ask within', { hello: ['hello', 'first'] }],
  ])('says of a peer: %s so many seconds', async (reason, script) => {
    const peers = [await peer(script)]
    await toldInTime(
      seconds => [`${reason} ${seconds} s`, 'gave up: the only peer did not give it'],
      async timeoutMs => words(await peeked({ peers, timeoutMs })),
    )
    await allClosed()
  })

  it('says of a peer that it does not have the piece', async () => {
    const peers = [await peer(SEED)]
    await toldInTime(
      () => ['Transmission 4.0.6: does not have the piece', 'gave up: the only peer did not give it'],
      async timeoutMs => words(await peeked({ peers, piece: 2, timeoutMs })),
    )
  })

  it('says of a port where nobody listens that the connection is refused', async () => {
    const events = await peeked({ peers: ['127.0.0.1:1'] })
    expect(events[0]).toEqual({
      kind: 'peer',
      address: '127.0.0.1:1',
      client: undefined,
      outcome: { ok: false, reason: 'connection refused' },
    })
  })
})

describe('a peek at several peers', () => {
  it('chooses one and says of the others what became of them', async () => {
    const silent = await peer({})
    const choking = await peer({ hello: ['hello', 'first'] })
    const seed = await peer({ ...SEED, hello: ['hello', 'first'] })
    const events = words(await peeked({ peers: [silent, choking, seed], length: 1 }))
    expect(events.slice(0, 3).filter(text => text.endsWith(': chosen'))).toHaveLength(1)
    expect(events[0]).toBe('?: had not answered when another was chosen')
    expect(events.at(-1)).toBe('block 1')
    await allClosed()
  })

  it.each<[string, Script]>([
    ['will not send the block', { ...SEED, fast: true, request: ['reject'] }],
    ['no longer lets us ask', { ...SEED, request: ['choke'] }],
    ['closed the connection', { ...SEED, request: ['close'] }],
    ['sent a block that was not asked for', { ...SEED, request: ['wrong'] }],
  ])('turns to another when the chosen one %s', async (reason, script) => {
    const bad = await peer(script)
    const alone = words(await peeked({ peers: [bad] }))
    expect(alone.slice(-2)).toEqual([
      `Transmission 4.0.6: ${reason}`,
      'gave up: the only peer did not give it',
    ])
    const both = words(await peeked({ peers: [bad, await peer(SEED)] }))
    expect(both.at(-1)).toBe('block 16384')
    await allClosed()
  })

  it('turns to another when the chosen one does not send the block in time', async () => {
    const bad = await peer({ ...SEED, request: [] })
    await toldInTime(
      seconds => [
        `Transmission 4.0.6: did not send the block within ${seconds} s`,
        'gave up: the only peer did not give it',
      ],
      async timeoutMs => words(await peeked({ peers: [bad], timeoutMs })).slice(-2),
    )
    const seed = await peer(SEED)
    await toldInTime(
      () => ['block 16384'],
      async timeoutMs => words(await peeked({ peers: [bad, seed], timeoutMs })).slice(-1),
    )
    await allClosed()
  })

  it('asks each once and more of them than it dials at a time', async () => {
    const bad = await Promise.all(Array.from({ length: 55 }, () => peer({ connect: ['junk'] })))
    const events = words(await peeked({ peers: [...bad, ...bad, await peer(SEED)] }))
    expect(events.filter(text => text.includes('broke the protocol'))).toHaveLength(55)
    expect(events.at(-1)).toBe('block 16384')
  })
})

describe('a peek by way of trackers', () => {
  const withTrackers = (...urls: string[]): Metainfo =>
    parse(single({ length: DATA.length, pieces: hashes(3) }), { 'announce-list': urls.map(url => [url]) })

  it('asks them for peers, tells what they say, and leaves no trace', async () => {
    const tracker = await startTracker()
    atEnd(() => tracker.close())
    const address = await peer(SEED)
    const query = `info_hash=${escaped(METAINFO.infoHash)}&peer_id=${'x'.repeat(20)}&port=${address.split(':')[1]}`
    await fetch(`${tracker.url}?${query}&uploaded=0&downloaded=0&left=0&event=started`)
    const broken = await serve((_, response) => response.writeHead(500).end())
    const metainfo = withTrackers(`${broken}/announce`, tracker.url)
    const events = words(await peeked({ length: 3 }, metainfo))
    expect(events).toContain('tracker: TRACKER_INVALID')
    expect(events.some(text => /^tracker: [12] peers$/.test(text))).toBe(true)
    expect(events.at(-1)).toBe('block 3')
    expect(tracker.peerCount(METAINFO.infoHashHex)).toBe(1)
  })

  it('gives up when they do not answer, know nobody, or are not there', async () => {
    const silent = await serve(() => {})
    expect(words(await peeked({ timeoutMs: 50 }, withTrackers(`${silent}/announce`)))).toEqual([
      'tracker: TRACKER_TIMEOUT',
      'gave up: no tracker answered',
    ])
    const empty = await serve((_, response) => response.end('d8:intervali60e5:peers0:e'))
    expect(words(await peeked({}, withTrackers(`${empty}/announce`)))).toEqual([
      'tracker: 0 peers',
      'gave up: the trackers know no peers of this torrent',
    ])
    expect(words(await peeked({}))).toEqual(['gave up: the torrent has no trackers, and no peers were named'])
  })
})

describe('a peek that is ended', () => {
  it('by its signal gives up and closes all', async () => {
    const controller = new AbortController()
    const address = await peer({ hello: ['hello'] })
    setTimeout(() => controller.abort(), 50)
    const events = await peeked({ peers: [address], signal: controller.signal })
    expect(words(events)).toEqual(['gave up: ended before anyone gave the block'])
    await allClosed()
    const again = await peeked({ peers: [address], signal: controller.signal })
    expect(words(again)).toEqual(['gave up: ended before anyone gave the block'])
    await allClosed()
  })

  it('by its reader closes all', async () => {
    for await (const event of peek(METAINFO, { peers: [await peer(SEED)] })) {
      expect(event.kind).toBe('peer')
      break
    }
    await allClosed()
  })
})

it.each<[PeekOptions]>([
  [{ piece: 3 }],
  [{ piece: -1 }],
  [{ begin: 16_384 }],
  [{ begin: 0.5, length: 1 }],
  [{ length: 0 }],
  [{ length: 16_385 }],
  [{ timeoutMs: 0 }],
  [{ peers: ['nobody'] }],
])('refuses %j', async options => {
  await expect(peeked({ peers: ['127.0.0.1:1'], ...options })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  })
})

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, byte => `%${byte.toString(16).padStart(2, '0')}`).join('')
}
