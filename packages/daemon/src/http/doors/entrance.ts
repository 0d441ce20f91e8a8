/**
 * The doors that everybody passes, in this order: the name that we are called by; where the request comes from; who it
 * is; and, for browsers, whether it is a page of ours that asks.
 */
import type { Scope } from '../../contract/index.ts'
import type { Access, Caller } from '../access/access.ts'
import { HttpProblem } from '../problem.ts'
import type { Shown } from './failures.ts'
import type { HostList } from './hosts.ts'
import type { Limiter } from './limiter.ts'
import { isOwnOrigin, type Proxies, type Visit } from './visit.ts'

/** A page of another origin cannot set it without being asked for permission, which we never give. */
export const OWN_HEADER = 'x-shoal'

/** What the doors look at of a request; the first two as they came, unjoined. */
export interface Arrival {
  readonly hosts: readonly string[]
  readonly target: string
  readonly connection: string
  readonly method: string
  readonly header: (name: string) => string | undefined
}

export interface EntranceOptions {
  readonly access: Access
  readonly hosts: HostList
  readonly proxies: Proxies
  /** Of those who show a wrong password, and those who show a wrong token: one has nothing to do with the other. */
  readonly passwordLimiter: Limiter
  readonly tokenLimiter: Limiter
  readonly basePath: string
  /** Told of what was shown and is not right, with the address and how long it has to wait now. */
  readonly onFailure: (shown: Shown, address: string, waitSeconds: number) => void
}

const RANK: Readonly<Record<Scope, number>> = { read: 0, add: 1, full: 2 }

export class Entrance {
  readonly #options: EntranceOptions

  constructor(options: EntranceOptions) {
    this.#options = options
  }

  /** @throws HttpProblem `HOST_REFUSED` */
  admit(arrival: Arrival): Visit {
    const { hosts, proxies, basePath } = this.#options
    const authority = hosts.admit(arrival.hosts, arrival.target)
    return proxies.visit(arrival.connection, authority, arrival.header, hosts, basePath)
  }

  /**
   * Who asks, and may. A token in `Authorization` counts before a browser's cookie.
   * @param link what else would do: a path with its key
   * @throws HttpProblem `UNAUTHORIZED`, `SETUP_NEEDED`, `FORBIDDEN`, `TOO_MANY`
   */
  require(scope: Scope, arrival: Arrival, visit: Visit, link?: { path: string; key: string }): Caller {
    const caller = this.#identify(arrival, visit, link)
    if (RANK[caller.scope] < RANK[scope]) {
      throw new HttpProblem(
        'FORBIDDEN',
        `This needs a token that may do more: its scope is \`${caller.scope}\`, and \`${scope}\` is asked for.`,
      )
    }
    return caller
  }

  /**
   * For what a cookie allows, or what is open to all: no page but ours may ask, or others could act for whoever looks
   * at them. A page of another origin cannot send `Authorization`.
   */
  requireOwnPage(arrival: Arrival, visit: Visit): void {
    if (arrival.header('authorization') !== undefined) return
    const site = arrival.header('sec-fetch-site')
    if (site !== undefined && site !== 'same-origin' && site !== 'none') throw foreign(visit)
    const origin = arrival.header('origin')
    if (origin !== undefined && !isOwnOrigin(origin, visit)) throw foreign(visit)
    if (arrival.method === 'GET' || arrival.method === 'HEAD') return
    if (arrival.header(OWN_HEADER) === undefined) {
      throw new HttpProblem(
        'FORBIDDEN',
        'Without a token, what changes something needs the header `X-Shoal: 1`.',
        {
          where: 'header.x-shoal',
        },
      )
    }
  }

  /** Before a password is looked at. @throws HttpProblem `TOO_MANY` */
  requirePatience(visit: Visit): void {
    const seconds = this.#options.passwordLimiter.wait(visit.address)
    if (seconds > 0) throw tooMany(seconds)
  }

  onPassword(visit: Visit, isRight: boolean, shown: Shown = 'password'): void {
    const { passwordLimiter, onFailure } = this.#options
    if (isRight) passwordLimiter.succeed(visit.address)
    else onFailure(shown, visit.address, passwordLimiter.fail(visit.address))
  }

