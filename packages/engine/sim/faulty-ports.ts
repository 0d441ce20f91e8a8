/** All ports of a host, on which calls go wrong as a {@link FaultPlan} says. */
import type { ErrorCode, ShoalError } from '../src/errors.ts'
import type { Clock, DatagramHandler, DatagramSocket, Datagrams, Ports, Trackers } from '../src/ports.ts'
import type { FaultPlan } from './faults.ts'
import { faultyNet } from './faulty-net.ts'
import { faultyStorage } from './faulty-store.ts'
import type { SimHost } from './net.ts'

const TRACKER_TIMEOUT_MS = 60_000
const LATE_ANSWER_MS = 45_000
const LATE_MS = 3_000

const TRACKER_CODES: Record<string, ErrorCode> = {
  unreachable: 'TRACKER_UNREACHABLE',
  timeout: 'TRACKER_TIMEOUT',
  unheard: 'TRACKER_TIMEOUT',
  refused: 'TRACKER_REFUSED',
  invalid: 'TRACKER_INVALID',
}

export function faultyPorts(plan: FaultPlan, host: SimHost, ports: Ports): Ports {
  return {
    ...ports,
    clock: countedClock(plan, ports.clock),
    net: faultyNet(plan, host),
    storage: faultyStorage(plan, host, ports.storage),
    trackers: faultyTrackers(plan, host, ports.trackers),
    datagrams: faultyDatagrams(plan, host, ports.datagrams),
  }
}

function countedClock(plan: FaultPlan, clock: Clock): Clock {
  return {
    now: () => clock.now(),
    unixTime: () => clock.unixTime(),
    every: (intervalMs, tick) => {
      const stop = clock.every(intervalMs, tick)
      plan.ticking++
      let ticks = true
      return () => {
        stop()
        if (ticks) plan.ticking--
        ticks = false
      }
    },
  }
}

function faultyTrackers(plan: FaultPlan, host: SimHost, inner: Trackers): Trackers {
  const { world, name } = host
  return {
    announce: (url, request, done) => {
      const fault = plan.next(host, 'announce')
      const code = fault === undefined ? undefined : TRACKER_CODES[fault]
      if (code !== undefined) {
        const unheard = fault === 'unheard' ? inner.announce(url, request, () => {}) : undefined
        const afterMs = code === 'TRACKER_TIMEOUT' ? TRACKER_TIMEOUT_MS : 100
        const error = plan.error(code, 'announce')
        const cancel = world.after(afterMs, name, `tracker: ${fault}`, () => done(error))
        return () => {
          unheard?.()
          cancel()
        }
      }
      if (fault === undefined) return inner.announce(url, request, done)
      let cancelLate = (): void => {}
      const cancel = inner.announce(url, request, outcome => {
        if (fault === 'late') {
          cancelLate = world.after(LATE_ANSWER_MS, name, 'tracker answers late', () => done(outcome))
        } else done('peers' in outcome ? { ...outcome, peers: [] } : outcome)
      })
      return () => {
        cancel()
        cancelLate()
      }
    },
    scrape: (url, infoHash, done) => inner.scrape(url, infoHash, done),
  }
}

function faultyDatagrams(plan: FaultPlan, host: SimHost, inner: Datagrams): Datagrams {
  const { world, name } = host
  return {
    open: (at, handler) => {
      const fault = plan.next(host, 'bind')
      const socket = new FaultySocket(plan, host, handler)
      if (fault === 'in use') socket.fails(plan.error('PORT_IN_USE', 'bind'), 0)
      else if (fault === 'elsewhere') socket.fails(plan.error('ADDRESS_UNAVAILABLE', 'bind'), 0)
      else {
        const begin = (): void => socket.begin(() => inner.open(at, socket))
        if (fault === 'late') world.after(LATE_MS, name, 'binds at last', begin)
        else begin()
        if (fault === 'breaks') socket.fails(plan.error('NETWORK', 'receive'), LATE_MS)
      }
      return socket
    },
  }
}

class FaultySocket implements DatagramSocket, DatagramHandler {
  readonly #plan: FaultPlan
  readonly #host: SimHost
  readonly #handler: DatagramHandler
  #inner: DatagramSocket | undefined
  #closed = false

  constructor(plan: FaultPlan, host: SimHost, handler: DatagramHandler) {
    this.#plan = plan
    this.#host = host
    this.#handler = handler
    plan.sockets++
  }

  begin(open: () => DatagramSocket): void {
    if (!this.#closed) this.#inner = open()
  }

  fails(error: ShoalError, afterMs: number): void {
    this.#host.world.after(afterMs, this.#host.name, `UDP breaks: ${error.code}`, () => this.onError(error))
  }

  send(bytes: Uint8Array, to: Parameters<DatagramSocket['send']>[1]): void {
    if (this.#closed) return
    const fault = this.#plan.next(this.#host, 'datagram out')
    if (fault === 'lost') return
    if (fault === 'breaks') return this.fails(this.#plan.error('NETWORK', 'send'), 0)
    const send = (): void => this.#inner?.send(bytes, to)
    if (fault === 'late') return void this.#host.world.after(LATE_MS, this.#host.name, 'goes late', send)
    send()
    if (fault === 'twice') send()
  }

  close(): void {
    this.#end()
    this.#inner?.close()
  }

  onOpen(port: number): void {
    if (!this.#closed) this.#handler.onOpen(port)
  }

  onDatagram(bytes: Uint8Array, from: Parameters<DatagramHandler['onDatagram']>[1]): void {
    if (this.#closed) return
    const { world, name } = this.#host
    const fault = this.#plan.next(this.#host, 'datagram in')
    if (fault === 'lost') return
    const copy =
      fault === undefined ? bytes : bytes.slice(0, fault === 'cut' ? bytes.length >> 1 : bytes.length)
    if (fault === 'flipped') copy[copy.length >> 1]! ^= 4
    if (fault === 'twice') {
      world.after(1, name, 'the datagram again', () => {
        if (!this.#closed) this.#handler.onDatagram(copy.slice(), from)
      })
    }
    if (fault === 'late') {
      world.after(LATE_MS, name, 'a datagram comes late', () => {
        if (!this.#closed) this.#handler.onDatagram(copy, from)
      })
    } else this.#handler.onDatagram(copy, from)
  }

  onError(error: ShoalError): void {
    if (this.#closed) return
    this.#end()
    this.#inner?.close()
    this.#handler.onError(error)
  }

  #end(): void {
    if (!this.#closed) this.#plan.sockets--
    this.#closed = true
  }
}
