import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
  const options = ['--bind', '127.0.0.1', '--dht-node', entry, '--state', state, '--timeout', '30']
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

  describe('with a key', () => {
    const key = (): string => join(state, 'news.pem')

    it('makes it, stores under it, and changes what is stored', async () => {
      const first = await dht('put', '--key', key(), 'one')
      expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining(`A new key is in ${key()}`) })
      expect(statSync(key()).mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o600)
      const [, publicKey, target] = /^([0-9a-f]{64}) {2}([0-9a-f]{40})\n$/.exec(first.stdout) ?? []
      expect(await dht('get', publicKey!)).toMatchObject({ code: 0, stdout: 'one' })
      const second = await dht('put', '--key', key(), 'two', '--json')
      expect(JSON.parse(second.stdout)).toMatchObject({ publicKey, target, seq: 2 })
      expect(second.stderr).toBe('')
      const got = await dht('get', publicKey!, '--json')
      expect(JSON.parse(got.stdout)).toMatchObject({ publicKey, seq: 2, text: 'two' })
    })

    it('keeps several texts apart by their salt', async () => {
      const put = await dht('put', '--key', key(), '--salt', 'a', '--seq', '9', 'salted')
      const publicKey = put.stdout.slice(0, 64)
      expect(await dht('get', publicKey, '--salt', 'a')).toMatchObject({ code: 0, stdout: 'salted' })
      expect(await dht('get', publicKey, '--salt', 'b')).toMatchObject({ code: 8, stdout: '' })
    })

    it('does not replace what is newer than was thought', async () => {
      await dht('put', '--key', key(), '--salt', 'cas', '--seq', '5', 'five')
      const old = await dht('put', '--key', key(), '--salt', 'cas', '--cas', '4', 'five, too')
      expect(old).toMatchObject({ code: 1, stdout: '' })
      expect(old.stderr).toContain('what is there has seq 5, not 4; get what is there')
      expect(await dht('put', '--key', key(), '--salt', 'cas', '--cas', '5', 'six')).toMatchObject({
        code: 0,
      })
    })

    it('says that others may read it', async () => {
      if (process.platform === 'win32') return
      const open = join(state, 'open.pem')
      writeFileSync(open, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
      chmodSync(open, 0o644)
      expect((await dht('put', '--key', open, 'x')).stderr).toContain(`chmod 600 ${open}`)
    })

    it('says what is wrong with the file, and leaves it as it is', async () => {
      const file = join(state, 'no.pem')
      const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      for (const [text, problem] of [
        ['', 'is no private key in PEM'],
        ['x'.repeat(100_000), 'is no private key in PEM'],
        [
          rsa.export({ type: 'pkcs8', format: 'pem' }).toString(),
          'holds a key of type ec, not of type ed25519',
        ],
      ] as const) {
        writeFileSync(file, text, { mode: 0o600 })
        const { code, stderr } = await dht('put', '--key', file, 'x')
        expect(code).toBe(2)
        expect(stderr).toMatch(new RegExp(`^shoal: --key: .*no.pem ${problem};.*\n$`))
        expect(readFileSync(file, 'utf8')).toBe(text)
      }
    })

    it('says where no key can be made or read', async () => {
      const nowhere = await dht('put', '--key', join(state, 'no-such-folder', 'a.pem'), 'x')
      expect(nowhere).toMatchObject({ code: 5, stderr: expect.stringContaining('no-such-folder') })
      expect(await dht('put', '--key', state, 'x')).toMatchObject({
        code: 5,
        stderr: expect.stringContaining(state),
      })
    })

    it('is not made for what cannot be stored', async () => {
      const file = join(state, 'never.pem')
      const { code, stderr } = await dht('put', '--key', file, 'ä'.repeat(499))
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: 'shoal: the text has 998 bytes; at most 996 fit\n',
      })
      expect(existsSync(file)).toBe(false)
    })
  })

  it.each([
    [['put', 'x', '--salt', 'a'], '--salt is for what a key signs; name its file with --key'],
    [['put', 'x', '--cas', '1'], '--cas is for what a key signs'],
    [['put', 'x'.repeat(997)], 'the text has 997 bytes; at most 996 fit'],
    [['put', 'x', '--key', 'k.pem', '--salt', 'x'.repeat(65)], '--salt has 65 bytes; at most 64 fit'],
    [['put', 'x', '--key', 'k.pem', '--seq', '-1'], "--seq: '-1' is not a whole number"],
    [['get', 'g'.repeat(64)], 'is neither a target nor a public key'],
    [['get', 'a'.repeat(63)], 'they have 40 and 64 digits'],
    [['get', HASH, '--salt', 'a'], '--salt goes with a public key'],
    [['get', HASH, '--key', 'k.pem'], 'dht get has no use for --key'],
    [['find', HASH, '--seq', '1'], 'dht find has no use for --seq'],
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
