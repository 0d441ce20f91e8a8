/**
 * One fault at one I/O call. All calls that engines make through their ports, and all that the ports bring them, are
 * numbered in the order in which they happen; a scenario with the same seed makes the same calls up to the first that
 * goes wrong. So `812:reset` names a fault exactly: the call of number 812 ends in a reset.
 */
import { ShoalError } from '../src/errors.ts'
import type { SimHost } from './net.ts'
import type { SeededRandom } from './random.ts'

/** What can go wrong with each kind of call. */
export const FAULTS = {
  /** `late`: the connection takes a while; `end`: the other side hangs up at once. */
  connect: ['refused', 'unreachable', 'no handles', 'timeout', 'reset', 'end', 'silent', 'late'],
  /** `ends`: it listens for a while and then no more. */
  listen: ['in use', 'no handles', 'ends', 'late'],
  accept: ['reset', 'end', 'silent', 'stuck'],
  /** `half`: reset after half of it; `stuck`: nothing is taken any more; `silent`: nothing gets through any more. */
  send: ['reset', 'end', 'half', 'stuck', 'silent', 'late'],
  /** `crumbs`: it comes a byte at a time. */
  receive: ['reset', 'end', 'half', 'silent', 'late', 'crumbs'],
  'hang up': ['late'],
  open: ['permission', 'full', 'EIO', 'slow'],
  /** `overtaken`: later runs of other pieces are answered before. */
  write: ['full', 'EIO', 'permission', 'slow', 'overtaken'],
  read: ['EIO', 'slow', 'again'],
  check: ['EIO', 'slow', 'reversed'],
  select: ['EIO', 'full', 'slow'],
  stamp: ['EIO', 'slow'],
  sync: ['EIO', 'slow'],
  close: ['slow'],
  /** Looking whether a disk that failed is well again. */
  probe: ['full', 'EIO', 'slow'],
  /** `unheard`: the tracker has heard, but its answer is lost. */
  announce: ['unreachable', 'timeout', 'unheard', 'refused', 'invalid', 'nobody', 'late'],
  /** `breaks`: the socket is open for a while and then no more. */
  bind: ['in use', 'elsewhere', 'breaks', 'late'],
  'datagram out': ['lost', 'twice', 'late', 'breaks'],
  'datagram in': ['lost', 'twice', 'late', 'cut', 'flipped'],
} as const

export type IoKind = keyof typeof FAULTS

/** In place of one of {@link FAULTS}: for a while, any call may go wrong in any way. */
export const STORM = 'storm'
/** Of all calls in a storm. */
const STORM_CHANCE = 0.04

export interface Fault {
  /** Number of the call, from 0. */
  readonly call: number
  /** One of {@link FAULTS} of the call's kind, or {@link STORM}. */
  readonly what: string
  /** For so long all calls of the kind at this host go wrong the same way, or the storm lasts; 0: this one alone. */
  readonly burstMs: number
}

export interface IoCall {
  readonly kind: IoKind
  /** Name of the host. */
  readonly place: string
}

/** An error of the disk that a torrent was told of. */
export interface Told {
  readonly place: string
  readonly infoHash: string
  readonly error: ShoalError
  /** The torrent was at work: opening, checking or active. */
  readonly wasAtWork: boolean
}

export function formatFault({ call, what, burstMs }: Fault): string {
  return burstMs === 0 ? `${call}:${what}` : `${call}:${what}:${burstMs}`
}

/** Reads what {@link formatFault} wrote. */
export function parseFault(text: string): Fault {
  const [, call, what, burstMs] = /^(\d+):([^:]+)(?::(\d+))?$/.exec(text) ?? []
  if (call === undefined || what === undefined) throw new Error(`'${text}' is no fault such as 812:reset`)
  return { call: Number(call), what, burstMs: Number(burstMs ?? 0) }
}

/** Counts the calls, says which goes wrong, and remembers what was done to whom. */
export class FaultPlan {
  readonly fault: Fault | undefined
  #chance: SeededRandom | undefined
  /** All so far. */
  readonly calls: IoCall[] = []
  /** Errors that were made up; no engine should tell of another. */
  readonly errors = new Set<ShoalError>()
  readonly told: Told[] = []
  /** Set by whoever knows the engines. */
  isAtWork: (place: string, infoHash: string) => boolean = () => false
  /** What went wrong so far, `kind: fault`. */
  readonly faults = new Set<string>()
  /** The call from which on things may go wrong, once it was made. */
  hit: IoCall | undefined
  hitAtMs = Number.POSITIVE_INFINITY
  /** What engines have started and not ended. */
  ticking = 0
  sockets = 0

  constructor(fault: Fault | undefined) {
    this.fault = fault
  }

  /** A call happens; what goes wrong with it. */
  next(host: SimHost, kind: IoKind): string | undefined {
    const { fault } = this
    const number = this.calls.length
    this.calls.push({ kind, place: host.name })
    if (fault === undefined) return undefined
    if (number === fault.call) {
      this.hit = { kind, place: host.name }
      this.hitAtMs = host.world.elapsedMs
    }
    const what = this.#choose(fault, host, kind)
    if (what === undefined) return undefined
    const known: readonly string[] = FAULTS[kind]
    host.world.check(known.includes(what), `call ${number} is ${kind}, which knows no fault '${what}'`)
    host.world.note(host.name, `fault: call ${number}, ${kind}: ${what}`)
    this.faults.add(`${kind}: ${what}`)
    return what
  }

  #choose({ call, what, burstMs }: Fault, host: SimHost, kind: IoKind): string | undefined {
    const { hit } = this
    if (hit === undefined) return undefined
    const { world } = host
    const isFirst = this.calls.length === call + 1
    const isWithin = isFirst || world.elapsedMs < this.hitAtMs + burstMs
    if (what !== STORM) return isWithin && hit.kind === kind && hit.place === host.name ? what : undefined
    if (!isWithin) return undefined
    this.#chance ??= world.randomFor('storm')
    if (!this.#chance.chance(STORM_CHANCE)) return undefined
    return FAULTS[kind][this.#chance.below(FAULTS[kind].length)]
  }

  /** An error that no engine is to blame for. */
  error(code: ShoalError['code'], operation: string): ShoalError {
    const error = new ShoalError(code, `made up: ${code} at ${operation}`, { operation })
    this.errors.add(error)
    return error
  }

  tell(place: string, infoHash: string, error: ShoalError): void {
    this.told.push({ place, infoHash, error, wasAtWork: this.isAtWork(place, infoHash) })
  }
}
