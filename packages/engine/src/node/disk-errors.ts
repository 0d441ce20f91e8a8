/** What the operating system says about files, in the codes and words of Shoal. */
import type { ErrorCode } from '../errors.ts'
import { ShoalError } from '../errors.ts'

/** What was being done when it failed, as it completes "could not ...". */
export type DiskOperation = 'open' | 'create' | 'read' | 'write' | 'reserve' | 'close' | 'remove' | 'move'

/** The error of a failed system call on `path`; a {@link ShoalError} passes through as it is. */
export function diskError(cause: unknown, operation: DiskOperation, path: string): ShoalError {
  if (cause instanceof ShoalError) return cause
  const errno = errnoOf(cause)
  return new ShoalError(
    codeOf(errno, operation),
    `could not ${operation} ${path}: ${wordsOf(errno, cause)}`,
    {
      operation,
      subject: path,
      cause,
    },
  )
}

/** Something stands where a file or folder of the torrent belongs. */
export function pathConflict(path: string, what: string): ShoalError {
  return new ShoalError('PATH_CONFLICT', `${path} ${what}`, { operation: 'open', subject: path })
}

/** The file ends before the bytes that should be in it. */
export function shortFile(path: string): ShoalError {
  return new ShoalError('DISK_READ', `${path} is shorter than it should be`, {
    operation: 'read',
    subject: path,
  })
}

/** The `code` of a system error, such as `ENOENT`; an empty string for anything else. */
export function errnoOf(cause: unknown): string {
  if (!(cause instanceof Error) || !('code' in cause)) return ''
  return typeof cause.code === 'string' ? cause.code : ''
}

/** A {@link ShoalError} as it crosses to another thread, which keeps no classes. */
export interface PlainError {
  readonly code: ErrorCode
  readonly message: string
  readonly operation: string | undefined
  readonly subject: string | undefined
  readonly cause: string | undefined
}

export function packError(error: ShoalError): PlainError {
  const { code, message, operation, subject, cause } = error
  return { code, message, operation, subject, cause: cause === undefined ? undefined : String(cause) }
}

export function unpackError(plain: PlainError): ShoalError {
  const { operation, subject, cause } = plain
  return new ShoalError(plain.code, plain.message, { operation, subject, cause })
}

function codeOf(errno: string, operation: DiskOperation): ErrorCode {
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'DISK_FULL'
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'DISK_PERMISSION'
    case 'EISDIR':
    case 'ENOTDIR':
    case 'ELOOP':
      return 'PATH_CONFLICT'
    default:
      return operation === 'read' || operation === 'open' ? 'DISK_READ' : 'DISK_WRITE'
  }
}

function wordsOf(errno: string, cause: unknown): string {
  switch (errno) {
    case 'ENOSPC':
      return 'no space is left on the disk'
    case 'EDQUOT':
      return 'the disk quota is used up'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'EROFS':
      return 'the file system is read-only'
    case 'EISDIR':
      return 'a folder stands where a file belongs'
    case 'ENOTDIR':
      return 'a file stands where a folder belongs'
    case 'ELOOP':
      return 'a symbolic link stands in the way'
    case 'ENOENT':
      return 'it does not exist'
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open'
    case 'EFBIG':
      return 'the file system does not take files of this size'
    case 'EIO':
      return 'the disk reports an input/output error'
    default:
      return cause instanceof Error ? cause.message : String(cause)
  }
}
