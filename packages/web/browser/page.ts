/** The built page in a real browser, served as the daemon serves it: from memory, under a base path, with its policy. */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'

const WEB = fileURLToPath(new URL('..', import.meta.url))
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
}

/** For what is soon there, on a machine that may be busy. */
const TIMEOUT_MS = 60_000

export interface Served {
  /** Ends with `/`. */
  readonly url: string
  close(): void
}

/** `folder` is `dist` or `dist-mock`. */
export async function serve(folder: string, basePath = '/some/where/'): Promise<Served> {
  const root = join(WEB, folder)
  const files = new Map<string, Buffer>()
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(path.slice(root.length + 1), readFileSync(path))
  }
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    const name = path === basePath ? 'index.html' : path.slice(basePath.length)
    const file = path.startsWith(basePath) ? files.get(name) : undefined
    if (file === undefined) return void response.writeHead(404).end()
    response.writeHead(200, {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
    })
    response.end(file)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}${basePath}`, close: () => void server.close() }
}

export async function browser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface Look {
  readonly page: Page
  /** What the page complained of: errors, and what its policy stopped. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

export interface LookOptions {
  readonly url: string
  readonly phone?: boolean
  readonly dark?: boolean
  readonly locale?: string
}

export async function look(browser: Browser, options: LookOptions): Promise<Look> {
  const context = await browser.newContext({
    viewport: options.phone === true ? { width: 390, height: 800 } : { width: 1440, height: 860 },
    hasTouch: options.phone === true,
    colorScheme: options.dark === true ? 'dark' : 'light',
    locale: options.locale ?? 'en-GB',
  })
  context.setDefaultTimeout(TIMEOUT_MS)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', event => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)
    })
  })
  await page.goto(options.url)
  return { page, complaints, close: () => context.close() }
}

/** Kept for people to look at. */
export async function keep(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(WEB, 'artefacts', `${name}.png`) })
}
