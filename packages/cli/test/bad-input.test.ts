/**
 * Bad input as a user meets it, one row each: the real program, against files, servers, trackers, peers and folders
 * that are not as they should be. Every failure is one line (what, where, what to do) and an exit code of its own; none
 * is a stack trace, and none takes long. See `world.ts` for what the world is made of.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import type { RequestListener, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { test as base, describe, expect } from 'vitest'
import {
  bencode,
  content,
  handshake,
  LOOPBACK,
  liar,
  message,
  NOBODY,
  type Outcome,
  type PeerScript,
  PIECE_BYTES,
  type SeedWorld,
  torrentOf,
  World,
} from './world.ts'

const test = base.extend<{ world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the pattern
  world: async ({}, use) => {
    const world = new World()
    await use(world)
    await world.end()
  },
})

const DATA = content(20 * PIECE_BYTES + 1000)
const PIECES = 21
const TORRENT = torrentOf('data.bin', DATA)
const SMALL = content(1000)
const SMALL_TORRENT = torrentOf('small.bin', SMALL)
/** Beside an honest peer: longer than any moment in which a busy machine gets nothing done. */
const PATIENT = ['--give-up', '8']

type Bytes = Uint8Array | string
const IS_ROOT = process.getuid?.() === 0

/** What never may be seen, whatever happened. */
const BUG =
  /^\s+at |node:internal|unhandled|uncaught|TypeError|RangeError|assertion|fault of Shoal|undefined|NaN/im
