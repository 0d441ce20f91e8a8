/** What a route is. From a table of them come the answering, the checks, and the OpenAPI document. */
import type { HttpBindings } from '@hono/node-server'
import type { z } from 'zod'
import type { Demo, Finding, Lists, Scope, Setting } from '../contract/index.ts'
import type { Session } from '../session/session.ts'
import type { Access, Caller } from './access/access.ts'
import type { Conversations } from './conversation/conversations.ts'
import type { Entrance } from './doors/entrance.ts'
import type { Roots } from './doors/roots.ts'
import type { Visit } from './doors/visit.ts'
import type { EventHub } from './events/hub.ts'

/** What the settings are to this folder; `serve` knows them. Failures are SessionErrors whose `where` is a key. */
export interface SettingsAccess {
  list(): readonly Setting[]
  change(changes: Readonly<Record<string, unknown>>): Promise<void>
}

/** What the household has lists of. */
export interface ListsAccess {
  get(): Lists
  /** Reads them again. */
  reload(): Promise<void>
}

/** What routes stand on. */
export interface Services {
  readonly session: Session
  readonly settings: SettingsAccess
  readonly access: Access
  readonly entrance: Entrance
  readonly roots: Roots
  readonly events: EventHub
  readonly conversations: Conversations
  readonly doctor: () => Promise<readonly Finding[]>
  readonly lists: ListsAccess
  readonly demo: () => Promise<Demo>
  /** The OpenAPI document. */
  readonly describe: () => string
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Given<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly files: readonly Uint8Array[]
  /** Who asks; undefined: on a route that is open to all, somebody whom we do not know. */
  readonly caller: Caller | undefined
  readonly visit: Visit
  readonly signal: AbortSignal
  /** Node's own request and response, for what streams. */
  readonly raw: HttpBindings
}

/** What comes out: JSON by the schema, text or bytes of a type, nothing, or a handler that answers by itself. */
export type Answers<R> =
  | { readonly kind: 'json'; readonly schema: z.ZodType<R>; readonly status?: 200 | 201 }
  | { readonly kind: 'none' }
  | { readonly kind: 'text' | 'bytes'; readonly type: string }
  | { readonly kind: 'raw'; readonly type: string; readonly statuses: readonly number[] }

export interface RouteOf<P, Q, B, R> {
  readonly method: Method
  /** Below `/api/v1`; `:name` are parameters. A path that begins with `//` is below the base path itself. */
  readonly path: string
  /** `open`: without signing in. `read` < `add` < `full`. */
  readonly scope: Scope | 'open'
  readonly summary: string
  readonly params?: z.ZodType<P>
  readonly query?: z.ZodType<Q>
  readonly body?: z.ZodType<B>
  /** Besides JSON, `multipart/form-data`: files, and a field `options` that takes what `body` has in `options`. */
  readonly upload?: true
  readonly maxBodyBytes?: number
  /** It changes nothing, though it takes a body. */
  readonly isQuestion?: true
  readonly answers: Answers<R>
  /** It answers with headers of its own, cookies among them. */
  readonly handle: (given: Given<P, Q, B>, services: Services) => Promise<Result<R>> | Result<R>
}

export type Result<R> = R | WithHeaders<R>

/** An answer that sets headers. */
export class WithHeaders<R> {
  readonly value: R
  readonly headers: Readonly<Record<string, string>>

  constructor(value: R, headers: Readonly<Record<string, string>>) {
    this.value = value
    this.headers = headers
  }
}

export type Route = RouteOf<unknown, unknown, unknown, unknown>

/** Forgets what a route's own types are, once they have been checked against each other. */
export function route<P, Q, B, R>(definition: RouteOf<P, Q, B, R>): Route {
  return definition as unknown as Route
}
