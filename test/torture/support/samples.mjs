/** Valid things to damage: torrents, messages, answers, written without the code that will read them. */
import { dict, encoded, textOf, utf8 } from './bencode.mjs'

const ID = 'abcdefghij0123456789'
const OTHER_ID = 'mnopqrstuvwxyz123456'
const V4 = 'axje.u'
const V6 = '\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x1a\xe1'

export const torrents = () => {
  const pieces = n => 'h'.repeat(20 * n)
  const single = fields =>
    dict({ length: 425, name: 'temp', 'piece length': 16384, pieces: pieces(1), ...fields })
  const multi = (files, fields) =>
    dict({ files, name: 'temp', 'piece length': 16384, pieces: pieces(1), ...fields })
  const file = (path, fields) => dict({ length: 425, path, ...fields })
  const torrent = (info, fields = {}) => encoded(dict({ ...fields, info }))
  return [
    torrent(single()),
    torrent(single({ private: 1, source: 'somewhere', 'name.utf-8': utf8('日本語') }), {
      announce: 'http://tracker.example/announce',
      'announce-list': [['udp://a.example:80'], ['http://b.example/announce', 'https://c.example/x']],
      'creation date': 1234567,
      comment: utf8('línea\nother'),
      'created by': 'x',
      encoding: 'UTF-8',
      nodes: [
        ['127.0.0.1', 6881],
        ['router.example', 1],
      ],
      'url-list': ['http://seed.example/file'],
      httpseeds: ['http://seed.example/seed.php'],
    }),
    torrent(
      multi([
        file(['a', 'b.txt']),
        file(['a', 'B.TXT']),
        file(['a'], { length: 0 }),
        file(['..', '/', 'con.txt']),
      ]),
    ),
    torrent(
      multi(
        [
          file(['x'], { attr: 'x' }),
          dict({ length: 15959, attr: 'p', path: ['.pad', '15959'] }),
          file(['dir', utf8('e\u0301.mkv')], { length: 40000, md5sum: 'f'.repeat(32) }),
          dict({ attr: 'l', path: ['link'], 'symlink path': ['x'], length: 0 }),
          dict({ length: 5, path: ['bad'], 'path.utf-8': [utf8('gut😀')] }),
        ],
        { pieces: pieces(4) },
      ),
      { 'url-list': 'http://seed.example/' },
    ),
    torrent(
      single({
        'meta version': 2,
        'file tree': dict({ temp: dict({ '': dict({ length: 425, 'pieces root': 'r'.repeat(32) }) }) }),
      }),
      { 'piece layers': dict({}) },
    ),
    torrent(single({ length: 2 ** 31, 'piece length': 2 ** 26, pieces: pieces(32) })),
    torrent(
      multi(
        Array.from({ length: 40 }, (_, n) => file(['d', `f${n % 30}`], { length: n })),
        {},
      ),
    ),
  ]
}

export const infos = () => torrents().map(bytes => encodedInfo(bytes))

function encodedInfo(bytes) {
  const text = textOf(bytes)
  const at = text.indexOf('4:infod') + 6
  for (let end = text.length - 1; ; end--) if (text[end - 1] === 'e') return bytes.slice(at, end)
}

export const magnets = () =>
  [
    `magnet:?xt=urn:btih:${'0123456789abcdef'.repeat(3).slice(0, 40)}`,
    `magnet:?xt=urn:btih:${'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'}&dn=a+name%20%C3%A9&tr=udp%3A%2F%2Ftracker.example%3A80%2Fannounce&tr.1=http://b.example/a&ws=http://seed.example/f&x.pe=10.0.0.1:6881&x.pe=[2001:db8::1]:1&x.pe=host.example:99&so=0,2-5,9`,
    `magnet:?xt=urn:btmh:1220${'ab'.repeat(32)}&xt=urn:btih:${'a'.repeat(40)}&amp;dn=x&xs=http://a.example/&as=b`,
    '0123456789abcdef0123456789abcdef01234567',
    `magnet:?dn=%E0%A4%A&xt=urn:btih:${'f'.repeat(40)}&so=5-1,,99999999999,3-3,4`,
  ].map(text => new TextEncoder().encode(text))

