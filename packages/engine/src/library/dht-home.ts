/** What joins a DHT node to this machine: names of nodes to enter by, and its table on disk. */
import { ipScope, mayBeNamed } from '../bytes/ip-scope.ts'
import { isSaved } from '../dht/saved.ts'
import type { DhtService, DhtSetup, SavedDht } from '../dht-service.ts'
import type { ShoalError } from '../errors.ts'
import { verifyEd25519 } from '../node/ed25519.ts'
import { checkNode, resolveByDns, resolveNode } from '../node/resolve-peer.ts'
import { ResumeFiles } from '../node/resume-files.ts'
import { systemClock } from '../node/system.ts'
import type { DhtSnapshot } from './types/dht.ts'

/** Nodes that anybody may enter by; those who run them have done so for years. */
const ROUTERS = [
  'router.bittorrent.com:6881',
  'dht.transmissionbt.com:6881',
  'router.utorrent.com:6881',
  'dht.libtorrent.org:25401',
]
const SAVE_EVERY_MS = 5 * 60_000
/** Of one torrent file. */
const MAX_TORRENT_NODES = 50

export interface DhtHomeOptions {
  readonly bind?: string | undefined
  readonly bootstrap?: readonly string[] | undefined
  readonly stateDir?: string | undefined
  readonly readOnly?: boolean | undefined
  /** Of a table that cannot be used or kept. */
  readonly onWarning?: ((text: string) => void) | undefined
}

export class DhtHome {
  /** Given by the user. */
  readonly #names: readonly string[]
  readonly #routers: readonly string[]
  readonly #files: ResumeFiles | undefined
  readonly #readOnly: boolean
  readonly #onWarning: (text: string) => void
  readonly #bind: string | undefined
  #service: DhtService | undefined
  #stopSaving: () => void = () => {}
  #stopResolving: () => void = () => {}

  /** @throws ShoalError `OPTION_INVALID` for what is no address of a node */
  constructor({ bind, bootstrap, stateDir, readOnly, onWarning }: DhtHomeOptions) {
    for (const name of bootstrap ?? []) checkNode(name)
    const isLocal = bind !== undefined && ipScope(bind) === 'loopback'
    this.#bind = bind
    this.#names = bootstrap ?? []
    this.#routers = bootstrap !== undefined || isLocal ? [] : ROUTERS
    this.#readOnly = readOnly ?? false
    this.#onWarning = onWarning ?? (() => {})
    const onError = (error: ShoalError): void => this.#onWarning(`the table of the DHT: ${error.message}`)
    this.#files = stateDir === undefined ? undefined : new ResumeFiles(stateDir, { onError }, 'dht')
  }

  /** For a new service. */
  async setup(): Promise<DhtSetup> {
    const [four, six] = await Promise.all([this.#load('4'), this.#load('6')])
    const saved: SavedDht = { ...(four && { 4: four }), ...(six && { 6: six }) }
    return { bootstrap: [], saved, readOnly: this.#readOnly, verify: verifyEd25519 }
  }

  /** Names are resolved in the background: a node that has a table need not wait for them. */
  start(service: DhtService): void {
    this.#service = service
    void this.#enter(service)
    this.#stopResolving = resolveByDns(this.#routers, found => {
      if (this.#service === service) service.bootstrap(found)
    })
    if (!this.#readOnly) this.#stopSaving = systemClock.every(SAVE_EVERY_MS, () => this.#save(service))
  }

  /** Nodes that a torrent file names (BEP 5). */
  async addNodes(nodes: readonly { readonly host: string; readonly port: number }[]): Promise<void> {
    for (const { host, port } of nodes.slice(0, MAX_TORRENT_NODES)) {
      const found = await resolveNode(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
      for (const address of found) if (mayBeNamed(address.host, this.#bind)) this.#service?.addNode(address)
    }
  }

  /** Once the service is closed, too: resolves when the table is on disk. */
  async close(): Promise<void> {
    this.#stopSaving()
    this.#stopResolving()
    if (this.#service !== undefined && !this.#readOnly) this.#save(this.#service)
    this.#service = undefined
    await this.#files?.settled()
  }

  /** A table that is damaged is put aside: a node can always begin anew. */
  async #load(family: string): Promise<Uint8Array | undefined> {
    const table = await this.#files?.load(family)
    if (table === undefined || isSaved(table)) return table
    await this.#files?.quarantine(family, 'record')
    this.#onWarning(
      `the saved table of the DHT (IPv${family}) is damaged: it is put aside, and a new one made`,
    )
    return undefined
  }

  /** One at a time: a name that nobody answers for holds up one thread, not all that read files. */
  async #enter(service: DhtService): Promise<void> {
    for (const name of this.#names) {
      const found = await resolveNode(name)
      if (this.#service !== service) return
      if (found.length > 0) service.bootstrap(found)
    }
  }

  #save(service: DhtService): void {
    for (const [family, record] of Object.entries(service.save())) void this.#files?.save(family, record)
  }
}

export function snapshotDht(service: DhtService): DhtSnapshot {
  const parts = Object.values(service.snapshot())
  const total = (of: (part: (typeof parts)[number]) => number): number =>
    parts.reduce((sum, part) => sum + of(part), 0)
  return {
    port: service.port,
    externalIps: parts.flatMap(({ externalIp }) => externalIp ?? []),
    nodes: total(part => part.nodes),
    goodNodes: total(part => part.goodNodes),
    searches: total(part => part.searches),
    storedPeers: total(part => part.storedPeers),
    storedItems: total(part => part.storedItems),
    sent: total(part => part.sent),
    received: total(part => part.received),
    dropped: total(part => part.dropped),
  }
}
