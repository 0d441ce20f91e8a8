/** `shoal serve` as a process: its exit codes, what it tells, and how it stops. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const BIN = fileURLToPath(new URL('../bin/shoal.js', import.meta.url))
const OFFLINE = ['--port', '0', '--bind', '127.0.0.1', '--no-dht', '--no-lsd', '--listen', '127.0.0.1:0']

let folder: string
let daemons: Daemon[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-cli-serve-'))
  daemons = []
})

afterEach(async () => {
  for (const { child } of daemons) child.kill('SIGKILL')
  // What is killed may be amidst a write.
  for (const { ended } of daemons) await ended
  rmSync(folder, { recursive: true, force: true })
})

class Daemon {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  readonly lines: string[] = []
  #onLine: () => void = () => {}

  constructor(args: readonly string[]) {
    const env = { PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1' }
    this.child = spawn(process.execPath, [BIN, 'serve', ...args], { cwd: folder, env })
    daemons.push(this)
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      createInterface(stream).on('line', line => {
        this.lines.push(line)
        this.#onLine()
      })
    }
    this.ended = new Promise(resolve => this.child.on('close', resolve))
  }

  async told(event: string): Promise<void> {
    await new Promise<void>(resolve => {
      this.#onLine = () => this.lines.some(line => line.includes(`"event":"${event}"`)) && resolve()
      this.#onLine()
    })
  }
}

test('it stops in good order on SIGTERM, and reads its configuration again on SIGHUP', async () => {
  const file = join(folder, 'config.toml')
  writeFileSync(file, '')
  const daemon = new Daemon([...OFFLINE, '--config', file])
  await daemon.told('setup')
  writeFileSync(file, '[limits]\nupload = "1M"\n')
  daemon.child.kill('SIGHUP')
  await daemon.told('settings')
  const second = new Daemon(OFFLINE)
  expect(await second.ended).toBe(1)
  expect(second.lines.join()).toContain(`is in use by process ${daemon.child.pid}`)
  daemon.child.kill('SIGTERM')
  expect(await daemon.ended).toBe(0)
  expect(JSON.parse(daemon.lines.at(-1)!)).toMatchObject({ event: 'stopped' })
})

test('a configuration that is wrong is one line and exit code 3, a flag that is wrong exit code 2', async () => {
  const file = join(folder, 'config.toml')
  writeFileSync(file, '[limits]\ndonwload = 1\n')
  const wrong = new Daemon(['--config', file])
  const flag = new Daemon(['--set', 'goals.ratio=much'])
  expect([await wrong.ended, await flag.ended]).toEqual([3, 2])
  expect(wrong.lines).toEqual([
    `shoal: ${file}:2:1: there is no setting limits.donwload; did you mean limits.download?`,
  ])
  expect(flag.lines).toHaveLength(1)
  expect(flag.lines[0]).toContain('--set goals.ratio: "much" is not a number')
})

test('flags, --set and variables come out of --print-config as a file', async () => {
  const daemon = new Daemon(['--limit-up', '2M', '--no-dht', '--set', 'goals.ratio=1.5', '--print-config'])
  expect(await daemon.ended).toBe(0)
  expect(daemon.lines).toContain('upload = "2M"')
  expect(daemon.lines).toContain('dht = false')
  expect(daemon.lines).toContain('ratio = 1.5')
  expect(daemon.lines).toContain('#lsd = true')
})
