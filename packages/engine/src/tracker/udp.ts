/**
 * One question to a UDP tracker at one address (BEP 15), as a machine that is polled: no sockets, no clock.
 *
 *     new ─▶ connecting ──connect reply──▶ asking ──announce, scrape reply──▶ done{outcome}
 *                 ▲                          │
 *                 └── an id of an earlier ───┘        error packet, or too late: done{failed}
 *                     exchange does not help
 *
 *     const exchange = new UdpExchange({ session, task, ipv6, random }, now)
 *     each turn:  while ((datagram = exchange.poll(now)) !== undefined) send(datagram)
 *                 wait for a datagram or for nextTimeout; datagrams go to handle(datagram, now)
 *     until       exchange.outcome !== undefined
 *
 * Requests are repeated after 15·2^n seconds as BEP 15 says, but only for a minute each of connecting and asking
 * (n = 0 and 1, at 0, 15 and 45 s) and not up to n = 8, which takes more than two hours: whoever schedules announces
 * has other trackers to try meanwhile and comes back with a backoff of its own.
 */
import { equalBytes, readUint32 } from '../bytes/bytes.ts'
import { ShoalError } from '../errors.ts'
import type { AnnounceReply, AnnounceRequest, SwarmCounts } from './announce.ts'
import { decodeUdpReply, encodeAnnounce, encodeConnect, encodeScrape } from './udp-packets.ts'

/** BEP 15: the first repetition; each further one waits twice as long. */
const FIRST_TIMEOUT_MS = 15_000

/** Without an answer for so long, the tracker counts as dead. */
const PHASE_TIMEOUT_MS = 60_000

/** BEP 15: how long a connection id may be used after it was received. */
const CONNECTION_ID_MS = 60_000

/** What is remembered of one tracker address between exchanges: its connection id, for a minute. */
export class UdpTrackerSession {
  #connectionId: Uint8Array | undefined
  #expiresAt = 0

  /** The id to use, 8 bytes; undefined when there is none or it has expired. */
  connectionId(now: number): Uint8Array | undefined {
    return now < this.#expiresAt ? this.#connectionId : undefined
  }

  remember(connectionId: Uint8Array, now: number): void {
    this.#connectionId = connectionId
    this.#expiresAt = now + CONNECTION_ID_MS
  }

  /** Forgets `connectionId`, unless a newer one is known. */
  forget(connectionId: Uint8Array): void {
    if (this.#connectionId !== undefined && equalBytes(this.#connectionId, connectionId)) this.#expiresAt = 0
  }
}

export type UdpTask =
  /** `urlData`: path and query of the tracker's URL (BEP 41), empty for none. */
  | { readonly kind: 'announce'; readonly request: AnnounceRequest; readonly urlData: string }
  /** At most 74 info-hashes. */
  | { readonly kind: 'scrape'; readonly infoHashes: readonly Uint8Array[] }

export type UdpOutcome =
  | { readonly kind: 'announced'; readonly reply: AnnounceReply }
  /** In the order of the info-hashes; may be fewer. */
  | { readonly kind: 'scraped'; readonly swarms: readonly SwarmCounts[] }
  /** TRACKER_TIMEOUT, or TRACKER_REFUSED with the tracker's own words. */
  | { readonly kind: 'failed'; readonly error: ShoalError }

export interface UdpExchangeParams {
  readonly session: UdpTrackerSession
  readonly task: UdpTask
  /** The tracker's address is an IPv6 one. */
  readonly ipv6: boolean
  /** Unpredictable bytes: transaction ids keep strangers from answering in the tracker's place. */
  readonly random: (length: number) => Uint8Array
}

type State =
  | { readonly phase: 'connecting'; readonly packet: Uint8Array; readonly transaction: number }
  | {
      readonly phase: 'asking'
      readonly packet: Uint8Array
      readonly transaction: number
      readonly connectionId: Uint8Array
      /** The connection id came with an earlier exchange: the tracker may not know it any more. */
      readonly borrowed: boolean
    }
  | { readonly phase: 'done'; readonly outcome: UdpOutcome }

export class UdpExchange {
  readonly #params: UdpExchangeParams
  #state: State
  /** Requests sent in this phase. */
  #sent = 0
  #sendAt: number
  #deadline: number

