/**
 * One announce to a UDP tracker, or one scrape: looks its name up and runs a {@link UdpExchange} over a socket of its
 * own with the first IPv4 and the first IPv6 address, side by side, as peers of the two are strangers to each other
 * (BEP 7, 15).
 */
import type { Socket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import { canonicalIp, formatAddress } from '../bytes/address.ts'
import { assert, ShoalError } from '../errors.ts'
import type { AnnounceReply, AnnounceRequest, SwarmCounts } from '../tracker/announce.ts'
import { MAX_PEERS_PER_REPLY } from '../tracker/limits.ts'
import { believedReply, refusalOfUdpTracker } from '../tracker/near.ts'
import { UdpExchange, type UdpOutcome, type UdpTask, UdpTrackerSession } from '../tracker/udp.ts'
import { bareHost } from './http-get.ts'
import { systemRandom } from './system.ts'

/** After one address has answered, the other has so long. */
const SECOND_ANSWER_MS = 1_000

/** Tracker addresses whose connection ids are remembered; far more than are announced to within a minute. */
const MAX_SESSIONS = 512

/** The connection ids of all trackers, by address. */
export class UdpSessions {
  readonly #byAddress = new Map<string, UdpTrackerSession>()

  of(address: string): UdpTrackerSession {
    let session = this.#byAddress.get(address)
    if (session === undefined) {
      // The oldest goes: it costs that tracker one more datagram at worst.
      for (const oldest of this.#byAddress.keys()) {
        if (this.#byAddress.size < MAX_SESSIONS) break
        this.#byAddress.delete(oldest)
      }
      session = new UdpTrackerSession()
      this.#byAddress.set(address, session)
    }
    return session
  }
}

export interface UdpOptions {
  readonly sessions: UdpSessions
  /** The address of this machine to send from. */
  readonly localAddress: string | undefined
  /** Ends it before UDP's own patience (a minute or two) does. */
  readonly timeoutMs: number | undefined
}

/** `done` is called once, in a later turn, unless the returned function was called before. */
export function udpAnnounce(
  url: URL,
  request: AnnounceRequest,
  options: UdpOptions,
  done: (outcome: AnnounceReply | ShoalError) => void,
): () => void {
  const path = url.pathname + url.search
  const task = { kind: 'announce' as const, request, urlData: path === '/' ? '' : path }
  return ask({ task, replyOf: announceReply, merge: mergeReplies }, url, options, done)
}

/** What the tracker knows of one torrent. `done` is called as {@link udpAnnounce} does. */
export function udpScrape(
  url: URL,
  infoHash: Uint8Array,
  options: UdpOptions,
  done: (outcome: SwarmCounts | ShoalError) => void,
): () => void {
  const task = { kind: 'scrape' as const, infoHashes: [infoHash] }
  return ask({ task, replyOf: scrapeReply, merge: mergeCounts }, url, options, done)
}

/** What is asked, and how the answers are read. */
interface Question<Reply> {
  readonly task: UdpTask
  /** `from` is the address that answered. */
  replyOf(outcome: UdpOutcome, from: string): Reply | ShoalError
  /** The answers of the tracker's two addresses as one. */
  merge(first: Reply, second: Reply): Reply
}

function ask<Reply extends object>(
  question: Question<Reply>,
  url: URL,
  options: UdpOptions,
  done: (outcome: Reply | ShoalError) => void,
): () => void {
  const asking = new Asking(question, url, options, done)
  asking.begin()
  return () => asking.cancel()
}

class Asking<Reply extends object> {
  readonly #question: Question<Reply>
  readonly #url: URL
  readonly #options: UdpOptions
  readonly #done: (outcome: Reply | ShoalError) => void
  readonly #cancels: (() => void)[] = []
  readonly #replies: Reply[] = []
  #error: ShoalError | undefined
  #open = 0
  #over = false

  constructor(
    question: Question<Reply>,
    url: URL,
    options: UdpOptions,
    done: (outcome: Reply | ShoalError) => void,
  ) {
    this.#question = question
    this.#url = url
    this.#options = options
    this.#done = done
  }

  begin(): void {
    const { timeoutMs } = this.#options
    if (timeoutMs !== undefined) {
      this.#after(timeoutMs, () => this.#end(this.#silence()))
    }
    lookup(bareHost(this.#url), { all: true }, (error, addresses) => {
      if (this.#over) return
      if (error === null) this.#askAll(addresses)
      else this.#unreachable(`${this.#url.hostname} cannot be found (${error.code})`, error)
    })
  }

  cancel(): void {
    this.#over = true
    for (const cancel of this.#cancels.splice(0)) cancel()
  }

  #askAll(addresses: readonly LookupAddress[]): void {
    const own = isIP(this.#options.localAddress ?? '')
    const reachable = addresses.filter(({ family }) => own === 0 || own === family)
    // What is checked here is what is connected to.
    const allowed = reachable.filter(({ address }) => refusalOfUdpTracker(address) === undefined)
    if (reachable.length > 0 && allowed.length === 0) {
      const reason = refusalOfUdpTracker(reachable[0]!.address)
      this.#end(new ShoalError('TRACKER_UNSUPPORTED', `${this.#url.hostname}: ${reason}`))
      return
    }
    const targets = [4, 6]
      .map(family => allowed.find(each => each.family === family)?.address)
      .filter(address => address !== undefined)
    this.#open = targets.length
    for (const address of targets) this.#ask(address)
    if (targets.length === 0) {
      this.#unreachable(`${this.#url.hostname} has no address that can be reached from here`)
    }
  }

  #silence(): ShoalError {
    return new ShoalError('TRACKER_TIMEOUT', `${this.#url.hostname} did not answer`)
  }

  #unreachable(message: string, cause?: Error): void {
    this.#end(new ShoalError('TRACKER_UNREACHABLE', message, { cause }))
  }

  #ask(address: string): void {
    const port = Number(this.#url.port)
    const session = this.#options.sessions.of(formatAddress({ host: address, port }))
    const { task } = this.#question
    const ipv6 = isIP(address) === 6
    const exchange = new UdpExchange({ session, task, ipv6, random: systemRandom.bytes }, performance.now())
    const cancel = runExchange(
      exchange,
      this.#url.hostname,
      address,
      port,
      this.#options.localAddress,
      outcome => {
        this.#settle(outcome instanceof ShoalError ? outcome : this.#question.replyOf(outcome, address))
      },
    )
    this.#cancels.push(cancel)
  }

  #settle(outcome: Reply | ShoalError): void {
    if (this.#over) return
    this.#open--
    if (outcome instanceof ShoalError) {
      const error = outcome.code === 'TRACKER_TIMEOUT' ? this.#silence() : outcome
      this.#error = moreTelling(this.#error, error)
    } else {
      this.#replies.push(outcome)
    }
    if (this.#open === 0) this.#finish()
    else if (this.#replies.length > 0) this.#after(SECOND_ANSWER_MS, () => this.#finish())
  }

  #finish(): void {
    const [first, second] = this.#replies
    if (first === undefined) this.#end(this.#error!)
    else this.#end(second === undefined ? first : this.#question.merge(first, second))
  }

  #end(outcome: Reply | ShoalError): void {
    if (this.#over) return
    this.cancel()
    this.#done(outcome)
  }

  #after(ms: number, then: () => void): void {
    const timer = setTimeout(then, ms)
    this.#cancels.push(() => clearTimeout(timer))
  }
}

/** Drives an exchange over a socket until it has an outcome; `done` once, in a later turn, unless cancelled. */
function runExchange(
  exchange: UdpExchange,
  host: string,
  address: string,
  port: number,
  localAddress: string | undefined,
  done: (outcome: UdpOutcome | ShoalError) => void,
): () => void {
  const socket: Socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
  let timer: NodeJS.Timeout | undefined
  let over = false

  const cancel = (): void => {
    if (over) return
    over = true
    clearTimeout(timer)
    socket.close()
  }
  const fail = (error: Error): void => {
    if (over) return
    cancel()
    const code = 'code' in error ? ` (${String(error.code)})` : ''
    done(new ShoalError('TRACKER_UNREACHABLE', `${host} cannot be reached${code}`, { cause: error }))
  }
  const step = (): void => {
    if (over) return
    clearTimeout(timer)
    const now = performance.now()
    for (let packet = exchange.poll(now); packet !== undefined; packet = exchange.poll(now)) {
      socket.send(packet, error => {
        if (error) fail(error)
      })
    }
    const { outcome } = exchange
    if (outcome === undefined) {
      timer = setTimeout(step, Math.max(1, (exchange.nextTimeout ?? now) - now))
      return
    }
    cancel()
    done(outcome)
  }

  socket.on('error', fail)
  // The system passes on only what comes from the connected address; on some it does not before `connect` took effect.
  socket.on('message', (packet, from) => {
    if (over || from.port !== port || canonicalIp(bareZone(from.address)) !== canonicalIp(address)) return
    exchange.handle(new Uint8Array(packet), performance.now())
    step()
  })
  try {
    socket.bind({ port: 0, ...(localAddress === undefined ? {} : { address: localAddress }) }, () => {
      if (over) return
      try {
        // Its types do not say so, but the callback is given the error.
        socket.connect(port, address, (error?: Error) => {
          if (error === undefined || error === null) step()
          else fail(error)
        })
      } catch (error) {
        setImmediate(() => fail(error as Error))
      }
    })
  } catch (error) {
    setImmediate(() => fail(error as Error))
  }
  return cancel
}

/** An IPv6 address without the name of the interface. */
function bareZone(address: string): string {
  return address.replace(/%.*$/, '')
}

/** The tracker's own words say more than silence of one of its addresses, silence more than a missing route. */
function moreTelling(a: ShoalError | undefined, b: ShoalError): ShoalError {
  if (a === undefined || b.code === 'TRACKER_REFUSED') return b
  return a.code === 'TRACKER_UNREACHABLE' ? b : a
}

function announceReply(outcome: UdpOutcome, from: string): AnnounceReply | ShoalError {
  if (outcome.kind === 'failed') return outcome.error
  assert(outcome.kind === 'announced', 'an announce is answered as one')
  return believedReply(outcome.reply, from)
}

function mergeReplies(first: AnnounceReply, second: AnnounceReply): AnnounceReply {
  return { ...first, peers: [...first.peers, ...second.peers].slice(0, MAX_PEERS_PER_REPLY) }
}

function scrapeReply(outcome: UdpOutcome): SwarmCounts | ShoalError {
  if (outcome.kind === 'failed') return outcome.error
  assert(outcome.kind === 'scraped', 'a scrape is answered as one')
  return (
    outcome.swarms[0] ?? new ShoalError('TRACKER_INVALID', 'the tracker answered a scrape without counts')
  )
}

/** Some trackers count both networks together, some each alone: the larger number holds for either. */
function mergeCounts(first: SwarmCounts, second: SwarmCounts): SwarmCounts {
  return {
    seeders: larger(first.seeders, second.seeders),
    leechers: larger(first.leechers, second.leechers),
    downloads: larger(first.downloads, second.downloads),
  }
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}
