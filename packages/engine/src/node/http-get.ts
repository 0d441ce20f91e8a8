/**
 * One small document over HTTP or HTTPS from a server nobody vouches for: everything it can send is bounded in size
 * and time, redirects are checked one by one, certificates are always verified.
 */
import { lookup as dnsLookup } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import { canonicalIp } from '../bytes/address.ts'
import type { IpScope } from '../bytes/ip-scope.ts'
import { ipScope } from '../bytes/ip-scope.ts'
import { readBody } from './http-body.ts'

/** What Shoal calls itself towards trackers and other servers. */
const USER_AGENT = 'Shoal/0.1'

/** Enough for http → https, to another host, and a slash at the end. */
const MAX_REDIRECTS = 5

/** Answers before the answer (`100 Continue`, `103 Early Hints`): nobody asked for them. */
const MAX_INTERIM_ANSWERS = 10

/** Node's 250 ms for one address before the next is tried too is too little for far-away trackers. */
const NEXT_ADDRESS_MS = 2_000

export interface HttpGetOptions {
  /** For everything together: looking the name up, connecting, redirects, the body. */
  readonly timeoutMs: number
  /** Of the body, both as it comes and unpacked. */
  readonly maxBytes: number
  /** The address of this machine to connect from. */
  readonly localAddress?: string | undefined
  /** Why an address must not be asked for this URL, or undefined when it may; asked before connecting. */
  readonly refuse?: ((address: string, url: URL) => string | undefined) | undefined
  /** How far an address reaches; tests, which have only loopback, say otherwise. */
  readonly scopeOf?: ((address: string) => IpScope | undefined) | undefined
}

export interface HttpAnswer {
  /** 200 to 599 without followed redirects. */
  readonly status: number
  readonly body: Uint8Array
  /** Who answered, as an IP literal; undefined when the connection is gone already. */
  readonly address: string | undefined
}

export type HttpFailureKind =
  | 'timeout'
  /** Name, connection, TLS, or the connection broke. */
  | 'unreachable'
  /** The answer is too large, damaged or packed in an unknown way; too many redirects. */
  | 'invalid'
  /** A URL, or a redirect to one, that is never asked. */
  | 'unsupported'

/** The message names hosts, never paths or queries: those may hold secrets. */
export class HttpGetError extends Error {
  override readonly name = 'HttpGetError'
  readonly kind: HttpFailureKind

  constructor(kind: HttpFailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}

/**
 * Fetches `url`. `done` is called once, in a later turn, unless the returned function was called before. An answer
 * with an error status is an answer.
 */
export function httpGet(
  url: URL,
  options: HttpGetOptions,
  done: (outcome: HttpAnswer | HttpGetError) => void,
): () => void {
  const get = new Get(options, done)
  get.begin(url)
  return () => get.cancel()
}

class Get {
  readonly #options: HttpGetOptions
  readonly #done: (outcome: HttpAnswer | HttpGetError) => void
  readonly #timer: NodeJS.Timeout
  #over = false
  #abort: () => void = () => {}
  /** Counts requests: what an earlier one still has to say is ignored. */
  #hop = 0
  #redirects = 0
  /** The address that redirected us to where we are; '' if nobody knows. Undefined: what we ask is what we were given. */
  #redirectedBy: string | undefined
  #host = ''

