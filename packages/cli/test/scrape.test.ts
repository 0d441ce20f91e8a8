import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTorrent, loadTorrent, startTracker } from '@shoal/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../bin/shoal.js', import.meta.url))
/** Nobody listens there. */
const DEAD = 'http://127.0.0.1:1/announce'

let folder = ''
const closers: (() => Promise<void>)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-cli-scrape-'))
})

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

/** Not waited for in place: the tracker that is asked runs in this process. */
function info(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1' }
  return new Promise(resolve => {
    execFile(process.execPath, [BIN, 'info', ...args], { env, timeout: 50_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

/** A torrent file with these tiers of one tracker each. */
async function torrent(...trackers: string[]): Promise<string> {
  writeFileSync(join(folder, 'data.bin'), 'some data')
  const path = join(folder, 'data.torrent')
  const { bytes } = await createTorrent(join(folder, 'data.bin'), { trackers: trackers.map(url => [url]) })
  writeFileSync(path, bytes)
  return path
}

async function tracker(): Promise<string> {
  const server = await startTracker()
  closers.push(() => server.close())
  return server.url
}

/** Tells the tracker of a seed. */
async function addSeed(url: string, path: string): Promise<void> {
  const { metainfo } = await loadTorrent(path)
  const hash = metainfo.infoHashHex.replace(/../g, '%$&')
  const reply = await fetch(`${url}?info_hash=${hash}&peer_id=${'x'.repeat(20)}&port=1&left=0`)
  expect(await reply.text()).not.toContain('failure')
}

describe('shoal info --scrape', () => {
  it('shows what each tracker knows, or why it does not say', async () => {
    const url = await tracker()
    const path = await torrent(url, DEAD)
    await addSeed(url, path)
    const text = await info(path, '--scrape')
    expect(text).toMatchObject({ code: 0, err: '' })
    expect(text.out).toContain(`Scrape     ${url}: 1 seed, 0 leechers, 0 downloads\n`)
    expect(text.out).toContain(`           ${DEAD}: 127.0.0.1 cannot be reached (ECONNREFUSED)\n`)

    const json = await info(path, '--scrape', '--json')
    expect(json).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(json.out).scrape).toEqual([
      { url, ok: true, seeders: 1, leechers: 0, downloads: 0 },
      {
        url: DEAD,
        ok: false,
        code: 'TRACKER_UNREACHABLE',
        message: '127.0.0.1 cannot be reached (ECONNREFUSED)',
      },
    ])
  })

  it('ends with exit code 8 when no tracker answers, and still tells the rest', async () => {
    const { code, out } = await info(await torrent(DEAD), '--scrape')
    expect(code).toBe(8)
    expect(out).toContain('Name       data.bin')
  })

  it('has nobody to ask in a torrent without trackers', async () => {
    const path = await torrent()
    expect(await info(path, '--scrape')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Scrape     no trackers to ask\n'),
    })
    expect(JSON.parse((await info(path, '--scrape', '--json')).out).scrape).toEqual([])
  })

  it('is not done unless asked for', async () => {
    const path = await torrent(DEAD)
    expect((await info(path)).out).not.toContain('Scrape')
    expect(JSON.parse((await info(path, '--json')).out)).not.toHaveProperty('scrape')
  })
})
