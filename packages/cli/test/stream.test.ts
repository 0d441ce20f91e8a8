/** `stream` and `cat` over this machine's own network, from a seed in this process. */
import { get, type IncomingHttpHeaders } from 'node:http'
import { createTorrent } from '@shoal/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { content, LOOPBACK, type Running, torrentOf, World } from './world.ts'

const DATA = content(2_000_000)

let world: World
beforeEach(() => {
  world = new World()
})
afterEach(() => world.end())

async function args(torrent: Uint8Array = torrentOf('film.mp4', DATA), limit?: number): Promise<string[]> {
  const { address } = await world.seed(torrent, DATA, limit)
  const path = world.file('film.torrent', torrent)
  return [path, '--dir', world.path('target'), ...LOOPBACK, '--peer', address]
}

/** The first line of standard output. */
async function address(running: Running): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = ''
    running.process.stdout!.on('data', part => {
      text += part
      if (text.includes('\n')) resolve(text.trim())
    })
    void running.ended.then(({ err }) => reject(new Error(err)))
  })
}

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, method, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) })
      })
    })
    request.on('error', reject)
  })
}

describe('shoal stream', () => {
  it('serves a file while it downloads: ranges, HEAD, and nothing to others', async () => {
    const running = world.start(['stream', ...(await args())])
    const url = await address(running)
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/1\/film\.mp4$/)

    const late = await ask(url, { Range: 'bytes=-10' })
    expect([late.status, late.headers['content-range']]).toEqual([206, 'bytes 1999990-1999999/2000000'])
    expect(late.body.equals(DATA.subarray(-10))).toBe(true)
    const all = await ask(url)
    expect([all.status, all.headers['content-type']]).toEqual([200, 'video/mp4'])
    expect(all.body.equals(DATA)).toBe(true)
    const head = await ask(url, {}, 'HEAD')
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '2000000', 0])
    const outside = await ask(url, { Range: 'bytes=2000000-' })
    expect([outside.status, outside.headers['content-range']]).toEqual([416, 'bytes */2000000'])

    expect((await ask(url, { Host: 'evil.example' })).status).toBe(403)
    expect((await ask(url, {}, 'POST')).status).toBe(405)
    expect((await ask(new URL('/2/x', url).href)).status).toBe(404)
    expect((await ask(new URL('/', url).href)).headers.location).toBe('/1/film.mp4')

    running.process.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
  })

  it('lists what can be played of many files, and serves those alone that were chosen', async () => {
    for (const name of ['a.mkv', 'b (2).mp4', 'notes.txt'])
      world.file(`album/${name}`, content(70_000 + name.length))
    const { bytes, metainfo } = await createTorrent(world.path('album'))
    const path = world.file('album.torrent', bytes)
    const options = ['--dir', world.dir, ...LOOPBACK]
    const running = world.start(['stream', path, '--file', '1,2', '--file', '*.txt', ...options])
    const url = await address(running)
    expect(url).toMatch(/\/playlist\.m3u$/)
    const { body, headers } = await ask(url)
    expect(headers['content-type']).toMatch(/mpegurl/)
    const [, , first, , second] = body.toString().split('\n')
    expect([first, second].map(each => new URL(each!).pathname)).toEqual(['/1/a.mkv', '/2/b%20%282%29.mp4'])
    expect(body.toString()).not.toContain('notes')
    expect((await ask(second!)).body.equals(content(70_009))).toBe(true)
    expect(metainfo.files).toHaveLength(3)
    running.process.kill('SIGINT')
    await running.ended
  })

  it('ends with its player, and says when there is none', async () => {
    const shared = await args()
    const played = await world.run(['stream', ...shared, '--player', 'test -n'])
    expect([played.code, played.err]).toEqual([0, ''])
    const none = await world.run(['stream', ...shared, '--player', 'no-such-player'])
    expect(none.code).toBe(1)
    expect(none.err).toMatch(/the player no-such-player cannot be started; is it installed\?/)
  })
})

describe('shoal cat', () => {
  it('writes the file, whole and in order, and ends', async () => {
    const running = world.start(['cat', ...(await args())])
    const chunks: Buffer[] = []
    // As bytes: the world reads text.
    running.process.stdout!.setEncoding('latin1').on('data', text => chunks.push(Buffer.from(text, 'latin1')))
    const { code, err } = await running.ended
    expect([code, err]).toEqual([0, ''])
    expect(Buffer.concat(chunks).equals(DATA)).toBe(true)
  })

  it('ends quietly when nobody reads any more, long before the file is there', async () => {
    const running = world.start(['cat', ...(await args(undefined, 200_000))])
    running.process.stdout!.once('data', () => running.process.stdout!.destroy())
    const { code, err } = await running.ended
    expect([code, err]).toEqual([0, ''])
  })

  it('wants one file', async () => {
    for (const name of ['a', 'b']) world.file(`two/${name}`, content(1000))
    const { bytes } = await createTorrent(world.path('two'))
    const path = world.file('two.torrent', bytes)
    const several = await world.run(['cat', path, ...LOOPBACK])
    expect([several.code, several.err]).toEqual([2, 'shoal: the torrent has 2 files; name one with --file\n'])
    const both = await world.run(['cat', path, '--file', '*', ...LOOPBACK])
    expect([both.code, both.err]).toEqual([2, 'shoal: --file names 2 files; standard output holds one\n'])
  })
})
