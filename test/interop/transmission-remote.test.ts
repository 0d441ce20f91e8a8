/**
 * Debian's transmission-remote steers Shoal and a real transmission-daemon through the same life, command by command, and
 * prints the same of both, line for line. Each has a torrent of its own, of the same content. With INTEROP_SUBJECT=
 * transmission, the other one is a second transmission-daemon: does the rig work at all? Run by run.mjs.
 */
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Case, makeTorrent, writePayload } from './rig/payload.ts'
import { Program } from './rig/program.ts'
import { remote, type Target } from './rig/remote.ts'
import { startShoal } from './rig/shoal-daemon.ts'
import { startTracker, type Tracker } from './rig/tracker.ts'
import { startTransmission } from './rig/transmission-daemon.ts'
import { until } from './rig/wait.ts'

const TRACKER = { ip: '10.77.1.1', port: 6971 }
const PLACES = {
  reference: { ip: '10.77.1.2', port: 8011, rpcPort: 8021 },
  subject: { ip: '10.77.1.3', port: 8012, rpcPort: 8022 },
} as const
const LEECHES = { reference: '10.77.1.4', subject: '10.77.1.5' } as const
/** It fetches for half a minute: as long as is looked at it. */
const LEECH_BYTES_PER_SEC = 12_000
const SETTLE_MS = 60_000

const CONTENT: Case = {
  title: 'transmission-remote',
  name: 'pack & co',
  pieceBytes: 32 * 1024,
  files: [
    ['a one.bin', 300_000],
    ['sub/b.bin', 100_000],
    ['sub/日本.txt', 999],
  ],
  tracker: 'http',
  dials: 'getter',
}

type Side = keyof typeof PLACES
const SIDES = ['reference', 'subject'] as const
const work = join(process.env.INTEROP_DIR ?? expect.unreachable('run me with npm run interop'), 'remote')
const source = join(work, 'source')
const targets = {} as Record<Side, Target>
/** `trackerless`: whoever has this one is found by nobody, and has to dial. */
const torrents = {} as Record<
  Side,
  { readonly file: string; readonly trackerless: string; readonly hash: string }
>
let tracker: Tracker

beforeAll(async () => {
  mkdirSync(source, { recursive: true })
  const info = writePayload(CONTENT, source)
  for (const side of SIDES) {
    const announce = `http://${TRACKER.ip}:${TRACKER.port}/announce`
    const { bytes, infoHash } = makeTorrent(info, announce, `remote ${side}`)
    const file = join(work, `${side}.torrent`)
    const trackerless = join(work, `${side}-trackerless.torrent`)
    writeFileSync(file, bytes)
    writeFileSync(trackerless, makeTorrent(info, `http://${TRACKER.ip}:1/announce`, `remote ${side}`).bytes)
    torrents[side] = { file, trackerless, hash: infoHash.toString('hex') }
    mkdirSync(join(work, side))
  }
  const hashes = SIDES.map(side => Buffer.from(torrents[side].hash, 'hex'))
  tracker = await startTracker(TRACKER, work, hashes)
  const startSubject = process.env.INTEROP_SUBJECT === 'transmission' ? startTransmission : startShoal
  targets.reference = await startTransmission(join(work, 'reference'), PLACES.reference)
  targets.subject = await startSubject(join(work, 'subject'), PLACES.subject)
  for (const side of SIDES) cpSync(source, targets[side].dir, { recursive: true })
})

afterAll(async () => {
  await Promise.all([...SIDES.map(side => targets[side]?.stop()), tracker?.stop()])
})

/** What both print, as one text each. `%torrent`, `%dir` and `%other` stand for each one's own. */
async function both(...commands: readonly string[]): Promise<Record<Side, string>> {
  const [reference, subject] = await Promise.all(SIDES.map(side => said(side, commands)))
  return { reference: reference!, subject: subject! }
}

