/** Everything by the keyboard: add, select, stop, open files, remove; and the place of the keyboard is always seen. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { browser, keep, type Look, look, type Served, serve } from './page.ts'

const MAGNET = `magnet:?xt=urn:btih:${'d'.repeat(40)}&dn=A+large+work`

let served: Served
let chrome: Browser
let now: Look
let page: Page

beforeAll(async () => {
  served = await serve('dist-mock')
  chrome = await browser()
})
afterAll(async () => {
  await chrome?.close()
  served?.close()
})
beforeEach(async () => {
  now = await look(chrome, { url: `${served.url}?count=300` })
  page = now.page
  await page.waitForSelector('.row .in-name')
})
afterEach(async () => {
  expect(now.complaints).toEqual([])
  await now.close()
})

/** Presses them one after another; after each, the place of the keyboard must be seen. */
async function press(...keys: string[]): Promise<void> {
  for (const key of keys) {
    await page.keyboard.press(key)
    expect(await unseen(page), `after ${key}`).toBeUndefined()
  }
}

const focused = (): Promise<string> => page.evaluate(nameOfFocus)
const tabTo = async (selector: string, most = 60): Promise<void> => {
  for (let presses = 0; presses < most; presses++) {
    await press('Tab')
    if (await page.evaluate(wanted => document.activeElement?.matches(wanted), selector)) return
  }
  throw new Error(`Tab never comes to ${selector}`)
}

test('Tab goes through all of the page and comes back; the first stop leads to the list', async () => {
  await press('Tab')
  expect(await focused()).toBe('Skip to the list')
  const stops = ['Skip to the list']
  for (let presses = 0; presses < 90; presses++) {
    await page.keyboard.press('Tab')
    const name = await focused()
    if (name === '') break
    expect(await unseen(page), name).toBeUndefined()
    stops.push(name)
  }
  for (const name of [
    'Add torrents',
    'Search names',
    'Torrents',
    'Settings',
    'Alternative limits',
    'Columns',
  ])
    expect(stops, name).toContain(name)
  expect(stops.length).toBeLessThan(90)
  await press('Tab', 'Enter')
  expect(await focused()).toBe('Torrents')
})

test('columns are ordered, sized and sorted by at their heads', async () => {
  const order = (): Promise<(string | undefined)[]> =>
    page
      .locator('#list .heads .head')
      .evaluateAll(heads => heads.map(head => (head as HTMLElement).dataset['column']))
  await tabTo('.heads button')
  await press('ArrowRight', 'ArrowRight', 'Shift+ArrowLeft')
  expect((await order()).slice(0, 3)).toEqual(['name', 'status', 'progress'])
  const width = (): Promise<number> =>
    page.locator('[data-column="status"]').evaluate(head => (head as HTMLElement).offsetWidth)
  const before = await width()
  await press('Control+ArrowRight')
  expect(await width()).toBeGreaterThan(before)
  await press('Enter')
  await page.waitForFunction(() => location.hash.includes('sort=state'))
})

test('add, select, stop, open a file, remove: no mouse', async () => {
  await press('n')
  await page.waitForSelector('.adding textarea:focus')
  await page.keyboard.type(MAGNET)
  await page.waitForSelector('.tree-row >> text=Film')
  await tabTo('.tree')
  await press('ArrowDown', 'Space')
  await page.waitForFunction(() => document.querySelectorAll('.tree-row.off').length > 0)
  await press('Control+Enter')
  await page.waitForSelector('.toast >> text=Added 1 torrent.')
  await page.waitForSelector('dialog', { state: 'detached' })

  await press('/')
  await page.keyboard.type('work')
  await page.waitForFunction(() =>
    /^\d+ torrents?$/.test(document.querySelector('.toolbar .total')?.textContent ?? ''),
  )
  await press('Escape', 'Escape', '/')
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.waitForFunction(() => document.querySelector('.toolbar .total')?.textContent === '301 torrents')
  await press('ArrowDown', 'ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowDown')
  await page.waitForSelector('.tools >> text=3 selected')
  await press('p')
  await page.waitForSelector('.toast >> text=Stopped 3 torrents.')
  await press('s')
  await page.waitForSelector('.toast >> text=Started 3 torrents.')

  await press('Home', 'Enter')
  await page.waitForSelector('.whyline >> text=/./')
  await press('2')
  await page.waitForSelector('.tab .tree-row')
  await tabTo('.tree')
  for (let step = 0; step < 12; step++) {
    const row = await page.evaluate(() =>
      document.querySelector('.tree .focused')?.getAttribute('aria-expanded'),
    )
    if (row === null) break
    await press(row === 'false' ? 'ArrowRight' : 'ArrowDown')
  }
  await press('+')
  await page.waitForFunction(
    () => document.querySelector<HTMLSelectElement>('.tree .focused select')?.value === 'high',
  )
  await keep(page, 'keyboard-files')
  const opened = page.waitForEvent('popup')
  await page.keyboard.press('Enter')
  expect((await opened).url()).toContain('mock-file')
  await page.bringToFront()

  await press('Escape')
  await page.waitForSelector('.detail', { state: 'detached' })
  expect(await focused()).toBe('Torrents')
  await press('Home', 'Delete')
  await page.waitForSelector('.dialog >> text=Remove 1 torrent?')
  expect(await focused()).toContain('Keep the data')
  await press('ArrowDown')
  await page.waitForSelector('.dialog button:has-text("Remove and delete")')
  await press('Enter')
  await page.waitForSelector('.toast >> text=Removed 1 torrent.')
  await page.waitForSelector('dialog', { state: 'detached' })
  expect(await focused()).toBe('Torrents')
})

