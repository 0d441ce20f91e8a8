/**
 * Transmission's remote protocol, for the programs that people have for it. The doors of `http/` come before: names of
 * hosts, basic authentication with the password or a token, bounded bodies. A session id that only our own answers tell is
 * its protection from other web pages: without the right one in a header, which no foreign page may set or read, a
 * request gets 409 and the id.
 */
import { randomBytes } from 'node:crypto'
import type { Part, PartRequest } from '../http/app.ts'
import type { Roots } from '../http/doors/roots.ts'
import type { SettingsAccess } from '../http/route.ts'
import type { Session } from '../session/session.ts'
import { answer } from './envelope.ts'
import type { Backend } from './method.ts'
import { Numbers } from './numbers.ts'
import { RpcSettings } from './settings.ts'
import { RPC_SEMVER } from './version.ts'

export interface RpcOptions {
  readonly session: Session
  readonly settings: SettingsAccess
  /** Where data may go. */
  readonly roots: Pick<Roots, 'admit'>
  /** Ends the daemon. */
  readonly close: () => void
  readonly reloadBlocklist?: () => Promise<void>
  /** Seconds since 1970. */
  readonly now?: () => number
}

/** What of a {@link PartRequest} counts here. */
export type RpcRequest = Pick<PartRequest, 'method' | 'headers' | 'body'> & {
  readonly caller: Pick<PartRequest['caller'], 'scope'>
}

export const SESSION_ID_HEADER = 'X-Transmission-Session-Id'
/** A torrent file of 32 MiB, which is more than people make, in base64, and some words around it. */
const MAX_BODY_BYTES = 48 * 1024 * 1024
/** `transmission-remote` adds a slash. */
const PATHS = ['/transmission/rpc', '/transmission/rpc/'] as const

export class TransmissionRpc {
  readonly #options: RpcOptions
  readonly #sessionId = randomBytes(24).toString('base64url')
  readonly #numbers: Numbers
  readonly #figures = new Map<string, number | string>()
  readonly #now: () => number

  constructor(options: RpcOptions) {
    this.#options = options
    this.#now = options.now ?? (() => Date.now() / 1000)
    this.#numbers = new Numbers(options.session, this.#now)
  }

  close(): void {
    this.#numbers.close()
  }

  /** What is served behind the doors, one for each of its paths. */
  get parts(): readonly Part[] {
    return PATHS.map(path => ({
      path,
      maxBodyBytes: MAX_BODY_BYTES,
      handle: request => this.handle(request),
    }))
  }

  async handle(request: RpcRequest): Promise<Response> {
    if (request.headers.get(SESSION_ID_HEADER) !== this.#sessionId) {
      return said(
        409,
        `The request has to be sent again with the header ${SESSION_ID_HEADER} of this answer.`,
        {
          [SESSION_ID_HEADER]: this.#sessionId,
          'X-Transmission-Rpc-Version': RPC_SEMVER,
        },
      )
    }
    if (request.method !== 'POST') return said(405, 'Calls are sent with POST.', { Allow: 'POST' })
    const text = new TextDecoder().decode(request.body)
    const given = await answer(text, request.caller.scope, this.#backend())
    if (given === undefined) return new Response(null, { status: 204 })
    return new Response(JSON.stringify(given), {
      headers: { 'Content-Type': 'application/json; charset=UTF-8' },
    })
  }

  #backend(): Backend {
    const { session, settings, roots, close, reloadBlocklist } = this.#options
    return {
      session,
      settings: new RpcSettings(settings),
      numbers: this.#numbers,
      sessionId: this.#sessionId,
      figures: this.#figures,
      now: this.#now,
      roots,
      close,
      reloadBlocklist,
    }
  }
}

function said(status: number, text: string, headers: Readonly<Record<string, string>>): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'Content-Type': 'text/plain; charset=UTF-8', ...headers },
  })
}
