/** The same words by the way that they really come: in torrent files, by the API, and from peers over the wire. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { APIResponse, Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PAYLOADS } from '../src/api/mock/payloads.ts'
import { browser, keep } from './page.ts'
import { ALONE, endAll, run, until } from './program.ts'
import { scrollThrough, watched } from './watched.ts'

/** Hundreds of torrents and peers, one after another. */
const LONG = { timeout: 300_000 }
/** Below what one torrent may have connected. */
const PEERS_AT_ONCE = 60

let chrome: Browser
let folder: string
let link: string
const sockets: Socket[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-hostile-'))
  mkdirSync(join(folder, 'data'))
  const daemon = run(
    'serve',
    '--state',
    join(folder, 'state'),
    '--dir',
    join(folder, 'data'),
    '--listen',
    '127.0.0.1:0',
    ...ALONE,
  )
  link = (await until(daemon, /https?:[^"\s]*#setup=[\w-]+/))[0]
  chrome = await browser()
})

afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await chrome?.close()
  await endAll()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

test(
  'names, paths, trackers, comments, labels, categories and clients stay text, and so does the log',
  LONG,
  async () => {
    const { page, check, close } = await watched(chrome, { url: link })
    await page.fill('input[type=password] >> nth=0', 'a long password')
    await page.fill('input[type=password] >> nth=1', 'a long password')
    await page.click('button[type=submit]')
    await page.waitForSelector('.empty')

    const base = new URL('api/v1/', link)
    const headers = { origin: base.origin, 'x-shoal': '1' }
    const post = (path: string, data: unknown): Promise<APIResponse> =>
      page.request.post(new URL(path, base).href, { data, headers })
    const add = async (torrent: Buffer, options: object): Promise<string | undefined> => {
      const sources = [`data:application/x-bittorrent;base64,${torrent.toString('base64')}`]
      const response = await post('torrents', { sources, options })
      if (!response.ok()) {
        expect(response.status()).toBe(400)
        return undefined
      }
      const [result] = (await response.json()) as { outcome: string; id: string }[]
      return result!.outcome === 'failed' ? undefined : result!.id
    }

    let labelled = 0
    for (const [index, text] of PAYLOADS.entries()) {
      const torrent = torrentOf({
        name: text,
        comment: PAYLOADS.at(index - 7)!,
        tracker: `http://127.0.0.1:1/${text}`,
      })
      const id = await add(torrent, { start: false, labels: [text.slice(0, 90)] })
      if (id !== undefined) labelled++
      // A label with control characters is refused; the torrent is not.
      else expect(await add(torrent, { start: false }), JSON.stringify(text)).toBeDefined()
    }
    expect(labelled).toBeGreaterThan(180)
    const many = await add(
      torrentOf({ name: 'many', files: PAYLOADS, trackers: PAYLOADS, comment: '<b>' }),
      {},
    )

    await page.waitForFunction(
      count => document.querySelector('.toolbar .total')?.textContent?.startsWith(String(count)),
      PAYLOADS.length + 1,
    )
    await scrollThrough(page, '#list')
    await page.waitForFunction(() => document.querySelector('.row.unknown') === null)
    for (const more of await page.locator('.filters button.choice.quiet').all()) await more.click()
    await scrollThrough(page, '.filters')
    await check('list')
    await keep(page, 'hostile-daemon')
    await page.focus('#list')
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    for (let index = 0; index <= PAYLOADS.length; index++) {
      await page.keyboard.press('ArrowDown')
      await page.waitForTimeout(30)
    }
    await check('general facts')

    for (const [tab, element] of [
      ['files', '.tree'],
      ['trackers', '.tab .table'],
      ['log', '.tab'],
    ] as const) {
      await page.evaluate(to => {
        location.hash = to
      }, `torrent=${many}&tab=${tab}`)
      await page.waitForSelector(element)
      if (tab === 'files') await page.fill('.tab-tools input', '(1)')
      await page.waitForTimeout(300)
      await scrollThrough(page, element)
      await check(tab)
      await keep(page, `hostile-daemon-${tab}`)
    }

    await page.evaluate(to => {
      location.hash = to
    }, `torrent=${many}&tab=peers`)
    const { port } = (await (await page.request.get(new URL('session', base).href, { headers })).json()) as {
      port: number
    }
    const clients = new Set<string>()
    for (let from = 0; from < PAYLOADS.length; from += PEERS_AT_ONCE) {
      const group = PAYLOADS.slice(from, from + PEERS_AT_ONCE)
      const peers = group.map((text, index) => peerCalled(text, port, many!, from + index))
      sockets.push(...peers)
      await expect
        .poll(async () => page.locator('.tab .table').getAttribute('aria-rowcount'))
        .toBe(String(group.length + 1))
      await scrollThrough(page, '.tab .table')
      const response = await page.request.get(new URL(`torrents/${many}/peers`, base).href, { headers })
      for (const { client } of (await response.json()) as { client: string }[]) clients.add(client)
      await check(`peers from ${from}`)
      if (from === 0) await keep(page, 'hostile-daemon-peers')
      for (const peer of peers) peer.destroy()
      await expect.poll(async () => page.locator('.tab .table').count()).toBe(0)
    }
    // The others are cut or cleaned until they are the same.
    expect(clients.size).toBeGreaterThan(180)

    await page.evaluate(() => {
      location.hash = 'page=log'
    })
    await page.waitForSelector('.log li')
    await scrollThrough(page, '.log')
    await check('log')
    await close()
  },
)

interface TorrentWords {
  readonly name: string
  readonly comment: string
  readonly tracker?: string
  readonly files?: readonly string[]
  readonly trackers?: readonly string[]
}

function torrentOf({ name, comment, tracker, files, trackers }: TorrentWords): Buffer {
  const content =
    files === undefined
      ? { length: 16_384 }
      : { files: files.map((path, index) => ({ length: 1000, path: [`${index}`, path] })) }
  const length = files === undefined ? 16_384 : files.length * 1000
  return bencoded({
    announce: tracker ?? 'http://127.0.0.1:1/a',
    ...(trackers && { 'announce-list': trackers.map(text => [`http://127.0.0.1:1/${text}`]) }),
    comment,
    'created by': comment,
    info: {
      ...content,
      name,
      'piece length': 16_384,
      pieces: '.'.repeat(20 * Math.ceil(length / 16_384)),
      private: 1,
    },
  })
}

type Bencodable = string | number | readonly Bencodable[] | { readonly [key: string]: Bencodable }

function bencoded(value: Bencodable): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes])
  }
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencoded), Buffer.from('e')])
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([
    Buffer.from('d'),
    ...entries.flatMap(([key, each]) => [bencoded(key), bencoded(each as Bencodable)]),
    Buffer.from('e'),
  ])
}

/** Connects, and says by BEP 10 what it is called. */
function peerCalled(client: string, port: number, infoHash: string, number: number): Socket {
  const socket = createConnection({ host: '127.0.0.1', port })
  socket.on('error', () => {})
  const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 0])
  socket.write(
    Buffer.concat([
      Buffer.from('\x13BitTorrent protocol'),
      reserved,
      Buffer.from(infoHash, 'hex'),
      Buffer.from(`-XX0000-${String(number).padStart(12, '0')}`),
    ]),
  )
  const payload = bencoded({ m: {}, v: client })
  const head = Buffer.alloc(6)
  head.writeUInt32BE(payload.length + 2)
  head[4] = 20
  socket.write(Buffer.concat([head, payload]))
  return socket
}
