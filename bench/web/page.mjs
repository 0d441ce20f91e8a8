/** What a page does in a browser: when it shows something, whether it stutters, what it keeps. The same for every page. */
import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'

// The page's own tests have it; nothing else here needs a browser.
const { chromium } = createRequire(new URL('../../packages/web/package.json', import.meta.url))(
  'playwright-core',
)

const VIEWPORT = { width: 1440, height: 860 }
const WAIT_MS = 120_000
/** Nobody waits for longer. */
const PATIENCE_MS = 60_000
/** What a hand does with a wheel: some rows a frame. */
const SCROLL_PX_A_FRAME = 60
const LOOK_SCROLL_SECONDS = 2

export async function launch() {
  return await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--enable-precise-memory-info'],
    ],
  })
}

/**
 * Opens a page in a browser that has never seen it.
 * @param client { url, cookies?, rows: selector of a row with content, prepare?: what its owner would do once }
 */
export async function open(browser, client) {
  const context = await browser.newContext({ viewport: VIEWPORT, locale: 'en-GB' })
  if (client.cookies !== undefined) await context.addCookies(client.cookies)
  const page = await context.newPage()
  await page.addInitScript(watch, client.rows)
  await page.goto(client.url, { waitUntil: 'commit', timeout: WAIT_MS })
  const shown = await page.waitForFunction(() => globalThis.__shown, undefined, { timeout: WAIT_MS })
  return { page, shown: await shown.jsonValue(), close: () => context.close() }
}

/** Runs in the page, before anything of it. */
function watch(rows) {
  globalThis.__long = []
  new PerformanceObserver(list => {
    for (const { startTime, duration } of list.getEntries()) globalThis.__long.push({ startTime, duration })
  }).observe({ type: 'longtask', buffered: true })
  const look = () => {
    const row = document.querySelector(rows)
    if (row === null || row.getClientRects().length === 0 || row.textContent.trim() === '')
      return requestAnimationFrame(look)
    // The frame after the one in which it was there: now it has been painted.
    requestAnimationFrame(() => {
      const paint = performance.getEntriesByName('first-contentful-paint')[0]
      globalThis.__shown = { rowsMs: performance.now(), paintMs: paint?.startTime ?? null }
    })
  }
  requestAnimationFrame(look)
}

/**
 * For so long, frame by frame: down, at the end up again.
 * @param client { scroller, blank?: selector of rows that are on the screen and show nothing yet }
 */
export async function scroll(page, { scroller, rows, blank }, seconds) {
  return await page.evaluate(
    async ({ scroller, rows, blank, seconds, step }) => {
      const element = document.querySelector(scroller)
      const begin = performance.now()
      const frames = []
      let blanks = 0
      let direction = 1
      let before = begin
      while (before - begin < seconds * 1000) {
        const now = await new Promise(requestAnimationFrame)
        frames.push(now - before)
        if (blank !== undefined)
          blanks += document.querySelectorAll(blank).length / document.querySelectorAll(rows).length
        before = now
        const at = element.scrollTop
        element.scrollTop = at + direction * step
        if (element.scrollTop === at) direction = -direction
      }
      const long = globalThis.__long.filter(({ startTime }) => startTime >= begin && startTime <= before)
      frames.sort((a, b) => a - b)
      return {
        longTasks: long.length,
        longestTaskMs: Math.max(0, ...long.map(({ duration }) => duration)),
        framesPerSec: frames.length / ((before - begin) / 1000),
        frameP99Ms: frames[Math.floor(frames.length * 0.99)],
        blankPercent: blank === undefined ? null : (blanks / frames.length) * 100,
      }
    },
    { scroller, rows, blank, seconds, step: SCROLL_PX_A_FRAME },
  )
}

/** After everything that can go has gone. */
export async function memory(page) {
  const devtools = await page.context().newCDPSession(page)
  for (let again = 0; again < 3; again++) await devtools.send('HeapProfiler.collectGarbage')
  await devtools.send('Performance.enable')
  const { metrics } = await devtools.send('Performance.getMetrics')
  await devtools.detach()
  const of = name => metrics.find(metric => metric.name === name).value
  return { heapMiB: of('JSHeapUsedSize') / 1024 ** 2, nodes: of('Nodes'), listeners: of('JSEventListeners') }
}

/** What the page keeps while things change, looked at now and then. */
export async function memoryOver(page, minutes, client, onLook) {
  const looks = []
  const begin = performance.now()
  const everyMs = Math.max(10_000, (minutes * 60_000) / 60)
  for (;;) {
    await scroll(page, client, LOOK_SCROLL_SECONDS)
    const atMinute = (performance.now() - begin) / 60_000
    const look = { atMinute, ...(await memory(page)) }
    looks.push(look)
    onLook(look)
    if (atMinute >= minutes) return looks
    await pause(Math.max(0, Math.min(everyMs, minutes * 60_000 - (performance.now() - begin))))
  }
}

/** From a press on something, or Ctrl and `key` in it, to the frame that shows something else. @returns null: that took longer than a minute */
export async function timeTo(page, press, appears, key) {
  const measured = page.evaluate(
    async ({ press, key, appears, waitMs }) => {
      const begin = performance.now()
      const frame = () => new Promise(requestAnimationFrame)
      const pressed = document.querySelector(press)
      if (key === undefined) pressed.click()
      else pressed.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey: true, bubbles: true }))
      for (;;) {
        const found = document.querySelector(appears)
        if (found !== null && found.textContent.trim() !== '') break
        if (performance.now() - begin > waitMs) return null
        await frame()
      }
      await frame()
      return performance.now() - begin
    },
    { press, key, appears, waitMs: PATIENCE_MS },
  )
  // A page that is busy for longer does not even say so.
  measured.catch(() => {})
  return await Promise.race([measured, pause(PATIENCE_MS + 5000, null, { ref: false })])
}
