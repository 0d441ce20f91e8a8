/** Listening to what a peer and we say to each other. */
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

/** From the list to a peer of one that downloads. */
async function listen(options: Omit<LookOptions, 'url'> = {}, query = ''): Promise<Page> {
  now = await look(chrome, { ...options, url: `${served.url}${query}#state=downloading` })
  const { page } = now
  await page.locator('.row .in-name, .card .first').first().click()
  if (options.phone !== true) await page.keyboard.press('Enter')
  await page.locator('.tabs button').nth(2).click()
  await page.locator('.table .row button').first().click()
  await page.waitForSelector('.talk-log li.them')
  return page
}

const lines = (page: Page): Promise<string[]> => page.locator('.talk-log li').allTextContents()

test('a conversation is told in plain words, by kinds, and with its bytes', async () => {
  const page = await listen()
  expect(await page.textContent('.talk .met')).toContain('peer exchange')
  await page.waitForSelector('.talk-log li.us:has-text("We ask for blocks 0–7 of piece 12")')
  await page.waitForSelector('.talk-log li.them:has-text("They choke us: no more requests for now")')
  await page.waitForSelector('.talk-log .note:has-text("37 more messages")')
  await keep(page, 'conversation')

  await page.click('.talk .chip:has-text("Requests and data")')
  await page.waitForFunction(
    () => ![...document.querySelectorAll('.talk-log li')].some(each => each.textContent?.includes('We ask')),
  )
  const greeting = page.locator('.talk-log li.them:has-text("qBittorrent/5.1.2") button')
  await greeting.click()
  await page.waitForSelector('.talk-log pre >> text=0000  00 00 00')
  await keep(page, 'conversation-bytes')
  await greeting.click()
  await page.waitForSelector('.talk-log pre', { state: 'detached' })
})

test('it waits while it is paused, follows its end, and lets people read what was before', async () => {
  const page = await listen()
  await page.waitForSelector('.talk-log .note')
  await page.click('.talk .pause')
  const before = (await lines(page)).length
  await page.waitForSelector('.talk-state:has-text("lines wait")')
  expect((await lines(page)).length).toBe(before)
  await page.click('.talk .pause')
  await page.waitForFunction(count => document.querySelectorAll('.talk-log li').length > count, before)

  const log = page.locator('.talk-log')
  const isAtEnd = (): Promise<boolean> =>
    log.evaluate(each => each.scrollHeight - each.scrollTop - each.clientHeight < 32)
  await expect.poll(isAtEnd).toBe(true)
  await log.focus()
  await page.keyboard.press('Home')
  await page.waitForSelector('.talk-state .latest')
  const count = (await lines(page)).length
  await page.waitForFunction(most => document.querySelectorAll('.talk-log li').length > most, count)
  expect(await isAtEnd()).toBe(false)
  await page.click('.talk-state .latest')
  await expect.poll(isAtEnd).toBe(true)
  await page.keyboard.press('Escape')
  await page.waitForSelector('.talk', { state: 'detached' })
})

test('it is at home on a phone, in the dark, and in German', async () => {
  const page = await listen({ phone: true, dark: true, locale: 'de-DE' })
  await page.waitForSelector('.talk-log li.us:has-text("Wir bitten um")')
  await page.waitForSelector('.talk-log .note')
  await page.locator('.talk-log li.them button').last().click()
  await page.waitForSelector('.talk-log pre')
  await page.click('.talk .pause')
  await keep(page, 'conversation-phone')
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
  expect(wide).toBe(false)
  await now?.close()
  const dark = await listen({ dark: true })
  await dark.waitForSelector('.talk-log .note')
  await keep(dark, 'conversation-dark')
})

test('what strangers call themselves stays text', async () => {
  const page = await listen({}, '?hostile&count=400')
  await page.waitForSelector('.talk-log .note')
  expect(await page.locator('.talk-log :is(img, script, svg, a, iframe)').count()).toBe(0)
  await keep(page, 'conversation-hostile')
})
