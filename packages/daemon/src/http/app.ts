/** From the table of routes, what answers: hono finds the route, the doors and checks come before its handler. */

import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { Caller } from './access/access.ts'
import { parseUpload, readBytes, readJson, requireLength, type Upload } from './body.ts'
import type { Arrival } from './doors/entrance.ts'
import { DATA_HEADERS } from './doors/headers.ts'
import type { Visit } from './doors/visit.ts'
import { check, checkQuery, parseJson } from './input.ts'
import { HttpProblem, INTERNAL, type ProblemAnswer, problemAnswer } from './problem.ts'
import { type Route, type Services, WithHeaders } from './route.ts'
import { API, pathOf, ROUTES } from './routes/table.ts'

/** For what is no upload: 10,000 of anything that has a name. */
const BODY_BYTES = 1024 * 1024
/** However much a route takes: a torrent file of 10 MiB in base64, or 10,000 magnet links. Larger ones are for forms. */
const JSON_BYTES = 16 * 1024 * 1024

/** Something else that is served behind the same doors: the protocol of another program. */
export interface Part {
  /** Below the base path: `/transmission/rpc`. */
  readonly path: string
  readonly maxBodyBytes: number
  /** The body has been read; who asks has shown the password or a token by Basic authentication. */
  handle(request: PartRequest): Promise<Response>
}

export interface PartRequest {
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array
  readonly caller: Caller
  readonly visit: Visit
}

export interface AppOptions {
  readonly services: Services
  readonly basePath: string
  readonly parts: readonly Part[]
  /** What is no route: the pages. Undefined: there is none of that path. */
  readonly page: (path: string, visit: Visit, request: Request) => Response | undefined
  /** What was our own fault. */
  readonly onFault: (error: unknown, where: string) => void
  /** Told of each request that changed something. */
  readonly onChange: (change: Change) => void
  /** Told of each request that was let in, with what it came by. */
  readonly onAdmitted: (bindings: HttpBindings | undefined) => void
}

/** For the log: who did what, from where. */
export interface Change {
  /** The name of the token, `browser`, or what lets people in. */
  readonly who: string
  readonly address: string
  /** Of the route, without what was in it: `POST /torrents/remove`. */
  readonly what: string
}

type Env = { Bindings: Partial<HttpBindings>; Variables: { arrival: Arrival; visit: Visit } }
type Ctx = Context<Env>

export type App = Hono<Env>

export function createApp(options: AppOptions): App {
  const { services, basePath } = options
  const app: App = new Hono<Env>({ strict: true })
  app.onError((error, c) => {
    const answer = answerTo(error, c.req.raw, options.onFault)
    return bindingsOf(c)?.outgoing.headersSent === true ? alreadySent() : answer
  })
  app.use('*', async (c, next) => {
    const incoming = bindingsOf(c)?.incoming
    const arrival = incoming === undefined ? arrivalWithout(c) : arrivalOf(incoming)
    c.set('arrival', arrival)
    c.set('visit', services.entrance.admit(arrival))
    await next()
  })
  for (const route of ROUTES) {
    app.on(route.method, `${basePath}${pathOf(route)}`, c => run(route, c, options))
  }
  for (const part of options.parts) app.all(`${basePath}${part.path}`, c => runPart(part, c, options))
  app.all('*', c => elsewhere(c, options))
  return app
}

/** The answer to something that was thrown; faults of our own are told to the log, and not to who asks. */
export function answerTo(
  error: unknown,
  request: Request | undefined,
  onFault: (error: unknown, where: string) => void,
): Response {
  const problem = problemAnswer(error) ?? INTERNAL
  if (problem === INTERNAL)
    onFault(error, request === undefined ? '' : `${request.method} ${new URL(request.url).pathname}`)
  return problemResponse(problem, request?.headers.get('accept') ?? '')
}

