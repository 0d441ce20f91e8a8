/**
 * Sends what changes to all who listen. Each step is put into bytes once for everybody, and once for each window that
 * somebody looks at. Who does not keep up is let go: when they come back, they go on from where they were if that is
 * known still, and are told to start anew if not.
 */
import type { ServerResponse } from 'node:http'
import type { ListQuery, ShoalEvent } from '../../contract/index.ts'
import type { ChangeStep, Session } from '../../session/session.ts'
import { HttpProblem } from '../problem.ts'
import { encode, eventsOf, WindowFeed } from './feed.ts'

export interface EventClient {
  readonly response: ServerResponse
  /** Undefined: all torrents. */
  readonly window: ListQuery | undefined
  /** Where it was. */
  readonly cursor: string | undefined
  /** Asked now and then: a token that was taken back ends its streams. */
  readonly isAllowed: () => boolean
}

/** A household with a few screens each. */
export const MAX_CLIENTS = 256
/** Some ten steps of a busy list of 10,000: who is that far behind is not reading. The bytes are shared among clients. */
const MAX_BEHIND_BYTES = 4 * 1024 * 1024
/** Proxies close what is silent for 30 s. */
const HEARTBEAT_MS = 15_000
const RETRY_MS = 2000
const HEARTBEAT: Buffer = Buffer.from(': still here\n\n')
/** What a client is told first when it has to ask for everything again. */
const RESET: ShoalEvent = { type: 'reset' }

interface Feed {
  /** Undefined: all torrents. */
  readonly window: WindowFeed | undefined
  readonly clients: Set<EventClient>
}

export class EventHub {
  readonly #session: Session
  readonly #feeds = new Map<string, Feed>()
  #end: (() => void) | undefined
  #heartbeat: NodeJS.Timeout | undefined

  constructor(session: Session) {
    this.#session = session
  }

  get clientCount(): number {
    let count = 0
    for (const { clients } of this.#feeds.values()) count += clients.size
    return count
  }

  /** Its head has been sent. @throws HttpProblem `UNAVAILABLE` before, with {@link requireRoom} */
  add(client: EventClient): void {
    const key = client.window === undefined ? '' : JSON.stringify(client.window)
    const { changes } = this.#session
    let feed = this.#feeds.get(key)
    if (feed === undefined) {
      const window = client.window === undefined ? undefined : new WindowFeed(this.#session, client.window)
      feed = { window, clients: new Set() }
      this.#feeds.set(key, feed)
    }
    feed.clients.add(client)
    this.#end ??= changes.subscribe(step => this.#onStep(step))
    this.#heartbeat ??= setInterval(() => this.#onHeartbeat(), HEARTBEAT_MS).unref()
    client.response.on('close', () => this.#remove(key, client))
    client.response.write(Buffer.concat([Buffer.from(`retry: ${RETRY_MS}\n`), this.#greeting(client, feed)]))
  }

  requireRoom(): void {
    if (this.clientCount < MAX_CLIENTS) return
    throw new HttpProblem(
      'UNAVAILABLE',
      `${MAX_CLIENTS} programs listen already, which is as many as there may be.`,
      {
        headers: { 'Retry-After': '10' },
      },
    )
  }

  /** Ends all streams. */
  close(): void {
    for (const { clients } of this.#feeds.values()) for (const { response } of clients) response.destroy()
    this.#feeds.clear()
    this.#rest()
  }

  #greeting(client: EventClient, { window }: Feed): Buffer {
    const { changes } = this.#session
    if (window !== undefined) return encode([window.whole()], changes.cursor)
    // An id without data is no event: it only says from where to go on.
    const here = Buffer.from(`id: ${changes.cursor}\n\n`)
    if (client.cursor === undefined || client.cursor === changes.cursor) return here
    const missed = changes.since(client.cursor)
    if (missed === undefined) return encode([RESET], changes.cursor)
    const events = eventsOf(missed)
    return events.length === 0 ? here : encode(events, missed.cursor)
  }

  #onStep(step: ChangeStep): void {
    for (const { window, clients } of this.#feeds.values()) {
      const events = window === undefined ? eventsOf(step) : window.step(step)
      if (events.length > 0) this.#send(clients, encode(events, step.cursor))
    }
  }

  #onHeartbeat(): void {
    for (const { clients } of this.#feeds.values()) {
      for (const client of [...clients]) if (!client.isAllowed()) client.response.destroy()
      this.#send(clients, HEARTBEAT)
    }
  }

  #send(clients: ReadonlySet<EventClient>, bytes: Buffer): void {
    for (const { response } of clients) {
      if (response.destroyed) continue
      if (response.writableLength > MAX_BEHIND_BYTES) response.destroy()
      else response.write(bytes)
    }
  }

  #remove(key: string, client: EventClient): void {
    const feed = this.#feeds.get(key)
    if (feed === undefined) return
    feed.clients.delete(client)
    if (feed.clients.size === 0) this.#feeds.delete(key)
    if (this.#feeds.size === 0) this.#rest()
  }

  /** Nobody listens. */
  #rest(): void {
    this.#end?.()
    this.#end = undefined
    clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
  }
}
