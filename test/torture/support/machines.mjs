/**
 * What keeps a state while strangers talk to it: a node of the DHT, a picker, an engine with peers. An input is 8 bytes
 * of chance, from which everything that happens follows, so that it can happen again. See `fuzz.mjs`.
 */
import { Bitfield } from '../../../packages/engine/dist/bytes/bitfield.js'
import { SLAB_BYTES, SlabPool } from '../../../packages/engine/dist/bytes/slabs.js'
import { DhtNode } from '../../../packages/engine/dist/dht/node.js'
import { Engine } from '../../../packages/engine/dist/engine.js'
import { ShoalError } from '../../../packages/engine/dist/errors.js'
import { BLOCK_BYTES, Geometry } from '../../../packages/engine/dist/metainfo/geometry.js'
import { parseTorrent } from '../../../packages/engine/dist/metainfo/parse.js'
import { Picker } from '../../../packages/engine/dist/torrent/picker.js'
import { Random } from '../random.mjs'
import { Dict, dict, encoded, latin1, readStrictly, textOf } from './bencode.mjs'
import { sha1 } from './decoders.mjs'
import { holds } from './fuzz.mjs'
import { Mutator } from './mutate.mjs'
import * as samples from './samples.mjs'

// -------------------------------------------------------------------------------------------------------- the DHT

const DATAGRAMS = new Mutator(samples.krpcMessages(), { bencoded: true, tokens: ['5:token', '1:t', 'i-1e'] })
const DATAGRAMS_A_CASE = 20

const dhtNode = {
  name: 'dht-node',
  steps: DATAGRAMS_A_CASE,
  spareBytes: 4 * 1024 * 1024,
  run(_bytes, random) {
    let now = 1000
    const family = random.below(4) === 0 ? 6 : 4
    const node = new DhtNode({ family, random, sha1, verify: () => random.below(2) === 0 }, now)
    node.bootstrap([addressOf(random, family), addressOf(random, family)], now)
    if (random.below(2) === 0) {
      node.findPeers(
        latin1('abcdefghij0123456789'),
        { onPeers: () => {}, onDone: () => {}, announce: undefined },
        now,
      )
    }
    const asked = []
    const seen = [addressOf(random, family)]
    for (let n = 0; n < DATAGRAMS_A_CASE; n++) {
      for (let sent = node.poll(); sent !== undefined; sent = node.poll()) {
        holds(sent.datagram.length <= 1500, 'a datagram fits')
        asked.push(sent)
      }
      if (asked.length > 0 && random.below(2) === 0) {
        const { to, datagram } = random.pick(asked)
        node.handle(answerTo(datagram, random), to, now)
      } else {
        node.handle(
          DATAGRAMS.next(random),
          random.below(4) === 0 ? addressOf(random, family) : random.pick(seen),
          now,
        )
      }
      if (random.below(4) === 0) {
        now += random.pick([1, 100, 2000, 60_000, 20 * 60_000])
        node.tick(now)
      }
    }
    const { storedItems, storedPeers, pendingQueries } = node.snapshot(now)
    holds(storedItems < 100 && storedPeers < 100 && pendingQueries <= 1000, 'what is kept is bounded')
    node.save(now)
    return node
  },
}

/** An answer with the transaction that was sent, so that it is read. */
function answerTo(query, random) {
  const transaction = readStrictly(query)?.pairs.find(([key]) => key === 't')?.[1] ?? 'aa'
  const answer = readStrictly(DATAGRAMS.next(random))
  if (!(answer instanceof Dict)) return DATAGRAMS.next(random)
  const others = answer.pairs.filter(([key]) => key !== 't' && key !== 'y')
  return encoded(
    new Dict(
      [...others, ['t', transaction], ['y', random.below(8) === 0 ? 'e' : 'r']].sort(([a], [b]) =>
        a < b ? -1 : 1,
      ),
    ),
  )
}

function addressOf(random, family) {
  const host =
    family === 4 ? `45.${random.below(3)}.2.${1 + random.below(9)}` : `2a01:${random.below(9) + 1}::1`
  return { host, port: random.below(20) === 0 ? 0 : 6881 + random.below(3) }
}

// --------------------------------------------------------------------------------------------------------- picker

const PICKER_MEMORY = new Uint8Array(8 * SLAB_BYTES)
const STEPS_A_CASE = 60

