/** Time, as the session asks for it; tests turn the hands themselves. */

export interface SessionClock {
  /** Milliseconds since 1970. */
  now(): number
  /** @returns a function that ends it */
  every(ms: number, call: () => void): () => void
}

export const systemClock: SessionClock = {
  now: () => Date.now(),
  every: (ms, call) => {
    const timer = setInterval(call, ms)
    return () => clearInterval(timer)
  },
}
