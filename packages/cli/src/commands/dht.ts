import type { Dht, DhtSearchOptions } from '@shoal/engine'
import { Argument, Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { plural } from '../format.ts'
import { parseAddress, parseDuration, parsePeer } from '../input/quantity.ts'
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

interface DhtOptions extends CommonOptions {
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
  /** For words that are no result. */
  readonly screen: Screen
}

/** What each wants to be given, if anything, and what it does. */
const ACTIONS: Readonly<Record<string, { readonly needs?: string; run(asked: Asked): Promise<ExitCode> }>> = {
  find: { needs: 'an info-hash', run: find },
  ping: { needs: 'the address of a node', run: ping },
  nodes: { run: nodes },
  put: { needs: 'a text', run: put },
  get: { needs: 'the target that put has printed', run: get },
}

export function defineDht(): Command {
  const command = new Command('dht')
    .description('Ask the DHT, the network by which peers find each other without a tracker.')
    .addArgument(
      new Argument('<action>', 'peers of a torrent, one node, our neighbours, store or fetch').choices(
        Object.keys(ACTIONS),
      ),
    )
    .argument('[what]', 'info-hash to find, HOST:PORT to ping, text to put, target to get')
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
  ])
  return command.action(async (action: string, what: string | undefined, options: DhtOptions) => {
    process.exitCode = await ask(action, what, options)
  })
}

async function ask(name: string, what: string | undefined, options: DhtOptions): Promise<ExitCode> {
  const action = ACTIONS[name]!
  requireWhat(name, what)
  const interruption = watchInterrupts(() => {})
  try {
    const { createDht } = await import('@shoal/engine')
    const { bind, dhtNode: bootstrap, state: stateDir } = options
    // Gone in a moment: nobody is to count on it.
    const dht = await createDht({ bind, bootstrap, stateDir, readOnly: true })
    try {
      const search = { timeoutMs: options.timeout * 1000, signal: interruption.signal }
      const screen = new Screen(process.stderr, options.color)
      return await action.run({ dht, what: what ?? '', search, json: options.json === true, screen })
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
  if ((name === 'find' || name === 'get') && !/^[0-9a-f]{40}$/i.test(what!))
    throw new Failure(EXIT.usage, `'${what}' is not ${needs}`, 'it has 40 digits, 0 to 9 and a to f')
  if (name === 'ping') parsePeer('dht ping')(what!, undefined)
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

async function put({ dht, what, search, json, screen }: Asked): Promise<ExitCode> {
  const { target, stored } = await dht.put(what, search)
  if (stored === 0) throw new Failure(EXIT.network, 'no node took it', 'try later')
  if (json) printDocument({ target, stored })
  else {
    print(target)
    screen.print(`Stored at ${plural(stored, 'node')}, for some hours`)
  }
  return EXIT.ok
}

async function get({ dht, what, search, json }: Asked): Promise<ExitCode> {
  const item = await dht.get(what, search)
  if (item === undefined)
    throw new Failure(EXIT.network, `nobody has ${what}`, 'values are forgotten after some hours')
  const bytes = item.bytes ?? item.bencoded
  const text = new TextDecoder().decode(bytes)
  if (json) printDocument({ target: what.toLowerCase(), text, base64: Buffer.from(bytes).toString('base64') })
  else if (process.stdout.isTTY) print(safeText(text))
  else printBytes(bytes)
  return EXIT.ok
}
