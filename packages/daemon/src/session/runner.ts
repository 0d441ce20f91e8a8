/**
 * Brings each torrent to what it should be, one step after another: what is pending first, then running or not. The
 * engine has a torrent only while it runs or something is done with it.
 *
 *     next(): remove ▸ fetch ▸ rename ▸ move ▸ check ▸ start or detach
 */
import { ShoalError } from '@shoal/engine'
import { engineOptions } from './engine-options.ts'
import type { EngineAddOptions, EngineTorrent } from './engine-port.ts'
import { failureOf } from './failure.ts'
import { fetchTorrent } from './fetching.ts'
import { type Doing, type Item, Live, NOTHING } from './item.ts'
import { lookAt } from './look.ts'
import { isRenamed, takePlace } from './place.ts'
import type { Failure, Pending, Rename } from './record.ts'
import type { RunnerDeps } from './runner-deps.ts'

export class Runner {
  readonly #deps: RunnerDeps
  /** Whose next step is being looked for or taken; true: look once more. */
  readonly #busy = new Map<Item, boolean>()
  #closed = false

  constructor(deps: RunnerDeps) {
    this.#deps = deps
  }

  steer(item: Item): void {
    if (this.#closed) return
    if (this.#busy.has(item)) {
      this.#busy.set(item, true)
      return
    }
    this.#busy.set(item, false)
    void this.#work(item)
  }

  /** Steps are being taken that end by themselves. */
  get isBusy(): boolean {
    return [...this.#busy.keys()].some(({ live }) => live?.isAwaiting !== true)
  }

  /** Takes no more steps; what is being done ends by itself, or with the engine. */
  close(): void {
    this.#closed = true
    for (const item of this.#busy.keys()) abort(item)
  }

  async #work(item: Item): Promise<void> {
    do {
      this.#busy.set(item, false)
      try {
        while (!this.#closed && (await this.#next(item))) this.#deps.onChange(item)
      } catch (cause) {
        if (this.#closed) break
        if (!(cause instanceof ShoalError)) throw cause
        this.#fail(item, { ...failureOf(cause), blocks: true })
      }
    } while (this.#busy.get(item) === true && !this.#closed)
    this.#busy.delete(item)
    if (this.#closed) return
    const { live } = item
    if (live !== undefined && live.torrent === undefined && !item.isWanted && !item.hasWork)
      item.live = undefined
    this.#deps.onChange(item)
  }

  /** @returns whether anything was done: there may be more to do then */
  async #next(item: Item): Promise<boolean> {
    const { record } = item
    item.live ??= new Live()
    const { live } = item
    const { pending } = record
    if (pending.remove !== undefined) {
      await this.#remove(item, live, pending.remove === 'data')
      return false
    }
    const mayRun = live.mayRun && item.isWanted && record.failure?.blocks !== true
    if (record.magnet !== undefined) {
      if (!mayRun) return false
      await this.#doing(item, live, { kind: 'fetching', abort: new AbortController() }, doing =>
        this.#fetch(item, live, doing.abort.signal),
      )
      return true
    }
    if (pending.rename !== undefined && pending.rename.length > 0) {
      await this.#doing(item, live, { kind: 'renaming' }, () => this.#rename(item, live, pending.rename!))
      return true
    }
    if (pending.relocate !== undefined) {
      const { torrent } = live
      if (torrent !== undefined) {
        await this.#doing(item, live, { kind: 'stopping' }, () => this.#detach(item, live, torrent))
      }
      record.place = pending.relocate
      await this.#settle(item, { relocate: undefined })
      return true
    }
    if (pending.moveTo !== undefined && live.mayMove) {
      const doing = { kind: 'moving', abort: new AbortController(), fraction: 0 } as const
      await this.#doing(item, live, doing, mutable => this.#move(item, live, pending.moveTo!, mutable))
      return true
    }
    if (pending.check === true && live.mayCheck) {
      await this.#doing(item, live, { kind: 'checking', abort: new AbortController() }, doing =>
        this.#check(item, live, doing.abort.signal),
      )
      return true
    }
    const { torrent } = live
    if (mayRun) {
      if (torrent === undefined) {
        await this.#doing(item, live, { kind: 'starting' }, () => this.#engage(item, live, false))
        return true
      }
      if (torrent.summary().state !== 'stopped') return false
      torrent.start()
      return true
    }
    if (torrent === undefined) return false
    await this.#doing(item, live, { kind: 'stopping' }, () => this.#detach(item, live, torrent))
    return true
  }

  async #doing<D extends Doing>(
    item: Item,
    live: Live,
    doing: D,
    work: (doing: D) => Promise<unknown>,
  ): Promise<void> {
    live.doing = doing
    this.#deps.onChange(item)
    try {
      await work(doing)
    } finally {
      live.doing = undefined
    }
  }

  /** The torrent in the engine, added if need be. */
  async #engage(item: Item, live: Live, paused: boolean): Promise<EngineTorrent> {
    if (live.torrent !== undefined) return live.torrent
    const bytes = await this.#deps.files.bytes(item.id)
    const options = this.#optionsOf(item, paused)
    const torrent = await this.#deps.engine.add(bytes, options)
    // Those that were named meanwhile.
    for (const peer of item.record.peers) if (!options.peers.includes(peer)) torrent.addPeer(peer)
    this.#take(item, live, torrent, paused)
    return torrent
  }

  async #fetch(item: Item, live: Live, signal: AbortSignal): Promise<void> {
    const torrent = await fetchTorrent(item, this.#optionsOf(item, true), signal, this.#deps)
    if (torrent === undefined) return
    // It turned out to be in another folder, or to need another name: it is added anew as such.
    const { place, names } = item.record
    if (torrent.dir !== place || torrent.names.root !== names?.root) await torrent.detach()
    else this.#take(item, live, torrent, true)
  }

  #optionsOf({ record }: Item, paused: boolean): EngineAddOptions {
    return engineOptions(record, this.#deps.category(record.category), this.#deps.settings(), paused)
  }

  /** It is in the engine now. */
  #take(item: Item, live: Live, torrent: EngineTorrent, paused: boolean): void {
    const { record } = item
    live.torrent = torrent
    live.counted = NOTHING
    const hasMoved = takePlace(item, torrent)
    if (hasMoved || !record.begun || (record.trust && !paused)) {
      record.begun = true
      if (!paused) record.trust = false
      this.#deps.store.put(record)
    }
    const look = (): void => {
      if (live.torrent !== torrent) return
      this.#look(item)
      this.#deps.onChange(item)
    }
    torrent.on('state', look)
    torrent.on('done', look)
    torrent.on('error', error => this.#deps.log('error', `${record.name}: ${error.message}`, item))
    torrent.on('warning', text => this.#deps.log('warn', `${record.name}: ${text}`, item))
    this.#look(item)
  }

  async #detach(item: Item, live: Live, torrent: EngineTorrent): Promise<void> {
    const { state } = torrent.summary()
    const hasRun = state === 'downloading' || state === 'seeding'
    await torrent.stop()
    this.#look(item, hasRun)
    if (hasRun) await this.#keepHave(item, torrent)
    await torrent.detach()
    live.torrent = undefined
    live.summary = undefined
    await this.#save(item)
  }

  /** Which pieces are there, for whoever looks at it while it is stopped. */
  async #keepHave({ record }: Item, torrent: EngineTorrent): Promise<void> {
    const isWhole = record.leftBytes === 0 && record.wantedBytes === record.totalBytes
    const have = isWhole ? undefined : torrent.pieces().have
    await this.#deps.files.saveHave(record.id, have).catch(() => {})
  }

