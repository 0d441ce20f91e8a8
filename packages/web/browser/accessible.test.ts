/** Every screen, light and dark, under axe-core's eyes: nothing serious, nothing critical. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { PAGES, TABS } from '../src/model/location.ts'
import { browser, keep, type Look, type LookOptions, look, type Served, serve } from './page.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const MAGNET = `magnet:?xt=urn:btih:${'d'.repeat(40)}&dn=A+work`

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

// axe-core looks at every element, several times a screen.
describe.each([false, true])('dark: %s', { timeout: 300_000 }, dark => {
  const open = async (query: string, options: Partial<LookOptions> = {}): Promise<Page> => {
    now = await look(chrome, { url: `${served.url}${query}`, dark, ...options })
    await now.page.waitForSelector('.row .in-name, .card .first, .door, .page, .empty')
    // By the debugger's door: the page's policy stays as it is, and would stop a script tag.
    await now.page.evaluate(AXE)
    return now.page
  }

  test('the doors: a password is asked for, and is set for the first time', async () => {
    const page = await open('?locked')
    await page.waitForSelector('.door input[type=password]')
    const found = await audit(page, 'door')
    await now!.close()
    const setup = await open('#setup=ticket')
    await setup.waitForSelector('.door input[type=password]')
    expect([...found, ...(await audit(setup, 'setup'))]).toEqual([])
  })

  test('the list: empty, with nothing that matches, with torrents, with some selected', async () => {
    const empty = await open('?count=0')
    const found = await audit(empty, 'empty')
    await now!.close()
    const page = await open('?count=80')
    found.push(...(await audit(page, 'list')))
    await page.focus('#list')
    await page.keyboard.press('Control+a')
    await page.waitForSelector('.tools')
    found.push(...(await audit(page, 'selection')))
    await page.fill('#search', 'there is none of that name')
    await page.waitForSelector('.empty')
    found.push(...(await audit(page, 'no match')))
    expect(found).toEqual([])
  })

  test('every tab of the details', async () => {
    const page = await open('?count=200#state=downloading')
    await page.click('[aria-rowindex="2"] .in-name')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.whyline')
    const found: string[] = []
    for (const [index, tab] of TABS.entries()) {
      await page.locator('.tabs button').nth(index).click()
      await page.waitForTimeout(300)
      found.push(...(await audit(page, tab)))
    }
    await page.click('.tabs >> text=Trackers')
    await page.click('text=Edit trackers')
    await page.waitForSelector('.editor')
    found.push(...(await audit(page, 'tracker editor')))
    await page.evaluate(() => {
      location.hash = 'state=error'
    })
    await page.waitForSelector('.row .dot.error')
    await page.click('[aria-rowindex="2"] .in-name')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.whyline.bad')
    found.push(...(await audit(page, 'error')))
    expect(found).toEqual([])
  })

  test('the conversation with a peer', async () => {
    const page = await open('?count=400#state=downloading')
    await page.click('[aria-rowindex="2"] .in-name')
    await page.keyboard.press('Enter')
    await page.click('.tabs >> text=Peers')
    await page.click('.table .row button')
    await page.waitForSelector('.talk-log .note')
    await page.click('.talk .pause')
    await page.locator('.talk-log li.them button').last().click()
    expect(await audit(page, 'conversation')).toEqual([])
  })

  test('settings, and every other page', async () => {
    const page = await open('?count=80#page=settings')
    const found: string[] = []
    for (const name of PAGES) {
      await page.evaluate(to => {
        location.hash = `page=${to}`
      }, name)
      await page.waitForTimeout(400)
      found.push(...(await audit(page, name)))
    }
    await page.evaluate(() => {
      location.hash = 'page=tokens'
    })
    await page.fill('.token-form input', 'radarr')
    await page.click('.token-form button')
    await page.waitForSelector('.secret code')
    found.push(...(await audit(page, 'new token')))
    expect(found).toEqual([])
  })

  test('adding, every dialog, menus, messages and the help', async () => {
    const page = await open('?count=80')
    const found: string[] = []
    const close = async (): Promise<void> => {
      await page.keyboard.press('Escape')
      await page.waitForSelector('dialog, .menu', { state: 'detached' })
    }
    await page.keyboard.press('n')
    await page.waitForSelector('.adding textarea')
    found.push(...(await audit(page, 'add')))
    await page.fill('.adding textarea', MAGNET)
    await page.waitForSelector('.tree-row')
    found.push(...(await audit(page, 'add with files')))
    await close()
    await page.keyboard.press('?')
    await page.waitForSelector('.keys')
    found.push(...(await audit(page, 'help')))
    await close()
    await page.click('.status .rates')
    await page.waitForSelector('.dialog')
    found.push(...(await audit(page, 'rates')))
    await close()
    await page.click('.head >> nth=0', { button: 'right' })
    await page.waitForSelector('.menu')
    found.push(...(await audit(page, 'columns')))
    await close()
    await page.click('[aria-rowindex="2"]')
    for (const entry of ['Labels …', 'Limits and goals …', 'Move data …', 'Rename …', 'Remove …']) {
      await page.focus('#list')
      await page.keyboard.press('m')
      await page.waitForSelector('.menu')
      if (entry === 'Labels …') found.push(...(await audit(page, 'menu')))
      await page.click(`.menu >> text=${entry}`)
      await page.waitForSelector('.dialog .body')
      found.push(...(await audit(page, entry)))
      await close()
    }
    await page.focus('#list')
    await page.keyboard.press('m')
    await page.click('.menu >> text=Category')
    await page.click('.menu >> text=New category …')
    await page.waitForSelector('.dialog .body')
    found.push(...(await audit(page, 'new category')))
    await close()
    await page.focus('#list')
    await page.keyboard.press('p')
    await page.waitForSelector('.toast')
    found.push(...(await audit(page, 'message')))
    await page.evaluate(() => (globalThis as unknown as { __mock: { cut(): void } }).__mock.cut())
    await page.waitForSelector('.banner')
    found.push(...(await audit(page, 'lost')))
    expect(found).toEqual([])
  })

  test('a phone: cards, details, filters, menu, settings', async () => {
    const page = await open('?count=80', { phone: true })
    const found = await audit(page, 'phone')
    await page.tap('.phone-bar >> text=Filters')
    await page.waitForSelector('.dialog')
    found.push(...(await audit(page, 'phone filters')))
    await page.tap('.dialog header button')
    await page.waitForSelector('.dialog', { state: 'detached' })
    await page.tap('.phone-bar >> text=Menu')
    await page.waitForSelector('.menu')
    found.push(...(await audit(page, 'phone menu')))
    await page.tap('.menu >> text=Settings')
    await page.waitForSelector('.setting')
    found.push(...(await audit(page, 'phone settings')))
    await page.evaluate(() => {
      location.hash = ''
    })
    await page.tap('.card >> nth=1')
    await page.waitForSelector('.detail .whyline')
    found.push(...(await audit(page, 'phone detail')))
    await keep(page, `accessible-phone-${dark ? 'dark' : 'light'}`)
    expect(found).toEqual([])
  })
})

/** What is serious or critical, as a line each. */
async function audit(page: Page, screen: string): Promise<string[]> {
  const { violations, passes } = await page.evaluate(async rules => {
    // What fades in is judged when it is there.
    await Promise.all(document.getAnimations().map(each => each.finished))
    const { axe } = globalThis as unknown as {
      axe: { run(root: Document, options: object): Promise<AxeResults> }
    }
    return await axe.run(document, { runOnly: rules, resultTypes: ['violations', 'passes'] })
  }, RULES)
  // It did look.
  expect(passes.length).toBeGreaterThan(10)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes
        .slice(0, 3)
        .map(
          node =>
            `${screen}: ${id}: ${node.target.join(' ')}: ${node.html.slice(0, 160)}: ${node.failureSummary?.split('\n')[1]?.trim()}`,
        ),
    )
}
