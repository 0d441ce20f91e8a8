/** What reads bytes of strangers, and what has to hold of what comes out. See `fuzz.mjs`. */
import { createHash } from 'node:crypto'
import { BencodeError, decode } from '../../../packages/engine/dist/bencode/decode.js'
import { encode } from '../../../packages/engine/dist/bencode/encode.js'
import {
  canonicalIp,
  formatAddress,
  formatIp,
  parseHostPort,
  parseIp,
} from '../../../packages/engine/dist/bytes/address.js'
import { Bitfield } from '../../../packages/engine/dist/bytes/bitfield.js'
import { ipScope } from '../../../packages/engine/dist/bytes/ip-scope.js'
import { encodeQuery } from '../../../packages/engine/dist/dht/krpc.js'
import { decodeMessage } from '../../../packages/engine/dist/dht/krpc-decode.js'
import { readSaved, writeSaved } from '../../../packages/engine/dist/dht/saved.js'
import { ProtocolError, ShoalError } from '../../../packages/engine/dist/errors.js'
import { encodeAnnounce, parseAnnounce } from '../../../packages/engine/dist/lsd/message.js'
import { BLOCK_BYTES, Geometry } from '../../../packages/engine/dist/metainfo/geometry.js'
import { MAX_PIECE_LENGTH, MAX_PIECES, parseInfo } from '../../../packages/engine/dist/metainfo/info.js'
import { formatMagnet, parseMagnet } from '../../../packages/engine/dist/metainfo/magnet.js'
import { nameKey, safeElement } from '../../../packages/engine/dist/metainfo/names.js'
import { parseTorrent } from '../../../packages/engine/dist/metainfo/parse.js'
import { distinctPaths } from '../../../packages/engine/dist/metainfo/paths.js'
import {
  decodeExtendedHandshake,
  encodeExtendedHandshake,
} from '../../../packages/engine/dist/torrent/extended-handshake.js'
import { encodeEntry, readJournal } from '../../../packages/engine/dist/torrent/journal.js'
import { decodeResume, encodeResume, reconcile } from '../../../packages/engine/dist/torrent/resume.js'
import {
  failureReason,
  parseAnnounceReply,
  parseScrapeReply,
} from '../../../packages/engine/dist/tracker/http.js'
import { decodeUdpReply } from '../../../packages/engine/dist/tracker/udp-packets.js'
import { Framer } from '../../../packages/engine/dist/wire/framer.js'
import { decodeHandshake, encodeHandshake } from '../../../packages/engine/dist/wire/handshake.js'
import {
  encodeMetadataData,
  parseMetadataMessage,
} from '../../../packages/engine/dist/wire/metadata-message.js'
import { clientName } from '../../../packages/engine/dist/wire/peer-id.js'
import { encodePexMessage, parsePexMessage } from '../../../packages/engine/dist/wire/pex-message.js'
import { Random } from '../random.mjs'
import { dict, encoded, latin1, readStrictly, textOf, write } from './bencode.mjs'
import { holds } from './fuzz.mjs'
import * as samples from './samples.mjs'

export const sha1 = bytes => new Uint8Array(createHash('sha1').update(bytes).digest())
const isProtocolError = error => error instanceof ProtocolError
const isShoalError =
  (...codes) =>
  error =>
    error instanceof ShoalError && codes.includes(error.code)

const same = (a, b) => Buffer.compare(a, b) === 0

function equal(a, b) {
  if (a === b || Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array) return b instanceof Uint8Array && same(a, b)
  if (a instanceof Map) return b instanceof Map && equal([...a], [...b])
  if (Array.isArray(a)) return a.length === b.length && a.every((item, at) => equal(item, b[at]))
  // What is undefined is as good as missing.
  for (const key of Object.keys(a)) if (!equal(a[key], b[key])) return false
  for (const key of Object.keys(b)) if (b[key] !== undefined && a[key] === undefined) return false
  return true
}

function plain(value) {
  if (value instanceof Uint8Array) return textOf(value)
  if (value instanceof Map) return [...value].map(plain)
  if (Array.isArray(value)) return value.map(plain)
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
  }
  return value
}

// -------------------------------------------------------------------------------------------------------- bencode

