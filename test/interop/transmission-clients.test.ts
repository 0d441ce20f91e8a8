/**
 * What programs made for Transmission do with `shoal serve`: the client library of Homarr from npm through all it can, and
 * the calls of Sonarr and Radarr from the test of the connection to the removal. Run by run.mjs.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Transmission } from '@ctrl/transmission'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Case, makeTorrent, writePayload } from './rig/payload.ts'
import { Program } from './rig/program.ts'
import { PASSWORD, type Target } from './rig/remote.ts'
import { startShoal } from './rig/shoal-daemon.ts'
import { startTracker, type Tracker } from './rig/tracker.ts'
import { differences } from './rig/tree.ts'
import { until } from './rig/wait.ts'

const TRACKER = { ip: '10.77.1.1', port: 6972 }
const PLACE = { ip: '10.77.1.6', port: 8031, rpcPort: 8032 }
const SEEDER = { ip: '10.77.1.7', port: 8033 }
const SETTLE_MS = 60_000

const CONTENT: Case = {
  title: 'transmission-clients',
  name: 'A Series S01E01',
  pieceBytes: 32 * 1024,
  files: [
    ['episode.mkv', 700_000],
    ['subs/en.srt', 5000],
  ],
  tracker: 'http',
  dials: 'getter',
}
/** Sonarr asks for each of these, the count of files in two spellings. */
const SONARR_FIELDS = [
  'id',
  'hashString',
  'name',
  'downloadDir',
  'totalSize',
  'leftUntilDone',
  'isFinished',
  'eta',
  'status',
  'secondsDownloading',
  'secondsSeeding',
  'errorString',
  'uploadedEver',
  'downloadedEver',
  'seedRatioLimit',
  'seedRatioMode',
  'seedIdleLimit',
  'seedIdleMode',
  'fileCount',
  'file-count',
  'labels',
]
const STOPPED = 0
const SEEDING = 6

const work = join(process.env.INTEROP_DIR ?? expect.unreachable('run me with npm run interop'), 'clients')
const source = join(work, 'source')
const torrents = {} as Record<'ctrl' | 'sonarr', { readonly bytes: Buffer; readonly hash: string }>
let tracker: Tracker
let seeder: Program
let shoal: Target
let url = ''

beforeAll(async () => {
  mkdirSync(source, { recursive: true })
  const info = writePayload(CONTENT, source)
  const announce = `http://${TRACKER.ip}:${TRACKER.port}/announce`
  for (const name of ['ctrl', 'sonarr'] as const) {
    const { bytes, infoHash } = makeTorrent(info, announce, `clients ${name}`)
    torrents[name] = { bytes, hash: infoHash.toString('hex') }
  }
  const infoHash = Buffer.from(torrents.sonarr.hash, 'hex')
  tracker = await startTracker(TRACKER, work, [infoHash, Buffer.from(torrents.ctrl.hash, 'hex')])
  seeder = seed(torrents.sonarr.bytes)
  const scratch = join(work, 'shoal')
  mkdirSync(scratch)
  shoal = await startShoal(scratch, PLACE)
  url = `http://${shoal.rpc}/transmission/rpc`
  await until(
    () => `the tracker knows the seeder\n${seeder.describe()}`,
    SETTLE_MS,
    async () => (await tracker.count(infoHash)).seeders === 1,
  )
})

afterAll(async () => {
  await Promise.all([seeder?.stop(), shoal?.stop(), tracker?.stop()])
})

