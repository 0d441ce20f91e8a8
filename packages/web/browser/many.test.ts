/** Many torrents, and many tabs, with a real daemon: what a mock cannot show. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page, Request } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browser, type Look, look } from './page.ts'
import { ALONE, endAll, run, until } from './program.ts'

/** More than an address holds, and more than a page of the API. */
const TORRENTS = 1500
/** More than a browser opens connections to one host. */
const TABS = 8

let chrome: Browser
let folder: string
let first: Look
let url: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-many-'))
  const daemon = run('serve', '--state', folder, '--dir', folder, '--listen', '127.0.0.1:0', ...ALONE)
  const link = (await until(daemon, /https?:[^"\s]*#setup=[\w-]+/))[0]
  url = link.slice(0, link.indexOf('#'))
  chrome = await browser()
  first = await look(chrome, { url: link })
  const { page } = first
  await page.fill('input[type=password] >> nth=0', 'a long password')
  await page.fill('input[type=password] >> nth=1', 'a long password')
  await page.click('button[type=submit]')
  await page.waitForSelector('.empty')
})

afterAll(async () => {
  await chrome?.close()
  await endAll()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

test('all of many torrents are selected, stopped, and so again by undo', async () => {
  const { page, complaints } = first
  await add(page, 0, TORRENTS)
  await page.waitForSelector('.toolbar .total >> text=1,500 torrents')
  await page.click('[aria-rowindex="2"] .in-name')
  await page.keyboard.press('Control+a')
  await page.waitForSelector('.tools >> text=1,500 selected')
  await page.keyboard.press('p')
  await page.waitForSelector('.toast >> text=Stopped 1,500 torrents.')
  await page.click('.toast button:has-text("Undo")')
  await page.waitForSelector('.toast >> text=Undone.')
  await page.keyboard.press('Delete')
  await page.waitForSelector('.dialog >> text=/1,49\\d more/')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.waitForSelector('.toolbar .total')
  expect(complaints).toEqual([])
})

test('rows are there while it is scrolled, not only when it rests', async () => {
  const { page } = first
  const seen = await page.evaluate(async () => {
    const list = document.querySelector('#list')!
    const shares: number[] = []
    for (let frame = 0; frame < 120; frame++) {
      list.scrollTop += 60
      await new Promise(requestAnimationFrame)
      shares.push(list.querySelectorAll('.row:not(.unknown)').length / list.querySelectorAll('.row').length)
    }
    return shares.reduce((sum, share) => sum + share, 0) / shares.length
  })
  expect(seen).toBeGreaterThan(0.5)
})

test('a hidden page gives its stream back, and has one again when it is looked at', async () => {
  const { page } = first
  const hide = (isHidden: boolean): Promise<void> =>
    page.evaluate(value => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value })
      document.dispatchEvent(new Event('visibilitychange'))
    }, isHidden)
  const isStream = (request: Request): boolean => request.url().includes('/events?')
  const ended = page.waitForEvent('requestfailed', isStream)
  const asked = page.waitForRequest(request => /\/torrents\?/.test(request.url()))
  await hide(true)
  await Promise.all([ended, asked])
  const again = page.waitForRequest(isStream)
  await hide(false)
  await again
})

test('in eight tabs at once, all that happens is seen, and something can be done', async () => {
  const { page } = first
  const tabs = [page]
  while (tabs.length < TABS) {
    const tab = await page.context().newPage()
    await tab.goto(url)
    await tab.waitForSelector('.row .in-name')
    tabs.push(tab)
  }
  await add(tabs[0]!, TORRENTS, 1)
  await Promise.all(tabs.map(tab => tab.waitForSelector('.toolbar .total >> text=1,501 torrents')))
  // The first one has given its stream away by now; it gets one again when it comes to the front.
  await tabs[0]!.evaluate(() => dispatchEvent(new Event('focus')))
  await add(tabs.at(-1)!, TORRENTS + 1, 1)
  await Promise.all(tabs.map(tab => tab.waitForSelector('.toolbar .total >> text=1,502 torrents')))
})

/** By the page's own rights. */
async function add(page: Page, from: number, count: number): Promise<void> {
  const sources = Array.from({ length: count }, (_, n) => (from + n + 1).toString(16).padStart(40, '0'))
  await page.evaluate(
    async body => {
      const headers = { 'Content-Type': 'application/json', 'X-Shoal': '1' }
      const answer = await fetch('api/v1/torrents', { method: 'POST', headers, body })
      if (!answer.ok) throw new Error(await answer.text())
    },
    JSON.stringify({ sources, options: { start: false } }),
  )
}