export const bencode = {
  name: 'bencode',
  bencoded: true,
  tokens: [
    'd',
    'l',
    'e',
    'i',
    '0:',
    '1:a',
    'i0e',
    'de',
    'le',
    'i-0e',
    '-1:',
    'llllllllllllllll',
    '9:__proto__',
    '2:10',
    '1:9',
  ],
  samples: [
    ...samples.krpcMessages(),
    ...samples.extendedHandshakes(),
    ...samples.httpReplies(),
    samples.torrents()[2],
    encoded([[], dict({}), '', 0, -1, dict({ a: [dict({ b: 'c' })] }), 2 ** 53 - 1, '\xff\xfe']),
    latin1(`${'l'.repeat(99)}${'e'.repeat(99)}`),
    latin1(`${'d1:a'.repeat(50)}i1e${'e'.repeat(50)}`),
  ],
  isError: error => error instanceof BencodeError,
  run(bytes, random) {
    if (random.below(16) === 0) roundTripBencode(random)
    const wanted = readStrictly(bytes)
    let strict
    try {
      strict = decode(bytes, { strict: true })
    } catch (error) {
      if (!(error instanceof BencodeError)) throw error
      holds(error.offset >= 0 && error.offset <= bytes.length, 'an error lies within the input')
    }
    holds((strict === undefined) === (wanted === undefined), 'another strict decoder decides alike')
    if (strict !== undefined) {
      holds(
        strict.warnings.length === 0 && strict.end === bytes.length,
        'strict: no warnings, nothing after it',
      )
      holds(same(encode(strict.value), bytes), 'what is read strictly is written as it was')
    }
    if (strict !== undefined && random.below(4) > 0) return strict
    const lenient = decode(bytes)
    holds(lenient.end <= bytes.length, 'the end lies within the input')
    holds(
      (lenient.warnings.length === 0) === (strict !== undefined),
      'what is read without a warning is canonical',
    )
    if (strict === undefined) {
      const written = encode(lenient.value)
      holds(written.length <= lenient.end, 'what is tolerated does not grow')
      holds(
        same(encode(decode(written, { strict: true }).value), written),
        'what was tolerated is written canonically',
      )
    }
    return lenient
  },
}

function roundTripBencode(random) {
  const value = randomValue(random, 4)
  const text = write(value)
  holds(textOf(encode(decode(latin1(text), { strict: true }).value)) === text, 'what is written is read')
}

function randomValue(random, depth) {
  const kind = random.below(depth > 0 ? 4 : 2)
  if (kind === 0) return random.below(2) === 0 ? random.next() : -1 - random.below(1000)
  if (kind === 1) return textOf(random.bytes(random.below(12)))
  const items = Array.from({ length: random.below(5) }, () => randomValue(random, depth - 1))
  if (kind === 2) return items
  return dict(Object.fromEntries(items.map((item, n) => [`${n}${textOf(random.bytes(2))}`, item])))
}

// ------------------------------------------------------------------------------------------------------- torrents

const isTorrentError = isShoalError('TORRENT_INVALID', 'TORRENT_UNSUPPORTED')

const metainfo = {
  name: 'metainfo',
  bencoded: true,
  tokens: [
    '..',
    '/',
    '\\',
    'CON',
    '\0',
    '\u202e',
    '\ud800',
    '4:info',
    '5:files',
    '6:length',
    '12:piece length',
    '6:pieces',
    '4:attr1:p',
    'e\u0301',
  ],
  samples: samples.torrents(),
  isError: isTorrentError,
  run(bytes, random) {
    const metainfo = parseTorrent(bytes, sha1)
    checkMetainfo(metainfo)
    if (random.below(4) === 0) {
      const again = parseInfo(metainfo.infoBytes, sha1)
      holds(equal(again.files, metainfo.files) && again.name === metainfo.name, 'from peers it is the same')
    }
    return metainfo
  },
}

const info = {
  name: 'info',
  bencoded: true,
  tokens: metainfo.tokens,
  samples: samples.infos(),
  isError: isTorrentError,
  run(bytes) {
    const metainfo = parseInfo(bytes, sha1)
    checkMetainfo(metainfo)
    holds(same(metainfo.infoHash, sha1(bytes)), 'the hash is that of the bytes as they came')
    return metainfo
  },
}

