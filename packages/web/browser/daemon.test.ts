/** A real daemon, a real peer: from the one-time link to a file that plays. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browser, keep, look } from './page.ts'
import { ALONE, endAll, run, until } from './program.ts'

const BYTES = 12_000_000

let chrome: Browser
let folder: string
let link: string
let seedPort: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-web-'))
  for (const name of ['seed', 'seed/film', 'data']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'seed/film/clip.mp4'), Buffer.alloc(BYTES, 'some film '))
  writeFileSync(join(folder, 'seed/film/note & more.txt'), 'a note')
  const torrent = join(folder, 'film.torrent')
  await until(run('create', join(folder, 'seed/film'), '-o', torrent), /info-hash/)
  const seed = run(
    'seed',
    torrent,
    '--dir',
    join(folder, 'seed'),
    '--state',
    join(folder, 'a'),
    '--json',
    // Slowly enough to be listened to, by a page that takes its time.
    '--limit-up',
    '600k',
    ...ALONE,
  )
  seedPort = Number((await until(seed, /"port":\s*(\d+)/))[1])
  const daemon = run(
    'serve',
    '--state',
    join(folder, 'b'),
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
  await chrome?.close()
  await endAll()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

test('the link sets the password; a torrent is seen, added, fetched from a peer, played, and removed', async () => {
  const { page, complaints, close } = await look(chrome, { url: link })
  await page.fill('input[type=password] >> nth=0', 'a long password')
  await page.fill('input[type=password] >> nth=1', 'a long password')
  await page.click('button[type=submit]')
  await page.waitForSelector('.empty >> text=Nothing here yet')
  expect(page.url()).not.toContain('setup')

  await page.keyboard.press('n')
  const chooser = page.waitForEvent('filechooser')
  await page.click('text=Choose torrent files')
  await (await chooser).setFiles(join(folder, 'film.torrent'))
  await page.waitForSelector('.tree-row >> text=clip.mp4')
  await page.waitForSelector('.adding .field small:has-text("free")')
  await page.click('.dialog button[type=submit]')
  await page.waitForSelector('.toast >> text=Added 1 torrent.')

  await page.click('[aria-rowindex="2"] .in-name')
  await page.keyboard.press('Enter')
  // Nobody is known: that is what it says.
  await page.waitForSelector('.whyline.why')
  await page.click('.tabs >> text=Peers')
  await page.fill('.tab-tools input', `127.0.0.1:${seedPort}`)
  await page.click('.tab-tools >> text=Add peer')
  await page.click('.table .row button')
  await page.waitForSelector('.talk .met:has-text("They are Shoal")')
  await page.waitForSelector('.talk-log li.us:has-text("We ask for")')
  await page.waitForSelector('.talk-log li.them:has-text("They send")')
  await keep(page, 'daemon-conversation')
  await page.keyboard.press('Escape')
  await page.waitForSelector('[aria-rowindex="2"] .in-progress >> text=100%')
  await page.click('.tabs >> text=Pieces')
  await page.waitForSelector('.map canvas')
  await keep(page, 'daemon-pieces')
  await page.click('.tabs >> text=Files')
  await page.waitForSelector('.tree-row >> text=note & more')
  const [film] = await page.$$eval('.tree-row a', links =>
    links.map(each => (each as HTMLAnchorElement).href).filter(href => href.includes('/0/')),
  )
  const part = await page.evaluate(async href => {
    const answer = await fetch(href, { headers: { Range: 'bytes=5-13' } })
    return [answer.status, await answer.text()]
  }, film!)
  expect(part).toEqual([206, 'film some'])
  const playlist = (await page.getAttribute('a.button', 'href')) ?? ''
  const list = await page.evaluate(async href => (await fetch(href)).text(), playlist)
  expect(list).toMatch(/^#EXTM3U\n#EXTINF:-1,.*clip\.mp4\nhttp/)

  await page.click('.tree-row >> text=clip.mp4')
  await page.locator('.tree').press('F2')
  await page.fill('.name-field', 'short film.mp4')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.toast >> text=“clip.mp4” is called “short film.mp4” now.')
  expect(readdirSync(join(folder, 'data/film')).sort()).toEqual(['note & more.txt', 'short film.mp4'])
  // Something is in the way.
  writeFileSync(join(folder, 'data/taken'), 'of somebody')
  await page.click('.tree-row >> text=film >> nth=0')
  await page.locator('.tree').press('F2')
  await page.fill('.name-field', 'taken')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.toast.problem >> text=taken is a file where a folder belongs')

  await page.click('[aria-label="API tokens"]')
  await page.fill('.token-form input', 'radarr')
  await page.click('.token-form button')
  await page.waitForSelector('.secret code')
  await page.click('[aria-label="Settings"]')
  const keepFree = page.locator('.setting:has-text("disk.keep_free") input')
  await keepFree.fill('100 MiB')
  await keepFree.press('Enter')
  await page.waitForSelector('.toast >> text=disk.keep_free: Saved.')
  await page.click('[aria-label="Log"]')
  await page.waitForSelector('.log li')
  await page.click('[aria-label="About"]')
  await page.waitForSelector('.findings li')
  await page.click('[aria-label="Back to the list"]')

  await page.click('[aria-rowindex="2"] .in-name')
  await page.keyboard.press('Delete')
  await page.click('.dialog .option >> nth=1')
  await page.click('.dialog button:has-text("Remove and delete")')
  await page.waitForSelector('.empty >> text=Nothing here yet')
  expect(complaints).toEqual([])
  await close()
})
