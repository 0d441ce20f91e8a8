import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTorrent } from '@shoal/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Child, type ChildEvent } from '../src/demo/child.ts'

const LOOPBACK = ['--bind', '127.0.0.1', '--port', '0', '--no-discovery']

let folder = ''
const children: Child[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-cli-swarm-'))
  await mkdir(join(folder, 'source'))
  const data = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 2_654_435_761) >>> 13)
  writeFileSync(join(folder, 'source', 'data.bin'), data)
  const { bytes } = await createTorrent(join(folder, 'source', 'data.bin'))
  writeFileSync(join(folder, 'data.torrent'), bytes)
})

afterEach(async () => {
  await Promise.all(children.splice(0).map(child => child.stop()))
  rmSync(folder, { recursive: true, force: true })
})

interface Running {
  readonly child: Child
  readonly events: ChildEvent[]
  /** The first event that fits, also of those that came before. */
  until(fits: (event: ChildEvent) => boolean): Promise<ChildEvent>
}

function run(args: string[]): Running {
  const events: ChildEvent[] = []
  let look: () => void = () => {}
  const state = ['--state', join(folder, `state ${children.length}`)]
  const child = new Child(args[0]!, [...args, ...LOOPBACK, ...state, '--json'], event => {
    events.push(event)
    look()
  })
  children.push(child)
  const until = (fits: (event: ChildEvent) => boolean): Promise<ChildEvent> =>
    new Promise(resolve => {
      look = () => {
        const found = events.find(fits)
        if (found) resolve(found)
      }
      look()
    })
  return { child, events, until }
}

async function runSeed(): Promise<string> {
  const seed = run(['seed', join(folder, 'data.torrent'), '--dir', join(folder, 'source')])
  const { port } = await seed.until(event => event.event === 'listening')
  await seed.until(event => event.event === 'state' && event.state === 'seeding')
  return `127.0.0.1:${port}`
}

describe('get and seed as processes', () => {
  it('move a file from one to the other, and get ends with exit code 0', async () => {
    const peer = await runSeed()
    const target = join(folder, 'target')
    const get = run(['get', join(folder, 'data.torrent'), '--dir', target, '--peer', peer])
    const finished = await get.until(event => event.event === 'finished')
    expect(finished.exitCode).toBe(0)
    expect(get.events.map(event => event.event)).toEqual(
      expect.arrayContaining(['listening', 'added', 'done']),
    )
    const [original, copy] = await Promise.all([
      readFile(join(folder, 'source', 'data.bin')),
      readFile(join(target, 'data.bin')),
    ])
    expect(copy.equals(original)).toBe(true)
  })

  it('end with 7 when nothing arrives for as long as --give-up says', async () => {
    const get = run(['get', join(folder, 'data.torrent'), '--dir', join(folder, 'target'), '--give-up', '1s'])
    const finished = await get.until(event => event.event === 'finished')
    expect(finished.exitCode).toBe(7)
  })

  it('end with 130 after a signal, in good order', async () => {
    const get = run(['get', join(folder, 'data.torrent'), '--dir', join(folder, 'target')])
    await get.until(event => event.event === 'added')
    await get.child.stop()
    // Who takes longer than 5 s is ended without a word.
    expect(get.events.at(-1)).toMatchObject({ event: 'finished', exitCode: 130 })
  })

  it('refuse to share what is not there, with exit code 6', async () => {
    await mkdir(join(folder, 'empty'))
    const seed = run(['seed', join(folder, 'data.torrent'), '--dir', join(folder, 'empty')])
    const finished = await seed.until(event => event.event === 'finished')
    expect(finished.exitCode).toBe(6)
  })
})
