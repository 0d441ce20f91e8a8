import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadTorrent } from '../../src/library/load.ts'
import { MAX_TORRENT_BYTES } from '../../src/metainfo/parse.ts'
import { single, torrent } from '../metainfo/build.ts'
import { atEnd, folder, serve } from './sandbox.ts'

const TORRENT = torrent(single())
const HASH = '0123456789abcdef0123456789abcdef01234567'

describe('a torrent file on this machine', () => {
  it('is loaded by path and by file URL', async () => {
    const path = join(folder({ 'a b.torrent': TORRENT }), 'a b.torrent')
    for (const source of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      const { metainfo, bytes } = await loadTorrent(source)
      expect(metainfo.name).toBe('temp')
      expect(bytes).toEqual(new Uint8Array(TORRENT))
    }
  })

  it('may have a colon in its name, or that of an info-hash', async () => {
    const dir = folder({ [HASH]: TORRENT, 'ab:c.torrent': TORRENT })
    expect((await loadTorrent(join(dir, HASH))).metainfo.name).toBe('temp')
    expect((await loadTorrent(join(dir, 'ab:c.torrent'))).metainfo.name).toBe('temp')
  })

  it.skipIf(process.platform === 'win32')('may come through a pipe', async () => {
    const dir = folder({ torrent: TORRENT })
    const pipe = join(dir, 'pipe')
    execFileSync('mkfifo', [pipe])
    const loading = loadTorrent(pipe)
    const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', join(dir, 'torrent'), pipe])
    atEnd(() => void writer.kill())
    expect((await loading).metainfo.name).toBe('temp')
  })

  it('is told apart from what is not there, a folder, a huge file and a damaged one', async () => {
    const dir = folder({ huge: '', html: '<html>', inside: '' })
    truncateSync(join(dir, 'huge'), MAX_TORRENT_BYTES + 1)
    const none = join(dir, 'none')
    await expect(loadTorrent(none)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND', subject: none })
    await expect(loadTorrent(join(dir, 'html', 'x'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
    await expect(loadTorrent(dir)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    await expect(loadTorrent(join(dir, 'huge'))).rejects.toThrow(/larger than 64 MiB/)
    await expect(loadTorrent(join(dir, 'html'))).rejects.toMatchObject({
      code: 'TORRENT_INVALID',
      message: expect.stringMatching(/html: this is a web page/),
    })
  })

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('must be readable', async () => {
    const path = join(folder({ secret: TORRENT }), 'secret')
    chmodSync(path, 0)
    await expect(loadTorrent(path)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
  })
})

describe('a torrent file on a web server', () => {
  it('is fetched, also by way of a redirect', async () => {
    const base = await serve((request, response) => {
      if (request.url === '/old') response.writeHead(302, { location: '/new' }).end()
      else response.end(TORRENT)
    })
    for (const source of [`${base}/new`, `${base}/old`, new URL('/new', base)]) {
      expect((await loadTorrent(source)).metainfo.name).toBe('temp')
    }
  })

  it('is an error that names the server and no secret when it is not there or is something else', async () => {
    const base = await serve((request, response) => {
      const status = Number(request.url?.slice(1, 4))
      response.writeHead(status).end('<html>')
    })
    const load = (path: string): Promise<unknown> => loadTorrent(`${base}${path}?passkey=secret`)
    await expect(load('/404')).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
    await expect(load('/410')).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
    await expect(load('/503')).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.not.stringMatching(/secret/),
    })
    await expect(load('/200')).rejects.toMatchObject({
      code: 'TORRENT_INVALID',
      message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:(?!.*secret).*web page/),
    })
  })

  it('cannot be fetched from where nobody listens', async () => {
    await expect(loadTorrent('http://127.0.0.1:1/x.torrent')).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
    })
  })

  it('is not waited for when aborted', async () => {
    const controller = new AbortController()
    const base = await serve(() => controller.abort())
    await expect(loadTorrent(base, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(loadTorrent(base, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

it.each([
  ['TORRENT_UNSUPPORTED', `magnet:?xt=urn:btih:${HASH}`, /a magnet link is no torrent file/],
  ['TORRENT_UNSUPPORTED', new URL(`magnet:?xt=urn:btih:${HASH}`), /a magnet link is no torrent file/],
  ['TORRENT_UNSUPPORTED', HASH, /has to be fetched from peers/],
  ['SOURCE_UNREADABLE', 'ftp://example.org/x.torrent', /http, https, file/],
  ['SOURCE_UNREADABLE', 'http://', /not a valid URL/],
])('says %s to %s', async (code, source, message) => {
  await expect(loadTorrent(source)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
})

it.skipIf(process.platform === 'win32')(
  'does not wait for a pipe without a writer when aborted',
  async () => {
    const pipe = join(folder(), 'pipe')
    execFileSync('mkfifo', [pipe])
    // Lets the thread that opens it go: opened for both, a pipe waits for nobody.
    atEnd(() => void execFileSync('sh', ['-c', ': <> "$0"', pipe]))
    const controller = new AbortController()
    const loading = loadTorrent(pipe, { signal: controller.signal })
    setImmediate(() => controller.abort())
    await expect(loading).rejects.toMatchObject({ code: 'ABORTED' })
  },
)
