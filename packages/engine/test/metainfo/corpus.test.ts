/**
 * The outcomes of libtorrent's collection of strange torrents, as far as they concern version 1, with inputs of our
 * own. Where Shoal differs on purpose, the row says so.
 */
import { describe, expect, it } from 'vitest'
import type { Encodable } from '../../src/bencode/encode.ts'
import { ShoalError } from '../../src/errors.ts'
import { parseInfo } from '../../src/metainfo/info.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { parseTorrent } from '../../src/metainfo/parse.ts'
import { type Fields, file, hashes, latin1, multi, parse, pathsOf, sha1, single, torrent } from './build.ts'

type Check = (metainfo: Metainfo) => void

const loads: Check = metainfo => expect(metainfo.geometry.pieceCount).toBeGreaterThan(0)

function paths(...expected: string[]): Check {
  return metainfo => expect(pathsOf(metainfo)).toEqual(expected)
}

function seeds(...expected: string[]): Check {
  return metainfo => expect(metainfo.webSeeds).toEqual(expected)
}

const twoFiles = multi([file(['foo', 'bar.txt']), file(['foo', 'var.txt'])])
const link = (path: Encodable, target: Encodable, fields: Fields = {}): Fields =>
  file(path, { attr: 'l', 'symlink path': target, ...fields })
/** A hybrid has all of version 1, and fields of version 2 that are passed over. */
const v2Fields: Fields = { 'meta version': 2, 'file tree': { a: { '': { length: 0 } } } }