const picker = {
  name: 'picker',
  steps: STEPS_A_CASE,
  run(_bytes, random) {
    const pieces = 1 + random.below(9)
    const blocks = 1 + random.below(random.below(4) === 0 ? 40 : 5)
    const length = pieces * blocks * BLOCK_BYTES - random.below(blocks * BLOCK_BYTES)
    const game = new PickerGame(
      random,
      new Geometry(blocks * BLOCK_BYTES, [{ path: ['f'], length, pad: false }]),
    )
    for (let n = 0; n < STEPS_A_CASE; n++) {
      game.step()
      if (n % 8 === 7) game.check()
    }
    game.end()
    return game
  },
}

class PickerGame {
  #random
  #geometry
  #pool
  #picker
  #slabs
  #nextId = 1
  #peers = []
  #asked = new Map()
  #writers = []
  #runs = []
  #out = new Int32Array(64)

  constructor(random, geometry) {
    this.#random = random
    this.#geometry = geometry
    this.#slabs = 1 + random.below(8)
    this.#pool = new SlabPool(PICKER_MEMORY.subarray(0, this.#slabs * SLAB_BYTES))
    this.#picker = new Picker({ geometry, pool: this.#pool, random, sequential: random.below(4) === 0 })
  }

  step() {
    const random = this.#random
    const peer = this.#peers.length === 0 ? undefined : random.pick(this.#peers)
    const asked = peer === undefined ? [] : this.#asked.get(peer)
    const kind = peer === undefined ? 0 : random.below(20)
    if (kind === 0) this.#join()
    else if (kind === 1) this.#leave(peer)
    else if (kind === 2) this.#gain(peer, random.below(this.#geometry.pieceCount))
    else if (kind < 6) this.#note(peer, this.#picker.pick(peer, 1 + random.below(20), this.#out))
    else if (kind === 6) {
      const some = [random.below(this.#geometry.pieceCount), random.below(this.#geometry.pieceCount)]
      this.#note(peer, this.#picker.pickAmong(peer, 3, this.#out, some))
    } else if (kind < 12) this.#open(peer, asked)
    else if (kind < 16) this.#finish(random.below(8) === 0)
    else if (kind === 16) this.#release(peer, asked)
    else if (kind === 17) this.#answer()
    else if (kind === 18)
      this.#picker.setPriorities(
        Uint8Array.from({ length: this.#geometry.pieceCount }, () => random.below(8)),
      )
    else peer.parole = random.below(2) === 0
  }

  check() {
    this.#picker.checkInvariants()
    holds(this.#pool.available <= this.#slabs, 'no memory is given back twice')
    const offsets = this.#writers.map(({ offset }) => offset)
    holds(new Set(offsets).size === offsets.length, 'no two write to one place')
  }

  /** All let go: all memory is back. */
  end() {
    while (this.#peers.length > 0) this.#leave(this.#peers[0])
    while (this.#runs.length > 0) this.#answer()
    this.#picker.dropAll()
    this.check()
    holds(this.#pool.available === this.#slabs, 'all memory is given back')
  }

  #join() {
    if (this.#peers.length >= 5) return
    const pieces = new Bitfield(this.#geometry.pieceCount)
    for (let n = 0; n < pieces.length; n++) if (this.#random.below(3) > 0) pieces.add(n)
    const peer = { id: this.#nextId++, pieces, parole: this.#random.below(6) === 0 }
    this.#picker.peerJoined(peer)
    this.#peers.push(peer)
    this.#asked.set(peer, [])
  }

  #leave(peer) {
    for (const writer of this.#writers.filter(each => each.peer === peer)) this.#end(writer, true)
    for (const { piece, block } of this.#asked.get(peer)) this.#picker.release(peer, piece, block)
    this.#picker.peerLeft(peer)
    this.#peers.splice(this.#peers.indexOf(peer), 1)
  }

  #gain(peer, piece) {
    if (peer.pieces.add(piece)) this.#picker.peerHas(peer, piece)
  }

  #note(peer, count) {
    const named = new Set()
    for (let n = 0; n < count; n++) {
      const piece = this.#out[n * 2]
      const block = this.#out[n * 2 + 1]
      holds(peer.pieces.has(piece) && this.#picker.wantsPiece(piece), 'what is asked for is there and wanted')
      holds(block < this.#geometry.blockCount(piece), 'a block exists')
      const key = piece * 1000 + block
      holds(!named.has(key), 'nothing is asked for twice at once')
      named.add(key)
      const asked = this.#asked.get(peer)
      // It may be given up by us, and still be among what is to come.
      if (!asked.some(each => each.piece === piece && each.block === block)) asked.push({ piece, block })
    }
  }

  #open(peer, asked) {
    if (asked.length === 0) return
    const { piece, block } = this.#random.pick(asked)
    // Some come when the request is given up already.
    if (this.#random.below(6) === 0) this.#picker.release(peer, piece, block)
    const offset = this.#picker.open(peer, piece, block)
    if (offset >= 0) this.#writers.push({ peer, piece, block, offset })
  }

  #finish(isAborted) {
    if (this.#writers.length > 0) this.#end(this.#random.pick(this.#writers), isAborted)
  }

  #end(writer, isAborted) {
    const { peer, piece, block } = writer
    this.#writers.splice(this.#writers.indexOf(writer), 1)
    if (isAborted) return this.#picker.abort(peer, piece, block)
    this.#picker.received(peer, piece, block)
    const asked = this.#asked.get(peer)
    const at = asked.findIndex(each => each.piece === piece && each.block === block)
    if (at >= 0) asked.splice(at, 1)
    const run = this.#picker.takeRun(piece)
    if (run !== undefined) this.#runs.push(run)
  }

  #release(peer, asked) {
    if (asked.length === 0) return
    const [{ piece, block }] = asked.splice(this.#random.below(asked.length), 1)
    this.#picker.release(peer, piece, block)
  }

  #answer() {
    if (this.#runs.length === 0) return
    const [run] = this.#runs.splice(this.#random.below(this.#runs.length), 1)
    this.#picker.runWritten(run)
    const outcome = this.#random.below(8)
    if (outcome === 0) this.#picker.failed(run.piece)
    else if (run.last && outcome < 3) this.#picker.corrupt(run.piece)
    else if (run.last) this.#picker.stored(run.piece)
  }
}

// ---------------------------------------------------------------------------------------------------------- peers

const PIECES = 20
const PIECE_BYTES = 4 * BLOCK_BYTES
const METAINFO = parseTorrent(
  encoded(
    dict({
      info: dict({
        files: [
          dict({ length: 3 * PIECE_BYTES + 5, path: ['a'] }),
          dict({ length: 16 * PIECE_BYTES + 777, path: ['b', 'c'] }),
        ],
        name: 'fuzzed',
        'piece length': PIECE_BYTES,
        pieces: textOf(new Uint8Array(20 * PIECES).map((_, at) => at)),
        // So that the metadata has two pieces.
        source: 'x'.repeat(17_000),
      }),
    }),
  ),
  sha1,
)
const INFO_HASH = textOf(METAINFO.infoHash)
const ENGINE_MEMORY = new Uint8Array(8 * SLAB_BYTES)
const ZEROES = new Uint8Array(128 * 1024)
const RESERVED = [
  '\0\0\0\0\0\x10\0\x05',
  '\0\0\0\0\0\0\0\0',
  '\0\0\0\0\0\x10\0\0',
  '\0\0\0\0\0\0\0\x04',
  '\xff\xff\xff\xff\xff\xff\xff\xff',
]
const STREAMS = new Mutator(samples.streams(), { tokens: ['\0\0\0\x01\x0e', '\0\0\0\x05\x04'] })
const PEX = new Mutator(samples.pexMessages(), { bencoded: true })
const EXTENDED = new Mutator(samples.extendedHandshakes(), { bencoded: true })
const METADATA = new Mutator(samples.metadataMessages(), { bencoded: true })

/** An engine over ports that answer when told to. */
class Bench {
  now = 1_000_000
  closed = false
  engine
  #random
  #later = []
  #tick = () => {}
  #listen
  #links = []

  constructor(random) {
    this.#random = random
    const ports = {
      clock: {
        now: () => this.now,
        unixTime: () => 1_767_225_600 + this.now / 1000,
        every: (_ms, tick) => {
          this.#tick = tick
          return () => {
            this.#tick = () => {}
          }
        },
      },
      random: { bytes: length => random.bytes(length), below: bound => random.below(bound) },
      sha1,
      net: {
        connect: (to, handler) => this.#link(to, handler),
        listen: (_at, handler) => {
          this.#listen = handler
          this.later(() => handler.onListening(6881))
          return { close() {} }
        },
      },
      datagrams: { open: () => ({ send() {}, close() {} }) },
      storage: {
        memory: ENGINE_MEMORY,
        open: (plan, handler) => new BenchStore(this, random, plan, handler),
      },
      trackers: { announce: () => () => {}, scrape: () => () => {} },
    }
    const options = {
      listen: { host: undefined, port: 6881 },
      maxConnections: 10,
      maxHalfOpen: 4,
      clientName: 'fuzzed',
    }
    this.engine = new Engine(ports, options, {
      onListening() {},
      onError() {},
      onClosed: () => {
        this.closed = true
      },
    })
    this.engine.open()
    this.settle()
  }

  later(work) {
    this.#later.push(work)
  }

  /** All that was put off, and what that puts off. */
  settle() {
    for (let n = 0; this.#later.length > 0; n++) {
      holds(n < 10_000, 'it comes to rest')
      this.#later.shift()()
    }
  }

  tick(ms) {
    this.now += ms
    this.#tick()
    this.settle()
  }

  /** Somebody connects to us. */
  visitor() {
    const link = this.#link(
      { host: `10.0.0.${1 + this.#random.below(200)}`, port: 1024 + this.#random.below(9) },
      undefined,
    )
    link.handler = this.#listen.onLink(link.own)
    return link
  }

  get links() {
    return this.#links.filter(link => link.isOpen)
  }

  #link(remote, handler) {
    const link = { handler, isOpen: true, sentBytes: 0 }
    link.own = {
      remote,
      queuedBytes: 0,
      send: (bytes, onTaken) => {
        if (!link.isOpen) return
        link.sentBytes += bytes.length
        if (onTaken !== undefined) this.later(onTaken)
      },
      cork() {},
      uncork() {},
      close: () => this.#close(link, undefined),
    }
    this.#links.push(link)
    if (handler === undefined) return link
    const fails = this.#random.below(4) === 0
    this.later(() => {
      if (!link.isOpen) return
      if (fails) this.#close(link, Object.assign(new Error('no'), { code: 'ECONNREFUSED' }))
      else link.handler.onOpen()
    })
    return link.own
  }

  #close(link, reason) {
    if (!link.isOpen) return
    link.isOpen = false
    this.later(() => link.handler.onClose(reason))
  }

  /** The other side is gone. */
  drop(link) {
    this.#close(
      link,
      this.#random.below(2) === 0 ? undefined : Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    )
    this.settle()
  }

  feed(link, bytes) {
    const random = this.#random
    const most = random.pick(bytes.length > 10_000 ? [1500, 5000, 100_000] : [3, 100, 1500, 100_000])
    for (let at = 0; at < bytes.length && link.isOpen; ) {
      const end = Math.min(bytes.length, at + 1 + random.below(most))
      // Its memory is used again: nobody may keep it.
      const chunk = bytes.slice(at, end)
      link.handler.onBytes(chunk)
      chunk.fill(0xee)
      at = end
    }
    this.settle()
  }

  close() {
    this.engine.checkInvariants()
    this.engine.close()
    for (let n = 0; !this.closed; n++) {
      holds(n < 100, 'an engine closes')
      this.tick(1000)
    }
    const { available, capacity } = this.engine.memory
    holds(available === capacity, `${capacity - available} slabs were not given back`)
    holds(this.links.length === 0, 'a connection is still open')
  }
}

class BenchStore {
  #bench
  #random
  #plan
  #handler

  constructor(bench, random, plan, handler) {
    this.#bench = bench
    this.#random = random
    this.#plan = plan
    this.#handler = handler
    this.select()
  }

  select() {
    this.#bench.later(() => this.#handler.onPrepared(this.#stamps()))
  }

  write(run, digests) {
    const { geometry } = this.#plan
    const kind = this.#random.below(8)
    this.#bench.later(() => {
      if (kind === 0 && this.#random.below(8) === 0) {
        const error = new ShoalError('DISK_FULL', 'full')
        return this.#handler.onRun(run, { kind: 'failed', error })
      }
      if (!run.last) return this.#handler.onRun(run, { kind: 'written' })
      const blocks = new Uint8Array(20 * geometry.blockCount(run.piece))
      if (kind < 3) this.#handler.onRun(run, { kind: 'corrupt', digests: blocks.fill(this.#random.below(3)) })
      else this.#handler.onRun(run, { kind: 'stored', digests: digests ? blocks : undefined })
    })
  }

  abandon() {}

  read(_piece, _begin, length) {
    const kind = this.#random.below(8)
    if (kind < 6) return ZEROES.subarray(0, length)
    this.#bench.later(() => this.#handler.onReadable())
    return undefined
  }

  vouch() {}

  check(pieces) {
    for (const piece of pieces) {
      const matches = this.#random.below(2) === 0
      this.#bench.later(() => this.#handler.onChecked(piece, matches))
    }
    this.#bench.later(() => this.#handler.onCheckDone())
  }

  stamp() {
    this.#bench.later(() => this.#handler.onStamps(this.#stamps(), []))
  }

  sync() {
    this.#bench.later(() => this.#handler.onSynced?.())
  }

  close() {
    this.#bench.later(() => this.#handler.onClosed())
  }

  #stamps() {
    return this.#plan.geometry.files.map(({ length }) => ({ size: length, mtimeMs: 1000 }))
  }
}

/** What is told of nothing in particular. */
const NOBODY = new Proxy({}, { get: () => () => {} })

function addTorrent(bench, random) {
  const torrent = bench.engine.add(
    METAINFO,
    {
      dir: '/downloads',
      filePriorities: [4, random.pick([4, 4, 0])],
      sequential: random.below(4) === 0,
      discovery: true,
      check: 'always',
      allocation: 'sparse',
      readOnly: false,
      resume: undefined,
      journal: undefined,
      bootId: undefined,
      peers: [{ host: '10.9.9.9', port: 6881 }],
      trackers: [],
      maxConnections: 8,
      uploadSlots: 4,
      downloadLimit: undefined,
      uploadLimit: undefined,
    },
    NOBODY,
  )
  torrent.start()
  bench.settle()
  bench.tick(100)
  return torrent
}

/** What is said in a case; most of it is several messages, and whoever comes has some to begin with. */
const SPEECHES_A_CASE = 20
const MESSAGES_A_CASE = 50

const peers = {
  name: 'peers',
  spareBytes: 8 * 1024 * 1024,
  steps: MESSAGES_A_CASE,
  run(_bytes, random) {
    const bench = new Bench(random)
    addTorrent(bench, random)
    talk(bench, random)
    bench.close()
    return bench
  },
}

const magnetPeers = {
  name: 'magnet-peers',
  spareBytes: 8 * 1024 * 1024,
  steps: MESSAGES_A_CASE,
  run(_bytes, random) {
    const bench = new Bench(random)
    let isDone = false
    bench.engine.addMagnet(
      {
        infoHash: METAINFO.infoHash,
        trackers: [],
        peers: [{ host: '10.9.9.9', port: 6881 }],
        discovery: true,
      },
      {
        onMetadata: bytes => {
          isDone = true
          holds(textOf(sha1(bytes)) === INFO_HASH, 'metadata has the hash that was asked for')
        },
        onTracker() {},
        onClosed() {},
      },
    )
    talk(bench, random)
    bench.close()
    return isDone
  },
}

/** Some peers, who say what they should and what they should not. */
function talk(bench, random) {
  const greeted = new Set()
  for (let n = 0; n < SPEECHES_A_CASE; n++) {
    const { links } = bench
    if (links.length === 0 || (links.length < 4 && random.below(4) === 0)) links.push(bench.visitor())
    const link = random.pick(links)
    if (!greeted.has(link)) {
      greeted.add(link)
      const infoHash = random.below(30) === 0 ? 'x'.repeat(20) : INFO_HASH
      const peerId = `-XX0000-${textOf(random.bytes(12))}`
      bench.feed(link, samples.handshake(random.pick(RESERVED), infoHash, peerId))
      if (random.below(3) > 0) bench.feed(link, latin1(extended(0, samples.extendedHandshakes()[0])))
      if (random.below(3) > 0) bench.feed(link, latin1(message(5, '\xff\xff\xf0') + message(1)))
    }
    const kind = random.below(16)
    if (kind === 0) bench.drop(link)
    else if (kind < 3) bench.tick(random.pick([100, 1000, 20_000, 130_000]))
    else if (kind === 3) link.handler.onDrain()
    else bench.feed(link, latin1(speech(random)))
    bench.settle()
    if (n % 4 === 3) bench.engine.checkInvariants()
  }
}

const word = samples.word
const message = (id, payload = '') => word(1 + payload.length) + String.fromCharCode(id) + payload
const extended = (id, payload) => message(20, String.fromCharCode(id) + textOf(payload))
const METADATA_BYTES = textOf(METAINFO.infoBytes)

/** One thing or several that a peer may say, or may not. */
function speech(random) {
  const piece = random.below(20) === 0 ? random.pick([PIECES, 2 ** 31, 2 ** 32 - 1]) : random.below(PIECES)
  const begin =
    random.below(10) === 0 ? random.pick([1, PIECE_BYTES, 2 ** 32 - 1]) : random.below(4) * BLOCK_BYTES
  const length =
    random.below(10) === 0 ? random.pick([0, 1, 16383, 16385, 131072, 131073, 2 ** 32 - 1]) : BLOCK_BYTES
  const range = word(piece) + word(begin) + word(length)
  const id = 1 + random.below(random.below(4) === 0 ? 255 : 4)
  switch (random.below(20)) {
    case 0:
      return message(random.below(4))
    case 1:
      return message(1) + message(2)
    case 2:
      return message(4, word(piece))
    case 3:
      return message(5, textOf(random.bytes(random.below(10) === 0 ? random.below(8) : 3)))
    case 4:
      return message(6, range).repeat(1 + random.below(40))
    case 5:
      return message(8, range)
    case 6: {
      // Asked for or not.
      let text = ''
      const first = random.below(4)
      for (let block = 0; block < 4; block++)
        text += message(7, word(piece) + word(((first + block) % 4) * BLOCK_BYTES) + 'b'.repeat(BLOCK_BYTES))
      return text
    }
    case 7:
      return message(7, word(piece) + word(begin) + 'c'.repeat(random.pick([1, 16384, 16384, 777])))
    case 8:
      return message(random.pick([13, 17]), word(piece))
    case 9:
      return message(random.pick([14, 15]))
    case 10:
      return message(16, range).repeat(1 + random.below(8))
    case 11:
      return message(9, textOf(random.bytes(2)))
    case 12:
      return extended(0, EXTENDED.next(random))
    case 13:
      return extended(id, PEX.next(random))
    case 14:
      return extended(id, METADATA.next(random))
    case 15: {
      const part = random.below(2)
      const data = METADATA_BYTES.slice(part * 16384, (part + 1) * 16384)
      const head = textOf(encoded(dict({ msg_type: 1, piece: part, total_size: METADATA_BYTES.length })))
      return (
        extended(0, encoded(dict({ m: dict({ ut_metadata: 3 }), metadata_size: METADATA_BYTES.length }))) +
        extended(id, latin1(head + data))
      )
    }
    case 16:
      return extended(id, latin1(word(piece)))
    case 17:
      return message(30 + random.below(200), textOf(random.bytes(random.below(40))))
    default:
      return textOf(STREAMS.next(random))
  }
}

export const machines = [dhtNode, picker, peers, magnetPeers]

/** The info dictionary as a magnet link gets it: from a peer, in messages, through an engine. */
export function exchangeMetadata(info) {
  const bench = new Bench(new Random(1))
  let got
  const observer = { onMetadata: bytes => (got = bytes.slice()), onTracker() {}, onClosed() {} }
  const infoHash = sha1(info)
  bench.engine.addMagnet({ infoHash, trackers: [], peers: [], discovery: true }, observer)
  const link = bench.visitor()
  bench.feed(link, samples.handshake(RESERVED[0], textOf(infoHash)))
  bench.feed(
    link,
    latin1(extended(0, encoded(dict({ m: dict({ ut_metadata: 3 }), metadata_size: info.length })))),
  )
  const parts = Math.ceil(info.length / 16384)
  for (let n = 0; n < 10 * parts && got === undefined; n++) {
    // As if asked for in order: what was not asked for is passed over, and comes again.
    const part = n % parts
    const head = textOf(encoded(dict({ msg_type: 1, piece: part, total_size: info.length })))
    bench.feed(
      link,
      latin1(extended(1, latin1(head + textOf(info.subarray(part * 16384, (part + 1) * 16384))))),
    )
    if (part === parts - 1) bench.tick(100)
  }
  bench.close()
  holds(got !== undefined, 'metadata that a peer has is fetched')
  return got
}
