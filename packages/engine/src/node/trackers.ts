/** The {@link Trackers} port over real networks: HTTP, HTTPS and UDP trackers. */
import { ipScope } from '../bytes/ip-scope.ts'
import type { ErrorCode } from '../errors.ts'
import { ShoalError } from '../errors.ts'
import type { Trackers } from '../ports.ts'
import type { AnnounceReply, AnnounceRequest } from '../tracker/announce.ts'
import { announceUrl, failureReason, parseAnnounceReply } from '../tracker/http.ts'
import { redactUrl } from '../tracker/redact.ts'
import type { HttpAnswer, HttpFailureKind } from './http-get.ts'
import { HttpGetError, httpGet } from './http-get.ts'
import { UdpSessions, udpAnnounce } from './udp-announce.ts'

/** For one HTTP announce: name, connection, redirects and answer together. */
const HTTP_TIMEOUT_MS = 30_000

/** `stopped` is a courtesy: nobody waits long for it when leaving. */
const STOP_TIMEOUT_MS = 5_000

/** 2,000 peers in the long form are some 200 KB. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024

export interface TrackersOptions {
  /** The address of this machine (an IP literal) that trackers are to see; undefined or `::`: the system picks. */
  readonly bindHost?: string | undefined
  readonly httpTimeoutMs?: number | undefined
  readonly stopTimeoutMs?: number | undefined
}

type Done = (outcome: AnnounceReply | ShoalError) => void

/** `close` ends what is in flight (its callers hear CLOSED) and refuses what comes later. */
export function createTrackers(options: TrackersOptions = {}): Trackers & { close(): void } {
  return new NodeTrackers(options)
}

class NodeTrackers implements Trackers {
  readonly #options: TrackersOptions
  readonly #sessions = new UdpSessions()
  readonly #running = new Set<(error: ShoalError) => void>()
  #closed = false

  constructor(options: TrackersOptions) {
    this.#options = options.bindHost === '::' ? { ...options, bindHost: undefined } : options
  }

  announce(url: string, request: AnnounceRequest, done: Done): () => void {
    let over = false
    let cancel = (): void => {}
    const end = (outcome: AnnounceReply | ShoalError): void => {
      if (over) return
      over = true
      this.#running.delete(abandon)
      done(outcome instanceof ShoalError ? named(outcome, url) : outcome)
    }
    const abandon = (error: ShoalError): void => {
      cancel()
      cancel = later(() => end(error))
    }
    this.#running.add(abandon)
    cancel = this.#begin(url, request, end)
    return () => {
      over = true
      this.#running.delete(abandon)
      cancel()
    }
  }

  close(): void {
    this.#closed = true
    for (const abandon of [...this.#running]) abandon(closedError())
  }

  #begin(text: string, request: AnnounceRequest, end: Done): () => void {
    if (this.#closed) return later(() => end(closedError()))
    const url = URL.canParse(text) ? new URL(text) : undefined
    const stopping = request.event === 'stopped'
    const stopMs = this.#options.stopTimeoutMs ?? STOP_TIMEOUT_MS
    switch (url?.protocol) {
      case 'http:':
      case 'https:': {
        const timeoutMs = stopping ? stopMs : (this.#options.httpTimeoutMs ?? HTTP_TIMEOUT_MS)
        return this.#http(text, request, timeoutMs, end)
      }
      case 'udp:': {
        if (url.port === '' || url.port === '0' || url.hostname === '') {
          return later(() => end(unsupported('a UDP tracker needs a host and a port')))
        }
        const timeoutMs = stopping ? stopMs : undefined
        const localAddress = this.#options.bindHost
        return udpAnnounce(url, request, { sessions: this.#sessions, localAddress, timeoutMs }, end)
      }
      case undefined:
        return later(() => end(unsupported('the tracker has no valid URL')))
      default:
        return later(() => end(unsupported(`trackers of kind ${url?.protocol ?? ''} are not supported`)))
    }
  }

  #http(text: string, request: AnnounceRequest, timeoutMs: number, end: Done): () => void {
    const url = announceUrl(text, request)
    if (!URL.canParse(url)) return later(() => end(unsupported('the tracker has no valid URL')))
    const options = {
      timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
      localAddress: this.#options.bindHost,
      refuse: refuseLoopback,
    }
    return httpGet(new URL(url), options, outcome => end(outcomeOf(outcome)))
  }
}

/**
 * On this very machine, only what looks like a tracker is asked: a torrent must not make us call other services'
 * URLs, which may act on a plain GET.
 */
function refuseLoopback(address: string, url: URL): string | undefined {
  if (ipScope(address) !== 'loopback' || /\/announce[^/]*$/i.test(url.pathname)) return undefined
  return `on this machine only announce URLs are asked, ${url.host} names another`
}

function outcomeOf(outcome: HttpAnswer | HttpGetError): AnnounceReply | ShoalError {
  if (outcome instanceof HttpGetError) {
    return new ShoalError(CODES[outcome.kind], outcome.message, { cause: outcome.cause })
  }
  if (outcome.status < 200 || outcome.status > 299) {
    const reason = failureReason(outcome.body)
    return reason === undefined
      ? new ShoalError('TRACKER_INVALID', `the tracker answered with HTTP status ${outcome.status}`)
      : new ShoalError('TRACKER_REFUSED', reason)
  }
  try {
    return parseAnnounceReply(outcome.body)
  } catch (error) {
    if (error instanceof ShoalError) return error
    throw error
  }
}

const CODES: Record<HttpFailureKind, ErrorCode> = {
  timeout: 'TRACKER_TIMEOUT',
  unreachable: 'TRACKER_UNREACHABLE',
  invalid: 'TRACKER_INVALID',
  unsupported: 'TRACKER_UNSUPPORTED',
}

/** The same error with the tracker's name; never with its secrets. */
function named(error: ShoalError, url: string): ShoalError {
  return new ShoalError(error.code, error.message, {
    operation: 'announce',
    subject: redactUrl(url),
    cause: error.cause,
  })
}

function unsupported(message: string): ShoalError {
  return new ShoalError('TRACKER_UNSUPPORTED', message)
}

function closedError(): ShoalError {
  return new ShoalError('CLOSED', 'trackers are closed')
}

/** Runs `then` in a later turn; the returned function cancels it. */
function later(then: () => void): () => void {
  const handle = setImmediate(then)
  return () => clearImmediate(handle)
}