const UNSAFE = /(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u

/** Every outcome, good or bad, is readable, and comes: the world kills what takes too long. */
function expectCalm({ out, err, signal }: Outcome): void {
  expect(err).not.toMatch(BUG)
  expect(out).not.toMatch(BUG)
  expect(err).not.toMatch(UNSAFE)
  expect(signal).toBe(null)
}

/** One line of failure that says all that `says` names, and the exit code. */
function expectFailure(outcome: Outcome, code: number, ...says: (string | RegExp)[]): void {
  expectCalm(outcome)
  const lines = outcome.err.split('\n').filter(line => line.startsWith('shoal: '))
  expect(lines, outcome.err).toHaveLength(1)
  for (const text of says) expect(lines[0]).toMatch(text)
  expect(outcome.code).toBe(code)
}

function expectData(world: World, outcome: Outcome, data: Buffer = DATA, name = 'data.bin'): void {
  expectCalm(outcome)
  expect(outcome.code, outcome.err).toBe(0)
  expect(readFileSync(world.path('target', name)).equals(data)).toBe(true)
}

describe.concurrent('a torrent file', () => {
  const rows: [what: string, bytes: Bytes | (() => Bytes), says: RegExp][] = [
    ['is empty', '', /x\.torrent: .*empty/],
    ['is cut short', TORRENT.subarray(0, 300), /x\.torrent: .*(ends|cut|damaged)/],
    ['is a web page', '<!DOCTYPE html>\n<html><body>Not found</body></html>', /x\.torrent: .*web page/],
    ['is random bytes', randomBytes(5000), /x\.torrent: /],
    ['is 100 MB of l', () => Buffer.alloc(100_000_000, 'l'), /x\.torrent.*larger than 64 MiB/],
    ['is 20 MB of l', () => Buffer.alloc(20_000_000, 'l'), /x\.torrent: .*nested/],
    ['has a negative length', torrentOf('a', SMALL, { info: { length: -5 } }), /x\.torrent: .*length/],
    ['has a length that does not fit', torrentOf('a', SMALL, { info: { length: 1e15 } }), /x\.torrent: /],
    ['has no pieces', torrentOf('a', SMALL, { info: { pieces: '' } }), /x\.torrent: /],
    ['has pieces of 0 bytes', torrentOf('a', SMALL, { info: { 'piece length': 0 } }), /piece length/],
    [
      'is of version 2 alone',
      bencode({
        info: {
          'meta version': 2,
          name: 'a',
          'piece length': 16_384,
          'file tree': { a: { '': { length: 5, 'pieces root': Buffer.alloc(32, 1) } } },
        },
        'piece layers': {},
      }),
      /x\.torrent: .*version 2.*version 1/,
    ],
    ['is a list', 'le', /x\.torrent: /],
  ]
  test.for(rows)('that %s is refused in one line', async ([, bytes, says], { world }) => {
    const path = world.file('x.torrent', typeof bytes === 'function' ? bytes() : bytes)
    expectFailure(await world.get([path]), 4, says)
    expect(existsSync(world.path('target'))).toBe(false)
  })

  test('that is a folder, or is not there, is refused in one line', async ({ world }) => {
    mkdirSync(world.path('folder.torrent'))
    expectFailure(await world.get([world.path('folder.torrent')]), 4, /folder\.torrent is a folder/)
    expectFailure(await world.get([world.path('no.torrent')]), 4, /no\.torrent/)
  })

  test.skipIf(IS_ROOT)('that must not be read is refused (root may read everything)', async ({ world }) => {
    const path = world.file('x.torrent', TORRENT)
    chmodSync(path, 0)
    expectFailure(await world.get([path]), 4, /x\.torrent.*permission/)
  })

  const names = ['../../canary', '/tmp/../canary', '..', '..\\..\\canary']
  test.for(names)(
    'with the name %j puts its content into --dir and nowhere else',
    async (name, { world }) => {
      const torrent = torrentOf(name, SMALL)
      const script = seedScript(SMALL)
      const peer = await world.peer(torrent, script)
      mkdirSync(world.path('a/b'), { recursive: true })
      const path = world.file('x.torrent', torrent)
      const before = everythingIn(world.dir, 'a')
      const outcome = await world.run([
        'get',
        path,
        ...['--dir', world.path('a/b/c'), '--peer', peer, ...LOOPBACK, ...PATIENT],
      ])
      expectCalm(outcome)
      expect(outcome.code).toBe(0)
      expect(everythingIn(world.dir, 'a')).toEqual(before)
      const [only, ...others] = readdirSync(world.path('a/b/c'))
      expect(others).toEqual([])
      expect(readFileSync(world.path('a/b/c', only!)).equals(SMALL)).toBe(true)
    },
  )
})

describe.concurrent('a torrent at a URL', () => {
  const rows: [what: string, listener: RequestListener, says: RegExp][] = [
    ['is not there', (_, response) => response.writeHead(404).end('no'), /404.*check the path or the URL/],
    ['fails with 500', (_, response) => response.writeHead(500).end('no'), /500/],
    ['is a web page', (_, response) => response.end('<html>hello</html>'), /web page/],
    ['never ends', (_, response) => pour(response), /64 MiB|too large|larger/],
    ['redirects for ever', (_, response) => response.writeHead(302, { location: '/x' }).end(), /redirect/],
  ]
  test.for(rows)('that %s is an error that names it', async ([, listener, says], { world }) => {
    const url = await world.http(listener)
    expectFailure(await world.get([`${url}/a.torrent`]), 4, /http:\/\/127\.0\.0\.1:\d+/, says)
  })

  test('where nobody listens is an error that names it', async ({ world }) => {
    expectFailure(await world.get([`http://${NOBODY}/a.torrent`]), 4, NOBODY, /ECONNREFUSED|refused/)
  })

  test('with a passkey does not show it', async ({ world }) => {
    const url = await world.http((_, response) => response.writeHead(403).end())
    const outcome = await world.get([`${url}/dl/SECRETKEY/a.torrent?passkey=SECRETKEY`])
    expectFailure(outcome, 4, /403/)
    expect(outcome.err).not.toContain('SECRETKEY')
  })

  test('of an unknown kind, or a magnet link that is none, is refused', async ({ world }) => {
    expectFailure(await world.get(['ftp://127.0.0.1/a.torrent']), 4, /ftp:.*http/)
    expectFailure(await world.get(['magnet:?xt=urn:btih:0']), 4, /magnet/)
  })
})

describe.concurrent('a tracker', () => {
  const far = bencode({ interval: 1800, peers: Buffer.from([127, 0, 0, 1, 0, 1]) })
  const crowd = Buffer.alloc(6 * 100_000)
  // 127.x.y.z:1, where nobody listens.
  for (let at = 0; at < crowd.length; at += 6) {
    crowd.writeUInt32BE(0x7f000001 + (at % 60_000) / 6, at)
    crowd[at + 5] = 1
  }
  const answers: [what: string, listener: RequestListener, why: RegExp][] = [
    ['never answers', () => {}, /tracker/],
    ['names peers that do not exist', (_, response) => response.end(far), /1 peer/],
    ['names our own address', tellOwnAddress, /peer/],
    [
      'names 100,000 peers',
      (_, response) => response.end(bencode({ interval: 1800, peers: crowd })),
      /peers? /,
    ],
    [
      'wants us back before now',
      (_, response) => response.end(bencode({ interval: -1, 'min interval': -9, peers: '' })),
      /knows no other peer/,
    ],
    ['answers with a web page', (_, response) => response.end('<html></html>'), /tracker/],
    ['answers with nothing', (_, response) => response.end(), /tracker/],
    ['answers with 503', (_, response) => response.writeHead(503).end(), /503/],
    [
      'refuses with escape sequences',
      (_, response) =>
        response.end(bencode({ 'failure reason': '\u001b[2J\u001b]0;own\u0007go \u202eaway' })),
      /go away/,
    ],
    ['never ends its answer', (_, response) => pour(response), /tracker/],
  ]
  test.for(answers)(
    'that %s: get gives up with 7 and says why, and is done beside an honest peer',
    async ([, listener, why], { world }) => {
      let requests = 0
      const url = await world.http((request, response) => {
        requests++
        listener(request, response)
      })
      const torrent = torrentOf('data.bin', DATA, { outer: { announce: `${url}/announce` } })
      const path = world.file('x.torrent', torrent)
      const soon = await world.get([path])
      // Started, and stopped where it is told: nothing makes us ask in a loop.
      expect(requests).toBeLessThanOrEqual(2)
      // Where the tracker stood still meanwhile, as busy machines do, it was not heard: it gets more time.
      const alone = why.test(soon.err) ? soon : await world.get([path], PATIENT)
      expectFailure(alone, 7, /is not complete/, why)
      const seed = await world.seed(torrent, DATA)
      expectData(world, await world.get([path], ['--peer', seed.address, ...PATIENT]))
    },
  )

  test('that cannot be reached is named, and does not keep an honest peer from serving', async ({
    world,
  }) => {
    const announce = [
      `http://${NOBODY}/announce`,
      `udp://${NOBODY}/announce`,
      'http://no-such-host.invalid/announce',
      'gopher://127.0.0.1/announce',
    ]
    const outer = { 'announce-list': announce.map(url => [url]) }
    const torrent = torrentOf('data.bin', DATA, { outer })
    const path = world.file('x.torrent', torrent)
    expectFailure(await world.get([path]), 7, /tracker/)
    const seed = await world.seed(torrent, DATA)
    expectData(world, await world.get([path], ['--peer', seed.address, ...PATIENT]))
  })
})

describe.concurrent('a place', () => {
  test('whose port is in use is refused with 8', async ({ world }) => {
    const port = await world.listen(() => {})
    const path = world.file('x.torrent', TORRENT)
    expectFailure(await world.get([path], ['--port', `${port}`]), 8, `${port}`, /--port/)
  })

  test.for([
    ['192.0.2.1', 8],
    ['2001:db8::1', 8],
    ['nonsense', 2],
    ['127.0.0.1:80', 2],
  ] as const)('with --bind %s, which is not ours, is refused with %i', async ([address, code], { world }) => {
    const path = world.file('x.torrent', TORRENT)
    expectFailure(await world.get([path], ['--bind', address]), code, address, /--bind/)
  })

  test('where --dir is a file is refused with 5', async ({ world }) => {
    const path = world.file('x.torrent', TORRENT)
    world.file('target', 'precious')
    const seed = await world.seed(TORRENT, DATA)
    expectFailure(await world.get([path], ['--peer', seed.address, ...PATIENT]), 5, /target/, /--dir/)
    expect(readFileSync(world.path('target'), 'utf8')).toBe('precious')
  })

  test('where a folder stands for the file is refused with 5', async ({ world }) => {
    const path = world.file('x.torrent', TORRENT)
    world.file('target/data.bin/keep', 'precious')
    const seed = await world.seed(TORRENT, DATA)
    expectFailure(await world.get([path], ['--peer', seed.address, ...PATIENT]), 5, /data\.bin/, /--dir/)
    expect(readFileSync(world.path('target/data.bin/keep'), 'utf8')).toBe('precious')
  })

  test('where a file stands for the folder is refused with 5', async ({ world }) => {
    const files = [{ length: SMALL.length, path: ['a.bin'] }]
    const torrent = folderTorrent('album', SMALL, files)
    const path = world.file('x.torrent', torrent)
    world.file('target/album', 'precious')
    const peer = await world.peer(torrent, seedScript(SMALL))
    expectFailure(await world.get([path], ['--peer', peer, ...PATIENT]), 5, /album/, /--dir/)
    expect(readFileSync(world.path('target/album'), 'utf8')).toBe('precious')
  })

  test('that cannot be written to is refused with 5', async ({ world, skip }) => {
    const path = world.file('x.torrent', TORRENT)
    mkdirSync(world.path('target'))
    if (IS_ROOT) {
      if (!mountTmpfs(world, 'target', 'ro')) skip('needs to mount a file system, which is not allowed here')
    } else chmodSync(world.path('target'), 0o555)
    const seed = await world.seed(TORRENT, DATA)
    const outcome = await world.get([path], ['--peer', seed.address, ...PATIENT])
    expectFailure(outcome, 5, /target/, /permission|read-only/, /--dir/)
  })

  test('that is full ends with 9; with room made, the same command fetches only the rest', async ({
    world,
    skip,
  }) => {
    const path = world.file('x.torrent', TORRENT)
    mkdirSync(world.path('target'))
    if (!mountTmpfs(world, 'target', 'size=1200k'))
      skip('needs to mount a file system, which is not allowed here')
    writeFileSync(world.path('target/ballast'), Buffer.alloc(500_000))
    const seed = await world.seed(TORRENT, DATA)
    const first = await world.get([path], ['--peer', seed.address, ...PATIENT])
    expectFailure(first, 9, /data\.bin/, /no space is left/, /make room/)
    seed.uploaded()
    rmSync(world.path('target/ballast'))
    execFileSync('mount', ['-o', 'remount,size=8m', world.path('target')])
    expectData(world, await world.get([path], ['--peer', seed.address, ...PATIENT]))
    expect(seed.uploaded()).toBeLessThan(DATA.length)
  })

  test('that is full is waited for when that was asked for', async ({ world, skip }) => {
    const path = world.file('x.torrent', TORRENT)
    mkdirSync(world.path('target'))
    if (!mountTmpfs(world, 'target', 'size=1200k'))
      skip('needs to mount a file system, which is not allowed here')
    writeFileSync(world.path('target/ballast'), Buffer.alloc(500_000))
    const seed = await world.seed(TORRENT, DATA)
    const args = ['--peer', seed.address, '--wait-for-disk', '--progress-every', '0.1', '--give-up', '60']
    const running = world.start(world.getArgs([path], args))
    await running.says(/warning: .*no space is left.*it goes on by itself/)
    await running.says(/error.*looks again in \d+ s/)
    rmSync(world.path('target/ballast'))
    execFileSync('mount', ['-o', 'remount,size=8m', world.path('target')])
    expectData(world, await running.ended)
  })

  test('where the state cannot be kept warns and downloads all the same', async ({ world }) => {
    const path = world.file('x.torrent', TORRENT)
    const seed = await world.seed(TORRENT, DATA)
    world.file('.local', 'a file')
    const run = await world.get([path], ['--peer', seed.address, ...PATIENT])
    expectData(world, run)
    expect(run.err).toMatch(/nothing is remembered .*\.local/)
  })

  test('where the state cannot be kept that was asked for says so, and begins nothing', async ({ world }) => {
    const path = world.file('x.torrent', TORRENT)
    const state = world.file('state', 'a file')
    expectFailure(await world.get([path], ['--state', state]), 5, /state/)
  })

  test('that another process remembers things in is refused with its number', async ({ world }) => {
    const path = world.file('x.torrent', TORRENT)
    const lock = { pid: process.pid, host: hostname(), boot: '', born: '' }
    const state = dirname(world.file('state/lock', JSON.stringify(lock)))
    expectFailure(
      await world.get([path], ['--state', state]),
      1,
      new RegExp(`process ${process.pid}`),
      /--state another/,
    )
  })
})

/** A seed that stands still for a moment is asked for some of it twice: then it is done again. */
async function expectSent(seed: SeedWorld, bytes: number, get: () => Promise<void>): Promise<void> {
  seed.uploaded()
  let sent = Number.POSITIVE_INFINITY
  for (let time = 0; time < 4 && sent > bytes; time++) {
    await get()
    sent = seed.uploaded()
  }
  expect(sent).toBe(bytes)
}

describe.concurrent('data that is in place already', () => {
  const half = 10 * PIECE_BYTES
  const wrong = Buffer.from(DATA)
  wrong.fill(0x55, 3 * PIECE_BYTES, 3 * PIECE_BYTES + 10)
  const rows: [what: string, before: Buffer, fetched: number][] = [
    [
      'half right',
      Buffer.concat([DATA.subarray(0, half), Buffer.alloc(DATA.length - half)]),
      DATA.length - half,
    ],
    ['wrong in ten bytes', wrong, PIECE_BYTES],
    ['all wrong', Buffer.alloc(DATA.length, 0x11), DATA.length],
    ['too short', DATA.subarray(0, half), DATA.length - half],
    ['empty', Buffer.alloc(0), DATA.length],
  ]
  test.for(rows)(
    'and is %s becomes right; what was right is not fetched',
    async ([, before, fetched], { world }) => {
      const path = world.file('x.torrent', TORRENT)
      const seed = await world.seed(TORRENT, DATA)
      await expectSent(seed, fetched, async () => {
        rmSync(world.path('.local'), { recursive: true, force: true })
        world.file('target/data.bin', before)
        expectData(world, await world.get([path], ['--peer', seed.address, ...PATIENT]))
      })
    },
  )

  test("and is too long may be somebody else's: it is named, left alone, and used once it is cut", async ({
    world,
  }) => {
    const path = world.file('x.torrent', TORRENT)
    const long = Buffer.concat([DATA, content(5000)])
    world.file('target/data.bin', long)
    const seed = await world.seed(TORRENT, DATA)
    const first = await world.get([path], ['--peer', seed.address, ...PATIENT])
    expectFailure(first, 5, /data\.bin is longer than it should be/, `${long.length}`, `${DATA.length}`)
    expect(readFileSync(world.path('target/data.bin')).equals(long)).toBe(true)
    truncateSync(world.path('target/data.bin'), DATA.length)
    expectData(world, await world.get([path], ['--peer', seed.address, ...PATIENT]))
    expect(seed.uploaded()).toBe(0)
  })

  test('and changed after it was complete is noticed', async ({ world }) => {
    const path = world.file('x.torrent', TORRENT)
    const seed = await world.seed(TORRENT, DATA)
    expectData(world, await world.get([path], ['--peer', seed.address, ...PATIENT]))
    await expectSent(seed, DATA.length - half, async () => {
      truncateSync(world.path('target/data.bin'), half)
      expectData(world, await world.get([path], ['--peer', seed.address, ...PATIENT]))
    })
  })
})

describe.concurrent('a peer', () => {
  const scripts: [what: string, script: PeerScript][] = [
    ['sends garbage', socket => socket.write(content(50_000))],
    [
      'announces a message of 2 GB',
      (socket, infoHash) =>
        socket.write(Buffer.concat([handshake(infoHash), Buffer.from('7fffffff07', 'hex')])),
    ],
    [
      'sends a piece that was not asked for',
      (socket, infoHash) =>
        socket.write(Buffer.concat([handshake(infoHash), message(7, Buffer.alloc(8 + 16_384))])),
    ],
    [
      'names pieces that do not exist',
      (socket, infoHash) =>
        socket.write(Buffer.concat([handshake(infoHash), message(4, Buffer.alloc(4, 0xff))])),
    ],
    ['sends wrong blocks', liar(PIECES)],
    ['says nothing', () => {}],
    ['hangs up at once', socket => socket.destroy()],
    ['speaks of another torrent', socket => socket.write(handshake(Buffer.alloc(20, 9)))],
  ]
  test.for(scripts)('that %s ends nothing: an honest one beside it serves', async ([, script], { world }) => {
    const path = world.file('x.torrent', TORRENT)
    const bad = await world.peer(TORRENT, script)
    expectFailure(await world.get([path], ['--peer', bad]), 7, /is not complete/)
    const target = existsSync(world.path('target/data.bin'))
      ? readFileSync(world.path('target/data.bin'))
      : ''
    expect(target.includes('ffff'), 'a lie on disk').toBe(false)
    const seed = await world.seed(TORRENT, DATA)
    expectData(world, await world.get([path], ['--peer', bad, '--peer', seed.address, ...PATIENT]))
  })

  test('that connects 200 times with nothing, garbage or half a handshake does not keep us from serving', async ({
    world,
  }) => {
    const path = world.file('x.torrent', TORRENT)
    const source = world.file('source/data.bin', DATA)
    const sharing = world.start(['seed', path, '--dir', world.path('source'), ...LOOPBACK, '--json'])
    const { port } = await sharing.event(event => event.event === 'listening')
    await sharing.event(event => event.state === 'seeding')
    const start = handshake(Buffer.alloc(20, 1))
    const says = [Buffer.alloc(0), content(4096), start.subarray(0, 30)]
    const sockets = Array.from({ length: 200 }, (_, index) => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('error', () => {})
      socket.write(says[index % 3]!)
      return socket
    })
    world.atEnd(() => {
      for (const socket of sockets) socket.destroy()
    })
    const outcome = await world.get([path], ['--peer', `127.0.0.1:${port}`, ...PATIENT])
    expectData(world, outcome)
    sharing.process.kill('SIGTERM')
    const { code, err } = await sharing.ended
    expect(code).toBe(130)
    expect(err).not.toMatch(BUG)
    expect(readFileSync(source).equals(DATA)).toBe(true)
  })
})