  constructor(params: UdpExchangeParams, now: number) {
    this.#params = params
    const borrowed = params.session.connectionId(now)
    this.#state = borrowed === undefined ? this.#connecting() : this.#asking(borrowed, true)
    this.#sendAt = now
    this.#deadline = now + PHASE_TIMEOUT_MS
  }

  get outcome(): UdpOutcome | undefined {
    return this.#state.phase === 'done' ? this.#state.outcome : undefined
  }

  /** When `poll` has something to do next; undefined when the exchange is over. */
  get nextTimeout(): number | undefined {
    return this.#state.phase === 'done' ? undefined : Math.min(this.#sendAt, this.#deadline)
  }

  /** A datagram to send now, or nothing. */
  poll(now: number): Uint8Array | undefined {
    if (this.#state.phase === 'done') return undefined
    if (now >= this.#deadline) {
      const message = 'the tracker did not answer'
      this.#end({ kind: 'failed', error: new ShoalError('TRACKER_TIMEOUT', message) })
      return undefined
    }
    if (now < this.#sendAt) return undefined
    if (this.#state.phase === 'asking' && this.#sent > 0) this.#reconnectIfStale(this.#state, now)
    this.#sendAt = now + FIRST_TIMEOUT_MS * 2 ** this.#sent
    this.#sent++
    return this.#state.packet
  }

  /** A datagram that came from the tracker's address; what is no answer to the last request is ignored. */
  handle(datagram: Uint8Array, now: number): void {
    const state = this.#state
    if (state.phase === 'done' || this.#sent === 0) return
    const answer = decodeUdpReply(datagram, this.#params.ipv6)
    if (answer === undefined || answer.transaction !== state.transaction) return
    if (answer.kind === 'error') {
      if (state.phase === 'asking' && state.borrowed) this.#reconnect(state.connectionId, now)
      else this.#refused(answer.message)
    } else if (state.phase === 'connecting') {
      if (answer.kind !== 'connect') return
      this.#params.session.remember(answer.connectionId, now)
      this.#begin(this.#asking(answer.connectionId, false), now)
      this.#deadline = now + PHASE_TIMEOUT_MS
    } else if (answer.kind === 'announce' && this.#params.task.kind === 'announce') {
      this.#end({ kind: 'announced', reply: answer.reply })
    } else if (answer.kind === 'scrape' && this.#params.task.kind === 'scrape') {
      this.#end({ kind: 'scraped', swarms: answer.swarms })
    }
  }

  /**
   * asking → connecting, when the id is too old to be sent again or was of an earlier exchange and brought no answer
   * (a restarted tracker keeps silent).
   */
  #reconnectIfStale(state: State & { phase: 'asking' }, now: number): void {
    if (state.borrowed || this.#params.session.connectionId(now) === undefined) {
      this.#reconnect(state.connectionId, now)
    }
  }

  #reconnect(connectionId: Uint8Array, now: number): void {
    this.#params.session.forget(connectionId)
    this.#begin(this.#connecting(), now)
  }

  #begin(state: State, now: number): void {
    this.#state = state
    this.#sent = 0
    this.#sendAt = now
  }

  #connecting(): State & { phase: 'connecting' } {
    const transaction = this.#transaction()
    return { phase: 'connecting', transaction, packet: encodeConnect(transaction) }
  }

  #asking(connectionId: Uint8Array, borrowed: boolean): State & { phase: 'asking' } {
    const transaction = this.#transaction()
    const { task } = this.#params
    const packet =
      task.kind === 'announce'
        ? encodeAnnounce(connectionId, transaction, task.request, task.urlData)
        : encodeScrape(connectionId, transaction, task.infoHashes)
    return { phase: 'asking', transaction, packet, connectionId, borrowed }
  }

  #transaction(): number {
    return readUint32(this.#params.random(4), 0)
  }

  #refused(message: string): void {
    const words = message === '' ? 'the tracker refused without a reason' : message
    this.#end({ kind: 'failed', error: new ShoalError('TRACKER_REFUSED', words) })
  }

  #end(outcome: UdpOutcome): void {
    this.#state = { phase: 'done', outcome }
  }
}