describe('@ctrl/transmission', () => {
  test('does its whole life cycle', async () => {
    const client = new Transmission({ baseUrl: `http://${shoal.rpc}/`, username: 'any', password: PASSWORD })
    const { hash } = torrents.ctrl
    const bytes = new Uint8Array(torrents.ctrl.bytes)
    const of = () => client.getTorrent(hash)

    const session = await client.getSession()
    expect(session.arguments.version).toMatch(/^4\.1\.0 \(Shoal /)
    await client.setSession({ 'alt-speed-down': 77 })
    expect((await client.getSession()).arguments).toMatchObject({ 'alt-speed-down': 77 })
    expect((await client.freeSpace(shoal.dir)).arguments['size-bytes']).toBeGreaterThan(0)

    const added = await client.normalizedAddTorrent(bytes, { startPaused: true, label: 'films' })
    expect(added).toMatchObject({
      id: hash,
      name: CONTENT.name,
      state: 'paused',
      label: 'films',
      totalSelected: 705_000,
      savePath: '/downloads',
    })
    const again = await client.addTorrent(bytes, { paused: true })
    expect(again.arguments).toMatchObject({ 'torrent-duplicate': { hashString: hash } })
    await client.removeTorrent(hash)

    await client.addTorrent(bytes, { paused: true, 'download-dir': shoal.dir })
    writePayload(CONTENT, shoal.dir)
    await client.verifyTorrent(hash)
    await until(
      () => 'its data is found',
      SETTLE_MS,
      async () => (await of()).progress === 1,
    )
    await client.resumeTorrent(hash)
    await until(
      () => 'it seeds',
      SETTLE_MS,
      async () => (await of()).state === 'seeding',
    )
    await client.reannounceTorrent(hash)
    await client.setTorrent(hash, { seedRatioLimit: 1.5, seedRatioMode: 1, 'peer-limit': 12 })
    expect((await of()).raw).toMatchObject({ seedRatioLimit: 1.5, seedRatioMode: 1, 'peer-limit': 12 })

    const magnet = `magnet:?xt=urn:btih:${'ab'.repeat(20)}&dn=later`
    await client.addMagnet(magnet, { paused: true, 'download-dir': shoal.dir })
    const order = async (): Promise<unknown> => {
      const { torrents } = await client.getAllData()
      return [...torrents].sort((a, b) => a.queuePosition - b.queuePosition).map(({ name }) => name)
    }
    expect(await order()).toEqual([CONTENT.name, 'later'])
    await client.queueUp('ab'.repeat(20))
    expect(await order()).toEqual(['later', CONTENT.name])
    await client.queueDown('ab'.repeat(20))
    await client.queueTop('ab'.repeat(20))
    expect(await order()).toEqual(['later', CONTENT.name])
    await client.queueBottom('ab'.repeat(20))
    expect(await order()).toEqual([CONTENT.name, 'later'])
    await client.removeTorrent('ab'.repeat(20), true)

    const other = `${shoal.dir}-moved`
    mkdirSync(other)
    await client.moveTorrent(hash, other)
    await until(
      () => 'its data is there',
      SETTLE_MS,
      () => existsSync(join(other, CONTENT.name, 'episode.mkv')),
    )
    await client.renamePath(hash, { path: `${CONTENT.name}/subs`, name: 'subtitles' })
    await until(
      () => 'its folder has another name',
      SETTLE_MS,
      () => existsSync(join(other, CONTENT.name, 'subtitles', 'en.srt')),
    )
    await until(
      () => 'it says so',
      SETTLE_MS,
      async () => (await of()).raw.files[1].name === `${CONTENT.name}/subtitles/en.srt`,
    )
    await client.pauseTorrent(hash)
    await until(
      () => 'it is stopped',
      SETTLE_MS,
      async () => (await of()).state === 'paused',
    )
    await client.removeTorrent(hash, true)
    await until(
      () => 'its data is gone',
      SETTLE_MS,
      () => !existsSync(join(other, CONTENT.name)),
    )
    await expect(of()).rejects.toThrow('Torrent not found')
  })
})

describe('Sonarr and Radarr', () => {
  const authorization = `Basic ${Buffer.from(`sonarr:${PASSWORD}`).toString('base64')}`
  let sessionId = ''

  async function call(method: string, given: object = {}): Promise<Record<string, unknown>> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'X-Transmission-Session-Id': sessionId, 'Content-Type': 'application/json' },
      body: JSON.stringify({ method, arguments: given }),
    })
    expect(response.status).toBe(200)
    const body = (await response.json()) as { result: string; arguments: Record<string, unknown> }
    expect(body.result).toBe('success')
    return body.arguments
  }

  async function poll(): Promise<Record<string, unknown> | undefined> {
    const { torrents } = (await call('torrent-get', { fields: SONARR_FIELDS })) as {
      torrents: Record<string, unknown>[]
    }
    return torrents.find(({ hashString }) => hashString === torrentHash())
  }
  const torrentHash = (): string => torrents.sonarr.hash

  test('test the connection: 409 with the id where the password is right, 401 where not', async () => {
    const right = await fetch(url, { headers: { authorization } })
    expect(right.status).toBe(409)
    sessionId = right.headers.get('x-transmission-session-id') ?? ''
    const wrong = await fetch(url, { headers: { authorization: `Basic ${btoa('sonarr:guess')}` } })
    expect(wrong.status).toBe(401)
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic /)
    const foreign = await fetch(url, { headers: { authorization, origin: 'http://elsewhere.example' } })
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull()

    const session = await call('session-get')
    const [version = ''] = /\d+(\.\d+)+/.exec(String(session.version)) ?? []
    expect(Number.parseFloat(version)).toBeGreaterThanOrEqual(4)
    expect(session).toMatchObject({
      'rpc-version': 18,
      'download-dir': shoal.dir,
      seedRatioLimited: false,
      'idle-seeding-limit-enabled': false,
    })
  })

  test('add an episode, watch it come, and take it out with its data', async () => {
    const dir = join(shoal.dir, 'tv')
    mkdirSync(dir, { recursive: true })
    const added = await call('torrent-add', {
      metainfo: torrents.sonarr.bytes.toString('base64'),
      paused: false,
      'download-dir': dir,
      labels: ['tv-sonarr'],
    })
    expect(added).toMatchObject({ 'torrent-added': { hashString: torrentHash(), name: CONTENT.name } })
    await call('torrent-set', {
      ids: [torrentHash()],
      seedRatioLimit: 3,
      seedRatioMode: 1,
      seedIdleLimit: 60,
      seedIdleMode: 1,
    })
    await call('queue-move-top', { ids: [torrentHash()] })
    let last: unknown
    await until(
      () => `the episode is here: ${JSON.stringify(last)}`,
      SETTLE_MS,
      async () => {
        last = await poll()
        return (last as { leftUntilDone?: number } | undefined)?.leftUntilDone === 0
      },
    )
    const done = await poll()
    expect(Object.keys(done ?? {})).toEqual(SONARR_FIELDS)
    expect(done).toMatchObject({
      name: CONTENT.name,
      downloadDir: dir,
      totalSize: 705_000,
      isFinished: false,
      status: SEEDING,
      errorString: '',
      seedRatioLimit: 3,
      seedRatioMode: 1,
      seedIdleLimit: 60,
      seedIdleMode: 1,
      fileCount: 2,
      'file-count': 2,
      labels: ['tv-sonarr'],
    })
    expect(done!.downloadedEver).toBeGreaterThanOrEqual(705_000)
    expect(differences(source, dir)).toEqual([])

    // Once it has been imported it gets another label; and it is removed when its seeding is over.
    await call('torrent-set', { ids: [torrentHash()], labels: ['tv-imported'], seedRatioLimit: 0 })
    await until(
      () => `its seeding is over: ${JSON.stringify(last)}`,
      SETTLE_MS,
      async () => {
        last = await poll()
        return (last as { status?: number }).status === STOPPED
      },
    )
    expect(last).toMatchObject({ isFinished: true, labels: ['tv-imported'] })
    await call('torrent-remove', { ids: [torrentHash()], 'delete-local-data': true })
    expect(await poll()).toBeUndefined()
    await until(
      () => 'its data is gone',
      SETTLE_MS,
      () => !existsSync(join(dir, CONTENT.name)),
    )
  })
})

function seed(torrent: Buffer): Program {
  const scratch = join(work, 'seeder')
  mkdirSync(scratch)
  const file = join(scratch, 'x.torrent')
  writeFileSync(file, torrent)
  const program = fileURLToPath(new URL('rig/libtorrent-peer.py', import.meta.url))
  return new Program(['/usr/bin/python3', program, 'seed', file, source, SEEDER.ip, String(SEEDER.port)], {
    logFile: join(work, 'seeder.log'),
    cwd: scratch,
    env: { HOME: scratch },
  })
}
