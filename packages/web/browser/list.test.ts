/** The list, with thousands of torrents. */
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { browser, keep, type Look, look, type Served, serve } from './page.ts'

let served: Served
let chrome: Browser
let now: Look

beforeAll(async () => {
  served = await serve('dist-mock')
  chrome = await browser()
})
afterAll(async () => {
  await chrome?.close()
  served?.close()
})
beforeEach(async () => {
  now = await look(chrome, { url: served.url })
  await now.page.waitForSelector('.row .in-name')
})
afterEach(async () => {
  expect(now.complaints).toEqual([])
  await now.close()
})

test('shows thousands with few elements, and what is scrolled to', async () => {
  const { page } = now
  expect(await page.textContent('.toolbar .total')).toBe('5,000 torrents')
  expect(await page.locator('.row').count()).toBeLessThan(60)
  await page.locator('#list').evaluate(list => {
    list.scrollTop = 3000 * 30
  })
  await page.waitForSelector('[aria-rowindex="3010"] .in-name')
  await keep(page, 'list')
})

test('sorts, filters and searches by the address, and back again', async () => {
  const { page } = now
  await page.click('.head:has-text("Size") button')
  await page.waitForFunction(() => location.hash.includes('sort=totalBytes'))
  await page.click('.choice:has-text("Error")')
  await page.waitForFunction(
    () => document.querySelector('.toolbar .total')?.textContent !== '5,000 torrents',
  )
  await page.fill('#search', 'bach')
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.row .in-name')].every(cell => /bach/i.test(cell.textContent ?? '')),
  )
  const view = page.url()
  const total = await page.textContent('.toolbar .total')
  await page.goto('about:blank')
  await page.goto(view)
  await page.waitForSelector('.row .in-name')
  expect(await page.textContent('.toolbar .total')).toBe(total)
  await page.fill('#search', 'there is none of that name')
  await page.waitForSelector('.empty')
  await page.click('.empty button')
  await page.waitForSelector('.row .in-name')
})

test('selects by mouse and keyboard, stops, and takes it back', async () => {
  const { page } = now
  await page.click('.choice:has-text("Seeding")')
  await page.waitForFunction(
    () => document.querySelector('.toolbar .total')?.textContent !== '5,000 torrents',
  )
  await page.click('[aria-rowindex="3"]')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await page.click('[aria-rowindex="8"]', { modifiers: ['Control'] })
  await page.waitForSelector('.tools >> text=4 selected')
  await page.keyboard.press('p')
  await page.waitForSelector('.toast >> text=Stopped 4 torrents.')
  await page.click('.toast button:has-text("Undo")')
  await page.waitForSelector('.toast >> text=Undone.')
  await page.keyboard.press('Control+a')
  await page.waitForSelector('.tools >> text=/2,\\d+ selected/')
})

test('says when the connection is lost, and when it is back', async () => {
  const { page } = now
  const mock = (what: string): Promise<void> =>
    page.evaluate(
      name => (globalThis as unknown as { __mock: Record<string, () => void> }).__mock[name]!(),
      what,
    )
  await mock('cut')
  await page.waitForSelector('.banner[role=alert]')
  await mock('mend')
  await page.waitForSelector('.banner', { state: 'detached' })
})
