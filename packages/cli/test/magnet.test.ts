import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseTorrent } from '@shoal/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { content, LOOPBACK, torrentOf, World } from './world.ts'

const DATA = content(300_000)
/** Peers pass the description on in more than one piece: it has more than 16 KiB. */
const OTHER = { name: 'other.bin', data: content(200_000), comment: 'x'.repeat(40_000) }

let world: World
let infoHash = ''
let link = ''
let seed = ''
let targets = 0

beforeAll(async () => {
  world = new World()
  world.file('source/data.bin', DATA)
  const torrent = torrentOf('data.bin', DATA)
  world.file('data.torrent', torrent)
  world.file(`source/${OTHER.name}`, OTHER.data)
  world.file('other.torrent', torrentOf(OTHER.name, OTHER.data, { info: { comment: OTHER.comment } }))
  infoHash = parseTorrent(torrent).infoHashHex
  link = `magnet:?xt=urn:btih:${infoHash}&dn=data.bin`
  const sharing = world.start(
    [
      'seed',
      ...['data.torrent', 'other.torrent', '--dir', 'source', '--json', '--state', world.path('seed state')],
      ...LOOPBACK,
    ],
    { stays: true },
  )
  const { port } = await sharing.event(({ event }) => event === 'listening')
  for (const name of ['data.bin', OTHER.name])
    await sharing.event(each => each.event === 'state' && each.state === 'seeding' && each.name === name)
  seed = `127.0.0.1:${port}`
})

afterAll(() => world.end())

/** A folder of its own to download into, and the arguments that name it. */
function into(): { readonly dir: string; readonly args: string[] } {
  const dir = world.path(`target ${++targets}`)
  return { dir, args: ['--dir', dir, '--state', `${dir} state`, ...LOOPBACK] }
}

describe('shoal get', () => {
  it('takes a magnet link', async () => {
    const { dir, args } = into()
    const { code, out, err } = await world.run(['get', link, ...args, '--peer', seed, '--json'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const events: { event: string }[] = out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    // While it takes long, it is told of every second.
    const steps = events.filter(({ event }, at) => event !== 'fetching' || events[at - 1]?.event !== event)
    expect(steps.slice(0, 3)).toMatchObject([
      { event: 'listening' },
      { event: 'fetching', infoHash, name: 'data.bin', connections: { known: 1 } },
      { event: 'added', infoHash, totalBytes: DATA.length },
    ])
    expect(readFileSync(join(dir, 'data.bin')).equals(DATA)).toBe(true)
  })

  it('takes an info-hash, also without the word get', async () => {
    const { dir, args } = into()
    const { code, out, err } = await world.run([infoHash.toUpperCase(), ...args, '--peer', seed])
    expect(err).toContain(`Finding out what is in ${infoHash}\nGetting data.bin`)
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('data.bin: 300 kB') })
    expect(readFileSync(join(dir, 'data.bin')).equals(DATA)).toBe(true)
  })

  it('takes a list on standard input, and what is in it twice once', async () => {
    const { dir, args } = into()
    const input = `# two\n\n${link}\n${infoHash}\nother.torrent\n`
    const { code, err } = await world.run(['get', '--stdin', ...args, '--peer', seed], { input })
    expect(err).toContain('given twice')
    expect(code).toBe(0)
    expect(readFileSync(join(dir, 'data.bin')).equals(DATA)).toBe(true)
    expect(readFileSync(join(dir, OTHER.name)).equals(OTHER.data)).toBe(true)
  })

  it('holds --files against what the link turns out to be', async () => {
    const { args } = into()
    const { code, err } = await world.run(['get', link, ...args, '--peer', seed, '--files', '*.mkv'])
    expect(code).toBe(2)
    expect(err).toContain("no file matches '*.mkv'")
  })

  it('gives up with exit code 7 when nobody has it, and downloads the others', async () => {
    const { dir, args } = into()
    const unknown = 'f'.repeat(40)
    const sources = [unknown, 'data.torrent']
    const { code, err } = await world.run(['get', ...sources, ...args, '--peer', seed, '--give-up', '5s'])
    expect(code).toBe(7)
    expect(err).toMatch(
      new RegExp(`shoal: ${unknown} is not complete: nobody has told what is in it: .*peer`),
    )
    expect(readFileSync(join(dir, 'data.bin')).equals(DATA)).toBe(true)
  })

  it('ends in good order with exit code 130 when it is interrupted meanwhile', async () => {
    const { args } = into()
    const getting = world.start(['get', 'f'.repeat(40), ...args, '--json'])
    await getting.event(({ event }) => event === 'fetching')
    getting.process.kill('SIGINT')
    const { code, out } = await getting.ended
    expect(code).toBe(130)
    // Who waits for anything is ended, after a while, without a word.
    expect(out).toContain('{"event":"finished","exitCode":130}')
  })

  it.each([
    ['magnet:?xt=urn:btih:123', /40 hex digits or 32 characters of base32/],
    ['magnet:?dn=nothing', /no info-hash/],
    [`magnet:?xt=urn:btmh:1220${'a'.repeat(64)}`, /version 2/],
    ['magnet:', /neither a magnet link nor an info-hash/],
  ])('refuses %s with exit code 4 and the reason', async (source, reason) => {
    const { code, out, err } = await world.run(['get', source, ...into().args])
    expect({ code, out }).toEqual({ code: 4, out: '' })
    expect(err).toMatch(reason)
    expect(err).toMatch(/^shoal: magnet link: .*\n$/)
  })

  it.each([
    [['get', '--stdin', '-'], '', /both want standard input/],
    [['get', '--stdin'], '# nothing\n', /the list is empty/],
  ])('refuses %j with exit code 2', async (args, input, reason) => {
    const { code, err } = await world.run(args, { input })
    expect(code).toBe(2)
    expect(err).toMatch(reason)
  })
})

