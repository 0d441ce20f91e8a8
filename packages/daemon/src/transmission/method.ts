/** What a method is, and what it works with. */
import type { Scope } from '../contract/index.ts'
import type { Roots } from '../http/doors/roots.ts'
import type { Session } from '../session/session.ts'
import type { Arguments } from './arguments.ts'
import type { Dialect } from './names.ts'
import type { Numbers } from './numbers.ts'
import type { RpcSettings } from './settings.ts'

export interface Backend {
  readonly session: Session
  readonly settings: RpcSettings
  readonly numbers: Numbers
  readonly sessionId: string
  /** Limits that `session-set` was told while they are off. */
  readonly figures: Map<string, number | string>
  /** Seconds since 1970. */
  readonly now: () => number
  /** Where data may go. */
  readonly roots: Pick<Roots, 'admit'>
  /** Ends the daemon. */
  readonly close: () => void
  /** Reads the blocklist anew; undefined where none is set. */
  readonly reloadBlocklist: (() => Promise<void>) | undefined
}

export interface Call {
  readonly backend: Backend
  readonly given: Arguments
  readonly dialect: Dialect
}

export interface Method {
  /** What a token has to be good for. */
  readonly scope: Scope
  /** Keys of the answer spelled in the old way; `exact` where the caller said how it spells them. */
  run(call: Call): Answer | Promise<Answer>
}

export type Answer = Readonly<Record<string, unknown>> | Exact

/** Keys as the caller spelled them. */
export class Exact {
  readonly value: Readonly<Record<string, unknown>>

  constructor(value: Readonly<Record<string, unknown>>) {
    this.value = value
  }
}
