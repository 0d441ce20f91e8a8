import type { Dht, DhtSearchOptions } from '@shoal/engine'
import { Argument, Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { plural } from '../format.ts'
import { openKeyFile } from '../input/key-file.ts'
import { parseAddress, parseDuration, parsePeer, parseWhole } from '../input/quantity.ts'
import { watchInterrupts } from '../interrupt.ts'
import {
  addColorOption,
  addDhtNodeOption,
  addExamples,
  addStateOption,
  type CommonOptions,
} from '../options.ts'
import { print, printBytes, printDocument } from '../output.ts'
import { safeText } from '../terminal/safe-text.ts'
import { Screen } from '../terminal/screen.ts'

/** Of items that a key signs. */
interface KeyOptions {
  /** A file. */
  readonly key?: string | undefined
  readonly salt?: string | undefined
  readonly seq?: number | undefined
  readonly cas?: number | undefined
}

interface DhtOptions extends CommonOptions, KeyOptions {
  readonly dhtNode?: string[]
  readonly bind?: string
  readonly state: string
  readonly timeout: number
  readonly json?: boolean
}

interface Asked {
  readonly dht: Dht
  readonly what: string
  readonly search: DhtSearchOptions
  readonly json: boolean
  readonly keyOptions: KeyOptions
  /** For words that are no result. */
  readonly screen: Screen
}

/** What each wants to be given, if anything, and what it does. */
const ACTIONS: Readonly<Record<string, { readonly needs?: string; run(asked: Asked): Promise<ExitCode> }>> = {
  find: { needs: 'an info-hash', run: find },
  ping: { needs: 'the address of a node', run: ping },
  nodes: { run: nodes },
  put: { needs: 'a text', run: put },
  get: { needs: 'the target or public key that put has printed', run: get },
}

/** What a bencoded string of the most that nodes take (BEP 44), 1000 bytes, has room for. */
const MAX_TEXT_BYTES = 996
const MAX_SALT_BYTES = 64
/** Public keys have more digits than targets and info-hashes. */
const HASH = /^[0-9a-f]{40}$/i
const PUBLIC_KEY = /^[0-9a-f]{64}$/i

export function defineDht(): Command {
  const command = new Command('dht')
    .description('Ask the DHT, the network by which peers find each other without a tracker.')
    .addArgument(
      new Argument('<action>', 'peers of a torrent, one node, our neighbours, store or fetch').choices(
        Object.keys(ACTIONS),
      ),
    )
    .argument('[what]', 'info-hash to find, HOST:PORT to ping, text to put, target or key to get')
    .option('--key <file>', 'put: signed, to be changed later; a new key if there is no such file')
    .option('--salt <text>', 'put, get: one of several items of a key')
    .option(
      '--seq <number>',
      'put --key: number of the version; the highest counts (default: the next)',
      parseWhole('--seq', 0, Number.MAX_SAFE_INTEGER),
    )
    .option(
      '--cas <number>',
      'put --key: only in place of this version',
      parseWhole('--cas', 0, Number.MAX_SAFE_INTEGER),
    )
    .option('--bind <address>', 'address of this machine to use (default: all)', parseAddress('--bind'))
    .option('--timeout <time>', 'how long it may take', parseDuration('--timeout'), 30)
    .option('--json', 'one JSON document on standard output')
  addDhtNodeOption(command)
  addStateOption(command)
  addColorOption(command)
  addExamples(command, [
    ['shoal dht find 0123456789abcdef0123456789abcdef01234567', 'who has this torrent'],
    ['shoal dht ping 192.0.2.7:6881', 'is there a node?'],
    ['shoal dht nodes', 'those nearest to us'],
    ["shoal dht put 'hello, world'", 'store a text for some hours'],
    ["shoal dht put --key news.pem 'version 2 is out'", 'one that can be changed'],
    ['shoal dht get 78c989cc55212c93df405f3227f8ba1cc082dcda', 'fetch what was stored'],
    [
      'shoal dht get 77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548',
      'the newest that a key has signed',
    ],
  ])
  return command.action(async (action: string, what: string | undefined, options: DhtOptions) => {
    process.exitCode = await ask(action, what, options)
  })
}

async function ask(name: string, what: string | undefined, options: DhtOptions): Promise<ExitCode> {
  const action = ACTIONS[name]!
  requireWhat(name, what)
  const { key, salt, seq, cas } = options
  const keyOptions = { key, salt, seq, cas }
  checkKeyOptions(name, what ?? '', keyOptions)
  const interruption = watchInterrupts(() => {})
  try {
    const { createDht } = await import('@shoal/engine')
    const { bind, dhtNode: bootstrap, state: stateDir } = options
    // Gone in a moment: nobody is to count on it.
    const dht = await createDht({ bind, bootstrap, stateDir, readOnly: true })
    try {
      const search = { timeoutMs: options.timeout * 1000, signal: interruption.signal }
      const screen = new Screen(process.stderr, options.color)
      return await action.run({
        dht,
        what: what ?? '',
        search,
        json: options.json === true,
        keyOptions,
        screen,
      })
    } finally {
      await dht.close()
    }
  } catch (error) {
    if (interruption.signal.aborted) return EXIT.interrupted
    throw error
  } finally {
    interruption.end()
  }
}

function requireWhat(name: string, what: string | undefined): void {
  const { needs } = ACTIONS[name]!
  if (needs !== undefined && what === undefined)
    throw new Failure(EXIT.usage, `dht ${name} needs ${needs}`, 'see shoal dht --help')
  if (needs === undefined && what !== undefined)
    throw new Failure(EXIT.usage, `dht ${name} takes nothing more`, 'see shoal dht --help')
  if (name === 'find' && !HASH.test(what!))
    throw new Failure(EXIT.usage, `'${what}' is not ${needs}`, 'it has 40 digits, 0 to 9 and a to f')
  if (name === 'get' && !HASH.test(what!) && !PUBLIC_KEY.test(what!))
    throw new Failure(
      EXIT.usage,
      `'${what}' is neither a target nor a public key`,
      'they have 40 and 64 digits, 0 to 9 and a to f',
    )
  if (name === 'put') checkLength('the text', what!, MAX_TEXT_BYTES)
  if (name === 'ping') parsePeer('dht ping')(what!, undefined)
}

function checkKeyOptions(name: string, what: string, options: KeyOptions): void {
  const { key, salt } = options
  const isPut = name === 'put'
  const given = Object.entries(options).flatMap(([option, value]) => (value === undefined ? [] : option))
  for (const option of given) {
    if (isPut || (name === 'get' && option === 'salt')) continue
    throw new Failure(EXIT.usage, `dht ${name} has no use for --${option}`, 'see shoal dht --help')
  }
  if (isPut && key === undefined && given.length > 0)
    throw new Failure(EXIT.usage, `--${given[0]} is for what a key signs`, 'name its file with --key')
  if (salt === undefined) return
  if (name === 'get' && !PUBLIC_KEY.test(what))
    throw new Failure(EXIT.usage, '--salt goes with a public key', 'give its 64 digits, not the target')
  checkLength('--salt', salt, MAX_SALT_BYTES)
}

function checkLength(what: string, text: string, mostBytes: number): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > mostBytes)
    throw new Failure(EXIT.usage, `${what} has ${bytes} bytes`, `at most ${mostBytes} fit`)
}