describe.concurrent('arguments', () => {
  const rows: [args: string[], says: RegExp][] = [
    [['get'], /source/],
    [['get', 'x.torrent', '--nonsense'], /--nonsense/],
    [['get', 'x.torrent', '--limit-down', '-5'], /--limit-down/],
    [['get', 'x.torrent', '--limit-up', '10X'], /--limit-up: '10X'/],
    [['get', 'x.torrent', '--port', '99999'], /--port: '99999'/],
    [['get', 'x.torrent', '--port', '-1'], /--port/],
    [['get', 'x.torrent', '--peer', 'nonsense'], /--peer: 'nonsense'/],
    [['get', 'x.torrent', '--peer', '127.0.0.1:0'], /--peer: '127.0.0.1:0'/],
    [['get', 'x.torrent', '--give-up', 'soon'], /--give-up: 'soon'/],
    [['get', 'x.torrent', '--ratio', 'much'], /--ratio: 'much'/],
    [['get', 'x.torrent', '--files', '*.mkv'], /--files: no file matches '\*\.mkv'/],
    [['get', 'x.torrent', '--files', '7'], /--files: there is no file 7/],
    [['get', 'x.torrent', '--files', ','], /--files names no file/],
    [['peek', 'x.torrent', '--piece', '999', '--peer', '127.0.0.1:1'], /piece/],
    [['create', 'x.torrent', '--piece-length', '5'], /--piece-length: '5'/],
    [['create', 'x.torrent', '--tracker', 'nonsense'], /nonsense/],
  ]
  test.for(rows)('%j are refused with 2', async ([args, says], { world }) => {
    world.file('x.torrent', TORRENT)
    const outcome = await world.run(args)
    expectFailure(outcome, 2, says)
    expect(existsSync(world.path('data.bin'))).toBe(false)
  })

  test('that name no folder for a torrent file are refused before anything is hashed', async ({ world }) => {
    const data = world.file('data.bin', DATA)
    const outcome = await world.run(['create', data, '-o', world.path('no/x.torrent'), '--force'])
    expectFailure(outcome, 5, /no\/x\.torrent: there is no folder .*no; /)
  })

  test('of two sources, one of them bad: the good one completes, the code is that of the bad one', async ({
    world,
  }) => {
    const path = world.file('x.torrent', TORRENT)
    const seed = await world.seed(TORRENT, DATA)
    const outcome = await world.get([path, world.path('no.torrent')], ['--peer', seed.address, ...PATIENT])
    expectFailure(outcome, 4, /no\.torrent/)
    expect(readFileSync(world.path('target/data.bin')).equals(DATA)).toBe(true)
  })

  test('of two sources, one of which finds its place taken: the other completes', async ({ world }) => {
    const paths = [world.file('x.torrent', TORRENT), world.file('y.torrent', SMALL_TORRENT)]
    world.file('target/small.bin/keep', '')
    const seed = await world.seed(TORRENT, DATA)
    expectFailure(await world.get(paths, ['--peer', seed.address, ...PATIENT]), 5, /small\.bin/)
    expect(readFileSync(world.path('target/data.bin')).equals(DATA)).toBe(true)
  })
})