const accepted: [name: string, info: Encodable, fields: Fields, check: Check][] = [
  ['base', single(), {}, paths('temp')],
  ['empty_path', multi([file(['', ''])]), {}, paths('temp/_/_')],
  [
    'empty_path_multi',
    multi([file(['abcde']), file(['']), file([''])]),
    {},
    paths('temp/abcde', 'temp/_', 'temp/_.1'),
  ],
  ['parent_path', multi([file(['..', '..', 'bar'])]), {}, paths('temp/_/_/bar')],
  ['hidden_parent_path', multi([file(['foo/../../../bar', 'bar'])]), {}, paths('temp/foo......bar/bar')],
  [
    'single_multi_file',
    multi([file(['foo', 'bar'])]),
    {},
    metainfo => {
      expect(metainfo.singleFile).toBe(false)
      expect(pathsOf(metainfo)).toEqual(['temp/foo/bar'])
    },
  ],
  ['slash_path', multi([file(['/', '/', 'bar'])]), {}, paths('temp/_/_/bar')],
  ['slash_path2', multi([file(['abc/../../def', '/', 'bar'])]), {}, paths('temp/abc....def/_/bar')],
  ['slash_path3', single({ name: 'temp/../../abc' }), {}, paths('temp....abc')],
  ['backslash_path', multi([file(['\\', '\\', 'bar'])]), {}, paths('temp/_/_/bar')],
  ['url_list', single(), { 'url-list': [''] }, seeds()],
  ['url_list2', single(), { 'url-list': [['']] }, seeds()],
  ['url_list3', single(), { 'url-list': [-20] }, seeds()],
  [
    'httpseed',
    single(),
    { httpseeds: ['http://foobar.com/'] },
    ({ httpSeeds }) => expect(httpSeeds).toEqual(['http://foobar.com/']),
  ],
  [
    'empty_httpseed',
    single(),
    { httpseeds: [''], 'url-list': [''] },
    ({ httpSeeds }) => expect(httpSeeds).toEqual([]),
  ],
  // libtorrent cuts at 240 bytes and then adds the extension; here all 255 bytes are used.
  [
    'long_name',
    single({ name: `${'abcdefghij'.repeat(30)}.txt` }),
    {},
    ({ name }) => expect(name).toBe(`${'abcdefghij'.repeat(26).slice(0, 251)}.txt`),
  ],
  [
    'whitespace_url',
    single(),
    { announce: '\t udp://test.com/announce ' },
    ({ trackers }) => expect(trackers).toEqual([['udp://test.com/announce']]),
  ],
  [
    'duplicate_files',
    multi([file(['foo', 'bar.txt']), file(['foo', 'bar.txt'])]),
    {},
    paths('temp/foo/bar.txt', 'temp/foo/bar.1.txt'),
  ],
  [
    'pad_file',
    multi([file(['foo', 'bar.txt']), file(['_____padding_file_'])]),
    {},
    ({ files }) => expect(files.map(entry => entry.pad)).toEqual([false, true]),
  ],
  // libtorrent says `.pad/2124`, outside of the torrent's folder; pad files are never stored.
  [
    'pad_file_no_path',
    multi([file(['bar.txt']), { length: 2124, attr: 'p' }]),
    {},
    metainfo => {
      expect(pathsOf(metainfo)).toEqual(['temp/bar.txt', 'temp/.pad/2124'])
      expect(metainfo.files[1]?.pad).toBe(true)
    },
  ],
  [
    'creation_date',
    twoFiles,
    { 'creation date': 1234567 },
    ({ creationDate }) => expect(creationDate).toBe(1234567),
  ],
  ['no_creation_date', twoFiles, {}, ({ creationDate }) => expect(creationDate).toBeUndefined()],
  ['url_seed', single(), { 'url-list': ['http://test.com/file'] }, seeds('http://test.com/file')],
  ['url_seed_multi', twoFiles, { 'url-list': ['http://test.com/file'] }, seeds('http://test.com/file/')],
  [
    'url_seed_multi_single_file',
    multi([file(['foo', 'bar.txt'])]),
    { 'url-list': ['http://test.com/file/temp/foo/bar.txt'] },
    seeds('http://test.com/file/temp/foo/bar.txt'),
  ],
  [
    'url_seed_multi_space',
    twoFiles,
    { 'url-list': ['http://test.com/test file/foo bar'] },
    seeds('http://test.com/test%20file/foo%20bar/'),
  ],
  [
    'url_seed_multi_space_nolist',
    twoFiles,
    { 'url-list': 'http://test.com/test file/foo bar' },
    seeds('http://test.com/test%20file/foo%20bar/'),
  ],
  [
    'duplicate_web_seeds',
    single(),
    { 'url-list': ['foo', 'foo', 'foobar', 'foo', 'bar'].map(n => `http://a.com/${n}`) },
    seeds('http://a.com/foo', 'http://a.com/foobar', 'http://a.com/bar'),
  ],
  [
    'invalid_name2',
    multi([file(['foo', 'bar.txt'])], { name: '..' }),
    {},
    metainfo => {
      expect(metainfo.name).toBe(metainfo.infoHashHex)
      expect(pathsOf(metainfo)).toEqual([`${metainfo.infoHashHex}/foo/bar.txt`])
    },
  ],
  // libtorrent keeps the space where it is not on Windows; here a name is the same everywhere.
  [
    'invalid_name3',
    multi([file(['foo'])], { name: 'foobar ' }),
    {},
    ({ name }) => expect(name).toBe('foobar'),
  ],
  [
    'symlink1',
    multi([file(['a', 'b', 'bar']), link(['a', 'b', 'foo'], ['a', 'b', 'bar'])]),
    {},
    metainfo => {
      expect(pathsOf(metainfo)[0]).toBe('temp/a/b/bar')
      expect(metainfo.files[1]).toMatchObject({ length: 0, pad: true })
      expect(metainfo.geometry.totalLength).toBe(425)
    },
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
    ({ files }) => expect(files.map(entry => entry.pad)).toEqual([true, false, false, false, true]),
  ],
  [
    'symlink_zero_size',
    multi([file(['bar']), { attr: 'l', path: ['foo'], 'symlink path': ['bar'] }]),
    {},
    ({ files }) => expect(files[1]?.length).toBe(0),
  ],
  [
    'symlink_filtered_path',
    multi([file(['a', '/', 'bar']), link(['a', '/', 'foo'], ['a', '/', 'bar'])]),
    {},
    paths('temp/a/_/bar', 'temp/a/_/foo'),
  ],
  [
    'overlapping_symlinks',
    multi([link(['A'], ['V', 'B']), link(['V'], ['A']), file(['W', 'a.h'])]),
    {},
    ({ files }) =>
      expect(files.filter(entry => !entry.pad).map(entry => entry.path.join('/'))).toEqual(['temp/W/a.h']),
  ],
  [
    'large',
    multi([file(['x'], { length: 5_242_880_000 })], { 'piece length': 2 ** 20, pieces: hashes(5000) }),
    {},
    ({ geometry }) => expect(geometry.pieceCount).toBe(5000),
  ],
  [
    'large_piece_size',
    single({ 'piece length': 32767 * 0x4000 }),
    {},
    ({ geometry }) => expect(geometry.pieceLength).toBe(32767 * 0x4000),
  ],
  ['absolute_filename', multi([file(['abcde']), file(['/foobar'])]), {}, paths('temp/abcde', 'temp/foobar')],
  ['invalid_filename', multi([file(['f']), file(['.'])], { name: '\\est2' }), {}, paths('est2/f', 'est2/_')],
  [
    'invalid_filename2',
    multi([file(['f']), file(['.', '.']), file(['/1', '.'])]),
    {},
    paths('temp/f', 'temp/_/_', 'temp/1/_'),
  ],
  [
    'invalid_directory_name',
    multi([file(['/', 'foo']), file(['\\', 'foo'])], { name: 'test2' }),
    {},
    paths('test2/_/foo', 'test2/_/foo.1'),
  ],
  ['v2 (a hybrid)', single({ ...v2Fields, length: 65536, pieces: hashes(4) }), {}, paths('temp')],
  [
    'empty-files-1 (a hybrid)',
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
    ({ files, geometry }) => {
      expect(files.map(entry => entry.length)).toEqual([0, 512, 15872, 51200, 0])
      expect(geometry.totalLength).toBe(67584)
    },
  ],
  [
    'similar, collection',
    single({ collections: ['a'], similar: [hashes(1)] }),
    { similar: [hashes(1)] },
    loads,
  ],
  [
    'dht_nodes',
    single(),
    {
      nodes: [
        ['127.0.0.1', 6881],
        ['192.168.1.1', 6881],
      ],
    },
    ({ nodes }) =>
      expect(nodes).toEqual([
        { host: '127.0.0.1', port: 6881 },
        { host: '192.168.1.1', port: 6881 },
      ]),
  ],
]

