/** Names, paths, trackers, errors, clients, labels, comments and logs of people who mean harm: none of it runs. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PAYLOADS } from '../src/api/mock/payloads.ts'
import { PAGES } from '../src/model/location.ts'
import { browser, keep, type Served, serve } from './page.ts'
import { scrollThrough, type Watched, watched } from './watched.ts'

/** Every one of them is looked at, on a machine that may be busy. */
const LONG = { timeout: 300_000 }

let served: Served
let chrome: Browser

beforeAll(async () => {
  served = await serve('dist-mock')
  chrome = await browser()
})
afterAll(async () => {
  await chrome?.close()
  served?.close()
})

const open = async (options: { phone?: boolean; locale?: string } = {}): Promise<Watched> => {
  const watch = await watched(chrome, { url: `${served.url}?hostile&count=${PAYLOADS.length}`, ...options })
  await watch.page.waitForSelector('.row .in-name, .card .first')
  return watch
}

test('there are more than 200 of them, and each once', () => {
  expect(PAYLOADS.length).toBeGreaterThanOrEqual(200)
  expect(new Set(PAYLOADS).size).toBe(PAYLOADS.length)
})

test.each(['en-GB', 'de-DE'])(
  'in every column of the list, in filters, and in the details of each torrent (%s)',
  LONG,
  async locale => {
    const { page, check, close } = await open({ locale })
    await scrollThrough(page, '#list')
    for (const more of await page.locator('.filters button.choice.quiet').all()) await more.click()
    await scrollThrough(page, '.filters')
    await check('list and filters')
    await page.focus('#list')
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.whyline')
    const seen = new Set<string>()
    for (let index = 0; index < PAYLOADS.length; index++) {
      seen.add((await page.locator('.detail-head h2').textContent()) ?? '')
      await page.keyboard.press('ArrowDown')
      await page.waitForTimeout(40)
    }
    // All but those that differ in what a browser shows of them.
    expect(seen.size).toBeGreaterThan(190)
    await check('details')
    await keep(page, `hostile-${locale}`)
    await close()
  },
)

test('as files, peers, trackers and log of a torrent', LONG, async () => {
  const { page, check, close } = await open()
  await page.focus('#list')
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.whyline')
  for (const [key, element] of [
    ['2', '.tab .tree'],
    ['3', '.tab .table'],
    ['4', '.tab .table'],
    ['5', '.map canvas'],
    ['6', '.graph canvas'],
    ['7', '.tab .log'],
  ] as const) {
    await page.focus('#list')
    await page.keyboard.press(key)
    await page.waitForSelector(element)
    if (!element.endsWith('canvas')) await scrollThrough(page, element)
    await check(`tab ${key}`)
    await keep(page, `hostile-tab-${key}`)
  }
  await page.focus('#list')
  await page.keyboard.press('4')
  await page.click('text=Edit trackers')
  await page.waitForSelector('.editor textarea')
  await check('trackers in a field')
  await close()
})

test('on every other page, in menus and in what is asked', LONG, async () => {
  const { page, check, close } = await open()
  for (const name of PAGES) {
    await page.evaluate(to => {
      location.hash = `page=${to}`
    }, name)
    await page.waitForTimeout(400)
    if (name !== 'graph') await scrollThrough(page, '.page-body, .log')
    await check(name)
    await keep(page, `hostile-${name}`)
  }
  await page.evaluate(() => {
    location.hash = ''
  })
  await page.waitForSelector('.row .in-name')
  for (const entry of ['Category', 'Labels …', 'Move data …', 'Rename …', 'Remove …']) {
    await page.click('[aria-rowindex="3"]')
    await page.keyboard.press('m')
    await page.click(`.menu [role^=menuitem]:has-text("${entry}") >> nth=0`)
    await page.waitForSelector(entry === 'Category' ? '.menu [aria-checked]' : '.dialog .body')
    await page.waitForTimeout(300)
    await check(entry)
    await page.keyboard.press('Escape')
    await page.waitForSelector('dialog, .menu', { state: 'detached' })
  }
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.waitForSelector('.dialog .names')
  await check('removing all')
  await close()
})

test('in magnet links that are pasted, and in what is inside of them', async () => {
  const { page, check, close } = await open()
  const links = PAYLOADS.map(
    (text, index) =>
      `magnet:?xt=urn:btih:${index.toString(16).padStart(40, '0')}&dn=${encodeURIComponent(text.replace(/\p{Surrogate}/gu, ''))}`,
  )
  await page.keyboard.press('n')
  await page.fill('.adding textarea', links.join('\n'))
  await page.waitForTimeout(500)
  await scrollThrough(page, '.dialog .body')
  await check('many links')
  await page.fill('.adding textarea', links[0]!)
  await page.waitForSelector('.tree-row')
  await scrollThrough(page, '.adding .tree')
  await check('one link')
  // As they are, no links at all: refused, in words.
  await page.fill('.adding textarea', PAYLOADS.join('\n'))
  await page.click('.dialog button[type=submit]')
  await page.waitForSelector('.dialog .problem')
  await check('refused')
  await close()
})

test('on a phone', async () => {
  const { page, check, close } = await open({ phone: true, locale: 'de-DE' })
  await scrollThrough(page, '#list')
  await check('cards')
  await page.locator('#list').evaluate(list => {
    list.scrollTop = 0
  })
  for (let card = 1; card < 6; card++) {
    await page.tap(`.card >> nth=${card}`)
    await page.waitForSelector('.detail .whyline')
    await check(`card ${card}`)
    await keep(page, `hostile-phone-${card}`)
    await page.tap('[aria-label="Zurück zur Liste"]')
    await page.waitForSelector('.card .first')
  }
  await page.tap('.phone-bar >> text=Filter')
  await page.waitForSelector('.dialog .filters')
  await check('filters')
  await close()
})
