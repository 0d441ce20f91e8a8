/** What an answer of 400 and above says. */

/** What is wrong with a request, or with who makes it. */
export type RequestCode =
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

/** What the disk, the network or a torrent file did, as the engine says it. */
export type WorldCode =
  | 'TORRENT_INVALID'
  | 'TORRENT_UNSUPPORTED'
  | 'SOURCE_NOT_FOUND'
  | 'SOURCE_UNREADABLE'
  | 'TORRENT_DUPLICATE'
  | 'DISK_FULL'
  | 'DISK_WRITE'
  | 'DISK_READ'
  | 'DISK_PERMISSION'
  | 'PATH_CONFLICT'
  | 'PORT_IN_USE'
  | 'ADDRESS_UNAVAILABLE'
  | 'NETWORK'
  | 'TRACKER_UNREACHABLE'
  | 'TRACKER_TIMEOUT'
  | 'TRACKER_REFUSED'
  | 'TRACKER_INVALID'
  | 'TRACKER_UNSUPPORTED'
  | 'OPTION_INVALID'
  | 'RESUME_INVALID'
  | 'STATE_LOCKED'
  | 'DHT_CONFLICT'
  | 'ABORTED'
  | 'CLOSED'

/** New ones may be added. */
export type ProblemCode = RequestCode | WorldCode | (string & {})

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
