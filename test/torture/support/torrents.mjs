/**
 * Torrents that are strange, each with what has to become of it: those of libtorrent's collection as far as they concern
 * version 1 (by name and outcome; the contents are made here), and our own. Where Shoal differs from libtorrent on
 * purpose, the row says so.
 *
 * A case is a torrent (`info` and the `fields` around it, or `raw` bytes) and either what it loads as, field by field, or
 * with which error it is refused. What is said of `info` has to hold for a file and for what peers send alike.
 */
import { dict, encoded, latin1, textOf, utf8 } from './bencode.mjs'

/** Text is UTF-8, bytes are themselves, objects are dictionaries in their order, `undefined` is left out. */
function tree(value) {
  if (typeof value === 'string') return utf8(value)
  if (value instanceof Uint8Array) return textOf(value)
  if (Array.isArray(value)) return value.map(tree)
  if (typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return dict(Object.fromEntries(entries.map(([key, item]) => [utf8(key), tree(item)])))
}

/** The file, and the info dictionary where there is one: both are bytes. */
export function bytesOf({ raw, info, fields = {} }) {
  if (raw !== undefined) return { file: typeof raw === 'function' ? raw() : raw, info: undefined }
  const infoBytes = info instanceof Uint8Array ? info : encoded(tree(info))
  // Put in as it is, in whatever shape it may be.
  const around = textOf(encoded(tree({ ...fields, info: 0 })))
  const file = latin1(around.replace('4:infoi0e', () => `4:info${textOf(infoBytes)}`))
  return { file, info: infoBytes }
}

/** What differs from what was expected of a torrent that loads, in words; undefined when nothing does. */
export function difference(metainfo, wanted, isFile) {
  const is = {
    name: metainfo.name === metainfo.infoHashHex ? 'the info-hash' : metainfo.name,
    paths: metainfo.files.map(file => file.path.join('/')),
    lengths: metainfo.files.map(file => file.length),
    pads: metainfo.files.map(file => file.pad),
    executable: metainfo.files.map(file => file.executable),
    hidden: metainfo.files.map(file => file.hidden),
    pieceCount: metainfo.geometry.pieceCount,
    pieceLength: metainfo.geometry.pieceLength,
    totalLength: metainfo.geometry.totalLength,
    fileCount: metainfo.files.length,
    singleFile: metainfo.singleFile,
    private: metainfo.private,
    source: metainfo.source,
  }
  const outside = {
    trackers: metainfo.trackers,
    trackerCount: metainfo.trackers.flat().length,
    webSeeds: metainfo.webSeeds,
    httpSeeds: metainfo.httpSeeds,
    nodes: metainfo.nodes.map(({ host, port }) => `${host} ${port}`),
    comment: metainfo.comment,
    createdBy: metainfo.createdBy,
    creationDate: metainfo.creationDate,
    warning: metainfo.warnings.join('; '),
  }
  for (const [key, expected] of Object.entries(wanted)) {
    if (!(key in is) && !(key in outside)) return `nobody knows what ${key} is`
    if (!(key in is) && !isFile) continue
    const actual = key in is ? is[key] : outside[key]
    const same =
      key === 'warning' ? actual.includes(expected) : JSON.stringify(actual) === JSON.stringify(expected)
    if (!same) return `${key} is ${JSON.stringify(actual)}, and should be ${JSON.stringify(expected)}`
  }
  return undefined
}

const hashes = pieces => new Uint8Array(20 * pieces).map((_, at) => at)
const single = (fields = {}) => ({
  length: 425,
  name: 'temp',
  'piece length': 16384,
  pieces: hashes(1),
  ...fields,
})
const multi = (files, fields = {}) => ({
  files,
  name: 'temp',
  'piece length': 16384,
  pieces: hashes(1),
  ...fields,
})
const file = (path, fields = {}) => ({ length: 425, path, ...fields })
const link = (path, target, fields = {}) => file(path, { attr: 'l', 'symlink path': target, ...fields })
const twoFiles = multi([file(['foo', 'bar.txt']), file(['foo', 'var.txt'])])
/** A hybrid has all of version 1, and fields of version 2 that are passed over. */
const v2Fields = { 'meta version': 2, 'file tree': { a: { '': { length: 0 } } } }
const paths = (...expected) => ({ paths: expected.map(path => `temp/${path}`) })
/** Elements of several files in one folder, and the names that they get. */
const renamed = (elements, expected) => [multi(elements.map(element => file([element]))), paths(...expected)]

/** name, info, fields around it, what it loads as */
const LIBTORRENT_LOADS = [
  ['base', single(), {}, { paths: ['temp'] }],
  ['empty_path', multi([file(['', ''])]), {}, paths('_/_')],
  ['empty_path_multi', multi([file(['abcde']), file(['']), file([''])]), {}, paths('abcde', '_', '_.1')],
  ['parent_path', multi([file(['..', '..', 'bar'])]), {}, paths('_/_/bar')],
  ['hidden_parent_path', multi([file(['foo/../../../bar', 'bar'])]), {}, paths('foo......bar/bar')],
  ['single_multi_file', multi([file(['foo', 'bar'])]), {}, { singleFile: false, ...paths('foo/bar') }],
  ['slash_path', multi([file(['/', '/', 'bar'])]), {}, paths('_/_/bar')],
  ['slash_path2', multi([file(['abc/../../def', '/', 'bar'])]), {}, paths('abc....def/_/bar')],
  ['slash_path3', single({ name: 'temp/../../abc' }), {}, { paths: ['temp....abc'] }],
  ['backslash_path', multi([file(['\\', '\\', 'bar'])]), {}, paths('_/_/bar')],
  ['url_list', single(), { 'url-list': [''] }, { webSeeds: [] }],
  ['url_list2', single(), { 'url-list': [['']] }, { webSeeds: [] }],
  ['url_list3', single(), { 'url-list': [-20] }, { webSeeds: [] }],
  ['httpseed', single(), { httpseeds: ['http://foobar.com/'] }, { httpSeeds: ['http://foobar.com/'] }],
  ['empty_httpseed', single(), { httpseeds: [''], 'url-list': [''] }, { httpSeeds: [] }],
  // libtorrent cuts at 240 bytes and then adds the extension; here all 255 bytes are used.
  [
    'long_name',
    single({ name: `${'abcdefghij'.repeat(30)}.txt` }),
    {},
    { name: `${'abcdefghij'.repeat(26).slice(0, 251)}.txt` },
  ],
  [
    'whitespace_url',
    single(),
    { announce: '\t udp://test.com/announce ' },
    { trackers: [['udp://test.com/announce']] },
  ],
  [
    'duplicate_files',
    multi([file(['foo', 'bar.txt']), file(['foo', 'bar.txt'])]),
    {},
    paths('foo/bar.txt', 'foo/bar.1.txt'),
  ],
  ['pad_file', multi([file(['foo', 'bar.txt']), file(['_____padding_file_'])]), {}, { pads: [false, true] }],
  // libtorrent says `.pad/2124`, outside of the torrent's folder; pad files are never stored.
  [
    'pad_file_no_path',
    multi([file(['bar.txt']), { length: 2124, attr: 'p' }]),
    {},
    { pads: [false, true], ...paths('bar.txt', '.pad/2124') },
  ],
  ['creation_date', twoFiles, { 'creation date': 1234567 }, { creationDate: 1234567 }],
  ['no_creation_date', twoFiles, {}, { creationDate: undefined }],
  ['url_seed', single(), { 'url-list': ['http://test.com/file'] }, { webSeeds: ['http://test.com/file'] }],
  ['url_seed_multi', twoFiles, { 'url-list': ['http://test.com/file'] }, { webSeeds: ['http://test.com/file/'] }],
  [
    'url_seed_multi_single_file',
    multi([file(['foo', 'bar.txt'])]),
    { 'url-list': ['http://test.com/file/temp/foo/bar.txt'] },
    { webSeeds: ['http://test.com/file/temp/foo/bar.txt'] },
  ],
  [
    'url_seed_multi_space',
    twoFiles,
    { 'url-list': ['http://test.com/test file/foo bar'] },
    { webSeeds: ['http://test.com/test%20file/foo%20bar/'] },
  ],
  [
    'url_seed_multi_space_nolist',
    twoFiles,
    { 'url-list': 'http://test.com/test file/foo bar' },
    { webSeeds: ['http://test.com/test%20file/foo%20bar/'] },
  ],
  [
    'duplicate_web_seeds',
    single(),
    { 'url-list': ['foo', 'foo', 'foobar', 'foo', 'bar'].map(name => `http://a.com/${name}`) },
    { webSeeds: ['foo', 'foobar', 'bar'].map(name => `http://a.com/${name}`) },
  ],
  ['invalid_name2', multi([file(['foo', 'bar.txt'])], { name: '..' }), {}, { name: 'the info-hash' }],
  // libtorrent keeps the space where it is not on Windows; here a name is the same everywhere.
  ['invalid_name3', multi([file(['foo'])], { name: 'foobar ' }), {}, { name: 'foobar' }],
  [
    'symlink1',
    multi([file(['a', 'b', 'bar']), link(['a', 'b', 'foo'], ['a', 'b', 'bar'])]),
    {},
    { pads: [false, true], lengths: [425, 0], ...paths('a/b/bar', 'a/b/foo') },
  ],
  [
    'symlink2',
    multi([
      link(['SDL2'], ['Versions', 'A', 'SDL2'], { length: 0 }),
      file(['Versions', 'A', 'Code']),
      file(['Versions', 'A', 'Info']),
      file(['Versions', 'A', 'SDL2'], { length: 0 }),
      link(['Versions', 'Current'], ['Versions', 'A'], { length: 0 }),
    ]),
    {},
    { pads: [true, false, false, false, true] },
  ],
  [
    'symlink_zero_size',
    multi([file(['bar']), { attr: 'l', path: ['foo'], 'symlink path': ['bar'] }]),
    {},
    { lengths: [425, 0] },
  ],
  [
    'symlink_filtered_path',
    multi([file(['a', '/', 'bar']), link(['a', '/', 'foo'], ['a', '/', 'bar'])]),
    {},
    paths('a/_/bar', 'a/_/foo'),
  ],
  [
    'overlapping_symlinks',
    multi([link(['A'], ['V', 'B']), link(['V'], ['A']), file(['W', 'a.h'])]),
    {},
    { pads: [true, true, false], ...paths('A', 'V', 'W/a.h') },
  ],
  ['unordered', latin1(`d4:name4:temp6:lengthi425e12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`), {}, { name: 'temp', warning: 'not sorted' }],
  [
    'large',
    multi([file(['x'], { length: 5_242_880_000 })], { 'piece length': 2 ** 20, pieces: hashes(5000) }),
    {},
    { pieceCount: 5000 },
  ],
  ['large_piece_size', single({ 'piece length': 32767 * 0x4000 }), {}, { pieceLength: 32767 * 0x4000 }],
  ['absolute_filename', multi([file(['abcde']), file(['/foobar'])]), {}, paths('abcde', 'foobar')],
  [
    'invalid_filename',
    multi([file(['f']), file(['.'])], { name: '\\est2' }),
    {},
    { paths: ['est2/f', 'est2/_'] },
  ],
  ['invalid_filename2', multi([file(['f']), file(['.', '.']), file(['/1', '.'])]), {}, paths('f', '_/_', '1/_')],
  [
    'invalid_directory_name',
    multi([file(['/', 'foo']), file(['\\', 'foo'])], { name: 'test2' }),
    {},
    { paths: ['test2/_/foo', 'test2/_/foo.1'] },
  ],
  ['v2, a hybrid', single({ ...v2Fields, length: 65536, pieces: hashes(4) }), {}, { paths: ['temp'] }],
  [
    'v2_hybrid, v2_multiple_files',
    multi([file(['a']), { length: 15959, attr: 'p', path: ['.pad', '15959'] }, file(['b'])], { ...v2Fields, pieces: hashes(2) }),
    { 'piece layers': {} },
    { pads: [false, true, false], totalLength: 16809 },
  ],
  [
    'v2_invalid_filename, v2_invalid_filename2, as hybrids',
    multi([file(['/estMB']), file(['..']), file(['\0'])], v2Fields),
    {},
    paths('estMB', '_', '_.1'),
  ],
  [
    'v2_no_piece_layers, v2_incomplete_piece_layer, as hybrids',
    single({ ...v2Fields, length: 65536, pieces: hashes(4) }),
    { 'piece layers': { a: 'b' } },
    { pieceCount: 4 },
  ],
  [
    'empty-files-1 to 5, hybrids',
    multi(
      [
        file(['1-empty'], { length: 0 }),
        file(['2-small'], { length: 512 }),
        { length: 15872, attr: 'p', path: ['.pad', '15872'] },
        file(['3-large'], { length: 51200 }),
        file(['4-empty'], { length: 0 }),
      ],
      { ...v2Fields, pieces: hashes(5) },
    ),
    {},
    { lengths: [0, 512, 15872, 51200, 0], totalLength: 67584 },
  ],
  [
    'similar, similar2, collection, collection2',
    single({ collections: ['a'], similar: [hashes(1)] }),
    { similar: [hashes(1)], collections: ['b'] },
    { name: 'temp' },
  ],
  [
    'dht_nodes',
    single(),
    { nodes: [['127.0.0.1', 6881], ['192.168.1.1', 6881]] },
    { nodes: ['127.0.0.1 6881', '192.168.1.1 6881'] },
  ],
] // biome-ignore format: a table

const OUR_LOADS = [
  ['a key twice: the first counts', latin1(`d6:lengthi425e6:lengthi7e4:name4:temp12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`), {}, { lengths: [425], warning: 'repeated' }],
  ['fields around it that nobody knows', single(), { publisher: 'x', azureus_properties: { dht_backup_enable: 1 }, encoding: 'GBK' }, { name: 'temp' }],
  ['fields inside that nobody knows', single({ 'x_cross_seed': 'y', md5sum: 'f'.repeat(32), sha1: hashes(1), ed2k: hashes(1) }), {}, { name: 'temp' }],
  ['a key named __proto__', multi([{ ...file(['a']), ['__proto__']: undefined, constructor: 'x', toString: ['y'] }], JSON.parse('{"__proto__":{"name":"evil","length":1}}')), {}, paths('a')],
  ['keys that look like numbers', single({ 10: 'x', 9: 'y', 1: 'z' }), {}, { name: 'temp' }],
  ['a key of bytes that are no text', latin1(`d6:lengthi425e4:name4:temp12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}2:\xff\xfei1ee`), {}, { name: 'temp' }],
  ['name.utf-8 before name', single({ name: latin1('\xc8\xd5\xb1\xbe'), 'name.utf-8': '日本' }), {}, { name: '日本' }],
  ['path.utf-8 before path', multi([file([latin1('\xff')], { 'path.utf-8': ['ü', 'ö'] })]), {}, paths('ü/ö')],
  ['an empty path.utf-8 does not count', multi([file(['a'], { 'path.utf-8': [] })]), {}, paths('a')],
  ['a name that is no UTF-8', single({ name: latin1('a\xffb') }), {}, { name: 'a_b' }],
  ['a slash in an overlong form', single({ name: latin1('a\xc0\xafb') }), {}, { name: 'a__b' }],
  ['a dot in an overlong form', multi([file([latin1('\xc0\xae\xc0\xae'), 'x'])]), {}, paths('____/x')],
  ['a surrogate in UTF-8', single({ name: latin1('a\xed\xa0\x80b') }), {}, { name: 'a___b' }],
  ['NUL within a name', single({ name: 'a\0b.txt' }), {}, { name: 'a_b.txt' }],
  ['a text direction override', single({ name: 'photo\u202egpj.exe' }), {}, { name: 'photogpj.exe' }],
  ['a terminal escape', single({ name: '\x1b[2J\x1b]0;x\x07name' }), {}, { name: '[2J]0;xname' }],
  ['line breaks', single({ name: 'a\r\nSet-Cookie: x' }), {}, { name: 'aSet-Cookie_ x' }],
  ['zero-width characters', ...withoutFields(renamed(['ab', 'a\u200bb', 'a\ufeffb'], ['ab', 'ab.1', 'ab.2']))],
  ['names that differ in case', ...withoutFields(renamed(['Readme', 'README', 'readme.1'], ['Readme', 'README.2', 'readme.1']))],
  ['folders that differ in case', multi([file(['Dir', 'a']), file(['dir', 'A'])]), {}, paths('Dir/a', 'dir/A.1')],
  ['names composed and decomposed', ...withoutFields(renamed(['\u00e9', 'e\u0301'], ['\u00e9', 'e\u0301.1']))],
  ['sharp s, and the Kelvin sign', ...withoutFields(renamed(['STRASSE', 'straße', 'K', '\u212a'], ['STRASSE', 'straße.1', 'K', '\u212a.1']))],
  ['names of devices', ...withoutFields(renamed(['CON', 'nul.txt', 'COM1.tar.gz', 'lpt\u00b9', 'aux .x', 'CONIN$', 'com10', 'console'], ['_CON', '_nul.txt', '_COM1.tar.gz', '_lpt\u00b9', '_aux .x', '_CONIN$', 'com10', 'console']))],
  ['a device that comes about by cutting', ...withoutFields(renamed([`NUL${' '.repeat(300)}x`, `con${' '.repeat(251)}x`, `con${' '.repeat(251)}x`], ['_NUL', `con${' '.repeat(251)}x`, `_con${' '.repeat(249)}.1`]))],
  ['characters that HFS+ passes over', ...withoutFields(renamed(['a', 'a\u206a'], ['a', 'a.1']))],
  ['a folder that is a device', multi([file(['PRN', 'a'])]), {}, paths('_PRN/a')],
  ['an alternate stream', single({ name: 'f.txt:hidden:$DATA' }), {}, { name: 'f.txt_hidden_$DATA' }],
  ['dots and spaces at the end', ...withoutFields(renamed(['a.', 'b ', 'c. . .', 'd'], ['a', 'b', 'c', 'd']))],
  ['nothing but dots and spaces', ...withoutFields(renamed(['...', '. .', ' '], ['_', '_.1', '_.2']))],
  ['a drive', multi([file(['C:\\Windows\\x'])]), {}, paths('C_Windowsx')],
  ['a share', multi([file(['\\\\server\\share'])]), {}, paths('servershare')],
  ['a path of the system', multi([file(['/etc/passwd'])]), {}, paths('etcpasswd')],
  ['a home folder', multi([file(['~', 'x'])]), {}, paths('~/x')],
  ['wildcards and redirections', multi([file(['a*?"<>|b'])]), {}, paths('a______b')],
  ['a file in the place of a folder', multi([file(['a']), file(['a', 'b'])]), {}, paths('a.1', 'a/b')],
  ['a folder in the place of a file, in another case', multi([file(['A', 'b']), file(['a'])]), {}, paths('A/b', 'a.1')],
  ['a new name that is taken', ...withoutFields(renamed(['x', 'x', 'x.1', 'X.2'], ['x', 'x.3', 'x.1', 'X.2']))],
  ['a name of 100,000 characters', single({ name: `${'n'.repeat(100_000)}.mkv` }), {}, { name: `${'n'.repeat(251)}.mkv` }],
  ['long names that differ at the end', multi(['x', 'y'].map(end => file([`${'n'.repeat(300)}${end}`]))), {}, paths('n'.repeat(255), `${'n'.repeat(253)}.1`)],
  ['a long name is cut between characters', single({ name: `${'日'.repeat(100)}.txt` }), {}, { name: `${'日'.repeat(83)}.txt` }],
  ['a long name is cut between halves of a pair', single({ name: `${'😀'.repeat(80)}` }), {}, { name: '😀'.repeat(63) }],
  ['100 folders within each other', multi([file(Array.from({ length: 100 }, () => 'd'))]), {}, paths(Array.from({ length: 100 }, () => 'd').join('/'))],
  ["BitComet's pad files", multi([file(['a']), file(['_____padding_file_0_if you see this file, please update'])]), {}, { pads: [false, true] }],
  ['several pad files of one name', multi([file(['a']), file(['.pad', '1'], { attr: 'p' }), file(['b']), file(['.pad', '1'], { attr: 'p' })]), {}, { pads: [false, true, false, true] }],
  ['a pad file with a path out of the folder', multi([file(['a']), file(['..', '..', 'x'], { attr: 'p' })]), {}, { pads: [false, true], ...paths('a', '_/_/x') }],
  ['attributes', multi([file(['a'], { attr: 'x' }), file(['b'], { attr: 'hx' }), file(['c'], { attr: 'zq?' })]), {}, { executable: [true, true, false], hidden: [false, true, false] }],
  ['attributes of another type', multi([file(['a'], { attr: 7 })]), {}, { pads: [false] }],
  ['an empty file among others', multi([file(['a']), file(['b'], { length: 0 }), file(['c'])]), {}, { lengths: [425, 0, 425], totalLength: 850 }],
  ['empty files at both ends', multi([file(['a'], { length: 0 }), file(['b']), file(['c'], { length: 0 })]), {}, { lengths: [0, 425, 0] }],
  ['length and files: files count', multi([file(['a'])], { length: 99999 }), {}, { lengths: [425], singleFile: false }],
  ['1,000 files', multi(Array.from({ length: 1000 }, (_, n) => file(['d', `${n}`], { length: 16 }))), {}, { fileCount: 1000, pieceCount: 1 }],
  ['500 files of one name', multi(Array.from({ length: 501 }, () => file(['a'], { length: 1 }))), {}, { fileCount: 501 }],
  ['a link out of the folder is not made', multi([file(['a']), link(['b'], ['..', '..', 'etc', 'passwd'])]), {}, { pads: [false, true] }],
  ['a link with a length has none', multi([file(['a']), link(['b'], ['a'], { length: 425 })]), {}, { lengths: [425, 0] }],
  ['private', single({ private: 1 }), {}, { private: true }],
  ['private, by another number', single({ private: 2 }), {}, { private: true }],
  ['private 0 is public', single({ private: 0 }), {}, { private: false }],
  ['private outside of info does not count', single(), { private: 1 }, { private: false }],
  ['a source', single({ source: 'a\x1b[31m b' }), {}, { source: 'a[31m b' }],
  ['pieces of a length that is no power of two', single({ 'piece length': 100 }), {}, undefined, 'info.pieces: has 20 bytes, but 5 pieces need 100'],
  ['pieces of 100,000 bytes', single({ 'piece length': 100_000, length: 250_000, pieces: hashes(3) }), {}, { pieceCount: 3 }],
  ['pieces of one byte', single({ 'piece length': 1, length: 3, pieces: hashes(3) }), {}, { pieceCount: 3 }],
  ['the largest pieces', single({ 'piece length': 2 ** 29 }), {}, { pieceCount: 1 }],
  ['16 TiB', single({ 'piece length': 2 ** 29, length: 2 ** 44, pieces: hashes(2 ** 15) }), {}, { totalLength: 2 ** 44 }],
  ['tiers that are strings', single(), { 'announce-list': ['http://a.example/x', ['udp://b.example:1/']] }, { trackers: [['http://a.example/x'], ['udp://b.example:1/']] }],
  ['an empty announce-list', single(), { announce: 'http://a.example/x', 'announce-list': [[]] }, { trackers: [['http://a.example/x']] }],
  ['an announce-list that is none', single(), { announce: 'http://a.example/x', 'announce-list': 5 }, { trackers: [['http://a.example/x']] }],
  ['trackers of other kinds', single(), { 'announce-list': [['wss://a.example', 'file:///etc/passwd', 'javascript:x', 'http://', 'dht://x', 'http://ok.example/']] }, { trackers: [['http://ok.example/']] }],
  ['a tracker twice', single(), { 'announce-list': [['http://a.example/'], ['http://a.example/', 'http://b.example/']] }, { trackers: [['http://a.example/'], ['http://b.example/']] }],
  ['a tracker with a line break', single(), { announce: 'http://a.example/x\r\nHost: b' }, { trackers: [] }],
  ['1,000 trackers', single(), { 'announce-list': Array.from({ length: 1000 }, (_, n) => [`http://t${n}.example/`]) }, { trackerCount: 300 }],
  ['an announce that is a number', single(), { announce: 5 }, { trackers: [] }],
  ['web seeds of other kinds', single(), { 'url-list': ['file:///etc/passwd', 'ftp://a.example/', 'http://ok.example/f'] }, { webSeeds: ['http://ok.example/f'] }],
  ['nodes that are none', single(), { nodes: [['a.example'], 'x', ['b.example', 0], ['c.example', 65536], ['d.example', 1], [5, 5], []] }, { nodes: ['d.example 1'] }],
  ['a date before 1970', single(), { 'creation date': -1 }, { creationDate: undefined }],
  ['a date that is text', single(), { 'creation date': '2020-01-01' }, { creationDate: undefined }],
  ['a comment with escapes', single(), { comment: 'a\x1b[31m\r\nb\u202ec' }, { comment: 'a[31m\nbc' }],
  ['comment.utf-8 before comment', single(), { comment: latin1('\xff'), 'comment.utf-8': 'ü' }, { comment: 'ü' }],
  ['a comment of a megabyte', single(), { comment: 'c'.repeat(2 ** 20) }, { comment: 'c'.repeat(10_000) }],
  ['created by a number', single(), { 'created by': 5 }, { createdBy: undefined }],
] // biome-ignore format: a table

function withoutFields([info, wanted]) {
  return [info, {}, wanted]
}

/** name, info, what is said */
const LIBTORRENT_REFUSED = [
  ['missing_piece_len', single({ 'piece length': undefined }), 'info.piece length: is missing'],
  ['invalid_piece_len', single({ 'piece length': '16384' }), 'info.piece length: is not an integer'],
  ['negative_piece_len', single({ 'piece length': -16384 }), 'info.piece length: must be positive'],
  ['no_name', single({ name: undefined }), 'info.name: is missing'],
  ['bad_name', single({ name: '\0\0\0\0' }), 'info.name: is empty'],
  ['invalid_name', single({ name: 1348 }), 'info.name: is not a string'],
  ['missing_path_list', multi([{ length: 425 }]), 'info.files[0].path: is missing'],
  ['invalid_path_list', multi([file([1242])]), 'info.files[0].path: holds something that is not a string'],
  ['invalid_symlink', multi([file(['a']), link(['b'], ['foo', 4])]), 'info.files[1].symlink path: holds something'],
  ['invalid_info', 'files', 'info: is not a dictionary'],
  ['negative_size', single({ length: -425 }), 'info.length: is negative'],
  ['negative_file_size', multi([file(['a'], { length: -45 })]), 'info.files[0].length: is negative'],
  ['invalid_file_size', multi([file(['a'], { length: [45] })]), 'info.files[0].length: is not an integer'],
  ['zero', single({ length: 0, pieces: '' }), 'info.length: the torrent has no data at all'],
  ['zero2', multi([file(['a'], { length: 0 }), file(['b'], { length: 0 })]), 'info.length: the torrent has no data'],
  ['invalid_pieces', single({ pieces: -23 }), 'info.pieces: is not a string'],
  ['unaligned_pieces', single({ pieces: new Uint8Array(24) }), 'info.pieces: has 24 bytes, but 1 pieces need 20'],
  ['many_pieces', single({ length: 1_759_218_597_889 }), 'info.length: makes 107374183 pieces'],
  ['no_files', multi([]), 'info.files: is empty'],
  ['duplicate_files2', multi(Array.from({ length: 502 }, () => file(['a']))), 'info.files: 501 files share their path'],
  ['v2_overlong_integer', latin1(`d6:lengthi0425e4:name4:temp12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`), 'leading zero'],
  ['v2_deep_recursion', latin1(`${'d1:a'.repeat(200)}${'e'.repeat(200)}`), 'nested more than 100 deep'],
  ['v2_only', { name: 'a', 'piece length': 16384, ...v2Fields }, 'version 2 only', 'TORRENT_UNSUPPORTED'],
] // biome-ignore format: a table

const OUR_REFUSED = [
  ['a version from the future', { name: 'a', 'piece length': 16384, 'meta version': 3 }, 'version 2 only', 'TORRENT_UNSUPPORTED'],
  ['a file tree without pieces', { name: 'a', 'piece length': 16384, 'file tree': {} }, 'version 2 only', 'TORRENT_UNSUPPORTED'],
  ['no piece length', single({ 'piece length': 0 }), 'info.piece length: must be positive'],
  ['a giant piece length', single({ 'piece length': 2 ** 40 }), 'info.piece length: 1099511627776 is more'],
  ['a piece length of one too many', single({ 'piece length': 2 ** 29 + 1 }), 'info.piece length: 536870913 is more'],
  ['a piece length beyond 2^53', latin1(`d6:lengthi1e4:name1:a12:piece lengthi18446744073709551616e6:pieces20:${'x'.repeat(20)}e`), 'too large'],
  ['an empty name', single({ name: '' }), 'info.name: is empty'],
  ['a name that nobody sees', single({ name: '\u200b\u202e\ufeff' }), 'info.name: is empty'],
  ['a name that is a list', single({ name: ['a'] }), 'info.name: is not a string'],
  ['an empty path', multi([file(['a']), file([])]), 'info.files[1].path: is missing'],
  ['a path that is a string', multi([file('a/b')]), 'info.files[0].path: is not a list'],
  ['a path that holds a list', multi([file([['a']])]), 'info.files[0].path: holds something'],
  ['101 folders within each other', multi([file(Array.from({ length: 101 }, () => 'd'))]), 'info.files[0].path: is more than 100 deep'],
  ['no length', single({ length: undefined }), 'info.length: is missing'],
  ['a file without length', multi([file(['a'], { length: undefined })]), 'info.files[0].length: is missing'],
  ['a length that is text', single({ length: '425' }), 'info.length: is not an integer'],
  ['a length with a fraction', latin1(`d6:lengthi4.5e4:name1:a12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`), "contains '.'"],
  ['a length of minus zero', latin1(`d6:lengthi-0e4:name1:a12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`), 'minus zero'],
  ['a length without digits', latin1(`d6:lengthie4:name1:a12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`), 'no digits'],
  ['a length beyond 2^53', latin1(`d6:lengthi9007199254740993e4:name1:a12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`), 'too large'],
  ['a total beyond 2^53', multi([1, 2].map(n => file([`${n}`], { length: 2 ** 53 - 1 }))), 'the total length is too large'],
  ['no pieces', single({ pieces: undefined }), 'info.pieces: is missing'],
  ['empty pieces', single({ pieces: '' }), 'info.pieces: has 0 bytes'],
  ['pieces that are a list', single({ pieces: [hashes(1)] }), 'info.pieces: is not a string'],
  ['too few pieces', single({ length: 16385 }), 'info.pieces: has 20 bytes, but 2 pieces need 40'],
  ['too many pieces', single({ pieces: hashes(2) }), 'info.pieces: has 40 bytes, but 1 pieces need 20'],
  ['a piece more than can be', single({ 'piece length': 1, length: 2 ** 21 + 1 }), 'makes 2097153 pieces'],
  ['files of another type', multi([], { files: { a: 1 } }), 'info.files: is not a list'],
  ['files that are a number', multi([], { files: 7 }), 'info.files: is not a list'],
  ['a file that is no dictionary', multi([425]), 'info.files[0]: is not a dictionary'],
  ['info that is a list', [], 'info: is not a dictionary'],
  ['info that is a number', 5, 'info: is not a dictionary'],
  ['an empty info', {}, 'info.piece length: is missing'],
  ['a key of 5,000 bytes', latin1(`d5000:${'k'.repeat(5000)}i1ee`), 'longer than 4096 bytes'],
  ['a key that is a number', latin1('di1ei2ee'), 'must be a string'],
  ['a key without a value', latin1('d4:namee'), 'has no value'],
  ['a negative string length', latin1('d4:name-1:ae'), "expected a value, found '-'"],
  ['a string beyond the end', latin1('d4:name99999:ae'), 'beyond the end'],
  ['a string length of 30 digits', latin1(`d4:name${'9'.repeat(30)}:ae`), 'too large'],
  ['a string length with a leading zero', latin1('d04:name1:ae'), 'leading zero'],
] // biome-ignore format: a table

const text = string => new TextEncoder().encode(string)

/** What is no torrent at all: only a file can be so. */
const NOT_TORRENTS = [
  ['missing info (libtorrent: invalid_info)', encoded(dict({ announce: 'http://a.example/' })), 'info: is missing'],
  ['string (libtorrent)', latin1('10:libtorrent'), 'not a torrent file'],
  ['nothing', new Uint8Array(0), 'this file is empty'],
  ['a gzip file', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0), 'compressed data'],
  ['a web page', text('\ufeff <!DOCTYPE html><html></html>'), 'web page'],
  ['an XML document', text('<?xml version="1.0"?><metalink/>'), 'XML'],
  ['JSON', text('{"error":"login"}'), 'JSON'],
  ['a magnet link', text(`magnet:?xt=urn:btih:${'a'.repeat(40)}`), 'magnet link'],
  ['plain text', text('Hello'), 'not a torrent file'],
  ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), 'not a torrent file'],
  ['zeroes', new Uint8Array(1000), 'not a torrent file'],
  ['a list', latin1('l4:infoe'), 'does not begin with a dictionary'],
  ['a number', latin1('i5e'), 'does not begin with a dictionary'],
  ['half a torrent', encoded(dict({ info: tree(single()) })).slice(0, 60), 'damaged'],
  ['a torrent without its end', encoded(dict({ info: tree(single()) })).slice(0, -1), 'ends too early'],
  ['100,000 lists within each other', latin1('d1:a'.padEnd(100_000, 'l')), 'nested more than 100 deep'],
  ['3,000,001 values', () => latin1(`d1:al${'le'.repeat(3_000_001)}e`), 'more than 3000000 values', true],
  ['more than 64 MiB', () => new Uint8Array(64 * 2 ** 20 + 1).fill(100), 'larger than 64 MiB', true],
] // biome-ignore format: a table

