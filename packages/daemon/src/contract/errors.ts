/** What an answer of 400 and above says. */

export type ProblemCode =
  | 'INVALID'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'CONFLICT'
  | 'TOO_LARGE'
  | 'UNSUPPORTED_TYPE'
  | 'RANGE'
  | 'HOST_REFUSED'
  | 'TOO_MANY'
  | 'UNAVAILABLE'
  | 'SETUP_NEEDED'
  | 'INTERNAL'
  /** Codes of the engine, for what the disk, the network or a torrent file did. */
  | (string & {})

export interface Problem {
  readonly code: ProblemCode
  /** One sentence: what, and what to do. */
  readonly text: string
  /** Where in the request: `body.options.dir`, `query.limit`. */
  readonly where?: string
}

export interface ProblemBody {
  readonly error: Problem
}
