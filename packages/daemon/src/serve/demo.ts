/**
 * The demo of this daemon: a swarm on its own machine and the torrent that downloads from it. There is one at a time. It
 * ends when its torrent is removed, after a while, or with the daemon, and leaves nothing: all that it wrote is below one
 * folder, and what an end that was none left there goes at the next start.
 *
 *     nothing ──start──▶ making ──▶ running ──▶ ending ──▶ nothing
 */
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTorrent, ShoalError } from '@shoal/engine'
import type { Demo as DemoInfo } from '../contract/index.ts'
import { type DemoSwarm, SWARM_DISK_BYTES, startDemoSwarm } from '../demo/swarm.ts'
import { type Session, SessionError } from '../session/session.ts'
import type { Log } from './log.ts'

export interface DemoDeps {
  readonly session: Pick<Session, 'add' | 'remove' | 'row' | 'changes'>
  /** For the demo alone; there only while it runs. */
  readonly folder: string
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly makeSwarm?: (folder: string, signal: AbortSignal) => Promise<DemoSwarm>
}

/** Ten times what it takes to see everything. */
export const DEMO_MS: number = 10 * 60_000
export const DEMO_LABEL = 'demo'
/** Of what the daemon has to end; what is left then goes at its next start. */
const CLOSE_MS = 3_000
/** The torrent file, by which the next start knows whose folder this was. */
const TORRENT_FILE = 'demo.torrent'

export class Demo {
  readonly #deps: DemoDeps
  readonly #makeSwarm: NonNullable<DemoDeps['makeSwarm']>
  readonly #closing = new AbortController()
  #made: Promise<Running> | undefined
  #ending: Promise<void> | undefined

  constructor(deps: DemoDeps) {
    this.#deps = deps
    this.#makeSwarm = deps.makeSwarm ?? startDemoSwarm
  }

  /** Takes away what an earlier process left. */
  async sweep(): Promise<void> {
    const { session, folder, log } = this.#deps
    const bytes = await readFile(join(folder, TORRENT_FILE)).catch(() => undefined)
    const id = bytes === undefined ? undefined : infoHashOf(bytes)
    if (id !== undefined) await session.remove([id], { data: true })
    await rm(folder, { recursive: true, force: true }).catch((error: Error) => {
      log.warn(`what is left of a demo in ${folder} cannot be deleted: ${error.message}`)
    })
  }

  /** The one that runs, or a new one. @throws ShoalError `DISK_FULL` and the like, SessionError */
  async start(): Promise<DemoInfo> {
    const before = await this.#made?.catch(() => undefined)
    if (before !== undefined && !this.#isThere(before.info.id)) await this.#end(before)
    await this.#ending
    if (this.#closing.signal.aborted) throw new ShoalError('CLOSED', 'the daemon is stopping')
    const isNew = this.#made === undefined
    this.#made ??= this.#make()
    const { info } = await this.#made
    return { ...info, isNew }
  }

  async close(): Promise<void> {
    this.#closing.abort(new ShoalError('CLOSED', 'the daemon is stopping'))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(done => {
      timer = setTimeout(done, CLOSE_MS)
    })
    const ended = (this.#made ?? Promise.resolve(undefined)).then(
      running => running && this.#end(running),
      () => undefined,
    )
    await Promise.race([ended, late])
    clearTimeout(timer)
  }

  async #make(): Promise<Running> {
    const { folder, session, log } = this.#deps
    let swarm: DemoSwarm | undefined
    try {
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await requireSpace(folder)
      swarm = await this.#makeSwarm(join(folder, 'swarm'), this.#closing.signal)
      await writeFile(join(folder, TORRENT_FILE), swarm.torrent)
      // One that is there by other ways would have no peers.
      await session.remove([swarm.infoHash], { data: false })
      const [result] = await session.add([swarm.torrent], {
        dir: join(folder, 'download'),
        labels: [DEMO_LABEL],
        start: true,
        queue: 'top',
        // Nothing of it leaves the machine.
        limits: { obeyGlobal: false },
        goals: { ratio: 'none', seedSeconds: 'none', idleSeconds: 'none' },
      })
      if (result?.outcome === 'failed') throw new SessionError(result.code, result.text)
      log.info(`a demo runs: ${swarm.name}`, { event: 'demo', id: swarm.infoHash })
      return this.#watch(swarm)
    } catch (error) {
      await swarm?.close()
      await rm(folder, { recursive: true, force: true }).catch(() => undefined)
      this.#made = undefined
      throw error
    }
  }

  #watch(swarm: DemoSwarm): Running {
    const { session } = this.#deps
    const id = swarm.infoHash
    const endsAt = Math.floor((Date.now() + DEMO_MS) / 1000)
    const end = (): void => void this.#end(running)
    const timer = setTimeout(end, DEMO_MS).unref()
    const unsubscribe = session.changes.subscribe(() => this.#isThere(id) || end())
    const running: Running = {
      info: { id, name: swarm.name, endsAt },
      swarm,
      forget: () => {
        clearTimeout(timer)
        unsubscribe()
      },
    }
    return running
  }

  #isThere(id: string): boolean {
    try {
      return this.#deps.session.row(id).id === id
    } catch (error) {
      if (error instanceof SessionError && error.code === 'NOT_FOUND') return false
      throw error
    }
  }

  #end({ info, swarm, forget }: Running): Promise<void> {
    this.#ending ??= (async () => {
      const { session, folder, log } = this.#deps
      forget()
      try {
        await session.remove([info.id], { data: true })
        await swarm.close()
        await rm(folder, { recursive: true, force: true, maxRetries: 3 })
        log.info('the demo is over, and all that it wrote is gone', { event: 'demo' })
      } catch (error) {
        if (!(error instanceof Error)) throw error
        log.warn(`the demo is over; the next start deletes what it left in ${folder}: ${error.message}`)
      }
      this.#made = undefined
      this.#ending = undefined
    })()
    return this.#ending
  }
}

interface Running {
  readonly info: Omit<DemoInfo, 'isNew'>
  readonly swarm: DemoSwarm
  /** It is not waited for any more. */
  readonly forget: () => void
}

async function requireSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= SWARM_DISK_BYTES) return
  const mb = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`
  throw new ShoalError(
    'DISK_FULL',
    `The demo needs ${mb(SWARM_DISK_BYTES)} for a while, and in the state folder of Shoal only ${mb(free)} are free.`,
    { operation: 'demo', subject: folder },
  )
}

function infoHashOf(torrent: Uint8Array): string | undefined {
  try {
    return parseTorrent(torrent).infoHashHex
  } catch {
    return undefined
  }
}
