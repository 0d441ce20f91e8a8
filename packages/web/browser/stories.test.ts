/** What people do with it, each once, without a daemon. */
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

const MAGNET = `magnet:?xt=urn:btih:${'d'.repeat(40)}&dn=A+large+work`

async function open(options: Omit<LookOptions, 'url'> = {}, query = ''): Promise<Page> {
  now = await look(chrome, { ...options, url: `${served.url}${query}` })
  await now.page.waitForSelector('.row .in-name, .card .first, .door, .page')
  return now.page
}

async function openFirst(page: Page, state: string): Promise<void> {
  await page.click(`.choice:has-text("${state}")`)
  await page.waitForFunction(() => location.hash.includes('state='))
  await page.waitForSelector('.row .in-name')
  await page.click('[aria-rowindex="2"] .in-name')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.whyline')
}

test('a pasted magnet link shows 50,000 files before it starts, and adds some of them', async () => {
  const page = await open()
  await page.evaluate(text => {
    const data = new DataTransfer()
    data.setData('text/plain', text)
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }))
  }, MAGNET)
  await page.waitForSelector('.tree-row >> text=Film')
  expect(await page.textContent('.content-head p')).toContain('50,000 files')
  await page.click('.tree-row:has-text("Film") input[type=checkbox]')
  await page.waitForFunction(() => document.querySelector('.content-head p')?.textContent?.startsWith('8'))
  expect(
    await page
      .locator('.tree-row input[type=checkbox] >> nth=0')
      .evaluate(box => (box as HTMLInputElement).indeterminate),
  ).toBe(true)
  await keep(page, 'add')
  await page.selectOption('.adding select >> nth=0', 'Films')
  await page.click('.dialog button[type=submit]')
  await page.waitForSelector('.toast >> text=Added 1 torrent.')
  await page.waitForSelector('[aria-rowindex="2"] >> text=A large work')
  await keep(page, 'list-added')
})

test('a dropped file that is no torrent is refused in words, and many links are added at once', async () => {
  const page = await open()
  await page.evaluate(() => {
    const data = new DataTransfer()
    data.items.add(new File(['hello'], 'letter.txt'))
    for (const kind of ['dragover', 'drop'])
      document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true }))
  })
  await page.waitForSelector('.toast >> text=letter.txt is no torrent file.')
  await page.fill('.adding .pair input', 'kept')
  await page.evaluate(text => {
    const data = new DataTransfer()
    data.setData('text/plain', text)
    for (const kind of ['dragover', 'drop'])
      document
        .querySelector('dialog')!
        .dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true }))
  }, MAGNET)
  await page.waitForFunction(
    text => document.querySelector<HTMLTextAreaElement>('.adding textarea')?.value === text,
    MAGNET,
  )
  expect(await page.inputValue('.adding .pair input')).toBe('kept')
  const links = ['a', 'b', 'c'].map(digit => `magnet:?xt=urn:btih:${digit.repeat(40)}&dn=Work+${digit}`)
  await page.fill('.adding textarea', [...links, 'nonsense'].join('\n'))
  await page.click('.dialog button[type=submit]')
  await page.waitForSelector('.dialog .problem')
  expect(await page.inputValue('.adding textarea')).toBe('nonsense')
})

test('details begin with why, and every tab shows something', async () => {
  const page = await open()
  await openFirst(page, 'Queued')
  expect(await page.textContent('.whyline p')).toContain('in the queue')
  await openFirst(page, 'Downloading')
  for (const [tab, element] of [
    ['Files', '.tree-row'],
    ['Peers', '.table, .nothing'],
    ['Trackers', '.table .row'],
    ['Pieces', '.map canvas'],
    ['Speed', '.graph canvas'],
    ['Log', '.log, .nothing'],
  ] as const) {
    await page.click(`.tabs >> text=${tab}`)
    await page.waitForSelector(element)
    await page.waitForTimeout(300)
    if (tab === 'Peers') await page.waitForSelector('.table >> text=Germany')
    await keep(page, `detail-${tab.toLowerCase()}`)
  }
})

