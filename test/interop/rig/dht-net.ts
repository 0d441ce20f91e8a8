/** A DHT of real clients' nodes in the tests' namespace, and torrents that are found by it alone. */
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bencode } from './bencode.ts'
import { startedAgain } from './clients.ts'
import { type Case, makeTorrent, writePayload } from './payload.ts'
import { Program } from './program.ts'
import { differences } from './tree.ts'
import { until } from './wait.ts'

/** Of the namespace, see run.mjs: 10.77.1.1 and so on. */
const ADDRESSES = 20
/** Of each step. aria2 dials a peer half a minute after it found it, Transmission searches after a minute. */
const TIMEOUT_MS = 150_000
const PAYLOAD: Case = {
  title: 'a file that the DHT leads to',
  name: 'trackerless.bin',
  pieceBytes: 64 * 1024,
  files: 2 * 1024 * 1024 + 77,
  tracker: 'udp',
  dials: 'getter',
}

const shoalBin = fileURLToPath(new URL('../../../packages/cli/bin/shoal.js', import.meta.url))
const libtorrentPeer = fileURLToPath(new URL('libtorrent-dht.py', import.meta.url))

export interface Started {
  readonly program: Program
  /** Where its node is: HOST:PORT. */
  readonly address: string
  /** Where it has, or gets, its data. */
  readonly dir: string
  isComplete(): boolean
}

/** Whose info-hash is its own; without trackers. */
export interface Trackerless {
  readonly file: string
  readonly magnet: string
  readonly infoHash: string
}

interface Place {
  readonly ip: string
  readonly port: string
  readonly address: string
  /** The client's own: configuration, log. */
  readonly scratch: string
  readonly dir: string
}

export class DhtNet {
  readonly #work: string
  readonly #payload: string
  readonly #info: ReturnType<typeof writePayload>
  readonly #programs: Program[] = []
  readonly #firstPort: number
  #last = 0
  /** Addresses of the nodes without a torrent. */
  readonly #nodes: string[] = []