const load =
  origin =>
  ([name, info, fields, wanted, error]) => ({ origin, name, info, fields, wanted, error })
const refuse =
  origin =>
  ([name, info, error, code = 'TORRENT_INVALID']) => ({ origin, name, info, error, code })

export const TORRENTS = [
  ...LIBTORRENT_LOADS.map(load('libtorrent')),
  ...OUR_LOADS.map(load('ours')),
  {
    origin: 'ours',
    name: 'data after the end',
    raw: latin1(`${textOf(encoded(dict({ info: tree(single()) })))}trailing`),
    wanted: { name: 'temp', warning: 'data after the value' },
  },
  {
    origin: 'ours',
    name: 'keys around info that are not sorted',
    raw: latin1(`d4:info${textOf(encoded(tree(single())))}8:announce16:http://a.examplee`),
    wanted: { trackers: [['http://a.example']], warning: 'not sorted' },
  },
  ...LIBTORRENT_REFUSED.map(refuse('libtorrent')),
  ...OUR_REFUSED.map(refuse('ours')),
  ...NOT_TORRENTS.map(([name, raw, error, isLarge = false]) => ({
    origin: name.includes('libtorrent') ? 'libtorrent' : 'ours',
    name,
    raw,
    error,
    code: 'TORRENT_INVALID',
    isLarge,
  })),
]