test('priorities, trackers and peers are changed where they are shown', async () => {
  const page = await open()
  await openFirst(page, 'Downloading')
  await page.click('.tabs >> text=Files')
  await page.selectOption('.tree-row select >> nth=0', 'high')
  await page.waitForFunction(
    () => document.querySelector<HTMLSelectElement>('.tree-row select')?.value === 'high',
  )
  await page.click('.tabs >> text=Trackers')
  await page.click('text=Edit trackers')
  expect(await page.inputValue('.editor textarea')).toMatch(/\n\nudp:/)
  await page.click('.editor >> text=Save')
  await page.waitForSelector('.table .row')
  await page.click('.tabs >> text=Peers')
  await page.fill('.tab-tools input', '192.0.2.1:6881')
  await page.click('.tab-tools >> text=Add peer')
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('.tab-tools input')?.value === '')
})

test('files and folders get other names where they are shown, by F2 or the menu, and their old ones back', async () => {
  const page = await open()
  await openFirst(page, 'Downloading')
  await page.click('.tabs >> text=Files')
  const row = (name: string) => page.locator('.tree-row', { hasText: name })
  await row('Extras').click()
  await row('Extras').locator('.tree-name').click({ button: 'right' })
  await page.click('.menu >> text=Rename')
  await page.fill('.name-field', 'More')
  await keep(page, 'files-rename')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.toast >> text=“Extras” is called “More” now.')
  await row('More').waitFor()
  expect(await row('More').getAttribute('aria-expanded')).toBe('true')
  await page.click('.toast button:has-text("Undo")')
  await row('Extras').waitFor()
  // The keyboard is with the tree, at the row that was pressed.
  await row('Extras').click()
  await page.locator('.tree').press('F2')
  await page.fill('.name-field', 'a/b')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.toast.problem >> text=cannot be the name of a file')
  await page.locator('.tree').press('F2')
  await page.keyboard.type('thrown away')
  await page.keyboard.press('Escape')
  await page.waitForSelector('.name-field', { state: 'detached' })
  await row('Extras').waitFor()
})

test('a category has a folder, limits and goals, which are told and changed', async () => {
  const page = await open({}, '#page=categories')
  await page.click('.cards-list li:has-text("Films") >> text=Edit')
  await page.waitForSelector('.dialog h2 >> text=Category “Films”')
  await page.fill('.dialog .pair >> nth=0 >> input >> nth=1', '500 KiB')
  await page.selectOption('.dialog .three select >> nth=0', 'own')
  await page.fill('.dialog .three input >> nth=0', '1.5')
  await page.selectOption('.dialog .three select >> nth=1', 'own')
  await page.fill('.dialog .three input >> nth=1', '48')
  await keep(page, 'category')
  await page.click('.dialog button[type=submit]')
  await page.waitForSelector('.toast >> text=Category “Films” saved.')
  await page.waitForSelector(
    '.cards-list >> text=/data\\/films · ↑ 500.KiB\\/s · seeds until ratio 1.50 or 2d of seeding/',
  )
  await keep(page, 'categories')
  await page.click('.page-body >> text=Add category')
  await page.fill('.dialog input >> nth=0', 'Films')
  await page.click('.dialog button[type=submit]')
  await page.waitForSelector('.dialog .problem >> text=There is a category “Films” already.')
})

test('removing asks about the data, and says how much it is', async () => {
  const page = await open()
  await page.click('[aria-rowindex="3"]')
  const name = await page.textContent('[aria-rowindex="3"] .in-name')
  await page.keyboard.press('Delete')
  await page.waitForSelector('.dialog >> text=Remove 1 torrent?')
  await page.click('.dialog .option >> nth=1')
  await keep(page, 'remove')
  await page.click('.dialog button:has-text("Remove and delete")')
  await page.waitForSelector('.toast >> text=Removed 1 torrent.')
  await page.waitForFunction(
    text => document.querySelector('[aria-rowindex="3"] .in-name')?.textContent !== text,
    name,
  )
})

test('the keyboard alone adds, finds, selects, opens files, stops and removes', async () => {
  const page = await open()
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await press('n')
  await page.waitForSelector('.adding textarea:focus')
  await page.keyboard.type(MAGNET)
  await press('Control+Enter')
  await page.waitForSelector('.toast >> text=Added 1 torrent.')
  await press('/')
  await page.keyboard.type('large work')
  await page.waitForFunction(() => document.querySelector('.toolbar .total')?.textContent === '1 torrent')
  await press('ArrowDown', 'ArrowDown', 'Enter')
  await page.waitForSelector('.whyline')
  await press('2')
  await page.waitForSelector('.tree-row')
  await press('p')
  await page.waitForSelector('.toast >> text=Stopped 1 torrent.')
  await press('Delete')
  await page.waitForSelector('.dialog >> text=Remove 1 torrent?')
  await press('Enter')
  await page.waitForSelector('.toast >> text=Removed 1 torrent.')
  await press('?')
  await page.waitForSelector('.keys')
  await press('Escape')
  await page.waitForSelector('.keys', { state: 'detached' })
})

