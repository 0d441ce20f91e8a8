/**
 * Which pages of one browser have a stream. Over HTTP/1.1 a browser opens six connections to a daemon, for all of its
 * tabs together: streams of seven would leave none for anything else. Those that came to the front last have one, the
 * others ask now and then.
 */

/** Of six: the rest is for what is asked and done, and for files that are played. */
const STREAMS = 3

export type Pace = 'stream' | 'ask' | 'rest'

export class Front {
  /** Pages that came to the front after this one, and are to be seen still. */
  readonly #later = new Set<string>()

  /** This one came to the front. */
  come(): void {
    this.#later.clear()
  }

  /** Another one came to the front, or went out of sight. */
  onOther(page: string, isShown: boolean): void {
    if (isShown) this.#later.add(page)
    else this.#later.delete(page)
  }

  pace(isHidden: boolean): Pace {
    if (isHidden) return 'rest'
    return this.#later.size < STREAMS ? 'stream' : 'ask'
  }
}
