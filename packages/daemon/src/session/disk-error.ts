/** What the disk did to the session's own files, in the words of {@link ShoalError}. */
import { type ErrorCode, ShoalError } from '@shoal/engine'

export function diskError(cause: unknown, operation: 'read' | 'write', path: string): ShoalError {
  if (cause instanceof ShoalError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ShoalError(codeOf(errnoOf(cause), operation), `cannot ${operation} ${path}: ${reason}`, {
    operation,
    subject: path,
    cause,
  })
}

export function errnoOf(cause: unknown): string | undefined {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : undefined
}

function codeOf(errno: string | undefined, operation: 'read' | 'write'): ErrorCode {
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'DISK_FULL'
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'DISK_PERMISSION'
    default:
      return operation === 'read' ? 'DISK_READ' : 'DISK_WRITE'
  }
}
