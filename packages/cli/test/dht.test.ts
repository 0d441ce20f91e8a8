import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDht, type Dht } from '@shoal/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../bin/shoal.js', import.meta.url))
const HASH = '0123456789abcdef0123456789abcdef01234567'
const LOCAL = { bind: '127.0.0.1', port: 0 }

let state: string
let nodes: Dht[]
let entry: string

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'shoal-dht-'))
  const first = await createDht(LOCAL)
  entry = `127.0.0.1:${first.port}`
  const others = await Promise.all([1, 2].map(() => createDht({ ...LOCAL, bootstrap: [entry] })))
  nodes = [first, ...others]
  await nodes[1]!.find(HASH, { announcePort: 7001 })
})

afterAll(async () => {
  await Promise.all(nodes.map(node => node.close()))
  rmSync(state, { recursive: true })
})

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function dht(...args: string[]): Promise<Outcome> {
  const options = ['--bind', '127.0.0.1', '--dht-node', entry, '--state', state, '--timeout', '5']
  return new Promise(resolve => {
    execFile(process.execPath, [BIN, 'dht', ...args, ...options], (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

describe('shoal dht', () => {
  it('finds the peers of a torrent', async () => {
    const { code, stdout, stderr } = await dht('find', HASH.toUpperCase())
    expect({ code, stdout }).toEqual({ code: 0, stdout: '127.0.0.1:7001\n' })
    expect(stderr).toMatch(/^1 peer, from \d of \d nodes asked/)
  })

  it('tells programs as a document', async () => {
    const { stdout } = await dht('find', HASH, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ infoHash: HASH, peers: ['127.0.0.1:7001'] })
  })

  it('ends with exit code 8 where there is no peer', async () => {
    expect(await dht('find', 'f'.repeat(40))).toMatchObject({ code: 8, stdout: '' })
  })

  it('pings a node and lists nodes', async () => {
    const pong = await dht('ping', entry)
    const [id] = /^[0-9a-f]{40}/.exec(pong.stdout) ?? []
    expect(pong.code).toBe(0)
    const list = await dht('nodes')
    expect(list.stdout).toContain(`${id}  ${entry}\n`)
  })

  it('stores a text and fetches it', async () => {
    const put = await dht('put', 'hello, world')
    expect(put.code).toBe(0)
    expect(await dht('get', put.stdout.trim())).toMatchObject({ code: 0, stdout: 'hello, world' })
    expect(await dht('get', HASH)).toMatchObject({ code: 8, stdout: '' })
  })

  it.each([
    [['find'], 'dht find needs an info-hash'],
    [['find', '12'], "'12' is not an info-hash"],
    [['ping', 'nowhere'], "'nowhere' is not an address"],
    [['nodes', 'x'], 'dht nodes takes nothing more'],
    [['jump'], 'jump'],
  ])('says what is wrong with %j', async (args, complaint) => {
    const { code, stderr } = await dht(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(complaint)
  })
})
