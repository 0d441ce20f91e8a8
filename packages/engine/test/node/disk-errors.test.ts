import { describe, expect, it } from 'vitest'
import { ShoalError } from '../../src/errors.ts'
import { diskError, packError, unpackError } from '../../src/node/disk-errors.ts'

describe('disk errors', () => {
  it.each([
    ['ENOSPC', 'write', 'DISK_FULL'],
    ['EDQUOT', 'reserve', 'DISK_FULL'],
    ['EACCES', 'open', 'DISK_PERMISSION'],
    ['EPERM', 'create', 'DISK_PERMISSION'],
    ['EROFS', 'write', 'DISK_PERMISSION'],
    ['EISDIR', 'open', 'PATH_CONFLICT'],
    ['ENOTDIR', 'create', 'PATH_CONFLICT'],
    ['ELOOP', 'open', 'PATH_CONFLICT'],
    ['EIO', 'read', 'DISK_READ'],
    ['EIO', 'write', 'DISK_WRITE'],
    ['ENOENT', 'read', 'DISK_READ'],
    ['EMFILE', 'write', 'DISK_WRITE'],
  ] as const)('of %s at %s have the code %s and name the path', (errno, operation, code) => {
    const cause = Object.assign(new Error('as the system says'), { code: errno })
    const error = diskError(cause, operation, '/a/b')
    expect(error).toMatchObject({ code, operation, subject: '/a/b', cause })
    expect(error.message).toMatch(new RegExp(`^could not ${operation} /a/b: `))
    expect(error.message).not.toContain(errno)
  })

  it('keep code, words and subject on the way between threads', () => {
    const error = new ShoalError('DISK_FULL', 'words', {
      operation: 'write',
      subject: '/a',
      cause: new Error('why'),
    })
    const copy = unpackError(structuredClone(packError(error)))
    expect(copy).toBeInstanceOf(ShoalError)
    expect(copy).toMatchObject({ code: 'DISK_FULL', message: 'words', operation: 'write', subject: '/a' })
    expect(copy.cause).toBe('Error: why')
  })
})
