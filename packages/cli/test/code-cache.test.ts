import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CodeCache } from '../src/boot/code-cache.ts'

const SOURCE = '(function (x) { return [x].map(each => each * 2)[0] })'

let folder = ''
let path = ''

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'shoal-code-')), 'code')
  path = join(folder, 'b1-get')
})

afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

const code = (text: string): { createCachedData(): Buffer } => ({ createCachedData: () => Buffer.from(text) })

/** As one run of the program leaves it. */
function save(scripts: Record<string, string>, ranMs = 100, file = path): void {
  const all = new Map(Object.entries(scripts).map(([name, text]) => [name, code(text)]))
  CodeCache.open(file).save(all, ranMs, 'b1')
}

function saved(...names: string[]): (string | undefined)[] {
  const cache = CodeCache.open(path)
  return names.map(name => cache.get(name)?.toString())
}

describe('compiled code', () => {
  it('is taken by V8 in the next run', () => {
    const script = new Script(SOURCE)
    expect(script.runInThisContext()(21)).toBe(42)
    CodeCache.open(path).save(new Map([['a.js', script]]), 100, 'b1')
    const cachedData = CodeCache.open(path).get('a.js')
    const again = new Script(SOURCE, { cachedData })
    expect(again.cachedDataRejected).toBe(false)
    expect(again.runInThisContext()(4)).toBe(8)
  })

  it('of several scripts is kept apart, whatever their lengths', () => {
    const scripts = { 'a.js': '', 'b.js': 'x', 'c.js': '12345678', 'ü.js': 'x'.repeat(1001) }
    save(scripts)
    expect(saved(...Object.keys(scripts), 'd.js')).toEqual([...Object.values(scripts), undefined])
  })

  it('that a run did not use stays', () => {
    save({ 'a.js': 'a', 'b.js': 'b' }, 100)
    save({ 'b.js': 'c' }, 500)
    expect(saved('a.js', 'b.js')).toEqual(['a', 'c'])
  })

  it('is replaced by a run that has seen much more', () => {
    const after = (ranMs: number) => {
      save({ 'a.js': 'a' }, 100)
      save({ 'a.js': 'b' }, ranMs)
      const [found] = saved('a.js')
      rmSync(folder, { recursive: true })
      return found
    }
    expect([300, 500, 9_000].map(after)).toEqual(['a', 'b', 'b'])
  })

  it('is added to by any run that missed some, which is all that a long one does', () => {
    for (const ranMs of [100, 1e9]) {
      rmSync(folder, { recursive: true, force: true })
      save({ 'a.js': 'a' }, 100)
      save({ 'a.js': 'later', 'b.js': 'b' }, ranMs)
      expect(saved('a.js', 'b.js')).toEqual(['a', 'b'])
      const { ino } = statSync(path)
      save({ 'a.js': 'later', 'b.js': 'later' }, 1e9)
      expect(statSync(path).ino).toBe(ino)
      expect(saved('a.js', 'b.js')).toEqual(['a', 'b'])
    }
  })

  it('of a long run is better than none, and replaced by the next short one', () => {
    save({ 'a.js': 'a' }, 1e9)
    expect(saved('a.js')).toEqual(['a'])
    save({ 'a.js': 'b' }, 100)
    expect(saved('a.js')).toEqual(['b'])
  })

  it('that V8 does not want is replaced', () => {
    save({ 'a.js': 'a', 'b.js': 'b' }, 1_000)
    const cache = CodeCache.open(path)
    cache.drop('a.js')
    const scripts = new Map([
      ['a.js', code('new')],
      ['b.js', code('new')],
    ])
    cache.save(scripts, 100, 'b1')
    expect(saved('a.js', 'b.js')).toEqual(['new', 'b'])
  })

  it('that is damaged anywhere, cut or empty counts as none', () => {
    save({ 'a.js': 'some code', 'b.js': 'more' })
    const good = readFileSync(path)
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good)
      bad[at]! ^= 0x40
      writeFileSync(path, bad)
      expect(saved('a.js', 'b.js'), `byte ${at}`).toEqual([undefined, undefined])
      writeFileSync(path, good.subarray(0, at))
      expect(saved('a.js', 'b.js'), `${at} bytes`).toEqual([undefined, undefined])
    }
    save({ 'a.js': 'a' })
    expect(saved('a.js')).toEqual(['a'])
  })

  it('can be read by its user alone, and goes when another build comes', () => {
    save({ 'a.js': 'a' }, 100, join(folder, 'b0-get'))
    save({ 'a.js': 'a' }, 100, join(folder, 'b1-info'))
    save({ 'a.js': 'a' })
    expect(readdirSync(folder).sort()).toEqual(['b1-get', 'b1-info'])
    if (process.platform !== 'win32') {
      expect(statSync(folder).mode & 0o777).toBe(0o700)
      expect(statSync(path).mode & 0o777).toBe(0o600)
    }
  })

  it.runIf(process.getuid?.() === 0)('of another user is not run, nor put into a folder of his', () => {
    save({ 'a.js': 'a' })
    chownSync(path, 1, 1)
    expect(saved('a.js')).toEqual([undefined])
    chownSync(folder, 1, 1)
    save({ 'a.js': 'b' })
    expect(statSync(path).uid).toBe(1)
  })

  it.skipIf(process.platform === 'win32')(
    'is neither read from where a link leads, nor written there',
    () => {
      const elsewhere = join(folder, '../elsewhere')
      save({ 'a.js': 'a' })
      renameSync(path, elsewhere)
      symlinkSync(elsewhere, path)
      expect(saved('a.js')).toEqual([undefined])
      rmSync(path)
      writeFileSync(elsewhere, 'not ours')
      symlinkSync(elsewhere, `${path}.${process.pid}`)
      save({ 'a.js': 'a' })
      expect(readFileSync(elsewhere, 'utf8')).toBe('not ours')
    },
  )

  it('that cannot be written is no failure', () => {
    writeFileSync(folder, 'a file in its way')
    save({ 'a.js': 'a' })
    expect(saved('a.js')).toEqual([undefined])
    rmSync(folder)
    mkdirSync(path, { recursive: true })
    save({ 'a.js': 'a' })
    expect(readdirSync(folder)).toEqual(['b1-get'])
  })
})