async function run(route: Route, c: Ctx, options: AppOptions): Promise<Response> {
  const { services, onAdmitted } = options
  const { arrival, visit } = c.var
  const maxBytes = route.maxBodyBytes ?? BODY_BYTES
  requireLength(arrival.header('content-length'), maxBytes)
  let caller: Caller | undefined
  if (route.scope === 'open') services.entrance.requireOwnPage(arrival, visit)
  else {
    const key = c.req.query('key')
    const link =
      key === undefined ? undefined : { path: c.req.path.slice(options.basePath.length + API.length), key }
    caller = services.entrance.require(route.scope, arrival, visit, link)
    onAdmitted(bindingsOf(c))
  }
  const params = route.params === undefined ? undefined : check(route.params, paramsOf(c, route), 'path')
  const query =
    route.query === undefined ? noQuery(c) : checkQuery(route.query, new URL(c.req.url).searchParams)
  const { body, files } = route.body === undefined ? NO_BODY : await readBody(route, c.req.raw, maxBytes)
  const raw = bindingsOf(c)
  if (route.answers.kind === 'raw' && raw === undefined) throw new Error(`${route.path} needs a connection`)
  const given = { params, query, body, files, caller, visit, signal: signalOf(c), raw: raw as HttpBindings }
  const result = await route.handle(given, services)
  if (route.method !== 'GET' && route.isQuestion !== true) {
    const who = caller?.name ?? 'somebody at the door'
    options.onChange({ who, address: visit.address, what: `${route.method} ${route.path}` })
  }
  const headers = result instanceof WithHeaders ? result.headers : {}
  return responseOf(route, result instanceof WithHeaders ? result.value : result, {
    ...DATA_HEADERS,
    ...headers,
  })
}

const NO_BODY = { body: undefined, files: [] as readonly Uint8Array[] }

async function runPart(part: Part, c: Ctx, { services, onAdmitted }: AppOptions): Promise<Response> {
  const { arrival, visit } = c.var
  requireLength(arrival.header('content-length'), part.maxBodyBytes)
  let caller: Caller
  try {
    caller = await services.entrance.requireBasic(arrival.header('authorization'), visit)
  } catch (error) {
    if (!(error instanceof HttpProblem) || error.code !== 'UNAUTHORIZED') throw error
    throw new HttpProblem(error.code, error.message, {
      headers: { 'WWW-Authenticate': 'Basic realm="Shoal"' },
    })
  }
  onAdmitted(bindingsOf(c))
  const body = await readBytes(c.req.raw, part.maxBodyBytes)
  const response = await part.handle({
    method: c.req.method,
    headers: c.req.raw.headers,
    body,
    caller,
    visit,
  })
  for (const [name, value] of Object.entries(DATA_HEADERS)) response.headers.set(name, value)
  return response
}

/** No route is of that path and method: a page, or nothing. */
function elsewhere(c: Ctx, { services, basePath, page }: AppOptions): Response {
  const { arrival, visit } = c.var
  const path = c.req.path
  const isApi = path === `${basePath}${API}` || path.startsWith(`${basePath}${API}/`)
  if (!isApi && (c.req.method === 'GET' || c.req.method === 'HEAD')) {
    const response = page(path, visit, c.req.raw)
    if (response !== undefined) return response
  }
  services.entrance.require('read', arrival, visit)
  const allowed = ROUTES.filter(route => matches(`${basePath}${pathOf(route)}`, path)).map(
    ({ method }) => method,
  )
  if (allowed.length === 0)
    throw new HttpProblem('NOT_FOUND', 'There is nothing of this path.', { where: 'path' })
  throw new HttpProblem('METHOD_NOT_ALLOWED', `Only ${allowed.join(', ')} can be asked of this path.`, {
    where: 'method',
    headers: { Allow: allowed.join(', ') },
  })
}

function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  return (
    wanted.length === given.length && wanted.every((part, at) => part.startsWith(':') || part === given[at])
  )
}

/** As it came, before anything is made of it. */
export function arrivalOf(incoming: IncomingMessage): Arrival {
  const { rawHeaders, headers } = incoming
  return {
    hosts: rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'host'),
    target: incoming.url ?? '',
    connection: incoming.socket.remoteAddress ?? '',
    method: incoming.method ?? '',
    header: name => {
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
  }
}

/** Without a connection, as in tests, the address is the machine's own. */
function arrivalWithout({ req }: Ctx): Arrival {
  const host = req.header('host') ?? new URL(req.url).host
  return {
    hosts: [host],
    target: req.path,
    connection: '127.0.0.1',
    method: req.method,
    header: name => req.header(name),
  }
}

function bindingsOf(c: Ctx): HttpBindings | undefined {
  const { incoming, outgoing } = c.env ?? {}
  return incoming === undefined || outgoing === undefined ? undefined : { incoming, outgoing }
}