  async #check(item: Item, live: Live, signal: AbortSignal): Promise<void> {
    live.mayCheck = false
    const torrent = await this.#engage(item, live, true)
    this.#deps.onChange(item)
    const aborted = new Promise<void>(resolve => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    const checking = torrent.check().catch((cause: unknown) => {
      if (!(cause instanceof ShoalError) || cause.code !== 'ABORTED') throw cause
    })
    await live.awaiting(Promise.race([checking, aborted]))
    this.#look(item, !signal.aborted)
    // It is done with the next start.
    if (this.#closed) return
    if (!signal.aborted) await this.#keepHave(item, torrent)
    await this.#settle(item, { check: undefined })
    if (!signal.aborted) this.#deps.log('info', `${item.record.name} has been checked`, item)
  }

  async #move(
    item: Item,
    live: Live,
    to: string,
    doing: { readonly abort: AbortController; fraction: number },
  ): Promise<void> {
    const { record } = item
    live.mayMove = false
    try {
      const torrent = await this.#engage(item, live, true)
      const moving = torrent.move(to, {
        signal: doing.abort.signal,
        onProgress: ({ doneBytes, totalBytes }) => {
          doing.fraction = totalBytes > 0 ? doneBytes / totalBytes : 1
        },
      })
      await live.awaiting(moving)
      takePlace(item, torrent)
      this.#deps.log('info', `${record.name} is in ${to} now`, item)
    } catch (cause) {
      if (!(cause instanceof ShoalError) || this.#closed) throw cause
      if (doing.abort.signal.aborted) return
      // Where it was to be is where it is, so that nothing is tried again and again.
      record.dir = record.place
      const text = `${record.name} could not be moved to ${to}, and is where it was: ${cause.message}`
      this.#fail(item, { ...failureOf(cause, 'move'), text, blocks: false })
    }
    await this.#settle(item, { moveTo: undefined })
  }

  async #rename(item: Item, live: Live, renames: readonly Rename[]): Promise<void> {
    const { record } = item
    const torrent = await this.#engage(item, live, true)
    try {
      // Before a crash it may have been done, and not crossed off.
      const todo = renames.filter(rename => !isRenamed(torrent.names, rename))
      if (todo.length > 0) await torrent.rename(todo)
      takePlace(item, torrent)
    } catch (cause) {
      if (!(cause instanceof ShoalError) || this.#closed) throw cause
      const text = `${record.name} could not be renamed: ${cause.message}`
      this.#fail(item, { ...failureOf(cause, 'rename'), text, blocks: false })
    }
    // Others may have been asked for meanwhile.
    const rest = record.pending.rename?.slice(renames.length) ?? []
    await this.#settle(item, { rename: rest.length > 0 ? rest : undefined })
  }

  async #remove(item: Item, live: Live, data: boolean): Promise<void> {
    const { record } = item
    const { files, store, log } = this.#deps
    if (record.magnet === undefined && (record.begun || data)) {
      try {
        await this.#doing(item, live, { kind: 'removing' }, async () => {
          const torrent = await this.#engage(item, live, true)
          await live.awaiting(torrent.remove({ data }))
        })
      } catch (cause) {
        if (!(cause instanceof ShoalError)) throw cause
        if (this.#closed) return
        log('error', `${record.name} was removed, but not all of what it wrote: ${cause.message}`, item)
        await live.torrent?.remove().catch(() => {})
      }
    }
    live.torrent = undefined
    await files.delete(record.id).catch(() => {})
    store.delete(record.id)
    await store.commit().catch(() => {})
    this.#deps.onRemoved(item)
    // Whatever was asked for while it was taken apart: there is nothing left to do it to.
    this.#busy.set(item, false)
  }

  /** Crosses something off. */
  async #settle(item: Item, change: { [Key in keyof Pending]?: Pending[Key] | undefined }): Promise<void> {
    const pending: Record<string, unknown> = { ...item.record.pending, ...change }
    for (const key of Object.keys(pending)) if (pending[key] === undefined) delete pending[key]
    item.record.pending = pending
    await this.#save(item)
  }

  /** What cannot be written now is with the next that can: it has happened all the same. */
  async #save(item: Item): Promise<void> {
    this.#deps.store.put(item.record)
    await this.#deps.store.commit().catch((cause: unknown) => {
      if (!(cause instanceof ShoalError)) throw cause
      this.#deps.log('error', cause.message, item)
    })
  }

  #fail(item: Item, failure: Failure): void {
    item.record.failure = failure
    this.#deps.store.put(item.record)
    this.#deps.log('error', failure.text, item)
    this.#deps.onChange(item)
  }

  #look(item: Item, hasRun = false): void {
    const { record } = item
    const wasComplete = record.completedAt !== undefined
    this.#deps.onCounted(lookAt(item, this.#deps.now(), hasRun))
    if (!wasComplete && record.completedAt !== undefined) {
      this.#deps.log('info', `${record.name} is complete`, item)
    }
  }
}

/** Ends what is being done and can be ended. */
export function abort(item: Item): void {
  const doing = item.live?.doing
  if (doing !== undefined && 'abort' in doing) doing.abort.abort()
}
