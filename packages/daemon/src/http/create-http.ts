/** The HTTP side of the daemon: everything behind one port, or without any, for tests. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Demo, Finding } from '../contract/index.ts'
import type { Session } from '../session/session.ts'
import type { Access } from './access/access.ts'
import { type App, answerTo, arrivalOf, type Change, createApp, type Part } from './app.ts'
import { Conversations } from './conversation/conversations.ts'
import { Entrance } from './doors/entrance.ts'
import { type FailedSignIn, Failures } from './doors/failures.ts'
import { HostList } from './doors/hosts.ts'
import { Limiter } from './doors/limiter.ts'
import { Roots } from './doors/roots.ts'
import { Proxies } from './doors/visit.ts'
import { EventHub } from './events/hub.ts'
import { openApiText } from './openapi.ts'
import { Pages } from './pages.ts'
import { HttpProblem } from './problem.ts'
import type { ListsAccess, Services, SettingsAccess } from './route.ts'
import { Strangers } from './strangers.ts'

export interface HttpOptions {
  readonly session: Session
  readonly access: Access
  readonly settings: SettingsAccess
  /** Folders below which data may be; asked for anew each time. */
  readonly roots: () => readonly string[]
  readonly doctor: () => Promise<readonly Finding[]>
  /** None unless told. */
  readonly lists?: ListsAccess
  /** Makes a swarm to look at, or tells of the one that there is. */
  readonly demo: () => Promise<Demo>
  /** Names it answers to, besides addresses and localhost. */
  readonly hosts?: readonly string[]
  /** '' or `/shoal`: what all paths begin with. */
  readonly basePath?: string
  /** Addresses and networks whose `X-Forwarded-*` are believed. */
  readonly trustedProxies?: readonly string[]
  /** The built web interface. */
  readonly webDir?: string | undefined
  /** Protocols of other programs, behind the same doors. */
  readonly parts?: readonly Part[]
  /** What was our own fault, for the log. */
  readonly onFault?: (error: unknown, where: string) => void
  /** What was changed through the API, for the log. */
  readonly onChange?: (change: Change) => void
  /** Somebody showed a wrong password, token or link, for the log; of very many, only some and how many. */
  readonly onFailedSignIn?: (failed: FailedSignIn) => void
}

/** Headers come in one packet; whoever takes longer has something else in mind. */
const HEADERS_TIMEOUT_MS = 10_000
/** An upload of 32 MiB over a slow line. */
const REQUEST_TIMEOUT_MS = 300_000
const KEEP_ALIVE_MS = 30_000
const TIMEOUT_CHECK_MS = 2_000
const MAX_HEADER_BYTES = 16 * 1024
/** Beyond all that a household has, and those that are not let in yet. */
const MAX_CONNECTIONS = 4096

const NO_LISTS: ListsAccess = {
  get: () => ({ blocklist: null, countries: null }),
  reload: async () => undefined,
}

const MALFORMED = new HttpProblem('INVALID', 'The path of the request is malformed.', { where: 'path' })

export interface Listening {
  readonly address: string
  readonly port: number
}

export class Http {
  readonly #app: App
  readonly #services: Services
  readonly #onFault: (error: unknown, where: string) => void
  readonly #strangers = new Strangers()
  readonly #failures: Failures
  #server: Server | undefined

  constructor(options: HttpOptions) {
    const basePath = (options.basePath ?? '').replace(/\/+$/, '')
    if (!/^(?:\/[A-Za-z0-9._~-]+)*$/.test(basePath)) {
      throw new RangeError(`the base path ${JSON.stringify(basePath)} is not a path like /shoal`)
    }
    const { session, access, settings, doctor, demo } = options
    this.#failures = new Failures(options.onFailedSignIn ?? (() => undefined))
    const limiter = (): Limiter => new Limiter(() => performance.now() / 1000)
    const entrance = new Entrance({
      access,
      hosts: new HostList(options.hosts ?? []),
      proxies: new Proxies(options.trustedProxies ?? []),
      passwordLimiter: limiter(),
      tokenLimiter: limiter(),
      basePath,
      onFailure: (shown, address, waitSeconds) => this.#failures.note(shown, address, waitSeconds),
    })
    const pages = new Pages(options.webDir, basePath)
    let description: string | undefined
    this.#onFault = options.onFault ?? (() => undefined)
    this.#services = {
      session,
      access,
      settings,
      doctor,
      lists: options.lists ?? NO_LISTS,
      demo,
      entrance,
      roots: new Roots(options.roots),
      events: new EventHub(session),
      conversations: new Conversations(session),
      // Made when it is asked for: it takes a tenth of a second, and few ask.
      describe: () => (description ??= openApiText(session.info().version)),
    }
    this.#app = createApp({
      services: this.#services,
      basePath,
      parts: options.parts ?? [],
      page: (path, visit, request) => pages.answer(path, visit, request),
      onFault: this.#onFault,
      onChange: options.onChange ?? (() => undefined),
      onAdmitted: bindings => bindings !== undefined && this.#strangers.admit(bindings.incoming.socket),
    })
  }

  /** Without a port; what streams needs one. */
  async fetch(request: Request): Promise<Response> {
    return this.#app.fetch(request)
  }

  /** @throws the error of the system when it cannot, with its `code` */
  async listen(options: { readonly host: string; readonly port: number }): Promise<Listening> {
    const server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: TIMEOUT_CHECK_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
        // Looked at by the first door, which has a better answer.
        requireHostHeader: false,
      },
      (incoming, outgoing) => this.#onRequest(incoming, outgoing),
    )
    server.maxConnections = MAX_CONNECTIONS
    server.on('connection', socket => this.#strangers.add(socket))
    await new Promise<void>((done, failed) => {
      server.once('error', failed)
      server.listen(options.port, options.host, () => {
        server.off('error', failed)
        done()
      })
    })
    this.#server = server
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
    return { address: address.address, port: address.port }
  }

  /** Event streams end at once, other answers are finished, for as long as `graceMs`. */
  async close(graceMs = 3000): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#services.events.close()
    this.#services.conversations.close()
    this.#failures.end()
    if (server === undefined) return
    const closed = new Promise<void>(done => server.close(() => done()))
    server.closeIdleConnections()
    const timer = setTimeout(() => server.closeAllConnections(), graceMs)
    await closed
    clearTimeout(timer)
  }

  /** Node's own request, as it came: what makes no valid URL has to pass the first door, too. */
  #onRequest(incoming: IncomingMessage, outgoing: ServerResponse): void {
    // Whoever goes away in the midst of an answer is no fault of anybody's.
    outgoing.on('error', () => undefined)
    const refused = refusalOf(this.#services.entrance, incoming)
    if (refused !== undefined) {
      void writeResponse(outgoing, answerTo(refused, undefined, this.#onFault))
      return
    }
    void this.#listener(incoming, outgoing)
  }

  readonly #listener = getRequestListener((request, env) => this.#app.fetch(request, env as never), {
    overrideGlobalObjects: false,
    errorHandler: error =>
      answerTo(error instanceof RequestError ? MALFORMED : error, undefined, this.#onFault),
  })
}

export function createHttp(options: HttpOptions): Http {
  return new Http(options)
}

function refusalOf(entrance: Entrance, incoming: IncomingMessage): unknown {
  try {
    entrance.admit(arrivalOf(incoming))
    return undefined
  } catch (error) {
    return error
  }
}

async function writeResponse(outgoing: ServerResponse, response: Response): Promise<void> {
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), connection: 'close' })
  outgoing.end(await response.text())
}
