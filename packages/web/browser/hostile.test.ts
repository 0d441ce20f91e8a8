/** Names, paths, trackers, errors, clients, labels, comments and logs of people who mean harm: none of it runs. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TABS } from '../src/model/location.ts'
import { browser, keep, look, type Served, serve } from './page.ts'

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

test.each([false, true])('nothing that others wrote becomes more than text (on a phone: %s)', async phone => {
  const { page, complaints, close } = await look(chrome, { url: `${served.url}?hostile&count=400`, phone })
  await page.addInitScript('globalThis.__ran = 0; globalThis.__xss = () => { __ran++ }')
  await page.reload()
  await page.waitForSelector('.row .in-name, .card .first')
  const list = page.locator('#list')
  for (let top = 0; top < 12_000; top += 600) {
    await list.evaluate((element, to) => {
      element.scrollTop = to
    }, top)
    await page.waitForTimeout(30)
  }
  await list.evaluate(element => {
    element.scrollTop = 0
  })
  for (const state of ['downloading', 'error']) {
    await page.evaluate(to => {
      location.hash = ''
      history.replaceState(null, '', `#state=${to}`)
      dispatchEvent(new PopStateEvent('popstate'))
    }, state)
    await page.waitForTimeout(400)
    await page.waitForSelector('.row .in-name, .card .first')
    await page.locator('.row .in-name, .card .first').first().click()
    if (!phone) await page.keyboard.press('Enter')
    await page.waitForSelector('.whyline')
    for (const tab of TABS) {
      await page.locator('.tabs button').nth(TABS.indexOf(tab)).click()
      await page.waitForTimeout(250)
    }
    await keep(page, `hostile-${state}${phone ? '-phone' : ''}`)
  }
  if (!phone) {
    await page.click('[aria-rowindex="2"]', { button: 'right' })
    await page.click('.menu >> text=Category')
    await page.waitForSelector('.menu [aria-checked]')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Delete')
    await page.waitForSelector('.dialog .names')
    await page.keyboard.press('Escape')
    await page.click('.links [aria-label="Log"]')
    await page.waitForSelector('.log li')
    await page.keyboard.press('n')
    await page.fill(
      '.adding textarea',
      `magnet:?xt=urn:btih:${'d'.repeat(40)}&dn=<img src=x onerror=__xss(1)>`,
    )
    await page.waitForSelector('.tree-row')
  }
  // Payloads that would have to be clicked are no links either.
  const targets = await page.$$eval('a[href]', links => links.map(link => link.getAttribute('href')))
  expect(targets.filter(href => !/^(?:#|\.?\/|https?:)/.test(href ?? ''))).toEqual([])
  expect(await page.evaluate(() => (globalThis as unknown as { __ran: number }).__ran)).toBe(0)
  expect(complaints).toEqual([])
  await close()
})
