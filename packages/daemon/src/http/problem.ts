/** Everything that goes wrong, as an answer: a status, and a body that says what, where and what to do. */
import { ShoalError } from '@shoal/engine'
import type { Problem, ProblemBody, ProblemCode } from '../contract/index.ts'
import { SessionError } from '../session/session.ts'

export interface HttpProblemDetails {
  readonly where?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** Codes of the engine are either about what was asked for, or about the disk and the network that it needs. */
const STATUS: Readonly<Record<string, number>> = {
  INVALID: 400,
  UNAUTHORIZED: 401,
  SETUP_NEEDED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  TOO_LARGE: 413,
  UNSUPPORTED_TYPE: 415,
  RANGE: 416,
  HOST_REFUSED: 421,
  TOO_MANY: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
  TORRENT_INVALID: 400,
  TORRENT_UNSUPPORTED: 400,
  OPTION_INVALID: 400,
  TORRENT_DUPLICATE: 409,
  PATH_CONFLICT: 409,
  SOURCE_NOT_FOUND: 422,
  SOURCE_UNREADABLE: 422,
  DISK_FULL: 507,
  DISK_WRITE: 503,
  DISK_READ: 503,
  DISK_PERMISSION: 503,
  ABORTED: 503,
  CLOSED: 503,
}

/** What a request cannot have. */
export class HttpProblem extends Error {
  readonly code: ProblemCode
  readonly where: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ProblemCode, text: string, details: HttpProblemDetails = {}) {
    super(text, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'HttpProblem'
    this.code = code
    this.where = details.where
    this.headers = details.headers ?? {}
  }
}

export interface ProblemAnswer {
  readonly status: number
  readonly body: ProblemBody
  readonly headers: Readonly<Record<string, string>>
}

/** Undefined: it is our own fault, and not the caller's to read. */
export function problemAnswer(error: unknown): ProblemAnswer | undefined {
  if (error instanceof HttpProblem) {
    return { ...answer(error.code, error.message, error.where), headers: error.headers }
  }
  if (error instanceof SessionError) return answer(error.code, error.message, error.where)
  if (error instanceof ShoalError) return answer(error.code, error.message, undefined)
  return undefined
}

export const INTERNAL: ProblemAnswer = answer(
  'INTERNAL',
  'Something went wrong inside Shoal. Its log says what; the request can be tried again.',
  undefined,
)

function answer(code: ProblemCode, text: string, where: string | undefined): ProblemAnswer {
  const error: Problem = where === undefined ? { code, text } : { code, text, where }
  return { status: STATUS[code] ?? 500, body: { error }, headers: {} }
}
