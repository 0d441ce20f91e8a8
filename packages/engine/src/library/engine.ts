/** {@link createEngine}: the core engine over this machine's sockets, files and clock. */

import { canonicalIp } from '../bytes/address.ts'
import { SLAB_BYTES } from '../bytes/slabs.ts'
import { ShoalError } from '../errors.ts'
import { takeStateFolder } from '../node/state-folder.ts'
import { createStorage } from '../node/storage.ts'
import { sha1, systemClock, systemRandom } from '../node/system.ts'
import { createTcp } from '../node/tcp.ts'
import { createTrackers } from '../node/trackers.ts'
import { udp } from '../node/udp.ts'
import type { Ports } from '../ports.ts'
import { aborted } from './abort.ts'
import { DhtHome } from './dht-home.ts'
import { EngineHandle } from './engine-handle.ts'
import { count } from './options.ts'
import type { Engine, EngineOptions } from './types/engine.ts'

const FIRST_PORT = 6881
/** BEP 3: clients commonly try this port and the next few. */
const PORTS_TRIED = 10
/** Resident only as far as it is used; bounds what a fast download with a slow disk can take. */
const DEFAULT_MEMORY_BYTES = 48 * 1024 * 1024

/**
 * An engine that listens and is ready for torrents.
 *
 * @throws ShoalError `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `OPTION_INVALID`, `STATE_LOCKED`, `ABORTED`
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  if (options.signal?.aborted) throw aborted()
  checkOptions(options)
  const state = openState(options)
  const memoryBytes = roundUp(options.memoryBytes ?? DEFAULT_MEMORY_BYTES, SLAB_BYTES)
  const storage = createStorage({ memoryBytes, workers: options.workers, eager: 'one' })
  const trackers = createTrackers({ bindHost: options.bind })
  const net = createTcp({ bindHost: options.bind })
  const ports: Ports = {
    clock: systemClock,
    random: systemRandom,
    sha1,
    net,
    datagrams: udp,
    storage,
    trackers,
  }
  const release = async (): Promise<void> => {
    trackers.close()
    await storage.close()
    state.release()
  }
  try {
    const engine = await listen(ports, { ...options, stateDir: state.dir }, release)
    if (state.warning !== undefined) engine.warnings.push(state.warning)
    options.signal?.addEventListener('abort', () => void engine.close(), { once: true })
    return engine
  } catch (error) {
    await release()
    throw error
  }
}

/** Where it is shared it is a convenience, and one that cannot be used stops nobody. */
function openState({ stateDir, shareState = false }: EngineOptions): {
  readonly dir: string | undefined
  readonly warning: string | undefined
  readonly release: () => void
} {
  const none = { dir: undefined, warning: undefined, release: () => {} }
  if (stateDir === undefined) return none
  try {
    const { dir, release } = takeStateFolder(stateDir, shareState)
    return { dir, warning: undefined, release }
  } catch (error) {
    if (!shareState || !(error instanceof ShoalError) || error.code === 'STATE_LOCKED') throw error
    return { ...none, warning: `nothing is remembered beyond the data itself: ${error.message}` }
  }
}

/** Opens the core engine on the port that was asked for, or on the first of the usual ones that is free. */
async function listen(
  ports: Ports,
  options: EngineOptions,
  release: () => Promise<void>,
): Promise<EngineHandle> {
  const first = options.port ?? FIRST_PORT
  const last = options.port === undefined ? FIRST_PORT + PORTS_TRIED - 1 : first
  const warnings: string[] = []
  const onWarning = (text: string): void => void warnings.push(text)
  const { dhtBootstrap: bootstrap } = options
  const dht = options.dht === false ? undefined : new DhtHome({ ...options, bootstrap, onWarning })
  const setup = await dht?.setup()
  for (let port = first; ; port++) {
    const engine = new EngineHandle(ports, options, { port, release, dht, setup })
    try {
      await engine.listening
      engine.startDht()
      engine.warnings.push(...warnings.splice(0))
      return engine
    } catch (error) {
      await engine.closeCore()
      const taken = error instanceof ShoalError && error.code === 'PORT_IN_USE'
      if (!taken || port >= last) throw error
    }
  }
}

function checkOptions({ port, bind, maxConnections }: EngineOptions): void {
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new ShoalError('OPTION_INVALID', `${port} is not a port: 0 to 65535`)
  }
  // The scope of a link-local address (`%eth0`) is the system's to judge.
  if (bind !== undefined && canonicalIp(bind.replace(/%.*$/, '')) === undefined) {
    throw new ShoalError('OPTION_INVALID', `${JSON.stringify(bind)} is not an IP address to bind to`)
  }
  if (maxConnections !== undefined) count('maxConnections', maxConnections, 1)
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}
