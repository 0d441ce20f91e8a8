import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EXIT, EXIT_MEANINGS } from '../src/exit-codes.ts'
import { explain, Failure } from '../src/failure.ts'
import { renderHelp } from '../src/help.ts'

/** As the engine throws it; told by its shape. */
function shoalError(code: string, message: string, subject?: string): Error {
  return Object.assign(new Error(message), { name: 'ShoalError', code, operation: 'open', subject })
}

describe('exit codes', () => {
  it.each([
    ['SOURCE_NOT_FOUND', 4],
    ['SOURCE_UNREADABLE', 4],
    ['TORRENT_INVALID', 4],
    ['TORRENT_UNSUPPORTED', 4],
    ['DISK_WRITE', 5],
    ['DISK_PERMISSION', 5],
    ['PATH_CONFLICT', 5],
    ['CLOSED', 7],
    ['PORT_IN_USE', 8],
    ['TRACKER_REFUSED', 8],
    ['DISK_FULL', 9],
    ['OPTION_INVALID', 2],
    ['ABORTED', 130],
  ])('%s of the engine ends with %i', (code, exitCode) => {
    expect(explain(shoalError(code, 'something')).exitCode).toBe(exitCode)
  })

  it('are told for what the system says', () => {
    const enospc = Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC', path: '/data/x' })
    expect(explain(enospc)).toEqual({
      line: '/data/x: no space left; make room and run the same command again: it resumes',
      exitCode: EXIT.diskFull,
    })
  })

  it('are all in the help and in the documentation', () => {
    const documentation = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8')
    const help = renderHelp('1.2.3')
    expect(EXIT_MEANINGS.map(([code]) => code)).toEqual(Object.values(EXIT))
    for (const [code, meaning] of EXIT_MEANINGS) {
      expect(help).toContain(`${code}  ${meaning}`)
      expect(documentation.replace(/ +\|/g, ' |')).toContain(`| ${code} | ${meaning} |`)
    }
  })
})

describe('error lines', () => {
  it('say what, where and what to do', () => {
    expect(explain(shoalError('PORT_IN_USE', 'port 6881 is taken')).line).toBe(
      'port 6881 is taken; choose another with --port, or any free one with --port 0',
    )
    expect(explain(shoalError('DISK_WRITE', 'cannot write.', '/data/x')).line).toMatch(
      /^\/data\/x: cannot write; /,
    )
    expect(explain(new Failure(EXIT.usage, 'this is wrong', 'do that')).line).toBe('this is wrong; do that')
  })

  it('are one line and safe', () => {
    expect(explain(shoalError('TRACKER_REFUSED', 'go\naway\x1b[2J')).line).toMatch(/^go away\[2J; /)
  })

  it('own up to our own faults', () => {
    expect(explain(new TypeError('x is undefined'))).toMatchObject({ exitCode: EXIT.other })
    expect(explain(new TypeError('x is undefined')).line).toContain('fault of Shoal')
  })
})
