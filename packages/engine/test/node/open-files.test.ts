import { fstatSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Handles, ReadHandles } from '../../src/node/handles.ts'
import { connectionsWithin } from '../../src/node/open-files.ts'

vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>()
  return { ...fs, openSync: vi.fn(fs.openSync) }
})
vi.mock('node:fs/promises', async original => {
  const fs = await original<typeof import('node:fs/promises')>()
  return { ...fs, open: vi.fn(fs.open), statfs: vi.fn(fs.statfs) }
})

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shoal-files-'))
})
afterEach(() => {
  vi.clearAllMocks()
  rmSync(dir, { recursive: true })
})

it.each([
  [300, 2, 1_048_576, 300],
  [300, 4, 256, 64],
  [300, 2, 256, 120],
  [300, 2, 1024, 300],
  [50, 4, 256, 50],
  [300, 4, 96, 10],
  [5, 4, 64, 5],
  [300, 4, Number.POSITIVE_INFINITY, 300],
])('of %i connections with %i workers, a limit of %i files leaves %i', (wanted, workers, limit, expected) => {
  expect(connectionsWithin(wanted, workers, limit)).toBe(expected)
})

describe('when the process may open no more files', () => {
  it('a worker closes some of its own', () => {
    const handles = new Handles()
    for (let n = 0; n < 10; n++) handles.writer(`1:${n}`, join(dir, String(n)), () => {})
    failNext(3)
    const fd = handles.writer('1:x', join(dir, 'x'), () => {})
    expect(fd).toBeGreaterThan(0)
    expect(readdirSync(dir)).toContain('x')
    // Those used last are still open.
    const calls = vi.mocked(openSync).mock.calls.length
    for (let n = 3; n < 10; n++) handles.reader(`1:${n}`, join(dir, String(n)), () => {})
    expect(vi.mocked(openSync).mock.calls.length).toBe(calls)
    handles.close('')
  })

  it('a worker that has none open gives up', () => {
    failNext(1)
    expect(() => new Handles().writer('1:x', join(dir, 'x'), () => {})).toThrow(/EMFILE/)
  })

  it('a read waits for others', async () => {
    const { open } = await import('node:fs/promises')
    writeFileSync(join(dir, 'x'), 'content')
    vi.mocked(open).mockRejectedValueOnce(tooMany()).mockRejectedValueOnce(tooMany())
    const handles = new ReadHandles()
    const text = await handles.use(
      '1:x',
      join(dir, 'x'),
      async () => {},
      async handle => await handle.readFile('utf8'),
    )
    expect(text).toBe('content')
    expect(open).toHaveBeenCalledTimes(3)
    handles.close('')
  })
})

describe.skipIf(process.platform !== 'linux')('an open file to read from', () => {
  const use = async (handles: ReadHandles): Promise<void> => {
    await handles.use(
      '1:x',
      join(dir, 'x'),
      async () => {},
      async () => {},
    )
    // What it lies on is found out meanwhile.
    await vi.waitFor(() => expect(vi.mocked(statfs).mock.settledResults.length).toBe(1))
  }

  it('can be borrowed once it is open, and is closed when the last borrower has given it back', async () => {
    vi.mocked(statfs).mockResolvedValueOnce({ type: 0xef53 } as never)
    writeFileSync(join(dir, 'x'), 'content')
    const handles = new ReadHandles()
    expect(handles.borrow('1:x')).toBeUndefined()
    await use(handles)
    const [one, two] = [handles.borrow('1:x')!, handles.borrow('1:x')!]
    handles.close('1:')
    expect(handles.borrow('1:x')).toBeUndefined()
    handles.release(one)
    await new Promise(resolve => setImmediate(resolve))
    expect(fstatSync(two.fd).size).toBe(7)
    handles.release(two)
    await vi.waitFor(() => expect(() => fstatSync(two.fd)).toThrow(/EBADF/))
  })

  it.each([
    ['another machine', { type: 0x6969 }],
    ['nobody knows where', undefined],
  ])('cannot be borrowed where a look at it may take long: on %s', async (_where, answer) => {
    if (answer === undefined) vi.mocked(statfs).mockRejectedValueOnce(new Error('ENOSYS'))
    else vi.mocked(statfs).mockResolvedValueOnce(answer as never)
    writeFileSync(join(dir, 'x'), 'content')
    const handles = new ReadHandles()
    await use(handles)
    expect(handles.borrow('1:x')).toBeUndefined()
    handles.close('')
  })
})

function failNext(times: number): void {
  for (let n = 0; n < times; n++) {
    vi.mocked(openSync).mockImplementationOnce(() => {
      throw tooMany()
    })
  }
}

function tooMany(): Error {
  return Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
}