const rejected: [name: string, info: Encodable | undefined, message: string][] = [
  ['missing_piece_len', single({ 'piece length': undefined }), 'info.piece length: is missing'],
  ['invalid_piece_len', single({ 'piece length': '16384' }), 'info.piece length: is not an integer'],
  ['negative_piece_len', single({ 'piece length': -16384 }), 'info.piece length: must be positive'],
  ['zero piece length', single({ 'piece length': 0 }), 'info.piece length: must be positive'],
  ['giant piece length', single({ 'piece length': 2 ** 40 }), 'info.piece length: 1099511627776 is more'],
  ['no_name', single({ name: undefined }), 'info.name: is missing'],
  ['bad_name', single({ name: '\0\0\0\0' }), 'info.name: is empty'],
  ['empty name', single({ name: '' }), 'info.name: is empty'],
  ['invalid_name', single({ name: 1348 }), 'info.name: is not a string'],
  ['missing_path_list', multi([{ length: 425 }]), 'info.files[0].path: is missing'],
  ['empty path list', multi([file(['a']), file([])]), 'info.files[1].path: is missing'],
  ['invalid_path_list', multi([file([1242])]), 'info.files[0].path: holds something that is not a string'],
  ['path that is a string', multi([file('a/b')]), 'info.files[0].path: is not a list'],
  [
    'invalid_symlink',
    multi([file(['a']), link(['b'], ['foo', 4])]),
    'info.files[1].symlink path: holds something',
  ],
  ['invalid_info', 'files', 'info: is not a dictionary'],
  ['missing info', undefined, 'info: is missing'],
  ['negative_size', single({ length: -425 }), 'info.length: is negative'],
  ['missing length', single({ length: undefined }), 'info.length: is missing'],
  ['negative_file_size', multi([file(['a'], { length: -45 })]), 'info.files[0].length: is negative'],
  ['invalid_file_size', multi([file(['a'], { length: [45] })]), 'info.files[0].length: is not an integer'],
  ['zero', single({ length: 0, pieces: '' }), 'info.length: the torrent has no data at all'],
  [
    'zero2',
    multi([file(['a'], { length: 0 }), file(['b'], { length: 0 })]),
    'info.length: the torrent has no data',
  ],
  ['invalid_pieces', single({ pieces: -23 }), 'info.pieces: is not a string'],
  ['missing pieces', single({ pieces: undefined }), 'info.pieces: is missing'],
  [
    'unaligned_pieces',
    single({ pieces: new Uint8Array(24) }),
    'info.pieces: has 24 bytes, but 1 pieces need 20',
  ],
  ['too few pieces', single({ length: 16385 }), 'info.pieces: has 20 bytes, but 2 pieces need 40'],
  ['many_pieces', single({ length: 1_759_218_597_889 }), 'info.length: makes 107374183 pieces'],
  [
    'total beyond 2^53',
    multi([1, 2].map(n => file([`${n}`], { length: 2 ** 53 - 1 }))),
    'the total length is too large',
  ],
  ['no_files', multi([]), 'info.files: is empty'],
  ['files of another type', multi([], { files: { a: 1 } }), 'info.files: is not a list'],
  ['a file that is no dictionary', multi([425]), 'info.files[0]: is not a dictionary'],
  [
    'duplicate_files2',
    multi(Array.from({ length: 502 }, () => file(['a']))),
    'info.files: 501 files share their path',
  ],
  [
    'too deep',
    multi([file(Array.from({ length: 101 }, () => 'd'))]),
    'info.files[0].path: is more than 100 deep',
  ],
]

