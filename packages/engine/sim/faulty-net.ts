/** {@link Net} of a host on which calls go wrong as a {@link FaultPlan} says. */
import type { PeerAddress } from '../src/bytes/address.ts'
import type { Link, LinkHandler, Listener, ListenHandler, Net } from '../src/ports.ts'
import type { FaultPlan } from './faults.ts'
import { type SimHost, SimLink } from './net.ts'

/** As long as Linux tries. */
const CONNECT_TIMEOUT_MS = 127_000
const LATE_MS = 3_000
const LISTENS_MS = 2_000
/** Bytes that come one at a time, before the rest of the chunk. */
const CRUMBS = 40

export function faultyNet(plan: FaultPlan, host: SimHost): Net {
  return {
    connect: (to, handler) => connect(plan, host, to, handler),
    listen: (at, handler) => listen(plan, host, at, handler),
  }
}

function connect(plan: FaultPlan, host: SimHost, to: PeerAddress, handler: LinkHandler): Link {
  const link = new FaultyLink(plan, host, to, handler)
  const fault = plan.next(host, 'connect')
  const fail = (code: string, afterMs: number): void => {
    host.world.after(afterMs, host.name, `no connection: ${code}`, () => link.fail(code))
  }
  if (fault === 'refused') fail('ECONNREFUSED', 20)
  else if (fault === 'unreachable') fail('EHOSTUNREACH', 20)
  else if (fault === 'no handles') fail('EMFILE', 0)
  else if (fault === 'timeout') fail('ETIMEDOUT', CONNECT_TIMEOUT_MS)
  else {
    link.onceOpen = fault
    const begin = (): void => link.begin(() => host.connect(to, link))
    if (fault === 'late') host.world.after(LATE_MS, host.name, 'connects at last', begin)
    else begin()
  }
  return link
}

function listen(
  plan: FaultPlan,
  host: SimHost,
  at: { host: string | undefined; port: number },
  handler: ListenHandler,
): Listener {
  const { world, name } = host
  const fault = plan.next(host, 'listen')
  let inner: Listener | undefined
  let closed = false
  const fail = (error: ReturnType<FaultPlan['error']>, afterMs: number): void => {
    world.after(afterMs, name, `listens no more: ${error.code}`, () => {
      if (closed) return
      inner?.close()
      handler.onError(error)
    })
  }
  const begin = (): void => {
    if (closed) return
    inner = host.listen(at, {
      onListening: port => {
        handler.onListening(port)
        if (fault === 'ends') fail(plan.error('NETWORK', 'listen'), LISTENS_MS)
      },
      onLink: link => accept(plan, host, link, handler),
      onError: error => handler.onError(error),
    })
  }
  if (fault === 'in use') fail(plan.error('PORT_IN_USE', 'listen'), 0)
  else if (fault === 'no handles') fail(plan.error('NETWORK', 'listen'), 0)
  else if (fault === 'late') world.after(LATE_MS, name, 'listens at last', begin)
  else begin()
  return {
    close: () => {
      closed = true
      inner?.close()
    },
  }
}

function accept(plan: FaultPlan, host: SimHost, inner: Link, handler: ListenHandler): LinkHandler {
  const link = new FaultyLink(plan, host, inner.remote, undefined)
  link.begin(() => inner)
  const fault = plan.next(host, 'accept')
  link.handler = handler.onLink(link)
  if (fault !== undefined) link.breaks(fault)
  return link
}

/** Stands between an engine and its end of a connection, and is each to the other. */
class FaultyLink implements Link, LinkHandler {
  readonly remote: PeerAddress
  handler: LinkHandler | undefined
  /** What goes wrong as soon as it is open. */
  onceOpen: string | undefined
  readonly #plan: FaultPlan
  readonly #host: SimHost
  #inner: Link | undefined
  #state: 'open' | 'closing' | 'closed' = 'open'
  /** What becomes of what is sent: it waits when `held`, until the connection or its time comes. */
  #out: 'flows' | 'held' | 'stuck' | 'lost' = 'held'
  #in: 'flows' | 'held' | 'lost' = 'flows'
  readonly #outbox: { bytes: Uint8Array; onTaken: (() => void) | undefined }[] = []
  #outboxBytes = 0
  readonly #inbox: Uint8Array[] = []
  #tellsLate = false

  constructor(plan: FaultPlan, host: SimHost, remote: PeerAddress, handler: LinkHandler | undefined) {
    this.#plan = plan
    this.#host = host
    this.remote = remote
    this.handler = handler
  }

