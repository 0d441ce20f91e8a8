/** A page that is watched while it shows what people who mean harm wrote: nothing of it runs, loads, leads away or breaks out. */
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { COLUMNS } from '../src/model/columns.ts'
import { type LookOptions, look } from './page.ts'

export interface Watched {
  readonly page: Page
  /** Nothing happened so far, and nothing is in the page that should not be. */
  check(where: string): Promise<void>
  close(): Promise<void>
}

export async function watched(browser: Browser, options: LookOptions): Promise<Watched> {
  const { page, complaints, close } = await look(browser, options)
  const happened: string[] = []
  const home = new URL('.', options.url).href
  page.on('dialog', dialog => {
    happened.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', request => {
    const url = request.url()
    if (!url.startsWith(home) && !url.startsWith('data:image/')) happened.push(`request: ${url}`)
  })
  page.on('popup', popup => void happened.push(`window: ${popup.url()}`))
  page.on('download', download => void happened.push(`download: ${download.url()}`))
  page.on('framenavigated', frame => {
    if (frame !== page.mainFrame() || !frame.url().startsWith(home)) happened.push(`led to: ${frame.url()}`)
  })
  await page.addInitScript(
    columns => {
      Object.assign(globalThis, {
        __ran: 0,
        __xss: () => (globalThis as unknown as { __ran: number }).__ran++,
      })
      localStorage.setItem('shoal.columns', JSON.stringify({ order: columns, widths: {} }))
    },
    COLUMNS.map(column => column.key),
  )
  await page.reload()
  return {
    page,
    async check(where) {
      expect([...happened, ...complaints], where).toEqual([])
      expect(await page.evaluate(findings), where).toEqual([])
    },
    close,
  }
}

/** Runs in the page. */
function findings(): string[] {
  const found: string[] = []
  const page = globalThis as unknown as Window & { __ran: number }
  if (page.__ran !== 0) found.push('something ran')
  if (Object.keys(Object.prototype).length > 0 || 'polluted' in {}) found.push('objects are polluted')
  const foreign =
    'iframe, frame, object, embed, applet, base, style, math, video, audio, marquee, portal, bgsound, meta[http-equiv], ' +
    'form[action], [formaction], script:not([src]), img, link:not([rel=stylesheet], [rel=icon], [rel=manifest], ' +
    '[rel=modulepreload], [rel=apple-touch-icon]), svg :is(script, animate, set, image, foreignObject, a), b > b'
  for (const element of document.querySelectorAll(foreign)) found.push(element.outerHTML.slice(0, 100))
  for (const element of document.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on')) found.push(`${name}=${value}`)
      else if (
        /^(?:href|src|action|data|xlink:href)$/.test(name) &&
        !/^(?:#|\.?\/|\.\.?\/|https?:\/\/|assets\/|[\w-]+\.)/.test(value)
      )
        found.push(`${name}=${value}`)
    }
  }
  // Names that a document would give to whoever has them.
  for (const id of ['list', 'search']) {
    if (document.querySelectorAll(`[id="${id}"]`).length > 1) found.push(`two of #${id}`)
  }
  const wide = document.scrollingElement!
  if (wide.scrollWidth > innerWidth) found.push(`wider than the window: ${wide.scrollWidth}`)
  if (wide.scrollHeight > innerHeight + 1) found.push(`higher than the window: ${wide.scrollHeight}`)
  for (const element of document.querySelectorAll(
    '.page-body, .side, .dialog, .dialog .body, .detail-head, .whyline, .toolbar, .status, .facts, .log',
  )) {
    if (element.scrollWidth > element.clientWidth + 1)
      found.push(`${element.className} overflows: ${element.scrollWidth} of ${element.clientWidth}`)
  }
  return found
}

/** From the top to the bottom, so that every row has been there. */
export async function scrollThrough(page: Page, selector: string): Promise<void> {
  const element = page.locator(selector).first()
  await element.waitFor()
  const height = await element.evaluate(each => each.scrollHeight)
  const step = (await element.evaluate(each => each.clientHeight)) - 60
  for (let top = 0; top < height; top += Math.max(100, step)) {
    await element.evaluate((each, to) => {
      each.scrollTop = to
    }, top)
    await page.waitForTimeout(60)
  }
}