const message = (id, payload = '') => {
  const length = 1 + payload.length
  return `${word(length)}${String.fromCharCode(id)}${payload}`
}
export const word = n => String.fromCharCode((n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255)
const bytesOf = text => Uint8Array.from(text, char => char.charCodeAt(0))

export const extendedHandshakes = () => [
  encoded(
    dict({
      m: dict({ ut_metadata: 3, ut_pex: 1, lt_donthave: 7 }),
      metadata_size: 31235,
      p: 6881,
      reqq: 250,
      v: utf8('µTorrent 1.2'),
      yourip: 'abcd',
    }),
  ),
  encoded(
    dict({ m: dict({}), upload_only: 1, ipv4: 'abcd', ipv6: V6.slice(0, 16), yourip: V6.slice(0, 16), e: 0 }),
  ),
  encoded(
    dict({ m: dict({ ut_pex: 0, 'a name that is not in use': 255, x: 256, y: -1 }), reqq: 0, p: 65536 }),
  ),
]

export const metadataMessages = () => [
  encoded(dict({ msg_type: 0, piece: 0 })),
  encoded(dict({ msg_type: 2, piece: 3 })),
  bytesOf(textOf(encoded(dict({ msg_type: 1, piece: 1, total_size: 16884 }))) + 'z'.repeat(500)),
  bytesOf(textOf(encoded(dict({ msg_type: 1, piece: 0, total_size: 16884 }))) + 'z'.repeat(16384)),
]

export const pexMessages = () => [
  encoded(
    dict({
      added: V4.repeat(5),
      'added.f': '\x00\x01\x02\x10\xff',
      added6: V6.repeat(2),
      'added6.f': '\x02\x00',
      dropped: V4,
      dropped6: V6,
    }),
  ),
  encoded(dict({ added: '', 'added.f': '' })),
  encoded(dict({ added: Array.from({ length: 300 }, (_, n) => `${word(0x0a000000 + n)}\x1a\xe1`).join('') })),
]

/** What follows the handshake on a connection. */
export const streams = () => {
  const extended = (id, payload) => message(20, String.fromCharCode(id) + textOf(payload))
  return [
    [message(5, '\xff\x00\xf0'), message(2), message(1), message(4, word(3)), word(0)],
    [message(14), message(9, '\x1a\xe1'), message(17, word(1)), message(13, word(2)), message(1)],
    [
      message(6, word(0) + word(0) + word(16384)),
      message(8, word(0) + word(0) + word(16384)),
      message(16, word(1) + word(16384) + word(16384)),
    ],
    [
      message(7, `${word(1)}${word(0)}${'p'.repeat(1000)}`),
      message(7, `${word(2)}${word(16384)}${'q'.repeat(3000)}`),
      message(0),
    ],
    [
      extended(0, extendedHandshakes()[0]),
      extended(1, pexMessages()[0]),
      extended(3, metadataMessages()[0]),
      message(15),
      message(3),
    ],
    [
      extended(3, metadataMessages()[2]),
      message(99, 'unknown'),
      extended(7, bytesOf(word(1))),
      message(21, ''),
    ],
    [message(7, `${word(0)}${word(0)}${'b'.repeat(16384)}`)],
  ].map(parts => bytesOf(parts.join('')))
}

export const handshake = (
  reserved = '\0\0\0\0\0\x10\0\x05',
  infoHash = ID,
  peerId = '-XX0000-zzzzzzzzzzzz',
) => bytesOf(`\x13BitTorrent protocol${reserved}${infoHash}${peerId}`)

export const krpcMessages = () => {
  const query = (q, a, more = {}) =>
    encoded(dict({ a: dict({ id: ID, ...a }), q, t: 'aa', y: 'q', v: 'LT\x01\x02', ...more }))
  const reply = (r, more = {}) =>
    encoded(dict({ r: dict({ id: OTHER_ID, ...r }), t: 'aaaa', y: 'r', ip: V4, ...more }))
  const nodes = Array.from(
    { length: 8 },
    (_, n) => `${String.fromCharCode(n * 31)}${OTHER_ID.slice(1)}${word(0x2d000001 + n * 65536)}\x1a\xe1`,
  ).join('')
  return [
    query('ping', {}),
    query('find_node', { target: OTHER_ID, want: ['n4', 'n6'] }),
    query('get_peers', { info_hash: OTHER_ID, noseed: 1, scrape: 1 }),
    query('announce_peer', { info_hash: OTHER_ID, implied_port: 1, port: 6881, token: 'tokentok', seed: 1 }),
    query('get', { target: OTHER_ID, seq: 1 }),
    query('put', { token: 'tokentok', v: 'Hello World!' }),
    query('put', {
      token: 'tokentok',
      v: 'Hello World!',
      k: 'k'.repeat(32),
      sig: 's'.repeat(64),
      seq: 4,
      salt: 'foobar',
      cas: 3,
    }),
    query('sample_infohashes', { target: OTHER_ID }, { ro: 1 }),
    query('vote', { target: OTHER_ID }),
    reply({}),
    reply({ nodes, nodes6: OTHER_ID + V6, token: 'tokentok' }),
    reply({ values: [V4, V6, V4], token: 'x', BFsd: '\0'.repeat(256), BFpe: '\xff'.repeat(256) }),
    reply({ v: dict({ a: [1, 'b'] }), k: 'k'.repeat(32), sig: 's'.repeat(64), seq: 9, nodes }),
    reply({ interval: 100, num: 3, samples: ID + OTHER_ID, nodes }),
    encoded(dict({ e: [203, 'Protocol Error'], t: 'aa', y: 'e' })),
  ]
}

export const httpReplies = () => [
  encoded(
    dict({
      complete: 3,
      incomplete: 4,
      downloaded: 7,
      interval: 1800,
      'min interval': 60,
      peers: V4.repeat(9),
      peers6: V6.repeat(3),
      'external ip': 'abcd',
      'tracker id': 'xyz',
    }),
  ),
  encoded(
    dict({
      interval: 1800,
      peers: [
        dict({ ip: '10.0.0.1', port: 6881, 'peer id': ID }),
        dict({ ip: '2001:db8::1', port: 1 }),
        dict({ ip: 'name.example', port: 5 }),
      ],
    }),
  ),
  encoded(dict({ 'failure reason': utf8('nö\u202e\x1b[31m'), 'warning message': 'x' })),
  encoded(dict({ 'warning message': utf8('old client'), interval: 0, peers: '' })),
  encoded(
    dict({
      files: dict({
        [ID]: dict({ complete: 1, downloaded: 2, incomplete: 3 }),
        [OTHER_ID]: dict({ complete: 1 }),
      }),
      flags: dict({ min_request_interval: 5 }),
    }),
  ),
  new TextEncoder().encode('<!DOCTYPE html><html><title>502 Bad Gateway</title></html>'),
]

export const udpReplies = () =>
  [
    `${word(0)}${word(77)}connecti`,
    `${word(1)}${word(77)}${word(1800)}${word(3)}${word(5)}${V4.repeat(12)}`,
    `${word(1)}${word(77)}${word(1800)}${word(3)}${word(5)}${V6.repeat(5)}`,
    `${word(2)}${word(77)}${word(1)}${word(2)}${word(3)}${word(4)}${word(5)}${word(6)}`,
    `${word(3)}${word(77)}Torrent not registered`,
  ].map(bytesOf)

export const announces = () =>
  [
    `BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: ${'ab'.repeat(20)}\r\ncookie: 12345\r\n\r\n\r\n`,
    `BT-SEARCH * HTTP/1.1\r\nHost: [ff15::efc0:988f]:6771\r\nPort: 1\r\n${`Infohash: ${'01'.repeat(20)}\r\n`.repeat(19)}\r\n\r\n`,
    `BT-SEARCH * HTTP/1.0\nPort:65535\nInfohash:${'EF'.repeat(20)}\n\n`,
  ].map(bytesOf)

export const addresses = () =>
  [
    '10.0.0.1:6881',
    '[2001:db8::1]:6881',
    '::ffff:10.1.2.3',
    '[::ffff:127.0.0.1]:80',
    'fe80::1%eth0',
    '1.2.3',
    '2001:db8:1:2:3:4:5:6',
    '::',
    '0x7f.1',
    '[::1]',
    '256.1.1.1:1',
  ].map(text => bytesOf(text))

export const peerIds = () =>
  [
    '-SH0100-zzzzzzzzzzzz',
    '-qB5120-abcdefghijkl',
    'M7-9-2--abcdefghijkl',
    'S58B-----abcdefghijk',
    'exbc\x01\x02LORDabcdefghij',
    '-TR2940-k8hj0wgej6ch',
    'OP7685f2c1495b1680bf',
    '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0',
  ].map(text => bytesOf(text))

/** Names that are trouble somewhere. */
export const names = () =>
  [
    'foo.txt',
    'CON',
    'aux.tar.gz',
    'com1',
    'LPT\u00b9.txt',
    'a:b',
    '..',
    '...',
    ' lead',
    'trail ',
    'dot.',
    '/etc/passwd',
    'C:\\x',
    '\\\\?\\UNC',
    'e\u0301',
    '\u00e9',
    'STRASSE',
    'straße',
    '\u202egpj.exe',
    'a\0b',
    '\x1b[2J',
    'ﬁ',
    'İ',
    'ı',
    '\u212a',
    `${'x'.repeat(300)}.mkv`,
    '日本語'.repeat(40),
    '😀'.repeat(80),
    '_____padding_file_0',
    'NUL .txt',
    'clock$',
    '.hidden',
    '~',
    'a\u200bb',
    'COM¹',
  ].map(text => new TextEncoder().encode(text))
