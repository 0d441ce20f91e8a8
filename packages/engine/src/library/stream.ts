/** A file of a torrent as a stream of bytes, pulled by whoever reads: nothing is read ahead of it, nothing is kept. */
import { ShoalError } from '../errors.ts'
import type { Reader } from '../torrent/readers.ts'
import type { Torrent as CoreTorrent } from '../torrent/torrent.ts'
import { abortedError } from './abort.ts'
import type { StreamOptions } from './types/torrent.ts'

type Result = IteratorResult<Uint8Array, undefined>

interface Waiting {
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

const DONE: Result = { done: true, value: undefined }

export class FileStream implements AsyncIterableIterator<Uint8Array> {
  readonly #torrent: CoreTorrent
  readonly #start: number
  readonly #end: number
  readonly #signal: AbortSignal | undefined
  /** From the first read on. */
  #reader: Reader | undefined
  /** Those who asked for a chunk and wait for it, in order. */
  readonly #waiting: Waiting[] = []
  #isClosed = false
  #isWoken = false

  /** @throws ShoalError `OPTION_INVALID` */
  constructor(torrent: CoreTorrent, file: number, { start = 0, end, signal }: StreamOptions) {
    const { metainfo } = torrent
    const span = metainfo.geometry.files[file]
    if (span === undefined) {
      throw new ShoalError('OPTION_INVALID', `there is no file ${file} in ${metainfo.name}`)
    }
    const stop = end ?? span.length
    const isRange = Number.isInteger(start) && Number.isInteger(stop) && start >= 0 && start <= stop
    if (!isRange || stop > span.length) {
      const path = span.path.join('/')
      throw new ShoalError('OPTION_INVALID', `${path} has ${span.length} bytes, not ${start} to ${stop}`)
    }
    this.#torrent = torrent
    this.#start = span.offset + start
    this.#end = span.offset + stop
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (this.#waiting.length === 1) this.#read()
    })
  }

  return(): Promise<Result> {
    this.#close()
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE)
    return Promise.resolve(DONE)
  }

  /** Gives those who wait what there is. */
  #read(): void {
    try {
      while (this.#waiting.length > 0) {
        const result = this.#next()
        if (result === undefined) return
        this.#waiting.shift()!.resolve(result)
      }
    } catch (error) {
      this.#close()
      const [first, ...others] = this.#waiting.splice(0)
      first?.reject(error)
      for (const { resolve } of others) resolve(DONE)
    }
  }

  /** A chunk or the end; undefined: it has to be waited for. */
  #next(): Result | undefined {
    if (this.#isClosed) return DONE
    if (this.#signal?.aborted) throw abortedError('reading', this.#signal)
    if (this.#reader === undefined) {
      this.#signal?.addEventListener('abort', this.#onNews, { once: true })
      this.#reader = this.#torrent.openReader(this.#start, this.#end, this.#onNews)
    }
    if (this.#reader.isDone) {
      this.#close()
      return DONE
    }
    const bytes = this.#torrent.read(this.#reader)
    // The engine's memory is used again after this turn.
    return bytes && { done: false, value: new Uint8Array(bytes) }
  }

  /** In a turn of its own: the engine is in the middle of something. */
  readonly #onNews = (): void => {
    if (this.#isWoken || this.#waiting.length === 0) return
    this.#isWoken = true
    queueMicrotask(() => {
      this.#isWoken = false
      this.#read()
    })
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#signal?.removeEventListener('abort', this.#onNews)
    if (this.#reader !== undefined) this.#torrent.closeReader(this.#reader)
  }
}