  /** The connection behind it is made. */
  begin(make: () => Link): void {
    if (this.#state !== 'open') return
    this.#inner = make()
    this.#release()
  }

  /** There will be no connection. */
  fail(code: string): void {
    this.onClose(Object.assign(new Error(code), { code }))
  }

  breaks(fault: string): void {
    if (fault === 'reset') this.#reset()
    else if (fault === 'end') this.#hangUp()
    else if (fault === 'stuck') this.#out = 'stuck'
    else if (fault === 'silent') {
      this.#out = 'lost'
      this.#in = 'lost'
    }
  }

  // ---------------------------------------------------------------------------------------------------- Link

  get queuedBytes(): number {
    return this.#state === 'open' ? this.#outboxBytes + (this.#inner?.queuedBytes ?? 0) : 0
  }

  send(bytes: Uint8Array, onTaken?: () => void): void {
    if (this.#state !== 'open' || bytes.length === 0) return
    const fault = this.#plan.next(this.#host, 'send')
    if (fault === 'half') {
      this.#pass(bytes.slice(0, bytes.length >> 1), undefined)
      this.#out = 'lost'
      this.#host.world.after(30, this.#host.name, 'reset in the midst of it', () => this.#reset())
      return
    }
    if (fault === 'late' && this.#out === 'flows') {
      this.#out = 'held'
      this.#host.world.after(LATE_MS, this.#host.name, 'what was late goes out', () => this.#release())
    } else if (fault !== undefined) this.breaks(fault)
    this.#pass(bytes, onTaken)
  }

  cork(): void {
    this.#inner?.cork()
  }

  uncork(): void {
    this.#inner?.uncork()
  }

  close(): void {
    if (this.#state !== 'open') return
    this.#tellsLate = this.#plan.next(this.#host, 'hang up') === 'late'
    this.#state = 'closing'
    if (this.#inner !== undefined) return this.#inner.close()
    this.#host.world.after(0, this.#host.name, 'closed by us', () => this.onClose(undefined))
  }

  // --------------------------------------------------------------------------------------------- LinkHandler

  onOpen(): void {
    if (this.#state !== 'open') return
    this.handler?.onOpen()
    if (this.onceOpen !== undefined) this.breaks(this.onceOpen)
  }

  onBytes(chunk: Uint8Array): void {
    if (this.#state !== 'open' || this.#in === 'lost') return
    const { world, name } = this.#host
    const fault = this.#plan.next(this.#host, 'receive')
    if (fault === 'reset' || fault === 'end' || fault === 'half' || fault === 'silent') {
      this.#in = 'lost'
      // What still waits is lost: nothing may overtake it.
      if (fault === 'half' && this.#inbox.length === 0)
        this.handler?.onBytes(chunk.slice(0, chunk.length >> 1))
      this.#inbox.length = 0
      this.breaks(fault === 'half' ? 'reset' : fault)
    } else if (fault === 'late' && this.#in === 'flows') {
      this.#in = 'held'
      this.#inbox.push(chunk.slice())
      world.after(LATE_MS, name, 'what was late comes in', () => this.#deliver())
    } else if (fault === 'crumbs' && this.#in === 'flows') {
      this.#in = 'held'
      for (let at = 0; at < Math.min(CRUMBS, chunk.length); at++) this.#inbox.push(chunk.slice(at, at + 1))
      if (chunk.length > CRUMBS) this.#inbox.push(chunk.slice(CRUMBS))
      this.#crumb()
    } else if (this.#in === 'held') this.#inbox.push(chunk.slice())
    else this.handler?.onBytes(chunk)
  }

  onDrain(): void {
    if (this.#state === 'open' && this.#out === 'flows') this.handler?.onDrain()
  }

  onClose(reason: Error | undefined): void {
    if (this.#state === 'closed') return
    if (reason === undefined && this.#in === 'held') this.#deliver()
    this.#state = 'closed'
    const { world, name } = this.#host
    const tell = (): void => {
      const { handler } = this
      this.handler = undefined
      handler?.onClose(reason)
    }
    if (this.#tellsLate) world.after(LATE_MS, name, 'is told of its close at last', tell)
    else tell()
  }

  // ------------------------------------------------------------------------------------------------- helpers

  #pass(bytes: Uint8Array, onTaken: (() => void) | undefined): void {
    if (this.#out === 'flows') return this.#inner?.send(bytes, onTaken)
    if (this.#out === 'lost') {
      if (onTaken !== undefined) this.#host.world.after(0, this.#host.name, 'taken, and lost', onTaken)
      return
    }
    this.#outbox.push({ bytes, onTaken })
    this.#outboxBytes += bytes.length
  }

  /** What waited to be sent goes out. */
  #release(): void {
    if (this.#state !== 'open' || this.#out !== 'held') return
    this.#out = 'flows'
    this.#outboxBytes = 0
    for (const { bytes, onTaken } of this.#outbox.splice(0)) this.#inner?.send(bytes, onTaken)
  }

  /** What waited comes in. */
  #deliver(): void {
    if (this.#in === 'held') this.#in = 'flows'
    for (const chunk of this.#inbox.splice(0)) {
      if (this.#state === 'open' && this.#in === 'flows') this.handler?.onBytes(chunk)
    }
  }

  #crumb(): void {
    this.#host.world.after(1, this.#host.name, 'a crumb', () => {
      if (this.#in !== 'held') return
      const crumb = this.#inbox.shift()
      if (crumb === undefined) this.#in = 'flows'
      else if (this.#state === 'open') {
        this.handler?.onBytes(crumb)
        this.#crumb()
      }
    })
  }

  #reset(): void {
    if (this.#inner instanceof SimLink) this.#inner.reset()
  }

  /** The other side ends it, as far as the engine can tell. */
  #hangUp(): void {
    this.#host.world.after(1, this.#host.name, 'the other side hangs up', () => {
      if (this.#state === 'open') this.#inner?.close()
    })
  }
}
