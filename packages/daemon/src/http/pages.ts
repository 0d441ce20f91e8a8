/**
 * The built web interface, from memory: what is not a file of it at the start is not served, whatever the path says.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { gzipSync } from 'node:zlib'
import { PAGE_POLICY, SECURITY_HEADERS } from './doors/headers.ts'
import type { Visit } from './doors/visit.ts'

/** It is a small program; a folder that holds more is not it. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024
/** Smaller ones fit a packet anyway. */
const GZIP_FROM_BYTES = 1024
/** The build puts the hash of the contents into the name: `index-4Fa9_x1c.js`. */
const HASHED = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/

interface Asset {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly gzip: Uint8Array<ArrayBuffer> | undefined
  readonly isHashed: boolean
}

export class Pages {
  readonly #assets = new Map<string, Asset>()
  readonly #basePath: string

  /** @param folder undefined or not there: a page that says so is served */
  constructor(folder: string | undefined, basePath: string) {
    this.#basePath = basePath
    if (folder !== undefined) this.#load(folder)
  }

  /** @param path as in the request */
  answer(path: string, visit: Visit, request: Request): Response | undefined {
    const base = this.#basePath
    // Addresses within the page are relative: it has to end in a slash.
    if (path === base && base !== '') return redirect(`${visit.base}/`)
    if (path === '/' && base !== '') return redirect(`${visit.base}/`)
    if (!path.startsWith(`${base}/`)) return undefined
    const name = path.slice(base.length + 1)
    if (name === '' || name === 'index.html') return this.#index(visit)
    const asset = this.#assets.get(name)
    if (asset === undefined) return undefined
    const isZipped = asset.gzip !== undefined && /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
    return new Response(isZipped ? asset.gzip! : asset.bytes, {
      headers: {
        ...PAGE_HEADERS,
        'Content-Type': asset.type,
        'Cache-Control': asset.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
        ...(asset.gzip === undefined ? {} : { Vary: 'Accept-Encoding' }),
        ...(isZipped ? { 'Content-Encoding': 'gzip' } : {}),
      },
    })
  }

  #index(visit: Visit): Response {
    const asset = this.#assets.get('index.html')
    const html = asset === undefined ? ABSENT : new TextDecoder().decode(asset.bytes)
    const meta = `<meta name="shoal-base" content="${visit.base}/">`
    return new Response(
      html.replace(/<head>/i, head => head + meta),
      {
        status: asset === undefined ? 503 : 200,
        headers: { ...PAGE_HEADERS, 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' },
      },
    )
  }

  #load(folder: string): void {
    let total = 0
    for (const path of filesBelow(folder)) {
      const bytes = new Uint8Array(readFileSync(path))
      total += bytes.length
      if (total > MAX_TOTAL_BYTES)
        throw new RangeError(`${folder} holds more than the web interface of Shoal`)
      const name = relative(folder, path).split(sep).join('/')
      const type = TYPES[/[^.]*$/.exec(name)![0]] ?? 'application/octet-stream'
      const zipped =
        bytes.length < GZIP_FROM_BYTES || !/^(?:text|application\/(?:json|manifest)|image\/svg)/.test(type)
      const gzip = zipped ? undefined : new Uint8Array(gzipSync(bytes, { level: 9 }))
      this.#assets.set(name, {
        type,
        bytes,
        gzip: gzip !== undefined && gzip.length < bytes.length ? gzip : undefined,
        isHashed: HASHED.test(name),
      })
    }
  }
}

const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...SECURITY_HEADERS,
  'Content-Security-Policy': PAGE_POLICY,
}

const ABSENT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shoal</title></head>
<body><h1>Shoal is running</h1>
<p>Its web interface is not installed: it has not been built, or the folder that the setting names is not there.
The command line and the API work without it.</p></body></html>
`

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  webmanifest: 'application/manifest+json',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  webp: 'image/webp',
  woff2: 'font/woff2',
  txt: 'text/plain; charset=utf-8',
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

function redirect(location: string): Response {
  return new Response(null, {
    status: 308,
    headers: { ...PAGE_HEADERS, Location: location, 'Cache-Control': 'no-store' },
  })
}
