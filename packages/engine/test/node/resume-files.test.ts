import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ShoalError } from '../../src/errors.ts'
import { ResumeFiles, resumeKey } from '../../src/node/resume-files.ts'

let dir: string
let errors: ShoalError[]
let files: ResumeFiles
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shoal-resume-'))
  errors = []
  files = new ResumeFiles(join(dir, 'state'), { onError: error => errors.push(error) })
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const listed = (): string[] => readdirSync(join(dir, 'state', 'resume')).sort()

describe('a resume record', () => {
  it('is not there at first, and is kept for the next one who looks', async () => {
    expect(await files.load('k')).toBeUndefined()
    await files.save('k', bytes('one'))
    await files.save('k', bytes('two'))
    expect(await new ResumeFiles(join(dir, 'state')).load('k')).toEqual(bytes('two'))
    expect(listed()).toEqual(['k'])
    expect(errors).toEqual([])
  })

  it('is the newest of those given, whatever was on the way', async () => {
    for (let n = 0; n < 100; n++) void files.save(`k${n % 2}`, bytes(`record ${n}`))
    await files.settled()
    expect(await files.load('k0')).toEqual(bytes('record 98'))
    expect(await files.load('k1')).toEqual(bytes('record 99'))
    expect(listed()).toEqual(['k0', 'k1'])
  })

  it('is read after it was saved, and gone after it was removed, without waiting', async () => {
    void files.save('k', bytes('one'))
    expect(await files.load('k')).toEqual(bytes('one'))
    void files.save('k', bytes('two'))
    void files.remove('k')
    expect(await files.load('k')).toBeUndefined()
    void files.remove('k')
    void files.save('k', bytes('three'))
    await files.settled()
    expect(await files.load('k')).toEqual(bytes('three'))
  })

  it('is put aside when it is damaged, and a new one takes its place', async () => {
    await files.save('k', bytes('damaged'))
    void files.quarantine('k', 'record')
    void files.save('k', bytes('new'))
    await files.quarantine('none', 'journal')
    await files.settled()
    expect(readFileSync(join(dir, 'state', 'resume', 'k.bad'), 'utf8')).toBe('damaged')
    expect(await files.load('k')).toEqual(bytes('new'))
    expect(errors).toEqual([])
  })

  it('that is a link or a folder is put aside, and told', async () => {
    await files.save('other', bytes('other'))
    for (const target of ['/nowhere/at/all', 'other']) {
      symlinkSync(target, join(dir, 'state', 'resume', 'k'))
      expect(await files.load('k')).toBeUndefined()
    }
    mkdirSync(join(dir, 'state', 'resume', 'k'))
    expect(await files.load('k')).toBeUndefined()
    expect(errors.map(({ message }) => message)).toEqual(Array(3).fill(expect.stringContaining('is no file')))
    expect(listed()).toEqual(['k.bad', 'other'])
  })

  it('has a journal that goes on after what of it can be used', async () => {
    await files.save('k', bytes('record'))
    files.append('k', bytes('one, two, th'), false)
    void files.cutJournal('k', bytes('one, two'))
    files.append('k', bytes(', three'), true)
    expect(await files.loadJournal('k')).toEqual(bytes('one, two, three'))
    await files.quarantine('k', 'journal', bytes('one'))
    files.append('k', bytes(', four'), true)
    expect(await files.loadJournal('k')).toEqual(bytes('one, four'))
    await files.settled()
    expect(readFileSync(join(dir, 'state', 'resume', 'k.log.bad'), 'utf8')).toBe('one, two, three')
    expect(listed()).toEqual(['k', 'k.log', 'k.log.bad'])
    expect(errors).toEqual([])
  })

  it('survives what an interrupted save left behind', async () => {
    await files.save('k', bytes('old'))
    writeFileSync(join(dir, 'state', 'resume', 'k.tmp'), 'half of a very long rec')
    expect(await files.load('k')).toEqual(bytes('old'))
    await files.save('k', bytes('new'))
    expect(listed()).toEqual(['k'])
  })

  it('that cannot be kept is told and rejects nothing', async () => {
    writeFileSync(join(dir, 'state'), 'a file where the folder belongs')
    await files.save('k', bytes('one'))
    expect(errors).toMatchObject([{ subject: join(dir, 'state', 'resume', 'k') }])
    await files.settled()
  })

  it('that cannot be read is told and undefined', async () => {
    mkdirSync(join(dir, 'state', 'resume', 'k'), { recursive: true })
    expect(await files.load('k')).toBeUndefined()
    expect(errors).toHaveLength(1)
  })
})

describe('the key of a record', () => {
  const hash = '0123456789abcdef0123456789abcdef01234567'

  it('is the info-hash and eight digits of the folder', async () => {
    expect(await resumeKey(hash, dir)).toMatch(new RegExp(`^${hash}-[0-9a-f]{8}$`))
    expect(await resumeKey(hash, dir)).not.toBe(await resumeKey(hash, tmpdir()))
  })

  it('is the same before the folder is made and after', async () => {
    const before = await resumeKey(hash, join(dir, 'a', 'b'))
    mkdirSync(join(dir, 'a', 'b'), { recursive: true })
    expect(await resumeKey(hash, join(dir, 'a', 'b'))).toBe(before)
  })

  it.skipIf(process.platform === 'win32')('is the same by way of a link', async () => {
    symlinkSync(dir, join(dir, 'link'))
    expect(await resumeKey(hash, join(dir, 'link'))).toBe(await resumeKey(hash, dir))
    expect(await resumeKey(hash, join(dir, 'link', 'new'))).toBe(await resumeKey(hash, join(dir, 'new')))
  })
})