describe.concurrent('Ctrl-C', () => {
  test('at the very start ends it without a word of alarm', async ({ world }) => {
    const path = world.file('x.torrent', TORRENT)
    for (const afterMs of [0, 60, 120]) {
      const running = world.start(world.getArgs([path], ['--give-up', '60']))
      setTimeout(() => running.process.kill('SIGINT'), afterMs)
      const outcome = await running.ended
      // Before the program is there to hear it, the signal ends the process by itself.
      expect(outcome.code === 130 || outcome.signal === 'SIGINT').toBe(true)
      expect(outcome.err).not.toMatch(BUG)
    }
  })

  test('while a torrent file is fetched ends it at once', async ({ world }) => {
    let onAsked: () => void = () => {}
    const asked = new Promise<void>(resolve => {
      onAsked = resolve
    })
    const url = await world.http(() => onAsked())
    const running = world.start(world.getArgs([`${url}/a.torrent`], ['--json']))
    await asked
    running.process.kill('SIGINT')
    const outcome = await running.ended
    expectCalm(outcome)
    expect(outcome.code).toBe(130)
    // By itself: who still waits for the server is ended, after a while, without a word.
    expect(outcome.out).toContain('{"event":"finished","exitCode":130}')
  })

  test('in the middle of checking ends it; the same command then checks and fetches nothing', async ({
    world,
  }) => {
    const zeros = 6_000
    const hash = torrentOf('z', Buffer.alloc(PIECE_BYTES))
    const at = hash.indexOf('6:pieces20:') + '6:pieces20:'.length
    const pieces = Buffer.concat(Array.from({ length: zeros }, () => hash.subarray(at, at + 20)))
    const torrent = torrentOf('zeros.bin', SMALL, { info: { length: zeros * PIECE_BYTES, pieces } })
    const path = world.file('x.torrent', torrent)
    truncateSync(world.file('target/zeros.bin', ''), zeros * PIECE_BYTES)
    let outcome: Outcome
    do {
      // Where we stood still, all was checked before the signal came: that says nothing, and is done again.
      rmSync(world.path('.local'), { recursive: true, force: true })
      const running = world.start(world.getArgs([path], ['--json', '--give-up', '10']))
      await running.event(event => event.event === 'state' && event.state === 'checking')
      running.process.kill('SIGINT')
      outcome = await running.ended
      expectCalm(outcome)
    } while (outcome.out.includes('"event":"done"'))
    expect(outcome.code).toBe(130)
    const again = await world.get([path], ['--json', '--give-up', '10'])
    expectCalm(again)
    expect(again.code).toBe(0)
    expect(again.out).toMatch(/"event":"done".*"downloadedBytes":0/)
  })

  test('in the middle of a download says how to go on; the same command fetches only the rest', async ({
    world,
  }) => {
    const path = world.file('x.torrent', TORRENT)
    // Slow enough that a signal comes in its middle, although we stand still for a moment before we send it.
    const seed = await world.seed(TORRENT, DATA, 200_000)
    const args = ['--peer', seed.address, '--progress-every', '0.05', '--give-up', '20']
    const running = world.start(world.getArgs([path], args))
    await running.says(/ [2-9]\d\.\d %/)
    running.process.kill('SIGINT')
    const outcome = await running.ended
    expectCalm(outcome)
    expect(outcome.code).toBe(130)
    expect(outcome.err).toMatch(/^To go on: shoal get .*x\.torrent/m)
    const sent = seed.uploaded()
    expect(sent).toBeLessThan(DATA.length)
    seed.setUploadLimit(0)
    expectData(world, await world.get([path], ['--peer', seed.address, ...PATIENT]))
    // At least the fifth that was seen to be complete is not fetched again.
    expect(seed.uploaded()).toBeLessThanOrEqual(DATA.length * 0.8)
  })

  test('twice ends it at once, though a tracker keeps the end waiting', async ({ world }) => {
    const url = await world.http((request, response) => {
      if (!request.url?.includes('event=stopped')) response.end(bencode({ interval: 1800, peers: '' }))
    })
    const torrent = torrentOf('data.bin', DATA, { outer: { announce: `${url}/announce` } })
    const running = world.start(
      world.getArgs([world.file('x.torrent', torrent)], ['--give-up', '60', '--json']),
    )
    await running.event(event => event.event === 'progress')
    running.process.kill('SIGINT')
    await running.says(/Ctrl-C again/)
    setTimeout(() => running.process.kill('SIGINT'), 400)
    const outcome = await running.ended
    expectCalm(outcome)
    expect(outcome.code).toBe(130)
  })
})

