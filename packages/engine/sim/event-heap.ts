/** A binary heap of events, ordered by time and, at one time, by the order in which they were added. */

export interface SimEvent {
  readonly atMs: number
  readonly sequence: number
  /** Host that it happens at; empty for the world itself. */
  readonly place: string
  readonly what: string
  /** Undefined once cancelled. */
  run: (() => void) | undefined
}

export class EventHeap {
  readonly #events: SimEvent[] = []

  get size(): number {
    return this.#events.length
  }

  push(event: SimEvent): void {
    const events = this.#events
    let at = events.length
    events.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (isBefore(events[parent]!, event)) break
      events[at] = events[parent]!
      at = parent
    }
    events[at] = event
  }

  pop(): SimEvent | undefined {
    const events = this.#events
    const first = events[0]
    const moved = events.pop()
    if (first === undefined || moved === undefined || events.length === 0) return first
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= events.length) break
      if (child + 1 < events.length && isBefore(events[child + 1]!, events[child]!)) child++
      if (isBefore(moved, events[child]!)) break
      events[at] = events[child]!
      at = child
    }
    events[at] = moved
    return first
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)
}