  constructor(name: string, firstPort: number) {
    const { INTEROP_DIR } = process.env
    if (INTEROP_DIR === undefined) throw new Error('run me with npm run interop')
    this.#work = join(INTEROP_DIR, name)
    this.#payload = join(this.#work, 'payload')
    this.#firstPort = firstPort
    mkdirSync(this.#payload, { recursive: true })
    this.#info = writePayload(PAYLOAD, this.#payload)
  }

  /** A node of libtorrent's without a torrent. */
  async libtorrentNode(): Promise<Started> {
    const node = this.#libtorrent('node', this.#nodes.join(','))
    await this.#knows(node, Math.min(2, 1 + this.#nodes.length))
    this.#nodes.push(node.address)
    return node
  }

  /** A node of Transmission's without a torrent. */
  async transmissionNode(): Promise<Started> {
    const place = this.#place()
    configureTransmission(place)
    writeFileSync(join(place.scratch, 'dht.bootstrap'), `${this.#entry.replace(':', ' ')}\n`)
    const node = this.#start(place, ['transmission-daemon', '-f', '-g', place.scratch])
    await this.#knows(node, 2)
    this.#nodes.push(node.address)
    return node
  }

  libtorrent(does: 'seed' | 'get', torrent: string, entry = this.#entry): Started {
    return this.#libtorrent(does, entry, torrent)
  }

  shoal(does: 'seed' | 'get', torrent: string, entry = this.#entry): Started {
    const place = this.#place(does === 'seed')
    const { ip, port, dir } = place
    const options = ['--dir', dir, '--bind', ip, '--port', port, '--no-lsd', '--dht-node', entry]
    return this.#start(place, [process.execPath, shoalBin, does, torrent, ...options])
  }

  transmissionGet(torrent: string): Started {
    const place = this.#place()
    const { port, scratch, dir } = place
    configureTransmission(place)
    // It neither announces nor searches until it knows more than eight nodes, and by the other file takes 15 s for each.
    writeFileSync(join(scratch, 'dht.dat'), bencode({ id: randomBytes(20), nodes: compact(this.#nodes) }))
    const marker = join(scratch, 'complete')
    const script = join(scratch, 'finish.sh')
    writeFileSync(script, `#!/bin/sh\ntouch "${marker}"\n`, { mode: 0o755 })
    const options = ['-g', scratch, '-w', dir, '-p', port, '--no-portmap', '--encryption-tolerated']
    const command = ['transmission-cli', ...options, '--no-downlimit', '--no-uplimit', '-f', script, torrent]
    return this.#start(place, startedAgain(marker, command), () => existsSync(marker))
  }

  aria2Get(torrent: string): Started {
    const place = this.#place()
    const { ip, port, scratch, dir } = place
    return this.#start(place, [
      'aria2c',
      '--no-conf',
      '--console-log-level=notice',
      '--summary-interval=0',
      `--interface=${ip}`,
      `--listen-port=${port}`,
      '--enable-dht=true',
      '--enable-dht6=false',
      `--dht-listen-port=${port}`,
      `--dht-entry-point=${this.#entry}`,
      `--dht-file-path=${join(scratch, 'dht.dat')}`,
      '--enable-peer-exchange=false',
      '--bt-enable-lpd=false',
      '--file-allocation=none',
      `--dir=${dir}`,
      '--seed-time=0',
      torrent,
    ])
  }

  /** `shoal dht`: what it prints, once it is done well. */
  async ask(...args: string[]): Promise<string> {
    const { program } = this.#ask(args)
    await this.#until('an answer', () => program.ending !== undefined)
    if (program.ending !== 0) throw new Error(`ended early\n${this.logs()}`)
    return program.describe()
  }

  /** Waits until the DHT knows of a peer: nobody looks again within minutes. */
  async isFound({ infoHash }: Trackerless): Promise<void> {
    await this.#until(
      'somebody is found',
      async () => (await this.#ask(['find', infoHash]).program.ended) === 0,
    )
  }

  /** It has everything, and all of it is right. */
  async completes(getter: Started): Promise<void> {
    await this.#until('it is complete', () => {
      if (getter.program.ending !== undefined && !getter.isComplete())
        throw new Error(`ended early\n${this.logs()}`)
      return getter.isComplete()
    })
    const lines = differences(this.#payload, getter.dir)
    if (lines.length > 0) throw new Error(lines.join('\n'))
  }

  trackerless(unique: string): Trackerless {
    const infoHash = makeTorrent(this.#info, '', unique).infoHash.toString('hex')
    const file = join(this.#work, `${unique}.torrent`)
    writeFileSync(file, bencode({ info: { ...this.#info, source: unique } }))
    return { file, infoHash, magnet: `magnet:?xt=urn:btih:${infoHash}` }
  }

  logs(): string {
    return this.#programs.map(program => program.describe()).join('\n')
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map(program => program.stop()))
  }

  /** The node that others enter by, unless told otherwise. */
  get #entry(): string {
    return this.#nodes[0] ?? ''
  }

  #libtorrent(mode: 'node' | 'seed' | 'get', entry: string, torrent?: string): Started {
    const place = this.#place(mode === 'seed')
    const { ip, port, dir } = place
    const of = torrent === undefined ? [] : [torrent, dir]
    return this.#start(place, ['/usr/bin/python3', libtorrentPeer, mode, ip, port, entry, ...of])
  }

  #ask(args: readonly string[], entry = this.#entry): Started {
    const place = this.#place()
    // Nodes that have gone meanwhile take a search 6 s each time that it comes upon some.
    const options = ['--dht-node', entry, '--bind', place.ip, '--timeout', '20']
    return this.#start(place, [process.execPath, shoalBin, 'dht', ...args, ...options])
  }

  /** By this node a search gets so far: it is there, and knows others. */
  async #knows({ address }: Started, count: number): Promise<void> {
    await this.#until(`the node at ${address} knows ${count} nodes`, async () => {
      const { program } = this.#ask(['find', randomBytes(20).toString('hex')], address)
      await program.ended
      const [, answered] = /from (\d+) of/.exec(program.describe()) ?? []
      return Number(answered) >= count
    })
  }

  #place(isFilled = false): Place {
    const n = this.#last++
    // The first is the tracker's of other tests.
    const ip = `10.77.1.${2 + (n % (ADDRESSES - 1))}`
    const port = String(this.#firstPort + n)
    const scratch = join(this.#work, `${n}`)
    const dir = join(this.#work, `${n}-data`)
    mkdirSync(scratch)
    if (isFilled) cpSync(this.#payload, dir, { recursive: true })
    else mkdirSync(dir)
    return { ip, port, address: `${ip}:${port}`, scratch, dir }
  }

  #start({ address, dir, scratch }: Place, command: readonly string[], isComplete?: () => boolean): Started {
    const program = new Program(command, {
      logFile: join(scratch, 'log'),
      cwd: scratch,
      env: { HOME: scratch, XDG_STATE_HOME: scratch },
    })
    this.#programs.push(program)
    // Most end by themselves.
    return { program, address, dir, isComplete: isComplete ?? (() => program.ending === 0) }
  }

  #until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    return until(() => `${what}\n${this.logs()}`, TIMEOUT_MS, holds)
  }
}

function configureTransmission({ ip, port, scratch }: Place): void {
  const settings = {
    'bind-address-ipv4': ip,
    'peer-port': Number(port),
    'dht-enabled': true,
    'lpd-enabled': false,
    'pex-enabled': false,
    'utp-enabled': false,
    'port-forwarding-enabled': false,
    'rpc-enabled': false,
  }
  writeFileSync(join(scratch, 'settings.json'), JSON.stringify(settings))
}

/** Six bytes each (BEP 5). */
function compact(addresses: readonly string[]): Uint8Array {
  return Uint8Array.from(
    addresses.flatMap(address => {
      const [host = '', port = ''] = address.split(':')
      return [...host.split('.').map(Number), Number(port) >> 8, Number(port) & 255]
    }),
  )
}