  constructor(options: HttpGetOptions, done: (outcome: HttpAnswer | HttpGetError) => void) {
    this.#options = options
    this.#done = done
    this.#timer = setTimeout(() => {
      const seconds = Math.ceil(options.timeoutMs / 1000)
      this.#fail('timeout', `${this.#host} did not answer in ${seconds} s`)
    }, options.timeoutMs)
  }

  begin(url: URL): void {
    this.#host = url.hostname
    const refusal = this.#refusalOfUrl(url)
    if (refusal !== undefined) setImmediate(() => this.#fail('unsupported', refusal))
    else this.#request(url)
  }

  cancel(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#abort()
  }

  #request(url: URL): void {
    this.#host = url.hostname
    const hop = ++this.#hop
    const secure = url.protocol === 'https:'
    const options = {
      // Brackets belong to URLs only.
      hostname: bareHost(url),
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      path: url.pathname + url.search,
      headers: { 'user-agent': USER_AGENT, accept: '*/*', 'accept-encoding': 'gzip, deflate' },
      // An agent of its own keeps no connection, so that nothing holds the process.
      agent: false as const,
      auth: url.username === '' && url.password === '' ? null : credentials(url),
      lookup: this.#lookup(url),
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
      ...(this.#options.localAddress === undefined ? {} : { localAddress: this.#options.localAddress }),
    }
    try {
      const request = secure ? httpsRequest({ ...options, rejectUnauthorized: true }) : httpRequest(options)
      this.#abort = () => request.destroy()
      request.on('error', error => this.#broken(hop, error))
      // An answer without a body to read, such as a change of protocol, ends in `close` alone.
      request.on('close', () => this.#broken(hop, undefined))
      let interim = 0
      request.on('information', () => {
        if (++interim > MAX_INTERIM_ANSWERS) this.#fail('invalid', `${this.#host} never comes to its answer`)
      })
      request.on('response', response => {
        response.on('error', error => this.#broken(hop, error))
        if (!this.#over) this.#receive(url, response)
      })
      request.end()
    } catch (error) {
      setImmediate(() => this.#fail('unsupported', `${this.#host} cannot be asked`, error))
    }
  }

  #receive(url: URL, response: IncomingMessage): void {
    const address = canonicalIp(response.socket.remoteAddress ?? '')
    const status = response.statusCode ?? 0
    const location = response.headers.location
    // A change of protocol that nobody asked for, or a number that means nothing.
    if (status < 200 || status > 599)
      this.#fail('invalid', `${this.#host} answered with HTTP status ${status}`)
    else if (status >= 300 && status < 400 && location !== undefined)
      this.#redirect(url, location, address ?? '')
    else this.#readBody(response, status, address)
  }

  #redirect(from: URL, location: string, by: string): void {
    this.#hop++
    this.#redirectedBy = by
    this.#abort()
    if (++this.#redirects > MAX_REDIRECTS) {
      this.#fail('invalid', `${from.hostname} redirects more than ${MAX_REDIRECTS} times`)
    } else if (!URL.canParse(location, from.href)) {
      this.#fail('invalid', `${from.hostname} redirects to no URL`)
    } else {
      this.#follow(from, new URL(location, from.href))
    }
  }

  #follow(from: URL, to: URL): void {
    if (to.origin === from.origin && to.username === '' && to.password === '') {
      to.username = from.username
      to.password = from.password
    }
    const refusal = this.#refusalOfUrl(to)
    if (refusal === undefined) this.#request(to)
    else this.#fail('unsupported', `${from.hostname} redirects: ${refusal}`)
  }

  #readBody(response: IncomingMessage, status: number, address: string | undefined): void {
    const { maxBytes } = this.#options
    // Once all is here, that the connection closes is no failure.
    const received = (): void => void this.#hop++
    readBody(response, maxBytes, received, (body, cause) => {
      if (typeof body !== 'string') this.#end({ status, body, address })
      else if (body !== 'too large') this.#fail('invalid', `the answer of ${this.#host} is ${body}`, cause)
      else this.#fail('invalid', `the answer of ${this.#host} is larger than ${maxBytes} bytes`)
    })
  }

  #refusalOfUrl(url: URL): string | undefined {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      return `${url.protocol.slice(0, -1)} is neither http nor https`
    }
    const host = bareHost(url)
    return isIP(host) === 0 ? undefined : this.#refusalOf(host, url)
  }

  /** Why this address may not be asked. */
  #refusalOf(address: string, url: URL): string | undefined {
    if (this.#redirectedBy !== undefined && !this.#mayRedirect(this.#redirectedBy, address)) {
      return `${url.hostname} is an address of a local network`
    }
    return this.#options.refuse?.(address, url)
  }

  /** Anybody may redirect to the internet; to what is near, only who is there: it could not send us anywhere new. */
  #mayRedirect(by: string, to: string): boolean {
    const scope = this.#scopeOf(to)
    if (scope === 'global' || canonicalIp(to) === by) return true
    return scope === 'loopback' && this.#scopeOf(by) === 'loopback'
  }

  #scopeOf(address: string): IpScope | undefined {
    return (this.#options.scopeOf ?? ipScope)(address)
  }

  /** Resolves names to the addresses that may be asked: what is checked is what is connected to. */
  #lookup(url: URL): LookupFunction {
    const family = isIP(this.#options.localAddress ?? '')
    return (hostname, options, callback) => {
      dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) {
          callback(error, [])
          return
        }
        let refusal = `${hostname} has no address that can be reached from ${this.#options.localAddress}`
        const allowed = addresses.filter(each => {
          if (family !== 0 && each.family !== family) return false
          const reason = this.#refusalOf(each.address, url)
          refusal = reason ?? refusal
          return reason === undefined
        })
        if (allowed.length === 0) callback(new HttpGetError('unsupported', refusal), [])
        else if (options.all === true) callback(null, allowed)
        else callback(null, allowed[0]!.address, allowed[0]!.family)
      })
    }
  }

  #broken(hop: number, error: Error | undefined): void {
    if (hop !== this.#hop) return
    if (error instanceof HttpGetError) this.#fail(error.kind, error.message)
    else this.#fail('unreachable', `${this.#host} ${whatBroke(error)}`, error)
  }

  #fail(kind: HttpFailureKind, message: string, cause?: unknown): void {
    this.#end(new HttpGetError(kind, message, cause))
  }

  #end(outcome: HttpAnswer | HttpGetError): void {
    if (this.#over) return
    this.cancel()
    this.#done(outcome)
  }
}

/** Name or address without the brackets that IPv6 has in URLs. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

function credentials(url: URL): string {
  return `${unescaped(url.username)}:${unescaped(url.password)}`
}

function whatBroke(error: Error | undefined): string {
  const code = error !== undefined && 'code' in error ? String(error.code) : ''
  if (code === '') return 'cannot be reached'
  if (code === 'HPE_HEADER_OVERFLOW') return `sends too many headers (${code})`
  if (code.startsWith('HPE_')) return `does not answer in HTTP (${code})`
  if (/CERT|ISSUER|LEAF|HOSTNAME_MISMATCH/.test(code)) return `has no certificate to be trusted (${code})`
  return `cannot be reached (${code})`
}

/** Percent-decoding that lets malformed escapes stand. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