test('a dialog keeps the keyboard inside, and gives it back when it is closed', async () => {
  await page.focus('#list')
  await press('Home')
  for (const [keys, selector] of [
    [['n'], '.adding'],
    [['?'], '.keys'],
    [['Delete'], '.dialog .names'],
    [['m', 'l', 'Enter'], '.dialog input[list]'],
    [['m', 'r', 'r', 'Enter'], '.dialog'],
  ] as const) {
    await page.focus('#list')
    for (const key of keys) {
      await press(key)
      if (key === 'm') await page.waitForSelector('.menu')
    }
    await page.waitForSelector(selector)
    for (let presses = 0; presses < 20; presses++) {
      await page.keyboard.press('Tab')
      const outside = await page.evaluate(
        () => document.activeElement !== document.body && document.activeElement?.closest('dialog') === null,
      )
      expect(outside).toBe(false)
    }
    await page.keyboard.press('Escape')
    await page.waitForSelector('dialog, .menu', { state: 'detached' })
    expect(await focused(), keys.join(' ')).toBe('Torrents')
  }
  await tabTo('.rates')
  await press('Enter')
  await page.waitForSelector('.dialog')
  await press('Escape')
  await page.waitForSelector('dialog', { state: 'detached' })
  expect(await page.evaluate(() => document.activeElement?.matches('.rates'))).toBe(true)
  await tabTo('.links [aria-label=Settings]')
  await press('Enter')
  await page.waitForSelector('.setting')
  await tabTo('.group button')
  await press('Escape')
  await page.waitForSelector('.row .in-name')
  expect(await focused()).toBe('Torrents')
})

test('menus are walked through by arrows and letters, and give the keyboard back', async () => {
  await page.focus('#list')
  await press('Home', 'm')
  await page.waitForSelector('.menu')
  await press('ArrowDown', 'ArrowDown', 'End', 'Home')
  expect(await focused()).toBe('Start')
  await press('q', 'ArrowRight')
  await page.waitForSelector('.menu >> text=To the bottom')
  await press('Escape')
  await page.waitForSelector('.menu', { state: 'detached' })
  expect(await focused()).toBe('Torrents')
})

/** Runs in the page: what has the keyboard, as a screen reader names it; '' for nothing. */
function nameOfFocus(): string {
  const element = document.activeElement
  if (element === null || element === document.body) return ''
  const label = element.getAttribute('aria-label')
  if (label !== null) return label
  const field = (element as HTMLInputElement).labels?.[0]?.textContent
  return (field ?? element.textContent ?? '').trim() || element.tagName
}

/** Undefined: an outline, of the element or of the row in it that has the keyboard, is drawn and within the window. */
async function unseen(page: Page): Promise<string | undefined> {
  return await page.evaluate(() => {
    const element = document.activeElement
    if (element === null || element === document.body) return undefined
    const row = element.matches('.list, .tree') ? element.querySelector('.focused') : null
    for (const each of [element, row]) {
      if (each === null) continue
      const { outlineStyle, outlineWidth } = getComputedStyle(each)
      const box = each.getBoundingClientRect()
      const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
      if (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1 && inside && box.width > 0)
        return undefined
    }
    return element.outerHTML.slice(0, 120)
  })
}
