/**
 * What is known of a long sorted list of which the daemon tells a window: which torrent stands where, near what is on
 * the screen. Places far from the last window are forgotten, because nobody tells any more what became of them.
 */
export class WindowModel {
  total = 0
  readonly #ids = new Map<number, string>()
  readonly #places = new Map<string, number>()

  at(index: number): string | undefined {
    return this.#ids.get(index)
  }

  /** Where it stands, if that is known. */
  placeOf(id: string): number | undefined {
    return this.#places.get(id)
  }

  /** Of the places from `from` to before `to`; undefined: not all of them are known. */
  range(from: number, to: number): string[] | undefined {
    const ids: string[] = []
    for (let index = from; index < to; index++) {
      const id = this.#ids.get(index)
      if (id === undefined) return undefined
      ids.push(id)
    }
    return ids
  }

  /** The window that begins at `offset` holds these now. */
  set(offset: number, ids: readonly string[], total: number): void {
    this.total = total
    for (const [index, id] of ids.entries()) this.#put(offset + index, id)
    for (const [index, id] of this.#ids) {
      if (index >= total || (ids.length === 0 && index >= offset)) this.#drop(index, id)
    }
  }

  /** Forgets all places but those from `from` to before `to`. */
  retain(from: number, to: number): void {
    for (const [index, id] of this.#ids) {
      if (index < from || index >= to) this.#drop(index, id)
    }
  }

  clear(): void {
    this.total = 0
    this.#ids.clear()
    this.#places.clear()
  }

  #put(index: number, id: string): void {
    const before = this.#ids.get(index)
    if (before !== undefined && before !== id && this.#places.get(before) === index)
      this.#places.delete(before)
    // It stood elsewhere: that place is not known any more.
    const old = this.#places.get(id)
    if (old !== undefined && old !== index && this.#ids.get(old) === id) this.#ids.delete(old)
    this.#ids.set(index, id)
    this.#places.set(id, index)
  }

  #drop(index: number, id: string): void {
    this.#ids.delete(index)
    if (this.#places.get(id) === index) this.#places.delete(id)
  }
}
