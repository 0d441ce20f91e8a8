/** The {@link Trackers} port over real networks: HTTP, HTTPS and UDP trackers. */
import { toHex } from '../bytes/hex.ts'
import type { ErrorCode } from '../errors.ts'
import { ShoalError } from '../errors.ts'
import type { Trackers } from '../ports.ts'
import type { AnnounceReply, AnnounceRequest, SwarmCounts } from '../tracker/announce.ts'
import {
  announceUrl,
  failureReason,
  parseAnnounceReply,
  parseScrapeReply,
  scrapeUrl,
} from '../tracker/http.ts'
import { believedReply, refusalOfHttpTracker } from '../tracker/near.ts'
import { redactUrl } from '../tracker/redact.ts'
import type { HttpAnswer, HttpFailureKind } from './http-get.ts'
import { HttpGetError, httpGet } from './http-get.ts'
import { type UdpOptions, UdpSessions, udpAnnounce, udpScrape } from './udp-tracker.ts'

/** For one HTTP announce or scrape: name, connection, redirects and answer together. */
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

type Done<Reply> = (outcome: Reply | ShoalError) => void

/** One question to a tracker, in what it differs from the other kinds: all are asked with the same precautions. */
interface Question<Reply> {
  readonly operation: 'announce' | 'scrape'
  /** Not worth the usual patience. */
  readonly hasty: boolean
  /** What is fetched from an HTTP tracker; undefined when it cannot be asked this. */
  httpUrl(url: string): string | undefined
  /**
   * @param from the address that answered
   * @throws ShoalError
   */
  parse(body: Uint8Array, from: string): Reply
  udp(url: URL, options: UdpOptions, end: Done<Reply>): () => void
}

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

  announce(url: string, request: AnnounceRequest, done: Done<AnnounceReply>): () => void {
    return this.#ask(url, announceOf(request), done)
  }

  scrape(url: string, infoHash: Uint8Array, done: Done<SwarmCounts>): () => void {
    return this.#ask(url, scrapeOf(infoHash), done)
  }

  close(): void {
    this.#closed = true
    for (const abandon of [...this.#running]) abandon(closedError())
  }

  #ask<Reply>(url: string, question: Question<Reply>, done: Done<Reply>): () => void {
    let over = false
    let cancel = (): void => {}
    const end = (outcome: Reply | ShoalError): void => {
      if (over) return
      over = true
      this.#running.delete(abandon)
      done(outcome instanceof ShoalError ? named(outcome, question.operation, url) : outcome)
    }
    const abandon = (error: ShoalError): void => {
      cancel()
      cancel = later(() => end(error))
    }
    this.#running.add(abandon)
    cancel = this.#begin(url, question, end)
    return () => {
      over = true
      this.#running.delete(abandon)
      cancel()
    }
  }

  #begin<Reply>(text: string, question: Question<Reply>, end: Done<Reply>): () => void {
    if (this.#closed) return later(() => end(closedError()))
    const url = URL.canParse(text) ? new URL(text) : undefined
    const hastyMs = this.#options.stopTimeoutMs ?? STOP_TIMEOUT_MS
    switch (url?.protocol) {
      case 'http:':
      case 'https:': {
        const timeoutMs = question.hasty ? hastyMs : (this.#options.httpTimeoutMs ?? HTTP_TIMEOUT_MS)
        return this.#http(text, question, timeoutMs, end)
      }
      case 'udp:': {
        if (url.port === '' || url.port === '0' || url.hostname === '') {
          return later(() => end(unsupported('a UDP tracker needs a host and a port')))
        }
        const timeoutMs = question.hasty ? hastyMs : undefined
        const localAddress = this.#options.bindHost
        return question.udp(url, { sessions: this.#sessions, localAddress, timeoutMs }, end)
      }
      case undefined:
        return later(() => end(unsupported('the tracker has no valid URL')))
      default:
        return later(() => end(unsupported(`trackers of kind ${url?.protocol ?? ''} are not supported`)))
    }
  }

  #http<Reply>(text: string, question: Question<Reply>, timeoutMs: number, end: Done<Reply>): () => void {
    const url = question.httpUrl(text)
    if (url === undefined) {
      return later(() => end(unsupported('it cannot be scraped: its URL does not end in announce')))
    }
    if (!URL.canParse(url)) return later(() => end(unsupported('the tracker has no valid URL')))
    const options = {
      timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
      localAddress: this.#options.bindHost,
      refuse: (address: string, asked: URL) => {
        const reason = refusalOfHttpTracker(address, asked.pathname, question.operation)
        return reason === undefined ? undefined : `${reason}, ${asked.host} names another`
      },
    }
    return httpGet(new URL(url), options, outcome => end(outcomeOf(outcome, question)))
  }
}

function announceOf(request: AnnounceRequest): Question<AnnounceReply> {
  return {
    operation: 'announce',
    hasty: request.event === 'stopped',
    httpUrl: url => announceUrl(url, request),
    parse: (body, from) => believedReply(parseAnnounceReply(body), from),
    udp: (url, options, end) => udpAnnounce(url, request, options, end),
  }
}

function scrapeOf(infoHash: Uint8Array): Question<SwarmCounts> {
  return {
    operation: 'scrape',
    hasty: false,
    httpUrl: url => scrapeUrl(url, [infoHash]),
    parse: body => {
      const counts = parseScrapeReply(body, [infoHash]).get(toHex(infoHash))
      if (counts === undefined) {
        throw new ShoalError('TRACKER_INVALID', 'the tracker has no counts of this torrent')
      }
      return counts
    },
    udp: (url, options, end) => udpScrape(url, infoHash, options, end),
  }
}

function outcomeOf<Reply>(outcome: HttpAnswer | HttpGetError, question: Question<Reply>): Reply | ShoalError {
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
    return question.parse(outcome.body, outcome.address ?? '')
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
function named(error: ShoalError, operation: string, url: string): ShoalError {
  return new ShoalError(error.code, error.message, {
    operation,
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