describe('the collection of strange torrents', () => {
  it.each(accepted)('loads %s, from a file and from peers', (_name, info, fields, check) => {
    const fromFile = parse(info, fields)
    check(fromFile)
    const fromPeers = parseInfo(fromFile.infoBytes, sha1)
    expect(fromPeers.infoHash).toEqual(fromFile.infoHash)
    expect(fromPeers.name).toBe(fromFile.name)
    expect(fromPeers.files).toEqual(fromFile.files)
  })

  it.each(rejected)('refuses %s, naming the field', (_name, info, message) => {
    let caught: unknown
    try {
      parse(info)
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(ShoalError)
    expect(caught).toMatchObject({ code: 'TORRENT_INVALID', message: expect.stringContaining(message) })
  })

  it('loads unordered, hashing the bytes as they are, with a warning', () => {
    const info = `d4:name4:temp6:lengthi425e12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`
    const metainfo = parseTorrent(latin1(`d4:info${info}e`), sha1)
    expect(metainfo.infoHash).toEqual(new Uint8Array(sha1(latin1(info))))
    expect(metainfo.warnings).toEqual([expect.stringContaining('not sorted')])
  })

  it('refuses string: a file that holds no dictionary', () => {
    expect(() => parseTorrent(latin1('10:libtorrent'), sha1)).toThrow(/not a torrent file/)
  })

  it('refuses v2_overlong_integer, in the info dictionary too', () => {
    const info = `d6:lengthi0425e4:name4:temp12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`
    expect(() => parseTorrent(latin1(`d4:info${info}e`), sha1)).toThrow(/leading zero at byte/)
    expect(() => parseInfo(latin1(info), sha1)).toThrow(
      /info: is damaged: an integer has a leading zero at byte 9/,
    )
  })

  it('refuses v2_deep_recursion', () => {
    expect(() => parseTorrent(latin1(`d4:info${'d1:a'.repeat(200)}`), sha1)).toThrow(
      /nested more than 100 deep/,
    )
  })

  it.each([
    ['v2_only', { name: 'a', 'piece length': 16384, ...v2Fields }],
    ['a version from the future', { name: 'a', 'piece length': 16384, 'meta version': 3 }],
  ])('says of %s that it is not supported', (_name, info) => {
    expect(() => parseTorrent(torrent(info), sha1)).toThrow(
      expect.objectContaining({
        code: 'TORRENT_UNSUPPORTED',
        message: expect.stringContaining('version 2 only'),
      }),
    )
  })
})
