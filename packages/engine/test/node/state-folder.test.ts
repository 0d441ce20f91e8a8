import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeStateFolder } from '../../src/node/state-folder.ts'
import { bootId } from '../../src/node/system.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shoal-state-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const lockOf = (folder: string): string => join(folder, 'lock')
const LOCKED = expect.objectContaining({ code: 'STATE_LOCKED' })

function owner(fields: object): string {
  return JSON.stringify({ pid: process.pid, host: hostname(), boot: bootId, born: '', ...fields })
}

describe('a state folder', () => {
  it('is for one at a time, and free again when that one lets go', () => {
    const first = takeStateFolder(dir, false)
    expect(() => takeStateFolder(dir, false)).toThrow(LOCKED)
    first.release()
    expect(existsSync(lockOf(dir))).toBe(false)
    takeStateFolder(dir, false).release()
  })

  it('of a process that lives is refused with its number', async () => {
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])
    try {
      writeFileSync(lockOf(dir), owner({ pid: other.pid }))
      expect(() => takeStateFolder(dir, false)).toThrow(`process ${other.pid}`)
    } finally {
      other.kill('SIGKILL')
      await once(other, 'exit')
    }
    takeStateFolder(dir, false).release()
  })

  it.each([
    ['a process that is gone', () => owner({ pid: 2 ** 22 + 1 })],
    ['a former process of our number', () => owner({})],
    ['an earlier boot', () => owner({ pid: 1, boot: 'another' })],
    ['nobody: the lock is empty', () => ''],
    ['nobody: the lock is garbage', () => '\0\xff{'],
  ])('that was locked by %s is taken', (_, content) => {
    writeFileSync(lockOf(dir), content())
    const folder = takeStateFolder(dir, false)
    expect(JSON.parse(readFileSync(lockOf(dir), 'utf8')).pid).toBe(process.pid)
    expect(readdirSync(dir)).toEqual(['lock'])
    folder.release()
  })

  it('whose lock is larger than memory, or a folder, is taken', () => {
    writeFileSync(lockOf(dir), '')
    truncateSync(lockOf(dir), 3 * 1024 ** 3)
    takeStateFolder(dir, false).release()
    mkdirSync(lockOf(dir))
    takeStateFolder(dir, false).release()
    expect(readdirSync(dir)).toEqual([])
  })

  it('of another machine is left alone as long as its owner touches the lock now and then', () => {
    writeFileSync(lockOf(dir), owner({ host: 'elsewhere' }))
    expect(() => takeStateFolder(dir, false)).toThrow(LOCKED)
    const longAgo = new Date(Date.now() - 120_000)
    utimesSync(lockOf(dir), longAgo, longAgo)
    takeStateFolder(dir, false).release()
    expect(readdirSync(dir)).toEqual([])
  })

  it('that is shared has room for a second, whose records the next owner takes over', () => {
    const first = takeStateFolder(dir, true)
    const second = takeStateFolder(dir, true)
    expect([first.dir, second.dir]).toEqual([dir, join(dir, '2')])
    mkdirSync(join(second.dir, 'resume'))
    writeFileSync(join(second.dir, 'resume', 'k'), 'record')
    writeFileSync(join(second.dir, 'resume', 'k.log'), 'journal')
    first.release()
    // The second is still at work.
    takeStateFolder(dir, true).release()
    expect(existsSync(join(dir, 'resume', 'k'))).toBe(false)
    second.release()
    takeStateFolder(dir, true).release()
    expect(readFileSync(join(dir, 'resume', 'k'), 'utf8')).toBe('record')
    expect(readFileSync(join(dir, 'resume', 'k.log'), 'utf8')).toBe('journal')
    expect(existsSync(join(dir, '2'))).toBe(false)
  })

  it('that cannot be made is told with its path', () => {
    writeFileSync(join(dir, 'file'), '')
    expect(() => takeStateFolder(join(dir, 'file'), false)).toThrow(join(dir, 'file'))
  })
})