const UNSAFE = /[\p{Cc}/\\:*?"<>|\u202a-\u202e\u2066-\u2069\ufeff\p{Surrogate}]|^\.{1,2}$|[. ]$|^$/u

export function checkElement(element) {
  holds(!UNSAFE.test(element), `a name that is not safe: ${JSON.stringify(element)}`)
  holds(new TextEncoder().encode(element).length <= 255, 'a name that is too long')
}

function checkMetainfo(metainfo) {
  const { geometry, files, pieceHashes } = metainfo
  holds(pieceHashes.length === 20 * geometry.pieceCount, 'there is a hash for every piece')
  holds(geometry.pieceCount > 0 && geometry.pieceCount <= MAX_PIECES, 'the number of pieces is bounded')
  holds(
    geometry.pieceLength > 0 && geometry.pieceLength <= MAX_PIECE_LENGTH,
    'the length of pieces is bounded',
  )
  const keys = new Set()
  let offset = 0
  for (const file of files) {
    holds(file.offset === offset && file.length >= 0, 'files lie end to end')
    offset += file.length
    for (const element of file.path) checkElement(element)
    if (file.pad) continue
    const key = file.path.map(nameKey).join('/')
    holds(!keys.has(key), `two files have one path: ${key}`)
    keys.add(key)
  }
  holds(offset === geometry.totalLength && Number.isSafeInteger(offset), 'the total is the sum')
  for (const url of metainfo.trackers.flat()) holds(URL.canParse(url), 'a tracker is a URL')
}

const magnet = {
  name: 'magnet',
  tokens: [
    '&',
    'xt=urn:btih:',
    'tr=',
    'x.pe=',
    'so=',
    '%',
    '%00',
    '%ff',
    '%F0%9F%98%80',
    'dn=',
    '&amp;',
    '&so=1-999999999',
    '-',
    ',',
  ],
  samples: samples.magnets(),
  isError: isTorrentError,
  run(bytes) {
    const link = parseMagnet(new TextDecoder().decode(bytes))
    holds(
      link.infoHash.length === 20 && link.warnings.length <= 50 && link.peers.length <= 50,
      'all is bounded',
    )
    const again = parseMagnet(formatMagnet(link))
    for (const key of ['infoHashHex', 'name', 'peers', 'selectOnly', 'v2Hash', 'webSeeds']) {
      holds(
        equal(again[key], link[key]),
        `${key} is read as it was written: ${JSON.stringify([link[key], again[key]])}`,
      )
    }
    holds(equal(again.trackers.flat(), link.trackers.flat()), 'trackers are read as they were written')
    return link
  },
}

// ------------------------------------------------------------------------------------------------------- the wire

const MEMORY = new Uint8Array(256 * 1024)
const LIMITS = { maxMessageBytes: 64 * 1024 }

/** What a framer tells, as one number; so that ways of cutting can be compared. */
class Listener {
  hash = 0
  framer
  told = 0
  #choice

  constructor(choice) {
    this.#choice = choice
  }

  openBlock(index, begin, length) {
    this.tell('openBlock', index, begin, length)
    holds(length > 0 && length <= 128 * 1024, 'a block has a length that can be')
    return (index + this.#choice) % 3 === 0 ? -1 : begin % 65536
  }

  tell(name, a, b, c) {
    this.told++
    this.#add(name.length * 31 + name.charCodeAt(2))
    this.#take(a)
    this.#take(b)
    this.#take(c)
    if (this.#choice % 5 === 4 && this.told === 3) this.framer.skipBlock()
  }

  #take(value) {
    if (value === undefined) return
    if (typeof value === 'number') return this.#add(value)
    this.#add(value.length)
    for (let at = 0; at < value.length; at += 1 + (value.length >> 6)) this.#add(value[at])
  }

  #add(number) {
    this.hash = Math.imul(this.hash ^ number, 0x01000193)
  }
}
for (const name of [
  'onInfoHash',
  'onPeerId',
  'onKeepAlive',
  'onChoke',
  'onUnchoke',
  'onInterested',
  'onNotInterested',
  'onHave',
  'onBitfield',
  'onRequest',
  'onSkipped',
  'onBlock',
  'onCancel',
  'onPort',
  'onSuggest',
  'onHaveAll',
  'onHaveNone',
  'onReject',
  'onAllowedFast',
  'onExtended',
  'onUnknown',
]) {
  Listener.prototype[name] = function (a, b, c) {
    this.tell(name, a, b, c)
  }
}

/** All that a framer tells of these bytes, and the error that ended it. */
function frame(prefix, bytes, choice, cut) {
  const listener = new Listener(choice)
  const framer = new Framer(MEMORY, listener, LIMITS)
  listener.framer = framer
  if (prefix !== undefined) framer.feed(prefix)
  if (choice % 4 !== 3 && prefix !== undefined) framer.setPieceCount(20)
  let error
  try {
    for (let at = 0; at < bytes.length; ) {
      const end = cut === undefined ? bytes.length : Math.min(bytes.length, at + cut())
      framer.feed(bytes.subarray(at, end))
      at = end
    }
  } catch (caught) {
    if (!isProtocolError(caught)) throw caught
    error = caught
    const before = listener.hash
    framer.feed(bytes)
    holds(listener.hash === before, 'nothing is told once it is closed')
  }
  return { hash: listener.hash, message: error?.message, midBlock: framer.midBlock, error }
}

function runFramer(prefix, bytes, random) {
  const choice = random.below(60)
  const whole = frame(prefix, bytes, choice, undefined)
  const most = random.pick([1, 3, 20, 1500])
  const cut = frame(prefix, bytes, choice, () => 1 + random.below(bytes.length > 4096 ? most + 200 : most))
  holds(
    whole.hash === cut.hash && whole.message === cut.message,
    `cut otherwise, it is told otherwise: ${whole.message}, ${cut.message}`,
  )
  if (whole.error !== undefined) throw whole.error
  return cut
}

const HANDSHAKE = samples.handshake()
const framer = {
  name: 'framer',
  tokens: [
    '\0\0\0\0',
    '\0\0\0\x01\x0e',
    '\0\0\0\x05\x04',
    '\0\0\0\x0d\x06',
    '\0\0@\x09\x07',
    '\0\0\0\x02\x14',
    '\0\0\0\x03\x09',
    '\0\x01\0\0',
  ],
  samples: samples.streams(),
  isError: isProtocolError,
  run: (bytes, random) => runFramer(HANDSHAKE, bytes, random),
}

const handshake = {
  name: 'handshake',
  samples: [
    HANDSHAKE,
    samples.handshake('\0\0\0\0\0\0\0\0'),
    samples.handshake('\xff\xff\xff\xff\xff\xff\xff\xff'),
  ],
  tokens: ['\x13BitTorrent protocol', 'GET / HTTP/1.1\r\n'],
  isError: isProtocolError,
  run(bytes, random) {
    runFramer(undefined, bytes, random)
    const decoded = decodeHandshake(bytes)
    holds(same(encodeHandshake(decoded), bytes), 'what is read is written as it was')
    return decoded
  },
}

const extendedHandshake = {
  name: 'extended-handshake',
  bencoded: true,
  samples: samples.extendedHandshakes(),
  run(bytes, random) {
    const read = decodeExtendedHandshake(bytes)
    holds(read.extensions.size <= 64, 'extensions are bounded')
    for (const [name, id] of read.extensions)
      holds(name.length <= 64 && id >= 0 && id <= 255, 'ids are bytes')
    holds(read.port === undefined || (read.port > 0 && read.port < 65536), 'a port is a port')
    holds(read.client === undefined || read.client.length <= 64, 'the name is bounded')
    if (random.below(8) === 0) {
      const { client, requestQueue, port, extensions, metadataSize, uploadOnly, yourIp } = read
      const own = {
        requestQueue,
        port,
        extensions,
        metadataSize,
        uploadOnly,
        yourIp,
        client: client?.isWellFormed?.() === false ? 'x' : client,
      }
      const known = new Map([...extensions].filter(([name]) => /^[ -~]*$/.test(name)))
      const again = decodeExtendedHandshake(encodeExtendedHandshake({ ...own, extensions: known }))
      for (const key of ['requestQueue', 'port', 'metadataSize', 'uploadOnly', 'yourIp', 'client']) {
        holds(equal(again[key], own[key]), `${key} is read as it was written`)
      }
      // A dictionary has an order of its own.
      holds(
        equal([...again.extensions].sort(), [...known].sort()),
        'extensions are read as they were written',
      )
    }
    return read
  },
}

const metadataMessage = {
  name: 'metadata-message',
  bencoded: true,
  tokens: ['8:msg_type', '5:piece', 'i-1e', 'i4294967296e', 'ee'],
  samples: samples.metadataMessages(),
  isError: isProtocolError,
  run(bytes) {
    const read = parseMetadataMessage(bytes)
    if (read.kind === 'data') {
      holds(read.bytes.length <= 16384 && read.piece >= 0, 'a piece of metadata is bounded')
      if (read.totalSize !== undefined) {
        const again = parseMetadataMessage(encodeMetadataData(read.piece, read.totalSize, read.bytes))
        holds(equal(again, read), 'what is read is written as it was')
      }
    }
    return read
  },
}

const pexMessage = {
  name: 'pex-message',
  bencoded: true,
  samples: samples.pexMessages(),
  isError: isProtocolError,
  run(bytes, random) {
    const limit = random.pick([0, 1, 50, 200])
    const contacts = parsePexMessage(bytes, limit)
    holds(contacts.length <= limit, 'contacts are bounded')
    for (const { address } of contacts) checkAddress(address)
    const again = parsePexMessage(encodePexMessage(contacts, []), 400)
    const sorted = list => list.map(each => JSON.stringify(each)).sort()
    holds(equal(sorted(again), sorted(contacts)), 'what is read is written as it was')
    return contacts
  },
}

function checkAddress({ host, port }) {
  holds(port > 0 && port < 65536 && Number.isInteger(port), 'a port is a port')
  holds(canonicalIp(host) === host, `an address has one text: ${host}`)
}

const peerId = {
  name: 'peer-id',
  samples: samples.peerIds(),
  run(bytes) {
    const id = new Uint8Array(20)
    id.set(bytes.subarray(0, 20))
    const name = clientName(id)
    holds(name !== '' && name.length <= 100 && !/\p{Cc}/u.test(name), 'a name can be shown')
    return name
  },
}

// ------------------------------------------------------------------------------------------------------- trackers

const httpReply = {
  name: 'http-tracker-reply',
  bencoded: true,
  tokens: ['14:failure reason', '5:peers', '6:peers6', '8:interval', '2:ip', '4:port'],
  samples: samples.httpReplies(),
  isError: isShoalError('TRACKER_REFUSED', 'TRACKER_INVALID'),
  run(bytes) {
    const reason = failureReason(bytes)
    holds(reason === undefined || (reason !== '' && reason.length <= 400), 'a reason is bounded')
    try {
      for (const counts of parseScrapeReply(bytes, [latin1('abcdefghij0123456789')]).values()) {
        holds(
          Object.values(counts).every(count => count === undefined || count >= 0),
          'counts are counts',
        )
      }
    } catch (error) {
      if (!this.isError(error)) throw error
    }
    return checkReply(parseAnnounceReply(bytes))
  },
}

function checkReply(reply) {
  holds(reply.peers.length <= 2000, 'peers are bounded')
  for (const peer of reply.peers) checkAddress(peer)
  const { intervalMs, minIntervalMs = 5000 } = reply
  holds(
    intervalMs >= 60_000 && intervalMs <= 6 * 3600_000 && minIntervalMs >= 5000,
    'the interval is bounded',
  )
  for (const text of [reply.warning, reply.trackerId])
    holds(text === undefined || text.length <= 700, 'texts are bounded')
  return reply
}

const udpReply = {
  name: 'udp-tracker-reply',
  samples: samples.udpReplies(),
  run(bytes, random) {
    const read = decodeUdpReply(bytes, random.below(2) === 0)
    if (read?.kind === 'announce') checkReply(read.reply)
    if (read?.kind === 'scrape') holds(read.swarms.length <= 74, 'counts are bounded')
    if (read?.kind === 'error') holds(!/[\p{Cc}\u202e]/u.test(read.message), 'an error can be shown')
    return read
  },
}

// ------------------------------------------------------------------------------------------------------ discovery

const krpc = {
  name: 'krpc',
  bencoded: true,
  tokens: [
    '1:q4:ping',
    '1:y1:q',
    '1:t2:aa',
    '5:token',
    '6:values',
    '5:nodes',
    '1:v',
    'i-1e',
    '4:want',
    '3:seq',
  ],
  samples: samples.krpcMessages(),
  run(bytes, random) {
    const message = decodeMessage(bytes)
    if (message?.kind === 'reply') {
      const { nodes, nodes6, values } = message.reply
      holds(nodes.length <= 16 && nodes6.length <= 16 && values.length <= 100, 'an answer is bounded')
      for (const address of [...nodes, ...nodes6, ...values]) checkAddress(address)
    }
    if (message?.kind === 'query' && random.below(4) === 0) {
      const { transaction, id, readOnly, query } = message
      const again = decodeMessage(encodeQuery(query, { transaction, id, readOnly, version: latin1('SH01') }))
      holds(
        equal(again, message),
        `what is read is written as it was: ${JSON.stringify([plain(message), plain(again)])}`,
      )
    }
    return message
  },
}

const lsd = {
  name: 'lsd',
  tokens: ['\r\n', 'Port: 0\r\n', 'Infohash: ', 'cookie: ', ':', 'BT-SEARCH * HTTP/1.1\r\n'],
  samples: samples.announces(),
  run(bytes) {
    const announce = parseAnnounce(bytes)
    if (announce === undefined) return undefined
    holds(
      announce.port > 0 && announce.port < 65536 && announce.infoHashes.length > 0,
      'an announce says where and what',
    )
    if (announce.infoHashes.length <= 20) {
      const cookie = /^[!-~]*$/.test(announce.cookie ?? '') ? announce.cookie : undefined
      const again = parseAnnounce(encodeAnnounce('239.192.152.143:6771', { ...announce, cookie }))
      holds(equal(again, { ...announce, cookie }), 'what is read is written as it was')
    }
    return announce
  },
}

const dhtTable = {
  name: 'dht-table',
  bencoded: true,
  samples: [
    encoded(
      dict({
        id: 'abcdefghij0123456789',
        ip: '45.1.2.3',
        nodes: `mnopqrstuvwxyz123456${samples.word(0x2d010203)}\x1a\xe1`.repeat(30),
      }),
    ),
    encoded(dict({ id: 'x', nodes: '' })),
  ],
  run(bytes, random) {
    const saved = readSaved(bytes, random.below(4) === 0 ? 6 : 4)
    holds(saved.nodes.length <= 100, 'nodes are bounded')
    for (const node of saved.nodes) checkAddress(node)
    const again = readSaved(writeSaved(saved), saved.nodes[0]?.host.includes(':') ? 6 : 4)
    holds(equal(again.nodes, saved.nodes), 'what is read is written as it was')
    return saved
  },
}

const addresses = {
  name: 'addresses',
  tokens: ['::', ':', '[', ']', '.', '%', 'ffff', '0', '255', '65536', 'x'],
  samples: samples.addresses(),
  run(bytes) {
    const text = textOf(bytes)
    const ip = parseIp(text)
    if (ip !== undefined) {
      holds(ip.length === 4 || ip.length === 16, 'an address has 4 or 16 bytes')
      const canonical = canonicalIp(text)
      holds(
        canonical === formatIp(ip) && canonicalIp(canonical) === canonical,
        `an address has one text: ${text}, ${canonical}`,
      )
      ipScope(canonical)
    }
    const address = parseHostPort(text)
    if (address !== undefined) {
      checkAddress(address)
      holds(equal(parseHostPort(formatAddress(address)), address), 'what is read is written as it was')
    }
    return address
  },
}

// --------------------------------------------------------------------------------------------- files of our own

const RESUME_GEOMETRY = new Geometry(16384, [
  { path: ['t', 'a'], length: 20000, pad: false },
  { path: ['t', 'b'], length: 0, pad: false },
  { path: ['t', 'c'], length: 100000, pad: false },
])

function resumeRecord(random) {
  const have = new Bitfield(RESUME_GEOMETRY.pieceCount)
  for (let piece = 0; piece < have.length; piece++) if (random.below(2) === 0) have.add(piece)
  return {
    generation: random.below(100),
    savedAt: random.next(),
    infoHash: random.bytes(20),
    have,
    files: RESUME_GEOMETRY.files.map(({ length }) => ({
      stamp: random.below(3) === 0 ? undefined : { size: length, mtimeMs: random.below(2 ** 31) },
      priority: random.below(8),
    })),
    uploadedBytes: random.next(),
    downloadedBytes: random.next(),
    corruptBytes: random.below(10),
    addedAt: random.next(),
    completedAt: random.below(2) === 0 ? undefined : random.next(),
    peers: [
      { host: '10.0.0.1', port: 6881 },
      { host: '2001:db8::1', port: 1 },
    ],
  }
}

const RECORDS = [1, 2, 3].map(seed =>
  encodeResume(
    resumeRecord({ below: n => seed % n, next: () => seed * 1000, bytes: n => new Uint8Array(n) }),
  ),
)

const VERSION = decode(RECORDS[0]).value.int('version')

const resume = {
  name: 'resume-record',
  bencoded: true,
  samples: [...RECORDS, ...RECORDS.map(bytes => decode(bytes).value.bytes('body').slice())],
  isError: isShoalError('RESUME_INVALID'),
  run(bytes, random) {
    if (random.below(16) === 0) {
      const record = resumeRecord(random)
      const again = decodeResume(encodeResume(record))
      for (const key of Object.keys(again))
        holds(equal(again[key], record[key]), `${key} is read as it was written`)
    }
    // The body of a record, as a disk or another program may have left it, with a checksum that is right.
    const record = decodeResume(
      textOf(bytes.subarray(0, 7)) === 'd5:addd' || bytes[1] === 0x37 ? sealed(bytes) : bytes,
    )
    const stamps = RESUME_GEOMETRY.files.map(({ length }) =>
      random.below(2) ? { size: length, mtimeMs: 3 } : undefined,
    )
    const { have, recheck } = reconcile(record, RESUME_GEOMETRY, stamps)
    for (const piece of recheck)
      holds(RESUME_GEOMETRY.isPiece(piece) && !have.has(piece), 'pieces are looked at once')
    return record
  },
}

/** What a session of a torrent of 100 pieces may have written. */
function journalOf(random, entries) {
  const parts = [
    encodeEntry({ kind: 'open', infoHash: new Uint8Array(20), generation: 3, bootId: 'boot' }, 1000),
  ]
  let told = 0
  for (let n = 0; n < entries; n++) {
    const pieces = Array.from({ length: random.below(6) }, () => random.below(100))
    const kind = random.pick(['have', 'have', 'wrong', 'synced', 'alive', 'open'])
    if (kind === 'open') {
      const generation = 3 + random.below(2)
      if (generation !== 3) told = 0
      const bootId = random.pick(['boot', 'other', ''])
      parts.push(encodeEntry({ kind, infoHash: new Uint8Array(20), generation, bootId }, 1000 + n))
    } else if (kind === 'synced') parts.push(encodeEntry({ kind, pieces: told }, 1000 + n))
    else parts.push(encodeEntry({ kind, pieces }, 1000 + n))
    if (kind === 'have') told += pieces.length
  }
  return Buffer.concat(parts)
}

const journal = {
  name: 'journal',
  tokens: ['4:kind4:have', '4:kind5:wrong', '4:kind6:synced', '6:pieces', 'i-1e', '\0\0\0\0\0\0\0\0'],
  samples: [1, 2, 3, 4].map(seed => new Uint8Array(journalOf(new Random(seed), 3 * seed))),
  run(bytes, random) {
    // Damage that a checksum does not show: it was damaged before, or somebody else wrote it.
    const input = random.below(2) === 0 ? bytes : resealed(bytes)
    const bootId = random.pick(['boot', 'other', ''])
    const read = readJournal(input, 100, bootId)
    holds(read.wholeBytes >= 0 && read.wholeBytes <= input.length, 'what is whole lies within')
    if (read.facts !== undefined) {
      const { have, unsynced, doubtful, wrong } = read.facts
      const held = new Set(have)
      for (const piece of [...have, ...unsynced, ...doubtful, ...wrong])
        holds(piece >= 0 && piece < 100, 'pieces exist')
      holds(
        held.size === have.length && unsynced.every(piece => held.has(piece)),
        'what is not synced is had',
      )
      holds(
        ![...doubtful, ...wrong].some(piece => held.has(piece)),
        'what is had is neither wrong nor doubtful',
      )
    }
    const again = readJournal(input.slice(0, read.wholeBytes), 100, bootId)
    holds(equal(again.facts, read.facts) && again.damage === undefined, 'what is whole can be gone on with')
    return read
  },
}

/** Every entry with the checksum that it should have. */
function resealed(bytes) {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  for (let at = 0; at + 8 <= copy.length; ) {
    const length = view.getUint32(at)
    if (at + 8 + length > copy.length) break
    view.setUint32(at + 4, crc32(copy.subarray(at + 8, at + 8 + length)))
    at += 8 + length
  }
  return copy
}

function crc32(bytes) {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

function sealed(body) {
  return encoded(dict({ body: textOf(body), crc32: crc32(body), version: VERSION }))
}

// ------------------------------------------------------------------------------------- arithmetic and names

const SIZES = [
  0,
  0,
  1,
  2,
  16383,
  16384,
  16385,
  32768,
  65536,
  1e6,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 40,
]
const INDICES = [
  0,
  1,
  2,
  3,
  16383,
  16384,
  16385,
  32768,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  -1,
  1.5,
  Number.NaN,
]

const geometry = {
  name: 'geometry',
  run(_bytes, random) {
    const files = Array.from({ length: 1 + random.below(12) }, (_, n) => {
      return {
        path: ['t', `${n}`],
        length: random.below(3) === 0 ? random.below(100_000) : random.pick(SIZES),
        pad: random.below(8) === 0,
      }
    })
    const total = files.reduce((sum, { length }) => sum + length, 0)
    const least = Math.max(1, Math.ceil(total / MAX_PIECES))
    const pieceLength = Math.max(
      least,
      random.pick([1, 1000, 16384, 16385, 65536, 2 ** 20, MAX_PIECE_LENGTH]),
    )
    const torrent = new Geometry(pieceLength, files)
    const last = torrent.pieceCount - 1
    for (const index of [0, last, last + 1, random.pick(INDICES), random.below(torrent.pieceCount + 1)]) {
      for (let n = 0; n < 4; n++) {
        const begin = random.below(2) ? random.pick(INDICES) : random.below(pieceLength)
        const length = random.below(2) ? random.pick(INDICES) : random.below(BLOCK_BYTES) + 1
        const isRange = torrent.isRange(index, begin, length)
        const inside = Number.isInteger(index) && index >= 0 && index * pieceLength + begin + length <= total
        if (isRange)
          holds(inside && begin >= 0 && length > 0 && begin + length <= pieceLength, 'a range lies inside')
        const block = torrent.blockAt(index, begin, length)
        holds(
          block === -1 ||
            (isRange && block * BLOCK_BYTES === begin && torrent.blockSize(index, block) === length),
          'a block is a range',
        )
      }
      if (!torrent.isPiece(index)) continue
      holds(index >= 0 && index <= last, 'a piece is one of them')
      const size = torrent.pieceSize(index)
      holds(size > 0 && size <= pieceLength, 'a piece has a size that can be')
      let sum = 0
      for (let block = 0; block < Math.min(3, torrent.blockCount(index)); block++)
        holds(torrent.blockSize(index, block) > 0, 'no block is empty')
      for (const { file, fileOffset, length } of torrent.slices(torrent.pieceOffset(index), size)) {
        holds(length > 0 && fileOffset >= 0 && fileOffset + length <= file.length, 'a slice lies in its file')
        holds(file.offset + fileOffset === torrent.pieceOffset(index) + sum, 'slices lie end to end')
        sum += length
      }
      holds(sum === size, 'the slices of a piece are the piece')
    }
    return torrent
  },
}

const names = {
  name: 'names',
  samples: samples.names(),
  tokens: [
    '/',
    '\\',
    '..',
    '.',
    ' ',
    ':',
    'CON',
    'nul',
    '\u0301',
    '\u202e',
    '\u00df',
    '\u0130',
    '\ufb01',
    '😀',
    '.txt',
    '_',
  ],
  run(bytes, random) {
    const raw = random.below(4) === 0 ? textOf(bytes) : new TextDecoder().decode(bytes)
    const name = safeElement(raw)
    checkElement(name)
    holds(
      safeElement(name) === name,
      `a safe name is safe: ${JSON.stringify([raw, name, safeElement(name)])}`,
    )
    holds(nameKey(nameKey(name)) === nameKey(name), 'a key is its own key')
    const { paths } = distinctPaths([
      ['t', name],
      ['t', name.toUpperCase()],
      ['t', name.normalize('NFD')],
      ['t', name, 'x'],
    ])
    holds(new Set(paths.map(path => path.map(nameKey).join('/'))).size === 4, 'paths are distinct')
    return name
  },
}

export const decoders = [
  metainfo, info, magnet, framer, handshake, extendedHandshake, metadataMessage, pexMessage, peerId, httpReply, udpReply, krpc, lsd,
  dhtTable, addresses, resume, journal, geometry, names,
] // biome-ignore format: a list