  /** Password or token as HTTP's Basic authentication has them: for protocols of others that know nothing else. */
  async requireBasic(header: string | undefined, visit: Visit): Promise<Caller> {
    const { access } = this.#options
    const password = basicPassword(header)
    if (password === undefined) throw unauthorized(access.isNew)
    const byToken = access.byToken(password)
    if (byToken !== undefined) return byToken
    this.requirePatience(visit)
    const isRight = await access.isPassword(password)
    this.onPassword(visit, isRight)
    if (!isRight) throw unauthorized(access.isNew, 'The password is wrong, and it is no token either.')
    return { kind: 'password', name: 'password', scope: 'full', credential: '' }
  }

  #identify(arrival: Arrival, visit: Visit, link: { path: string; key: string } | undefined): Caller {
    const { access, tokenLimiter, onFailure } = this.#options
    const authorization = arrival.header('authorization')
    if (authorization !== undefined) {
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
      const caller = token === undefined ? undefined : access.byToken(token)
      if (caller !== undefined) return caller
      const waited = tokenLimiter.wait(visit.address)
      if (waited > 0) throw tooMany(waited)
      onFailure('token', visit.address, tokenLimiter.fail(visit.address))
      throw unauthorized(
        false,
        token === undefined ? 'Authorization must be `Bearer` and a token.' : 'There is no such token.',
      )
    }
    if (link !== undefined) {
      const caller = access.byLink(link.path, link.key)
      if (caller !== undefined) return caller
    }
    const cookie = sessionOf(arrival.header('cookie'), visit)
    const caller = cookie === undefined ? undefined : access.bySession(cookie)
    if (caller === undefined) {
      throw unauthorized(
        access.isNew,
        cookie === undefined ? undefined : 'You were signed out; sign in again.',
      )
    }
    this.requireOwnPage(arrival, visit)
    return caller
  }
}

/**
 * Cookies are shared by all ports of a machine: each has a name of its own. With TLS, the browser makes sure by the
 * prefix that no other host has set it.
 */
export function sessionCookie(value: string, maxAgeSeconds: number, visit: Visit): string {
  const secure = visit.secure === true ? '; Secure' : ''
  return `${cookieName(visit)}=${value}; Path=${visit.base || '/'}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`
}

function cookieName({ authority, secure, base }: Visit): string {
  const prefix = secure !== true ? '' : base === '' ? '__Host-' : '__Secure-'
  return `${prefix}shoal${authority.port === '' ? '' : `-${authority.port}`}`
}

function sessionOf(header: string | undefined, visit: Visit): string | undefined {
  const name = cookieName(visit)
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=')
    if (at !== -1 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

function basicPassword(header: string | undefined): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const at = decoded.indexOf(':')
  return at === -1 ? undefined : decoded.slice(at + 1)
}

function unauthorized(isNew: boolean, text?: string): HttpProblem {
  if (isNew && text === undefined) {
    return new HttpProblem(
      'SETUP_NEEDED',
      'No password has been set. Shoal printed a link at its start that leads to where it is set.',
    )
  }
  return new HttpProblem('UNAUTHORIZED', text ?? 'Sign in, or send a token as `Authorization: Bearer …`.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="Shoal"' },
  })
}

function foreign({ authority }: Visit): HttpProblem {
  const name = authority.port === '' ? authority.name : `${authority.name}:${authority.port}`
  return new HttpProblem(
    'FORBIDDEN',
    `Another site's page asks for this, or a proxy hides which name it was called by: Shoal was asked as ${name}. ` +
      'A proxy has to pass on `Host`, or be in the setting `http.trusted_proxies` and send `X-Forwarded-Host`.',
    { where: 'header.origin' },
  )
}

function tooMany(seconds: number): HttpProblem {
  return new HttpProblem('TOO_MANY', `Too many attempts failed. Try again in ${seconds} s.`, {
    headers: { 'Retry-After': String(seconds) },
  })
}
