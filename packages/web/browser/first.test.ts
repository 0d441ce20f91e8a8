/** The first minutes of somebody new, with a real daemon: the link, the password, an empty list, and the demo. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browser, keep, look } from './page.ts'
import { end } from './program.ts'

const SHOAL = fileURLToPath(new URL('../../cli/bin/shoal.js', import.meta.url))
const PASSWORD = 'a long password'
/** The demo takes a minute at its own rates, and this machine may be busy. */
const DEMO_MS = 150_000

/** What is seen on each. */
const TABS = [
  ['General', 'text=Made up by Shoal'],
  ['Files', 'text=films'],
  ['Trackers', 'text=/announce'],
  ['Speed', 'css=canvas'],
  ['Log', 'text=was added'],
] as const

let chrome: Browser
let folder: string
let link: string
let daemon: ChildProcess

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-first-'))
  chrome = await browser()
  ;({ daemon, link } = await start())
})

afterAll(async () => {
  await chrome?.close()
  if (daemon !== undefined) await end(daemon)
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

test(
  'from the one-time link to a demo that is watched, stopped and removed, with nothing left of it',
  async () => {
    const { page, complaints, close } = await look(chrome, { url: new URL('.', link).href })
    await page.waitForSelector('.door >> text=No password is set yet')
    await keep(page, 'first-1-no-link')

    await page.goto(link)
    await page.reload()
    await page.waitForSelector('h1 >> text=Welcome to Shoal')
    await keep(page, 'first-2-link')
    await page.fill('input[type=password] >> nth=0', PASSWORD)
    await page.fill('input[type=password] >> nth=1', 'another password')
    await page.click('button[type=submit]')
    await page.waitForSelector('.problem >> text=not the same')
    await page.fill('input[type=password] >> nth=1', PASSWORD)
    await page.click('button[type=submit]')
    await page.waitForSelector('.empty >> text=Nothing here yet')
    await keep(page, 'first-3-empty')

    await page.click('text=Try the demo')
    await page.waitForSelector('.toast >> text=The demo runs')
    await page.click('.tabs >> text=Peers')
    await page.waitForSelector('.detail >> text=a liar, for the demo')
    await keep(page, 'first-4-peers')
    await page.click('.tabs >> text=Pieces')
    const progress = page.locator('#list [aria-rowindex="2"] .in-progress')
    await progress.filter({ hasText: /[4-9]\d(\.\d)?%/ }).waitFor({ timeout: DEMO_MS })
    await keep(page, 'first-5-pieces')
    await progress.filter({ hasText: '100%' }).waitFor({ timeout: DEMO_MS })
    for (const [tab, sight] of TABS) {
      await page.click(`.tabs >> text=${tab}`)
      await page.waitForSelector(`.detail >> ${sight}`)
      await keep(page, `first-6-${tab.toLowerCase()}`)
    }

    await page.click('#list [aria-rowindex="2"] .in-name')
    await page.keyboard.press('p')
    await page.waitForSelector('.toast >> text=Stopped 1 torrent.')
    await keep(page, 'first-7-stopped')
    await page.keyboard.press('Delete')
    await page.waitForSelector('.dialog')
    await keep(page, 'first-8-remove')
    await page.click('.dialog .option >> nth=1')
    await page.click('.dialog button:has-text("Remove and delete")')
    await page.waitForSelector('.empty >> text=Nothing here yet')
    await expect.poll(() => existsSync(join(folder, 'state/demo'))).toBe(false)
    // Before anybody has signed in, and of a torrent whose details were asked for while it was removed.
    expect(complaints.filter(text => !/\b(?:401|404)\b/.test(text))).toEqual([])
    await close()
  },
  DEMO_MS * 2,
)

test('a link that was used says so, and leads to where one signs in', async () => {
  const { page, close } = await look(chrome, { url: link })
  await page.fill('input[type=password] >> nth=0', 'something else')
  await page.fill('input[type=password] >> nth=1', 'something else')
  await page.click('button[type=submit]')
  await page.waitForSelector('.problem >> text=This link was used already')
  await keep(page, 'first-9-used-link')
  await page.click('text=Sign in instead')
  await page.waitForSelector('h1 >> text=Sign in')
  await page.fill('input[type=password]', 'a wrong one')
  await page.click('button[type=submit]')
  await page.waitForSelector('.problem >> text=The password is wrong.')
  await keep(page, 'first-10-wrong-password')
  await close()
})

test('a password that was lost is set anew by a link of `shoal password`, and who was signed in is not', async () => {
  const before = await look(chrome, { url: link.replace(/#.*/, '') })
  await before.page.fill('input[type=password]', PASSWORD)
  await before.page.click('button[type=submit]')
  await before.page.waitForSelector('.empty')
  const { stdout } = spawnSync(
    process.execPath,
    [SHOAL, 'password', '--link', '--state', join(folder, 'state')],
    {
      encoding: 'utf8',
    },
  )
  const { page, close } = await look(chrome, { url: stdout.trim() })
  await page.fill('input[type=password] >> nth=0', 'quite another one')
  await page.fill('input[type=password] >> nth=1', 'quite another one')
  await page.click('button[type=submit]')
  await page.waitForSelector('.empty >> text=Nothing here yet')
  await close()
  await before.page.waitForSelector('h1 >> text=Sign in')
  await keep(before.page, 'first-11-signed-out')
  await before.close()
})

test('a daemon that stops meanwhile is told of, at the door and inside', async () => {
  const { page, close } = await look(chrome, { url: link.replace(/#.*/, '') })
  await page.fill('input[type=password]', 'quite another one')
  await page.click('button[type=submit]')
  await page.waitForSelector('.empty')
  const door = await look(chrome, { url: link.replace(/#.*/, '') })
  await door.page.waitForSelector('h1 >> text=Sign in')
  const ended = new Promise(resolve => daemon.once('exit', resolve))
  daemon.kill('SIGTERM')
  await ended
  await page.waitForSelector('.banner')
  await page.click('text=Try the demo')
  await page.waitForSelector('.toast.problem')
  await keep(page, 'first-12-lost')
  await door.page.fill('input[type=password]', 'quite another one')
  await door.page.click('button[type=submit]')
  await door.page.waitForSelector('.problem >> text=does not answer')
  await keep(door.page, 'first-13-lost-door')
  await door.close()
  await close()
})

/** As somebody does who has just installed it, with nobody of the internet in reach. */
function start(): Promise<{ daemon: ChildProcess; link: string }> {
  const places = ['--state', join(folder, 'state'), '--dir', join(folder, 'data'), '--listen', '127.0.0.1:0']
  const alone = ['--bind', '127.0.0.1', '--port', '0', '--no-dht', '--no-lsd']
  const child = spawn(process.execPath, [SHOAL, 'serve', ...places, ...alone], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr!.on('data', chunk => {
      said += chunk
      const match = /https?:[^"\s]*#setup=[\w-]+/.exec(said)
      if (match !== null) resolve({ daemon: child, link: match[0] })
    })
    child.on('exit', code => reject(new Error(`exit code ${code}: ${said}`)))
  })
}
