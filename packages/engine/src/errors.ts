/**
 * Two kinds of failure, never mixed: {@link ProtocolError} is a peer's fault and closes that peer;
 * {@link ShoalError} is the world's fault (torrent file, disk, tracker, network, option) and is told to the user.
 * A fault of our own is an `assert`, which nobody catches.
 */

/** Stable codes of what can go wrong outside of us. New codes may be added; a code never changes its meaning. */
export type ErrorCode =
  /** The torrent file (or metadata) is malformed. */
  | 'TORRENT_INVALID'
  /** The torrent is well-formed but of a kind that is not supported. */
  | 'TORRENT_UNSUPPORTED'
  /** The source (path or URL of a torrent) does not exist. */
  | 'SOURCE_NOT_FOUND'
  /** The source exists but cannot be read or fetched. */
  | 'SOURCE_UNREADABLE'
  /** A torrent with the same info-hash is in this engine already. */
  | 'TORRENT_DUPLICATE'
  /** No space left on the device, or over quota. */
  | 'DISK_FULL'
  /** Writing, creating or truncating failed. */
  | 'DISK_WRITE'
  /** Reading failed, or a file is shorter than it was. */
  | 'DISK_READ'
  /** No permission for a file or folder, or a read-only file system. */
  | 'DISK_PERMISSION'
  /** A folder stands where a file belongs, or the other way round, or a link stands in the way. */
  | 'PATH_CONFLICT'
  /** The listening port is taken. */
  | 'PORT_IN_USE'
  /** The address to listen on or to connect from is not one of this machine. */
  | 'ADDRESS_UNAVAILABLE'
  /** Any other failure of the network beneath us. */
  | 'NETWORK'
  /** The tracker could not be reached: DNS, connection refused, TLS. */
  | 'TRACKER_UNREACHABLE'
  /** The tracker did not answer in time. */
  | 'TRACKER_TIMEOUT'
  /** The tracker answered with a `failure reason` (the message holds it). */
  | 'TRACKER_REFUSED'
  /** The tracker's answer is not one: not bencoded, too large, wrong fields, an HTTP error. */
  | 'TRACKER_INVALID'
  /** The tracker's URL has a scheme or form that is not supported. */
  | 'TRACKER_UNSUPPORTED'
  /** An option given to the library is out of range or contradicts another. */
  | 'OPTION_INVALID'
  /** A saved resume record is damaged or of an unknown version. */
  | 'RESUME_INVALID'
  /** Another process uses the state folder. */
  | 'STATE_LOCKED'
  /** The item in the DHT is not the one that was to be replaced. */
  | 'DHT_CONFLICT'
  /** The operation was ended by an `AbortSignal`. */
  | 'ABORTED'
  /** The engine or torrent is closed. */
  | 'CLOSED'

export interface ErrorDetails {
  /** What was being done, as a verb: `open`, `write`, `announce`, `listen`. */
  readonly operation?: string | undefined
  /** What it was done to: a path, URL or address. */
  readonly subject?: string | undefined
  readonly cause?: unknown
}

export class ShoalError extends Error {
  override readonly name = 'ShoalError'
  readonly code: ErrorCode
  readonly operation: string | undefined
  readonly subject: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.operation = details.operation
    this.subject = details.subject
  }
}

/** What a peer did that ends the connection to it. */
export type ProtocolErrorCode =
  | 'BAD_HANDSHAKE'
  | 'UNKNOWN_INFO_HASH'
  | 'MESSAGE_TOO_LONG'
  | 'BAD_MESSAGE'
  | 'BAD_BITFIELD'
  | 'BAD_INDEX'
  | 'BAD_REQUEST'
  | 'UNREQUESTED_BLOCKS'
  | 'QUEUE_FLOOD'
  | 'PEER_ID_MISMATCH'
  | 'SELF'

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** States what cannot be otherwise; a failure here is a fault of Shoal itself. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}
