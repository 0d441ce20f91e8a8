/**
 * From whatever was thrown to one line for a person (what, where, what to do) and an exit code. The engine's errors
 * are known by their shape, so that telling a wrong option does not load the engine.
 */
import type { ApiError } from '@shoal/daemon/client'
import type { ErrorCode, ShoalError } from '@shoal/engine'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { safeText } from './terminal/safe-text.ts'

/** A failure that the command line finds itself. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: ExitCode
  /** What to do about it. */
  readonly hint: string | undefined

  constructor(exitCode: ExitCode, message: string, hint?: string) {
    super(message)
    this.exitCode = exitCode
    this.hint = hint
  }
}

export interface Explanation {
  /** One line, safe for a terminal, without a line feed. */
  readonly line: string
  readonly exitCode: ExitCode
}

interface Advice {
  readonly exit: ExitCode
  readonly hint?: string
}

/** Every code of the engine: the compiler finds the one that is forgotten. */
const ADVICE: Readonly<Record<ErrorCode, Advice>> = {
  TORRENT_INVALID: { exit: EXIT.source, hint: 'fetch the torrent file again' },
  TORRENT_UNSUPPORTED: { exit: EXIT.source, hint: 'look for a version 1 torrent of the same data' },
  SOURCE_NOT_FOUND: { exit: EXIT.source, hint: 'check the path or the URL' },
  SOURCE_UNREADABLE: { exit: EXIT.source, hint: 'check that it can be read and is a torrent file' },
  TORRENT_DUPLICATE: { exit: EXIT.usage, hint: 'name each torrent once' },
  DISK_FULL: { exit: EXIT.diskFull, hint: 'make room and run the same command again: it resumes' },
  DISK_WRITE: { exit: EXIT.write, hint: 'check the disk and run the same command again: it resumes' },
  DISK_READ: { exit: EXIT.write, hint: 'check the disk, then the data with shoal verify' },
  DISK_PERMISSION: { exit: EXIT.write, hint: 'choose another folder with --dir, or change its permissions' },
  PATH_CONFLICT: {
    exit: EXIT.write,
    hint: 'move what stands there away, or choose another folder with --dir',
  },
  PORT_IN_USE: { exit: EXIT.network, hint: 'choose another with --port, or any free one with --port 0' },
  ADDRESS_UNAVAILABLE: { exit: EXIT.network, hint: 'give --bind an address of this machine' },
  NETWORK: { exit: EXIT.network, hint: 'check the connection' },
  TRACKER_UNREACHABLE: { exit: EXIT.network, hint: 'check the connection, or name a peer with --peer' },
  TRACKER_TIMEOUT: { exit: EXIT.network, hint: 'try later, or name a peer with --peer' },
  TRACKER_REFUSED: { exit: EXIT.network, hint: 'ask those who run the tracker' },
  TRACKER_INVALID: { exit: EXIT.network, hint: 'try later, or name a peer with --peer' },
  TRACKER_UNSUPPORTED: { exit: EXIT.network, hint: 'use a tracker at http, https or udp' },
  OPTION_INVALID: { exit: EXIT.usage },
  RESUME_INVALID: { exit: EXIT.other, hint: 'name an empty folder with --state: the data is checked anew' },
  STATE_LOCKED: { exit: EXIT.other, hint: 'end the other one, or give --state another folder' },
  DHT_CONFLICT: { exit: EXIT.other, hint: 'get what is there, then put again' },
  ABORTED: { exit: EXIT.interrupted },
  CLOSED: { exit: EXIT.unfinished },
}

