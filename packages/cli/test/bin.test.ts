import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../src/help.ts'

import { bencode } from './world.ts'

const BIN = fileURLToPath(new URL('../bin/shoal.js', import.meta.url))

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-cli-test-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function shoal(args: string[], input: Uint8Array | string = ''): Outcome {
  const env = { PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: folder,
    env,
    input,
    timeout: 50_000,
  })
  return { code: status, out: stdout.toString(), err: stderr.toString() }
}

describe('the program', () => {
  it('gives all of its output to one who begins to read late', async () => {
    const files = Array.from({ length: 4_000 }, (_, n) => bencode({ length: 1, path: [`file number ${n}`] }))
    const info = `d5:filesl${files.join('')}e4:name4:many12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`
    writeFileSync(join(folder, 'many.torrent'), `d4:info${info}e`)
    const env = { PATH: process.env.PATH ?? '', HOME: folder }
    const child = spawn(process.execPath, [BIN, 'info', '--files', '--json', 'many.torrent'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    // It used to leave a second after its work was done.
    await new Promise(resolve => setTimeout(resolve, 1_200))
    const chunks: Buffer[] = []
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    expect(text.length).toBeGreaterThan(200_000)
    expect(JSON.parse(text).files).toHaveLength(4_000)
  })

  it('tells its version', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(shoal(['--version'])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' })
  })

  it.runIf(existsSync('/dev/full'))('fails when what it says cannot be written', () => {
    writeFileSync(join(folder, 'a file'), 'content')
    expect(shoal(['create', 'a file', '-o', 'full.torrent']).code).toBe(0)
    const full = openSync('/dev/full', 'w')
    const env = { PATH: process.env.PATH ?? '', HOME: folder }
    for (const args of [['info', 'full.torrent', '--json'], ['--help']]) {
      const { status } = spawnSync(process.execPath, [BIN, ...args], {
        cwd: folder,
        env,
        stdio: ['ignore', full, 'ignore'],
      })
      expect(status, args.join(' ')).toBe(1)
    }
    closeSync(full)
  })

  it('reads and keeps no compiled code where it is started, without a home', () => {
    const cwd = join(folder, 'elsewhere')
    mkdirSync(cwd, { recursive: true })
    const env = { PATH: process.env.PATH ?? '', HOME: '', NO_COLOR: '1' }
    const { status } = spawnSync(process.execPath, [BIN, 'info', '--help'], { cwd, env })
    expect(status).toBe(0)
    expect(readdirSync(cwd)).toEqual([])
  })

  it('is bundled without a character beyond ASCII, as its loader takes it', () => {
    const bundle = fileURLToPath(new URL('../bundle/', import.meta.url))
    const scripts = readdirSync(bundle).filter(name => name.endsWith('.js'))
    expect(scripts).toContain('main.js')
    const others = scripts.filter(name => /[^\0-\x7f]/.test(readFileSync(join(bundle, name), 'latin1')))
    expect(others).toEqual([])
  })

  it('keeps compiled code for its next run, and is not misled by what it finds there', () => {
    const code = join(folder, '.cache/shoal/code')
    rmSync(code, { recursive: true, force: true })
    const first = shoal(['info', '--help'])
    const [file = ''] = readdirSync(code)
    expect(file).toMatch(/^[0-9a-f]{16}-[0-9a-f]+-info$/)
    expect(shoal(['info', '--help'])).toEqual(first)
    const bytes = readFileSync(join(code, file))
    bytes.fill(0xff, bytes.length >> 1)
    writeFileSync(join(code, file), bytes)
    expect(shoal(['info', '--help'])).toEqual(first)
    // Made anew.
    expect(readFileSync(join(code, file)).equals(bytes)).toBe(false)
  })

  it('shows help with every command and with examples', () => {
    const { code, out, err } = shoal(['--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const { name } of COMMANDS) expect(out).toMatch(new RegExp(`^  ${name}`, 'm'))
    expect(out).toContain('Examples:\n  shoal ')
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })

  it.each(COMMANDS.map(command => command.name))('shows help for %s, with examples', name => {
    const { code, out, err } = shoal([name, '--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`Usage: shoal ${name}`)
    expect(out).toMatch(/Examples:\n/)
  })

  it.each([
    [['gte'], "'gte' is neither a command nor a file; did you mean get?"],
    [['get', 'x.torrent', '--dri', 'y'], "unknown option '--dri'; did you mean --dir?"],
    [['get'], "missing required argument 'source'; see shoal get --help"],
    [['info', 'a', 'b'], 'too many arguments'],
    [['get', 'x.torrent', '--limit-down', 'fast'], "--limit-down: 'fast' is not a rate"],
    [['create', 'x', '--piece-length', '300K'], "--piece-length: '300K' is not a power of two"],
    [['peek', 'x.torrent', '--length', '99999'], "--length: '99999' is not a whole number"],
    [['get', 'x.torrent', '--color', 'sometimes'], "option '--color <when>' argument 'sometimes' is invalid"],
  ])('refuses %j in one line with exit code 2', (args, line) => {
    const { code, out, err } = shoal(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^shoal: .*\n$/)
    expect(err).toContain(line)
  })
})

describe('torrent files', () => {
  it('are made, read and verified', () => {
    cpSync(new URL('../src/terminal', import.meta.url), join(folder, 'data'), { recursive: true })
    const made = shoal(['create', 'data', '--tracker', 'http://127.0.0.1:1/a', '--comment', 'x\x1b[2J'])
    expect(made.err).toBe('')
    expect(made.code).toBe(0)
    const again = shoal(['create', 'data', '--tracker', 'http://127.0.0.1:1/a', '--comment', 'x\x1b[2J'])
    expect(again.code).toBe(5)
    expect(again.err).toContain('data.torrent exists already')

    const info = shoal(['info', 'data.torrent', '--json'])
    const document = JSON.parse(info.out)
    expect(document).toMatchObject({ name: 'data', trackers: [['http://127.0.0.1:1/a']], private: false })
    expect(made.out).toContain(document.infoHash)
    const text = shoal(['info', '-'], readFileSync(join(folder, 'data.torrent')))
    expect(text.out).toContain(`Info-hash  ${document.infoHash}`)
    expect(text.out).not.toContain('\x1b')

    expect(shoal(['verify', 'data.torrent'])).toMatchObject({ code: 0, err: '' })
    writeFileSync(join(folder, 'data', 'width.ts'), 'other')
    const differs = shoal(['verify', 'data.torrent'])
    expect(differs.code).toBe(6)
    expect(differs.out).toContain('data/width.ts')
    expect(JSON.parse(shoal(['verify', 'data.torrent', '--json']).out)).toMatchObject({ ok: false })
  })

  it('go to standard output with -o -, and nothing else does', () => {
    writeFileSync(join(folder, 'one.txt'), 'some text')
    const { code, out, err } = shoal(['create', 'one.txt', '-o', '-'])
    expect(code).toBe(0)
    expect(out).toMatch(/^d.*e$/s)
    expect(err).toContain('one.txt')
    expect(existsSync(join(folder, 'one.txt.torrent'))).toBe(false)
  })

  it('that are missing or broken end with exit code 4', () => {
    writeFileSync(join(folder, 'broken.torrent'), 'this is not a torrent')
    for (const args of [
      ['info', 'nowhere.torrent'],
      ['info', 'broken.torrent'],
      ['verify', 'nowhere.torrent'],
      ['get', 'nowhere.torrent'],
      ['get', 'magnet:?xt=urn:btih:0'],
      ['create', 'nowhere'],
    ]) {
      const { code, out, err } = shoal(args)
      expect({ args, code, out }).toEqual({ args, code: 4, out: '' })
      expect(err).toMatch(/^shoal: .*\n$/)
    }
  })
})