// --------------------------------------------------------------------------------------------------- helpers

/** A whole seed in a script, for torrents that the engine would not name as we do: answers what is asked. */
function seedScript(data: Buffer): PeerScript {
  return (socket, infoHash) => {
    let received = Buffer.alloc(0)
    let greeted = false
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (!greeted) {
        if (received.length < 68) return
        greeted = true
        received = received.subarray(68)
        socket.write(Buffer.concat([handshake(infoHash), message(5, Buffer.from([0x80])), message(1)]))
      }
      while (received.length >= 4 && received.length >= 4 + received.readUInt32BE()) {
        const body = received.subarray(4, 4 + received.readUInt32BE())
        received = received.subarray(4 + body.length)
        if (body[0] !== 6) continue
        const begin = body.readUInt32BE(5)
        socket.write(message(7, body.subarray(1, 9), data.subarray(begin, begin + body.readUInt32BE(9))))
      }
    })
  }
}

function folderTorrent(name: string, data: Buffer, files: { length: number; path: string[] }[]): Buffer {
  const single = torrentOf(name, data)
  const at = single.indexOf('6:pieces20:') + '6:pieces20:'.length
  return bencode({ info: { files, name, 'piece length': PIECE_BYTES, pieces: single.subarray(at, at + 20) } })
}

/** Sends for as long as the other side takes it. */
function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(1024 * 1024, 'l')
  const more = (): void => {
    while (!response.destroyed && response.write(chunk)) {}
  }
  response.on('error', () => {})
  response.on('drain', more)
  more()
}

const tellOwnAddress: RequestListener = (request, response) => {
  const port = Number(/[?&]port=(\d+)/.exec(request.url ?? '')?.[1])
  const own = Buffer.from([127, 0, 0, 1, port >> 8, port & 255])
  response.end(bencode({ interval: 1800, peers: Buffer.concat([own, own]) }))
}

function everythingIn(dir: string, top: string): string[] {
  const all = readdirSync(dir, { recursive: true }).map(String)
  return all.filter(path => !path.startsWith(join(top, 'b', 'c')) && !path.startsWith('.local')).sort()
}

/** False where mounting is not possible. */
function mountTmpfs(world: World, name: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', world.path(name)], { stdio: 'ignore' })
  } catch {
    return false
  }
  world.atEnd(() => execFileSync('umount', ['-l', world.path(name)]))
  return true
}