const SYSTEM: Readonly<Record<string, readonly [text: string, advice: Advice]>> = {
  ENOSPC: ['no space left', ADVICE.DISK_FULL],
  EDQUOT: ['over quota', ADVICE.DISK_FULL],
  EACCES: ['no permission', { exit: EXIT.write, hint: 'choose another place, or change its permissions' }],
  EPERM: ['not permitted', { exit: EXIT.write, hint: 'choose another place, or change its permissions' }],
  EROFS: ['read-only file system', { exit: EXIT.write, hint: 'choose another place' }],
  ENOENT: ['no such file or folder', { exit: EXIT.write, hint: 'check the path' }],
  ENOTDIR: ['a file stands where a folder belongs', { exit: EXIT.write, hint: 'check the path' }],
  EISDIR: ['a folder stands where a file belongs', { exit: EXIT.write, hint: 'check the path' }],
  EEXIST: ['exists already', { exit: EXIT.write, hint: 'choose another name' }],
  EMFILE: ['too many open files', { exit: EXIT.other, hint: 'raise the limit with ulimit -n' }],
}

export function explain(error: unknown): Explanation {
  if (error instanceof Failure) return { line: sentence(error.message, error.hint), exitCode: error.exitCode }
  if (isShoalError(error)) {
    const advice = ADVICE[error.code] ?? { exit: EXIT.other }
    return { line: sentence(withSubject(error), hintFor(error, advice)), exitCode: advice.exit }
  }
  if (isApiError(error)) return explainRefusal(error)
  if (isAbort(error)) return { line: 'interrupted', exitCode: EXIT.interrupted }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const known = SYSTEM[error.code]
    const where = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : ''
    if (known) return { line: sentence(`${where}${known[0]}`, known[1].hint), exitCode: known[1].exit }
  }
  const text =
    error instanceof Error ? (process.env.SHOAL_DEBUG ? error.stack : error.message) : String(error)
  return {
    line: `${process.env.SHOAL_DEBUG ? text : safeText(String(text))}; this is a fault of Shoal (SHOAL_DEBUG=1 shows where)`,
    exitCode: EXIT.other,
  }
}

export function isShoalError(error: unknown): error is ShoalError {
  return error instanceof Error && error.name === 'ShoalError' && 'code' in error
}

/** What a daemon refused. Its own words come first: they say what to do where it knows. */
function explainRefusal(error: ApiError): Explanation {
  const { status, code, message, where, retryAfterSeconds } = error
  const place = where === undefined ? '' : ` (${where})`
  const line = (hint?: string): string => sentence(`${message.replace(/[.;]+$/, '')}${place}`, hint)
  if (status === 0)
    return { line: line('is it running there? shoal doctor looks'), exitCode: EXIT.unreachable }
  if (status === 401)
    return { line: line('give a token with --token or SHOAL_TOKEN'), exitCode: EXIT.refused }
  if (status === 429)
    return { line: line(`try again in ${retryAfterSeconds ?? 60} s`), exitCode: EXIT.refused }
  if (status === 403 || status === 421) return { line: line(), exitCode: EXIT.refused }
  const advice: Advice | undefined = Object.hasOwn(ADVICE, code) ? ADVICE[code as ErrorCode] : undefined
  const usual = status === 404 ? EXIT.source : status === 400 || status === 413 ? EXIT.usage : EXIT.other
  return { line: line(), exitCode: advice?.exit ?? usual }
}

function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && error.name === 'ApiError' && 'status' in error
}

/** A link is copied again rather than fetched. */
function hintFor({ code, message }: ShoalError, { hint }: Advice): string | undefined {
  if (!code.startsWith('TORRENT_') || !/^magnet link:/.test(message)) return hint
  return code === 'TORRENT_INVALID'
    ? 'copy the whole link: it begins with magnet:?xt=urn:btih:'
    : 'look for a link with xt=urn:btih: in it'
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** Messages about files may leave the path to the subject; those about the network name the address themselves. */
function withSubject(error: ShoalError): string {
  const { code, message, subject } = error
  const aboutFile = /^(DISK|PATH|SOURCE|TORRENT)_/.test(code)
  return !aboutFile || subject === undefined || message.includes(subject) ? message : `${subject}: ${message}`
}

function sentence(message: string, hint: string | undefined): string {
  const what = safeText(message).replace(/[.;]+$/, '')
  return hint === undefined ? what : `${what}; ${hint}`
}
