/**
 * Lets people listen to what one peer and we say to each other, thinned out. Who reads slowly is told less: what comes
 * meanwhile is merged and counted, and nothing piles up.
 */
import type { ServerResponse } from 'node:http'
import type { ConversationEvent } from '../../contract/index.ts'
import type { Session } from '../../session/session.ts'
import { DATA_HEADERS } from '../doors/headers.ts'
import { HttpProblem } from '../problem.ts'
import { Digest } from './digest.ts'

export interface Listener {
  readonly response: ServerResponse
  /** Asked now and then: a token that was taken back ends its streams. */
  readonly isAllowed: () => boolean
}

/** Each has the engine look at every message of a connection: for a household at its screens. */
export const MAX_CONVERSATIONS = 16
/** A second is too late for what is live, and four times a second nobody reads. */
const STEP_MS = 500
/** Proxies close what is silent for 30 s. */
const HEARTBEAT_MS = 15_000
/** Some come from the peer. */
const MAX_REASON_CHARS = 200

export class Conversations {
  readonly #session: Session
  readonly #open = new Set<ServerResponse>()

  constructor(session: Session) {
    this.#session = session
  }

  get count(): number {
    return this.#open.size
  }

  /**
   * Sends head and events until one of them is gone.
   *
   * @throws HttpProblem `UNAVAILABLE`, SessionError `NOT_FOUND`: then nothing has been sent
   */
  begin(id: string, address: string, { response, isAllowed }: Listener): void {
    this.#requireRoom()
    const digest = new Digest()
    let step: NodeJS.Timeout | undefined
    const send = (event: ConversationEvent): void => {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    }
    const flush = (): void => {
      step = undefined
      if (response.writableNeedDrain) soon()
      else send({ type: 'said', ...digest.take() })
    }
    const soon = (): void => {
      step ??= setTimeout(flush, STEP_MS)
    }
    const stop = (): void => {
      clearTimeout(step)
      clearInterval(heartbeat)
    }
    const leave = this.#session.overhear(id, address, heard => {
      switch (heard.kind) {
        case 'met': {
          const { kind, ...met } = heard
          return send({ type: 'met', address, ...met })
        }
        case 'message':
          digest.hear(heard, Date.now())
          return soon()
        case 'closed':
          if (!digest.isEmpty) send({ type: 'said', ...digest.take() })
          send({ type: 'end', reason: heard.reason.slice(0, MAX_REASON_CHARS) })
          response.end()
          stop()
      }
    })
    const heartbeat = setInterval(() => {
      if (!isAllowed()) response.destroy()
      else if (!response.writableNeedDrain) response.write(': still here\n\n')
    }, HEARTBEAT_MS)
    this.#open.add(response)
    response.on('close', () => {
      leave()
      stop()
      this.#open.delete(response)
    })
    response.writeHead(200, {
      ...DATA_HEADERS,
      'Content-Type': 'text/event-stream; charset=utf-8',
      'X-Accel-Buffering': 'no',
    })
    response.flushHeaders()
  }

  /** Ends all. */
  close(): void {
    for (const response of this.#open) response.destroy()
  }

  #requireRoom(): void {
    if (this.#open.size < MAX_CONVERSATIONS) return
    throw new HttpProblem(
      'UNAVAILABLE',
      `${MAX_CONVERSATIONS} conversations are listened to already, which is as many as there may be: close one of them.`,
      { headers: { 'Retry-After': '10' } },
    )
  }
}