async function find({ dht, what, search, json, screen }: Asked): Promise<ExitCode> {
  const onPeers = (peers: readonly string[]): void => {
    if (!json) for (const peer of peers) print(peer)
  }
  const { peers, queries, replies, durationMs } = await dht.find(what, { ...search, onPeers })
  if (json)
    printDocument({
      infoHash: what.toLowerCase(),
      peers,
      queries,
      replies,
      durationMs: Math.round(durationMs),
    })
  else screen.print(`${plural(peers.length, 'peer')}, from ${replies} of ${plural(queries, 'node')} asked`)
  return peers.length > 0 ? EXIT.ok : EXIT.network
}

async function ping({ dht, what, json }: Asked): Promise<ExitCode> {
  const pong = await dht.ping(what)
  if (pong === undefined) throw new Failure(EXIT.network, `${what} does not answer`, 'check address and port')
  const durationMs = Math.round(pong.durationMs)
  if (json) printDocument({ address: what, id: pong.id, durationMs })
  else print(`${pong.id}  ${durationMs} ms`)
  return EXIT.ok
}

async function nodes({ dht, search, json, screen }: Asked): Promise<ExitCode> {
  const found = await dht.nodes(search)
  const { externalIps } = dht.snapshot()
  if (json) printDocument({ nodes: found, externalIps })
  else {
    for (const { id, address } of found) print(`${id}  ${address}`)
    const seen = externalIps.length === 0 ? '' : `; they see us at ${externalIps.join(', ')}`
    screen.print(`${plural(found.length, 'node')}${seen}`)
  }
  return EXIT.ok
}

async function put(asked: Asked): Promise<ExitCode> {
  const { dht, what, search, json, keyOptions, screen } = asked
  if (keyOptions.key !== undefined) return await putSigned(asked, keyOptions.key)
  const { target, stored } = await dht.put(what, search)
  requireStored(stored)
  if (json) printDocument({ target, stored })
  else {
    print(target)
    screen.print(`Stored at ${plural(stored, 'node')}, for some hours`)
  }
  return EXIT.ok
}

async function putSigned(
  { dht, what, search, json, keyOptions, screen }: Asked,
  path: string,
): Promise<ExitCode> {
  const { key, isNew, isOpen } = await openKeyFile(path)
  if (isNew) screen.print(`A new key is in ${safeText(path)}: keep it, and keep it to yourself`)
  if (isOpen) screen.print(`Others may read the key: chmod 600 ${safeText(path)}`)
  const { salt, seq, cas } = keyOptions
  const {
    publicKey,
    target,
    seq: version,
    stored,
  } = await dht.putMutable(what, { ...search, key, salt, seq, cas })
  requireStored(stored)
  if (json) printDocument({ publicKey, target, salt, seq: version, stored })
  else {
    print(`${publicKey}  ${target}`)
    screen.print(`Stored at ${plural(stored, 'node')} as seq ${version}, for some hours`)
  }
  return EXIT.ok
}

function requireStored(stored: number): void {
  if (stored === 0) throw new Failure(EXIT.network, 'no node took it', 'try later')
}

async function get({ dht, what, search, json, keyOptions }: Asked): Promise<ExitCode> {
  const { salt } = keyOptions
  const isKey = PUBLIC_KEY.test(what)
  const item = isKey ? await dht.getMutable(what, { ...search, salt }) : await dht.get(what, search)
  if (item === undefined)
    throw new Failure(EXIT.network, `nobody has ${what}`, 'values are forgotten after some hours')
  const bytes = item.bytes ?? item.bencoded
  const text = new TextDecoder().decode(bytes)
  const name = isKey ? { publicKey: what.toLowerCase(), salt } : { target: what.toLowerCase() }
  const { seq } = item
  if (json) printDocument({ ...name, seq, text, base64: Buffer.from(bytes).toString('base64') })
  else if (process.stdout.isTTY) print(safeText(text))
  else printBytes(bytes)
  return EXIT.ok
}
