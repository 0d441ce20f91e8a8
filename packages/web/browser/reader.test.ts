/** As its reader's browser wants it: language, numbers, dates, colours, motion. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { browser, keep, type Look, type LookOptions, look, type Served, serve } from './page.ts'

let served: Served
let chrome: Browser
let now: Look | undefined

beforeAll(async () => {
  served = await serve('dist-mock')
  chrome = await browser()
})
afterAll(async () => {
  await chrome?.close()
  served?.close()
})
afterEach(async () => {
  expect(now?.complaints ?? []).toEqual([])
  await now?.close()
})

async function open(query: string, options: Partial<LookOptions> = {}): Promise<Page> {
  now = await look(chrome, { url: `${served.url}${query}`, ...options })
  await now.page.waitForSelector('.row .in-name, .setting')
  return now.page
}

test('a German browser gets German: what the daemon says of torrents, of settings and of mistakes, too', async () => {
  const page = await open('?count=400#state=queued', { locale: 'de-DE' })
  await page.waitForSelector('.row >> text=/Platz 3 von 40 in der Warteschlange: 5 laden gleichzeitig\\./')
  await page.click('.choice:has-text("Lädt")')
  await page.waitForSelector('.row .in-status.why, .row .why')
  await keep(page, 'list-german')
  await page.click('.choice:has-text("Fehler")')
  await page.waitForSelector(
    '.row >> text=/Auf der Platte ist kein Platz|Von der Platte ließ sich nicht lesen/',
  )
  await page.click('[aria-rowindex="2"] .in-name')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.whyline.bad >> text=/^(Auf|Von) der Platte/')
  await keep(page, 'detail-german')

  await page.evaluate(() => {
    location.hash = 'page=settings'
  })
  await page.waitForSelector('.setting >> text=Torrents warten, bevor auf ihrer Platte')
  const labels = await page.$$eval('.setting-text label', all => all.map(each => each.textContent))
  expect(labels.length).toBeGreaterThan(10)
  expect(labels.filter(text => /\b(?:the|when|where|torrents that)\b/.test(text ?? ''))).toEqual([])
  await page.fill('.finder', 'Warteschlange')
  await page.waitForFunction(() => document.querySelectorAll('.setting').length < 5)
  await keep(page, 'settings-german')
  await page.fill('input[autocomplete=current-password]', 'wrong')
  await page.fill('input[autocomplete=new-password]', 'long enough')
  await page.click('button:has-text("Passwort ändern")')
  await page.waitForSelector('.problem >> text=Das ist nicht das jetzige Passwort.')
})

test.each([
  ['de-CH', /^\d[\d’']* Torrents$/, /^\d{2}\.\d{2}\.\d{4}, \d{2}:\d{2}$/],
  ['en-US', /^\d[\d,]* torrents$/, /^\w{3} \d{1,2}, \d{4}, \d{1,2}:\d{2}\s[AP]M$/],
  ['en-IN', /^\d[\d,]* torrents$/, /^\d{1,2} \w{3,4} \d{4}, \d{1,2}:\d{2}\s[ap]m$/],
])('numbers and dates are those of the region: %s', async (locale, count, date) => {
  const page = await open('', { locale })
  expect(await page.textContent('.toolbar .total')).toMatch(count)
  await page.click('[aria-rowindex="2"] .in-name')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.facts dd')
  const facts = await page.$$eval('.facts dd', all => all.map(each => each.textContent?.trim() ?? ''))
  expect(
    facts.some(fact => date.test(fact)),
    facts.join(' | '),
  ).toBe(true)
  const decimal = new Intl.NumberFormat(locale).format(1.5)[1]!
  const sizes = facts.filter(fact => /[KMGT]iB/.test(fact)).join(' ')
  expect(sizes).toContain(decimal)
})

test('colours follow the system while it is looked at, unless the reader chose', async () => {
  const page = await open('?count=50#page=settings')
  const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await ground()
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await ground()
  expect(dark).not.toBe(light)
  await page.selectOption('.group >> nth=0 >> select >> nth=0', 'light')
  expect(await ground()).toBe(light)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.selectOption('.group >> nth=0 >> select >> nth=0', 'dark')
  expect(await ground()).toBe(dark)
  await page.selectOption('.group >> nth=0 >> select >> nth=0', 'auto')
  expect(await ground()).toBe(light)
})

test('nothing moves for those who want no motion, and something does for the others', async () => {
  const page = await open('?count=50')
  await page.evaluate(() => {
    document.addEventListener('animationstart', () => {
      const { dataset } = document.documentElement
      dataset['moved'] = String(Number(dataset['moved'] ?? 0) + 1)
    })
  })
  const moving = async (): Promise<number> => {
    await page.evaluate(() => delete document.documentElement.dataset['moved'])
    await page.focus('#list')
    await page.keyboard.press('Home')
    await page.keyboard.press('p')
    await page.waitForSelector('.toast')
    await page.waitForTimeout(100)
    await page.click('.toast [aria-label="Close"]')
    await page.waitForSelector('.toast', { state: 'detached' })
    return await page.evaluate(() => Number(document.documentElement.dataset['moved'] ?? 0))
  }
  expect(await moving()).toBeGreaterThan(0)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  expect(await moving()).toBe(0)
  const durations = await page.evaluate(() =>
    [...document.querySelectorAll('*')].map(element => getComputedStyle(element).transitionDuration),
  )
  expect(new Set(durations)).toEqual(new Set(['0s']))
})
