/**
 * Who asks peers what is in a magnet link before it is added. The engine asks once for each torrent: who asks for the same
 * waits, and whoever adds it comes first.
 */
import { ShoalError } from '@shoal/engine'

export class Inspections {
  readonly #running = new Map<string, { readonly abort: AbortController; readonly over: Promise<unknown> }>()

  /** @throws ShoalError `ABORTED`, also when it was made way for; and what `ask` throws */
  async run<T>(
    id: string,
    given: AbortSignal | undefined,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const abort = new AbortController()
    const signal = given === undefined ? abort.signal : AbortSignal.any([given, abort.signal])
    for (;;) {
      const before = this.#running.get(id)
      if (before === undefined) break
      await before.over
    }
    if (signal.aborted) throw new ShoalError('ABORTED', 'looking into it was ended')
    const asking = ask(signal)
    const over = asking.then(
      () => this.#running.delete(id),
      () => this.#running.delete(id),
    )
    this.#running.set(id, { abort, over })
    return await asking
  }

  /** Nobody asks for it any more. */
  async makeWay(id: string): Promise<void> {
    const running = this.#running.get(id)
    running?.abort.abort()
    await running?.over
  }
}