test('columns are chosen, sized and remembered', async () => {
  const page = await open()
  await page.click('.head >> nth=0', { button: 'right' })
  await page.click('.menu >> text=Tracker')
  await page.waitForSelector('.head:has-text("Tracker")')
  const status = (await page.locator('.head >> nth=2').boundingBox())!
  const grip = (await page.locator('.head >> nth=2 >> .grip').boundingBox())!
  await page.mouse.move(grip.x + 4, grip.y + 8)
  await page.mouse.down()
  await page.mouse.move(grip.x + 104, grip.y + 8)
  await page.mouse.up()
  await page.reload()
  await page.waitForSelector('.head:has-text("Tracker")')
  expect((await page.locator('.head >> nth=2').boundingBox())!.width).toBe(Math.round(status.width) + 100)
})

test('rates are limited, and the alternative limits are a click away', async () => {
  const page = await open()
  await page.click('.status .rates')
  await page.fill('.dialog input >> nth=0', 'fast')
  await page.waitForSelector('.dialog .error')
  await page.fill('.dialog input >> nth=0', '2,5 MiB')
  await page.click('.dialog button[type=submit]')
  await page.waitForSelector('.status .rate.down small >> text=2.50')
  await page.click('.status .turtle')
  await page.waitForSelector('.status .turtle[aria-pressed=true]')
})

test('settings are changed where they are explained; German is a click away', async () => {
  const page = await open({ dark: true }, '#page=settings')
  await page.waitForSelector('.setting')
  const field = page.locator('.setting:has-text("disk.keep_free") input')
  await field.fill('2 GiB')
  await field.press('Enter')
  await page.waitForSelector('.toast >> text=disk.keep_free: Saved.')
  await field.fill('much')
  await field.press('Enter')
  await page.waitForSelector('.setting .problem')
  await page.selectOption('.group >> nth=0 >> select >> nth=1', 'de')
  await page.waitForSelector('h1 >> text=Einstellungen')
  await keep(page, 'settings-dark-german')
  await page.click('[aria-label="API-Schlüssel"]')
  await page.fill('.token-form input', 'radarr')
  await page.click('.token-form button')
  await page.waitForSelector('.secret code')
})

test('of a blocklist and of countries, the settings say what is in force and what went wrong', async () => {
  const page = await open({}, '#page=settings')
  const blocklist = page.locator('.list-status:has-text("231,507 ranges")')
  await blocklist.locator('.problem >> text=503').waitFor()
  await blocklist.scrollIntoViewIfNeeded()
  await keep(page, 'settings-lists')
  await blocklist.locator('button').click()
  await blocklist.locator('.problem').waitFor({ state: 'detached' })
  await page.waitForSelector('.list-status >> text=DBIP-Country-Lite, made on')
})

test('who was banned is told in the settings, and let in again', async () => {
  const page = await open()
  await openFirst(page, 'Downloading')
  await page.click('.tabs >> text=Peers')
  // Rows change places meanwhile.
  const label = (await page.locator('[aria-label^="Ban: 198."]').first().getAttribute('aria-label'))!
  const address = /[\d.]{7,}/.exec(label)![0]
  await page.click(`[aria-label="${label}"]`)
  await page.waitForSelector('.toast >> text=is banned.')
  await page.click('[aria-label="Settings"]')
  const banned = page.locator('.bans li', { hasText: address })
  await banned.scrollIntoViewIfNeeded()
  await page.fill('.bans input', 'nobody')
  await page.click('.bans form button')
  await page.waitForSelector('.toast.problem >> text="nobody" is not an IP address')
  await keep(page, 'settings-bans')
  await banned.locator('button').click()
  await banned.waitFor({ state: 'detached' })
})

test('what is here already is told, and may get the trackers of what would be added', async () => {
  const page = await open()
  const id = await page.evaluate(() => document.querySelector('.row')?.getAttribute('data-id'))
  await page.click('[aria-rowindex="2"] .in-name')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.whyline')
  const hash = id ?? (await page.textContent('.facts >> text=/^[0-9a-f]{40}/'))!.slice(0, 40)
  await page.keyboard.press('n')
  await page.fill('.adding textarea', `magnet:?xt=urn:btih:${hash}`)
  await page.waitForSelector('.content-head .why')
  await page.click('text=Add trackers to what you have already')
  await keep(page, 'add-duplicate')
  await page.click('.dialog button[type=submit]')
  await page.waitForSelector('.toast >> text=1 was there already. 2 trackers were new.')
})