async function said(side: Side, commands: readonly string[]): Promise<string> {
  const { file } = torrents[side]
  const { dir } = targets[side]
  const own = { '%torrent': file, '%dir': dir, '%other': `${dir}-other` }
  const args = commands.map(arg => own[arg as keyof typeof own] ?? arg)
  const { code, text } = await remote(targets[side], args)
  return `[${code}]\n${plain(text, side)}`
}

/** Without what has to differ: names of one's own, dates, and how long ago something was. */
function plain(text: string, side: Side): string {
  return (
    text
      .replaceAll(torrents[side].hash, 'HASH')
      .replaceAll(targets[side].dir, 'DIR')
      .replaceAll(targets[side].rpc, 'RPC')
      .replaceAll(LEECHES[side], 'LEECH')
      .replaceAll(String(PLACES[side].port), 'PORT')
      .replace(/\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, 'DATE')
      .replace(/(\d+ (days?|hours?|minutes?|seconds?)(, )?)+ \(\d+ seconds?\)/g, 'TIME')
      // Of the two programs, not of what they are at.
      .replace(/(Daemon version|RPC version|RPC minimum version|Configuration directory): .*/g, '$1: …')
  )
}

async function same(...commands: readonly string[]): Promise<void> {
  const { reference, subject } = await both(...commands)
  expect(subject, commands.join(' ')).toBe(reference)
}

/** Asked again until it is so: the two do not settle in the same moment. */
async function soonSame(
  commands: readonly string[],
  alter: (text: string) => string = text => text,
): Promise<void> {
  let last = { reference: '', subject: ' ' }
  await until(
    () =>
      `${commands.join(' ')} says the same of both\n--- transmission\n${last.reference}\n--- subject\n${last.subject}`,
    SETTLE_MS,
    async () => {
      const { reference, subject } = await both(...commands)
      last = { reference: alter(reference), subject: alter(subject) }
      return last.reference === last.subject
    },
  )
}

async function settled(line: RegExp): Promise<void> {
  let last = ''
  await until(
    () => `both are ${line}\n${last}`,
    SETTLE_MS,
    async () => {
      const { reference, subject } = await both('-l')
      last = `${reference}\n${subject}`
      return line.test(reference) && line.test(subject)
    },
  )
}

const LOOKS = [['-l'], ['-t', '1', '-i'], ['-t', '1', '-f'], ['-t', '1', '-ic'], ['-t', '1', '-ip']]

describe('an empty daemon', () => {
  test.each([[['-l']], [['-t', '7', '-i']], [['-t', '1', '-f']], [['-si']]])('%j', async commands => {
    await same(...commands)
  })

  test('-st', async () => {
    await soonSame(['-st'])
  })
})

describe('what cannot be added', () => {
  test.each([['/nonexistent.torrent'], ['magnet:?xt=foo'], [fileURLToPath(import.meta.url)]])(
    '%s',
    async file => {
      const words = /^\[1\]\nError: invalid or corrupt torrent file/
      const { reference, subject } = await both('-a', file)
      expect(reference).toMatch(words)
      expect(subject).toMatch(words)
    },
  )
})

describe('a torrent whose data is there', () => {
  test('-a', async () => {
    await same('-a', '%torrent')
    await settled(/100% .* Idle +pack & co/)
  })

  test.each(LOOKS.map(look => [look]))('%j', async look => {
    await soonSame(look)
  })

  test('-it: what the tracker said', async () => {
    await soonSame(['-t', '1', '-it'])
  })

  test('is not added twice', async () => {
    await same('-a', '%torrent')
    await same('-l')
  })
})

const TORRENT_CHANGES: readonly (readonly string[])[] = [
  ['-L', 'films,b c'],
  ['-d', '30'],
  ['-u', '20'],
  ['-D'],
  ['-U'],
  ['-sr', '1.25'],
  ['-SR'],
  ['-srd'],
  ['-HL'],
  ['-hl'],
  ['-pr', '33'],
  ['-pr', '80'],
]