describe('shoal info', () => {
  it('asks peers what is behind a link, and saves the torrent file', async () => {
    const args = ['--peer', seed, ...LOOPBACK, '--save', 'saved.torrent']
    const tracker = 'http://127.0.0.1:1/announce'
    const { code, out, err } = await world.run(['info', `${link}&tr=${tracker}`, ...args])
    expect({ code, err }).toEqual({ code: 0, err: 'Saved as saved.torrent\n' })
    expect(out).toContain(`Info-hash  ${infoHash}`)
    const saved = parseTorrent(readFileSync(world.path('saved.torrent')))
    expect(saved).toMatchObject({ infoHashHex: infoHash, trackers: [[tracker]] })

    const again = await world.run(['info', link, ...args])
    expect(again).toMatchObject({ code: 5, out: '' })
    expect(again.err).toContain('saved.torrent exists already')
    const forced = await world.run(['info', infoHash, ...args, '--force', '--json'])
    expect(forced.code).toBe(0)
    expect(JSON.parse(forced.out)).toMatchObject({ infoHash, name: 'data.bin', saved: 'saved.torrent' })
    expect(parseTorrent(readFileSync(world.path('saved.torrent'))).infoHashHex).toBe(infoHash)
  })

  it('fetches a description of several blocks', async () => {
    const other = parseTorrent(readFileSync(world.path('other.torrent'))).infoHashHex
    const { code, out } = await world.run(['info', other, '--peer', seed, ...LOOPBACK, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ infoHash: other, totalBytes: OTHER.data.length })
  })

  it('saves torrent files from elsewhere, too', async () => {
    const { code } = await world.run(['info', 'data.torrent', '--save', 'copy.torrent'])
    expect(code).toBe(0)
    expect(readFileSync(world.path('copy.torrent'))).toEqual(readFileSync(world.path('data.torrent')))
  })

  it('gives up with exit code 7', async () => {
    const { code, out, err } = await world.run(['info', link, ...LOOPBACK, '--give-up', '500ms'])
    expect({ code, out }).toEqual({ code: 7, out: '' })
    expect(err).toMatch(/^shoal: data\.bin: nobody has told what is in it: nobody to ask.*--peer\n$/)
  })
})

describe('shoal magnet', () => {
  it('prints the link of a torrent file, and get takes it', async () => {
    const { code, out, err } = await world.run(['magnet', 'data.torrent', '--peer', seed])
    expect({ code, err, out }).toEqual({ code: 0, err: '', out: `${link}&x.pe=${seed}\n` })
    const { dir, args } = into()
    expect((await world.run(['get', out.trim(), ...args])).code).toBe(0)
    expect(readFileSync(join(dir, 'data.bin')).equals(DATA)).toBe(true)
  })

  it('names trackers unless told not to, and warns of private torrents', async () => {
    const outer = { announce: 'http://t.example/announce?key=1' }
    world.file('private.torrent', torrentOf('p', DATA, { info: { private: 1 }, outer }))
    const whole = await world.run(['magnet', 'private.torrent'])
    expect(whole.out).toContain('&tr=http%3A%2F%2Ft.example%2Fannounce%3Fkey%3D1')
    expect(whole.err).toMatch(/^warning: p is private/)
    const { out } = await world.run(['magnet', 'private.torrent', '--no-trackers', '--json'])
    expect(JSON.parse(out)).toMatchObject({ name: 'p', magnet: expect.not.stringContaining('tr=') })
  })
})

it.each(['verify', 'seed', 'peek'])('shoal %s says what to do with a magnet link', async command => {
  for (const source of [link, infoHash]) {
    const { code, out, err } = await world.run([command, source])
    expect({ code, out }).toEqual({ code: 4, out: '' })
    expect(err).toContain('shoal info LINK --save FILE.torrent')
  }
})