test('a phone shows cards; a finger that rests selects; details fill the screen', async () => {
  const page = await open({ phone: true })
  await keep(page, 'phone')
  await page.tap('.card >> nth=1')
  await page.waitForSelector('.detail .whyline')
  await keep(page, 'phone-detail')
  await page.tap('[aria-label="Back to the list"]')
  await page.waitForSelector('.card .first')
  const box = (await page.locator('.card >> nth=2').boundingBox())!
  const touch = {
    pointerType: 'touch',
    clientX: box.x + 50,
    clientY: box.y + 20,
    bubbles: true,
    pointerId: 3,
  }
  await page.locator('.card >> nth=2').dispatchEvent('pointerdown', touch)
  await page.waitForSelector('.tools >> text=1 selected')
  await page.locator('.card >> nth=2').dispatchEvent('pointerup', touch)
  // No finger is faster.
  await page.waitForTimeout(150)
  await page.locator('.card >> nth=3').tap()
  await page.waitForSelector('.tools >> text=2 selected')
  await page.tap('.tools >> text=Stop')
  await page.waitForSelector('.toast')
  await page.tap('.tools .chosen')
  await page.tap('.phone-bar >> text=Filters')
  await page.selectOption('.dialog select', 'totalBytes')
  await page.waitForFunction(() => location.hash.includes('sort=totalBytes'))
})

test('all of a table is reached in a narrow window: a peer is banned by thumb', async () => {
  const page = await open({ phone: true }, '#state=downloading')
  await page.tap('.card >> nth=0')
  await page.tap('.tabs >> text=Peers')
  await page.waitForSelector('.table .row')
  // What is wider than its rows would be cut off, and never come to light.
  const [whole, rows] = await page.$eval('.table', table => [
    table.scrollWidth,
    table.querySelector('.rows')!.clientWidth,
  ])
  expect(rows).toBe(whole)
  await page.locator('[aria-label^="Ban: "]').first().tap()
  await page.waitForSelector('.toast >> text=is banned.')
})

test('by thumb, files are renamed, opened and given a priority; flags are explained', async () => {
  const page = await open({ phone: true }, '#state=downloading')
  await page.tap('.card >> nth=0')
  await page.tap('.tabs >> text=Files')
  const row = page.locator('.tree-row', { hasText: 'Extras' })
  await row.locator('.tree-open button').tap()
  await page.tap('.menu >> text=Priority')
  await page.tap('.menu >> text=High')
  await row.locator('.tree-size >> text=High').waitFor()
  await row.locator('.tree-open button').tap()
  await page.tap('.menu >> text=Rename')
  await page.fill('.name-field', 'More')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.toast >> text=“Extras” is called “More” now.')
  await page.locator('.tree-open button >> nth=1').tap()
  expect(await page.getAttribute('.menu a', 'target')).toBe('_blank')
  await keep(page, 'phone-files')
  await page.keyboard.press('Escape')
  await page.tap('.tabs >> text=Peers')
  await page.locator('.flags').first().tap()
  await page.waitForSelector('.meanings dd')
})

test('a filter that is chosen on another page leads to the list, and so does the search', async () => {
  const page = await open({}, '#page=log')
  await page.keyboard.press('/')
  await page.waitForSelector('#search:focus')
  await page.click('[aria-label="Settings"]')
  await page.click('.choice:has-text("Seeding")')
  await page.waitForSelector('.row .in-name')
  expect(page.url()).toMatch(/#state=seeding$/)
})

test('a password is asked for, a wrong one is told, and a magnet link that was handed over is not lost', async () => {
  const page = await open({}, `?locked#add=${encodeURIComponent(MAGNET)}`)
  await page.fill('input[type=password]', 'wrong')
  await page.click('button[type=submit]')
  await page.waitForSelector('.door .problem')
  await page.fill('input[type=password]', 'shoal')
  await page.click('button[type=submit]')
  await page.waitForSelector('.adding .tree-row')
  expect(page.url()).not.toContain('add=')
})

test('an empty list says what to do', async () => {
  now = await look(chrome, { url: `${served.url}?count=0`, dark: true })
  await now.page.waitForSelector('.empty >> text=Nothing here yet')
  await keep(now.page, 'empty-dark')
})