describe('changes to a torrent', () => {
  test.each(TORRENT_CHANGES.map(change => [change]))('%j', async change => {
    await same('-t', '1', ...change)
    await soonSame(['-t', '1', '-i'])
  })

  test.each([[['-ph', '0,1']], [['-pl', '2']], [['-pn', '1']], [['-pn', 'all']]])('%j', async change => {
    await same('-t', '1', ...change)
    await soonSame(['-t', '1', '-f'])
  })

  test('files that are not wanted, and wanted again', async () => {
    await same('-t', '1', '-G', '1')
    await soonSame(['-t', '1', '-f'])
    await soonSame(['-l'])
    await same('-t', '1', '-g', 'all')
    await soonSame(['-t', '1', '-f'])
  })

  test('what transmission-remote asks for and Shoal does not have is taken without a word', async () => {
    for (const change of [['-Bh'], ['-Bn']]) await same('-t', '1', ...change)
  })
})

describe('a life', () => {
  test('-S and -s', async () => {
    await same('-t', '1', '-S')
    await settled(/Stopped/)
    for (const look of LOOKS) await soonSame(look)
    await soonSame(['-t', '1', '-it'], withoutCounts)
    await same('-t', '1', '-s')
    await settled(/Idle/)
  })

  test('-v and --reannounce', async () => {
    await same('-t', '1', '-v')
    await settled(/100% .* Idle/)
    await soonSame(['-l'])
    await same('-t', '1', '--reannounce')
  })

  test('-td and -tr', async () => {
    await same('-t', '1', '-S')
    await settled(/Stopped/)
    await same('-t', '1', '-td', 'http://10.77.1.1:1/second/announce')
    await soonSame(['-t', '1', '-it'], withoutCounts)
    await same('-t', '1', '-tr', '1')
    await soonSame(['-t', '1', '-it'], withoutCounts)
    await same('-t', '1', '-s')
    await settled(/Idle/)
  })

  test('--move takes the data along', async () => {
    mkdirSync(`${targets.reference.dir}-other`)
    mkdirSync(`${targets.subject.dir}-other`)
    await same('-t', '1', '--move', '%other')
    await until(
      () => 'both have moved it',
      SETTLE_MS,
      () => SIDES.every(side => existsSync(join(`${targets[side].dir}-other`, CONTENT.name, 'a one.bin'))),
    )
    await soonSame(['-t', '1', '-i'])
    await same('-t', '1', '--move', 'relative')
  })

  test('--find says where the data is', async () => {
    await same('-t', '1', '--find', '%other')
    await settled(/100% .* Idle/)
    await soonSame(['-t', '1', '-i'])
    await same('-t', '1', '--find', 'relative')
  })

  test('somebody fetches', async () => {
    const leeches = SIDES.map(side => leech(side))
    try {
      await settled(/100% .* (Seeding|Uploading) /)
      await soonSame(['-t', '1', '-ip'], withoutRates)
      await soonSame(['-l'], withoutRates)
      await soonSame(['-t', '1', '-i'], withoutRates)
    } finally {
      await Promise.all(leeches.map(each => each.stop()))
    }
    await settled(/Idle/)
  })
})

/** What trackers count, Shoal knows of torrents that run. */
function withoutCounts(text: string): string {
  return text.replace(/^ +(Tracker had|Asking for peer counts).*\n/gm, '')
}

/** How fast it goes, and how far that is, is not the same of two. */
function withoutRates(text: string): string {
  return (
    text
      .replace(/\d+\.\d+/g, 'N')
      .replace(/ +N/g, ' N')
      .replace(/(Uploaded|Ratio|Upload Speed): .*/g, '$1: …')
      .replace(/(LEECH\S* +\S+) +\S+/g, '$1 …')
      // By its extension handshake, or by its id.
      .replace(/libtorrent.*/g, 'libtorrent')
  )
}

/**
 * Two days of the week (1: Sunday) that are not near: where a timetable that is in force is taken away, Transmission goes on
 * with the other limits, and Shoal does not.
 */
