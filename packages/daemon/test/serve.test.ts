/** A whole daemon in this process: settings, engine, session, household and doors together. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Config } from '../src/config/config.ts'
import { type Daemon, startDaemon } from '../src/serve/daemon.ts'
import { examine } from '../src/serve/doctor/doctor.ts'
import { checkClock, checkHandles } from '../src/serve/doctor/machine.ts'
import { createLog, type LogRecord } from '../src/serve/log.ts'

const FIXTURES = new URL('fixtures/', import.meta.url)

let folder: string
let file: string
let records: LogRecord[]
let daemons: Daemon[]
let onRecord: () => void

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-serve-'))
  file = join(folder, 'config.toml')
  records = []
  daemons = []
  onRecord = () => {}
  writeFileSync(file, '')
})

afterEach(async () => {
  for (const daemon of daemons) await daemon.close()
  rmSync(folder, { recursive: true, force: true })
})

const FLAGS = {
  'http.port': '0',
  'network.port': '0',
  'network.bind': '127.0.0.1',
  'network.dht': 'false',
  'network.lsd': 'false',
}

function config(): Config {
  const flags = { ...FLAGS, 'folders.downloads': join(folder, 'data') }
  return Config.load({
    file,
    isFileRequired: true,
    stateFolder: join(folder, 'state'),
    env: {},
    flags,
    cwd: folder,
  })
}

async function start(): Promise<Daemon> {
  const show = (record: LogRecord): void => {
    records.push(record)
    onRecord()
  }
  const log = createLog({ level: 'info', show })
  const options = {
    config: config(),
    stateFolder: join(folder, 'state'),
    log,
    version: '0',
    onStopWanted: () => {},
  }
  const daemon = await startDaemon(options)
  daemons.push(daemon)
  return daemon
}

async function told(text: RegExp): Promise<void> {
  await new Promise<void>(resolve => {
    onRecord = () => records.some(record => text.test(record.text)) && resolve()
    onRecord()
  })
}

test('the first start gives a link by which the password is set, the next one does not', async () => {
  const first = await start()
  expect((await fetch(`${first.url}api/v1/health`)).status).toBe(200)
  expect((await fetch(`${first.url}api/v1/torrents`)).status).toBe(401)
  const link = String(records.find(({ fields }) => fields.event === 'setup')?.fields.link)
  const key = new URLSearchParams(new URL(link).hash.slice(1)).get('setup')
  const headers = { 'content-type': 'application/json', 'x-shoal': '1', origin: new URL(first.url).origin }
  const body = JSON.stringify({ key, password: 'a good password' })
  expect((await fetch(`${first.url}api/v1/setup`, { method: 'POST', headers, body })).status).toBeLessThan(
    300,
  )
  await first.close()
  records = []
  await start()
  expect(records.some(({ fields }) => fields.event === 'setup')).toBe(false)
  expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700)
})

test('a second daemon on the same state names the first one, and the first one goes on', async () => {
  const first = await start()
  await expect(start()).rejects.toMatchObject({
    code: 'STATE_LOCKED',
    message: expect.stringContaining(`process ${process.pid}`),
  })
  expect((await fetch(`${first.url}api/v1/health`)).status).toBe(200)
})

test('settings that change count at once, and those that cannot are told', async () => {
  const daemon = await start()
  writeFileSync(file, '[limits]\ndownload = "1M"\n[http]\nhosts = ["box"]')
  daemon.reload()
  expect(daemon.session.info().limits.download).toBe(1_000_000)
  expect(records.map(({ text }) => text)).toContain('from the next start on: http.hosts')
  writeFileSync(file, '[limits]\ndownload = "fast"')
  daemon.reload()
  expect(daemon.session.info().limits.download).toBe(1_000_000)
  expect(records.at(-1)).toMatchObject({
    level: 'error',
    text: expect.stringContaining(':2:1: limits.download'),
  })
})

test('a torrent file in a watch folder is there after the next start', async () => {
  const watched = join(folder, 'watch')
  mkdirSync(watched)
  writeFileSync(join(watched, 'a.torrent'), readFileSync(new URL('album.torrent', FIXTURES)))
  writeFileSync(file, `[[watch]]\nfolder = ${JSON.stringify(watched)}\nstart = false`)
  const first = await start()
  await told(/a\.torrent: added album$/)
  await first.close()
  const second = await start()
  expect(second.session.rows().map(({ name, intent }) => [name, intent])).toEqual([['album', 'stop']])
})

test('a blocklist is in force before torrents are', async () => {
  const list = join(folder, 'list')
  writeFileSync(list, '10.0.0.0/8\n192.0.2.7\n')
  writeFileSync(file, `[blocklist]\nsource = ${JSON.stringify(list)}`)
  const daemon = await start()
  expect(daemon.session.info().blocklist).toMatchObject({ ranges: 2 })
})

test('a damaged database of countries is told of, and the daemon goes on without', async () => {
  writeFileSync(join(folder, 'countries.mmdb'), 'half of it')
  writeFileSync(file, '[network]\ncountries = "countries.mmdb"')
  const daemon = await start()
  await told(/countries of peers: .*countries\.mmdb: it is no database.*; peers are shown without countries$/)
  expect((await fetch(`${daemon.url}api/v1/health`)).status).toBe(200)
})

test('doctor finds what stands in the way', async () => {
  writeFileSync(join(folder, 'data'), 'a file')
  writeFileSync(file, `[[watch]]\nfolder = "gone"`)
  const findings = await examine({ config: config(), stateFolder: join(folder, 'state') })
  const problems = findings
    .filter(({ outcome }) => outcome === 'problem')
    .map(({ what, text }) => `${what}: ${text}`)
  expect(problems).toContain(`downloads: ${join(folder, 'data')} is not a folder`)
  expect(problems).toContain(`watch folder: ${join(folder, 'gone')} is not there`)
  expect(checkHandles(300, 'Max open files            256                  4096')[0]).toMatchObject({
    outcome: 'note',
  })
  expect(checkHandles(300, 'Max open files            unlimited            unlimited')[0]?.outcome).toBe('ok')
})

test('the clock is not asked of this machine or its network', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  expect(await checkClock([`127.0.0.1:${port}`, '127.0.0.1', 'localhost', '::1'])).toEqual([])
  server.close()
  expect(asked).toBe(0)
})

test('the log leaves secrets out, wherever they stand', () => {
  const lines: LogRecord[] = []
  const log = createLog({ level: 'info', show: record => lines.push(record) })
  log.info('http://tracker/announce?passkey=secret&x=1', {
    token: 'secret',
    headers: { authorization: 'secret' },
  })
  log.debug('not told')
  expect(JSON.stringify(lines)).not.toContain('secret')
  expect(lines.map(({ text }) => text)).toEqual(['http://tracker/announce?passkey=…&x=1'])
})