/** Aborted when whoever asks goes away. */
function signalOf(c: Ctx): AbortSignal {
  const outgoing = bindingsOf(c)?.outgoing
  if (outgoing === undefined) return c.req.raw.signal
  const controller = new AbortController()
  outgoing.once('close', () => controller.abort())
  return controller.signal
}

function paramsOf(c: Ctx, route: Route): Record<string, unknown> {
  const { file, ...others } = c.req.param() as Record<string, string>
  if (file === undefined || !route.path.includes(':file')) return others
  return { ...others, file: /^\d{1,9}$/.test(file) ? Number(file) : file }
}

function noQuery(c: Ctx): undefined {
  const [key] = new URL(c.req.url).searchParams.keys()
  if (key === undefined) return undefined
  throw new HttpProblem('INVALID', 'This path takes no query parameters.', {
    where: `query.${key.slice(0, 100)}`,
  })
}

async function readBody(
  route: Route,
  request: Request,
  maxBytes: number,
): Promise<{ body: unknown; files: readonly Uint8Array[] }> {
  const type = request.headers.get('content-type') ?? ''
  const kind = type.split(';')[0]!.trim().toLowerCase()
  if (kind === 'application/json') {
    const most = Math.min(maxBytes, JSON_BYTES)
    requireLength(request.headers.get('content-length') ?? undefined, most)
    return { body: check(route.body!, await readJson(request, most), 'body'), files: [] }
  }
  if (kind === 'multipart/form-data' && route.upload === true) {
    return uploaded(route, await parseUpload(await readBytes(request, maxBytes), type))
  }
  const wanted = route.upload === true ? 'application/json or multipart/form-data' : 'application/json'
  throw new HttpProblem('UNSUPPORTED_TYPE', `The body must be ${wanted}.`, { where: 'header.content-type' })
}

/** Fields of a form stand for those of the JSON: `source` may come more than once, `options` is JSON itself. */
function uploaded(route: Route, { files, fields }: Upload): { body: unknown; files: readonly Uint8Array[] } {
  const { source = [], options, ...others } = fields
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) {
    throw new HttpProblem(
      'INVALID',
      `\`${unknown.slice(0, 100)}\` is not known here: files, \`source\` and \`options\` are.`,
      {
        where: `body.${unknown.slice(0, 100)}`,
      },
    )
  }
  if (files.length + source.length === 0) {
    throw new HttpProblem('INVALID', 'The form has no files in it.', { where: 'body' })
  }
  const isList = route.path === '/torrents'
  const optionsBody = options === undefined ? {} : { options: parseJson(options[0]!) }
  // Where there are files, nothing else is needed: what is checked then is only what else there is.
  const filler = source.length > 0 ? source : [FILLER]
  const given = isList ? { sources: filler, ...optionsBody } : { source: filler[0], ...optionsBody }
  const body = check(route.body!, given, 'body') as Record<string, unknown>
  if (source.length > 0) return { body, files }
  return { body: isList ? { ...body, sources: [] } : {}, files }
}
const FILLER = '0'.repeat(40)

function responseOf({ answers }: Route, value: unknown, headers: Record<string, string>): Response {
  switch (answers.kind) {
    case 'json':
      return new Response(JSON.stringify(value), {
        status: answers.status ?? 200,
        headers: { ...headers, 'Content-Type': 'application/json' },
      })
    case 'none':
      return new Response(null, { status: 204, headers })
    case 'text':
    case 'bytes':
      return new Response(value as string | Uint8Array<ArrayBuffer>, {
        headers: { ...headers, 'Content-Type': answers.type },
      })
    case 'raw':
      return alreadySent()
  }
}

/** Somebody has answered by themselves; this tells the server so. */
function alreadySent(): Response {
  return new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
}

/** Whoever typed an address into a browser gets a page to read. */
export function problemResponse({ status, body, headers }: ProblemAnswer, accept: string): Response {
  const all = { ...DATA_HEADERS, ...headers }
  if (!accept.includes('text/html')) {
    return new Response(JSON.stringify(body), {
      status,
      headers: { ...all, 'Content-Type': 'application/json' },
    })
  }
  const text = body.error.text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Shoal</title><h1>${status}</h1><p>${text}</p></html>\n`
  return new Response(page, { status, headers: { ...all, 'Content-Type': 'text/html; charset=utf-8' } })
}