function farDays(): string {
  const today = new Date().getDay() + 1
  const isFar = (day: number): boolean => ![0, 1, 6].includes((day - today + 7) % 7)
  const first = [1, 2, 3, 4, 5, 6].find(day => isFar(day) && isFar(day + 1))!
  return `${first}-${first + 1}`
}

describe('settings of the session', () => {
  test.each([
    [['-d', '50', '-u', '60']],
    [['-asd', '5', '-asu', '6']],
    [['-as']],
    [['-AS']],
    [
      [
        '-asc',
        '--alt-speed-time-begin',
        '0930',
        '--alt-speed-time-end',
        '1730',
        '--alt-speed-days',
        farDays(),
      ],
    ],
    [['-ASC']],
    [['-gsr', '2.5']],
    [['-GSR']],
    [['-D', '-U']],
    [['-pr', '40']],
    [['-w', '%other']],
    [['-c', '%other']],
    [['-C']],
    [['-w', '%dir']],
    [['--start-paused']],
    [['--no-start-paused']],
    [['-o', '-y']],
    [['-O', '-Y']],
    [['-x', '-M', '-et', '-e', '4', '--no-utp', '--no-trash-torrent', '--no-torrent-done-script']],
  ])('%j', async commands => {
    await same(...commands)
    await soonSame(['-si'])
  })
})

describe('what asks the world', () => {
  test('-pt says whether the port is open, or that it could not be found out', async () => {
    const words = /^\[[01]\]\n(Port is open: (Yes|No)|Error: .+)\n/
    const { reference, subject } = await both('-pt')
    expect(reference).toMatch(words)
    expect(subject).toMatch(words)
  })

  test('--blocklist-update is answered', async () => {
    const { subject } = await both('--blocklist-update')
    expect(subject).toMatch(/^\[[01]\]\n(RPC\S* responded: |Blocklist size: |Error: )/)
  })

  test.each([[['-p', '8013']], [['-P']]])('%j', async commands => {
    await same(...commands)
  })
})

describe('magnet links', () => {
  test('are listed before anybody has told what is in them', async () => {
    await same('--start-paused')
    await same('-a', 'magnet:?xt=urn:btih:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&dn=some%20name')
    await soonSame(['-l'], withoutRates)
    await soonSame(['-t', '2', '-i'])
    await soonSame(['-t', '2', '-f'])
    await same('-t', '2', '-r')
    await soonSame(['-l'], withoutRates)
    await same('--no-start-paused')
  })
})

describe('the end', () => {
  test('-r leaves the data, -rad does not', async () => {
    await same('-t', '1', '-r')
    await soonSame(['-l'])
    const file = (side: Side): string => join(`${targets[side].dir}-other`, CONTENT.name, 'a one.bin')
    expect(SIDES.map(side => existsSync(file(side)))).toEqual([true, true])
    await same('-a', '%torrent', '-w', '%other')
    await soonSame(['-l'])
    await same('-t', 'all', '-rad')
    await until(
      () => 'the data is gone',
      SETTLE_MS,
      () => SIDES.every(side => !existsSync(file(side))),
    )
    await soonSame(['-l'])
  })

  test('--exit', async () => {
    await same('--exit')
    await Promise.all(SIDES.map(side => targets[side].ended))
  })
})

function leech(side: Side): Program {
  const scratch = join(work, `${side}-leech`)
  mkdirSync(scratch)
  const { ip, port } = PLACES[side]
  const program = fileURLToPath(new URL('rig/libtorrent-peer.py', import.meta.url))
  const options = [`peer=${ip}:${port}`, `rate=${LEECH_BYTES_PER_SEC}`]
  return new Program(
    [
      '/usr/bin/python3',
      program,
      'get',
      torrents[side].trackerless,
      scratch,
      LEECHES[side],
      '8015',
      ...options,
    ],
    { logFile: join(work, `${side}-leech.log`), cwd: scratch, env: { HOME: scratch } },
  )
}
