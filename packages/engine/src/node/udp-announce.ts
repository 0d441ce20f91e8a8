/**
 * One announce to a UDP tracker: looks its name up and runs a {@link UdpExchange} over a socket of its own with the
 * first IPv4 and the first IPv6 address, side by side, as peers of the two are strangers to each other (BEP 7, 15).
 */
import type { Socket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import { canonicalIp, formatAddress } from '../bytes/address.ts'
import { ShoalError } from '../errors.ts'
import type { AnnounceReply, AnnounceRequest } from '../tracker/announce.ts'
import { MAX_PEERS_PER_REPLY } from '../tracker/limits.ts'
import { UdpExchange, UdpTrackerSession } from '../tracker/udp.ts'
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

export interface UdpAnnounceOptions {
  readonly sessions: UdpSessions
  /** The address of this machine to send from. */
  readonly localAddress: string | undefined
  /** Ends the announce before UDP's own patience (about a minute) does. */
  readonly timeoutMs: number | undefined
}

/** `done` is called once, in a later turn, unless the returned function was called before. */
export function udpAnnounce(
  url: URL,
  request: AnnounceRequest,
  options: UdpAnnounceOptions,
  done: (outcome: AnnounceReply | ShoalError) => void,
): () => void {
  const announce = new UdpAnnounce(url, request, options, done)
  announce.begin()
  return () => announce.cancel()
}

class UdpAnnounce {
  readonly #url: URL
  readonly #request: AnnounceRequest
  readonly #options: UdpAnnounceOptions
  readonly #done: (outcome: AnnounceReply | ShoalError) => void
  readonly #cancels: (() => void)[] = []
  readonly #replies: AnnounceReply[] = []
  #error: ShoalError | undefined
  #open = 0
  #over = false

  constructor(
    url: URL,
    request: AnnounceRequest,
    options: UdpAnnounceOptions,
    done: (outcome: AnnounceReply | ShoalError) => void,
  ) {
    this.#url = url
    this.#request = request
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
    const targets = [4, 6]
      .filter(family => own === 0 || own === family)
      .map(family => addresses.find(each => each.family === family)?.address)
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
    const urlData = this.#url.pathname + this.#url.search
    const task = {
      kind: 'announce' as const,
      request: this.#request,
      urlData: urlData === '/' ? '' : urlData,
    }
    const ipv6 = isIP(address) === 6
    const exchange = new UdpExchange({ session, task, ipv6, random: systemRandom.bytes }, performance.now())
    const cancel = runExchange(
      exchange,
      this.#url.hostname,
      address,
      port,
      this.#options.localAddress,
      outcome => {
        this.#settle(outcome)
      },
    )
    this.#cancels.push(cancel)
  }

  #settle(outcome: AnnounceReply | ShoalError): void {
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
    else this.#end(second === undefined ? first : merge(first, second))
  }

  #end(outcome: AnnounceReply | ShoalError): void {
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
  done: (outcome: AnnounceReply | ShoalError) => void,
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
    if (outcome.kind === 'announced') done(outcome.reply)
    else if (outcome.kind === 'failed') done(outcome.error)
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

function merge(first: AnnounceReply, second: AnnounceReply): AnnounceReply {
  return { ...first, peers: [...first.peers, ...second.peers].slice(0, MAX_PEERS_PER_REPLY) }
}
