/** Clock, randomness and small hashes of this machine. */
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Clock, Random, Sha1 } from '../ports.ts'

export const systemClock: Clock = {
  now: () => performance.now(),
  unixTime: () => Math.floor(Date.now() / 1000),
  every(intervalMs, tick) {
    const timer = setInterval(tick, intervalMs)
    return () => clearInterval(timer)
  },
}

export const systemRandom: Random = {
  bytes: length => new Uint8Array(randomBytes(length)),
  // Shuffles and ties, nothing that an attacker gains by guessing: those take bytes.
  below: bound => Math.floor(Math.random() * bound),
}

export const sha1: Sha1 = bytes => new Uint8Array(createHash('sha1').update(bytes).digest())

/** Names this boot of the machine: another one after a power cut. Empty where the system tells none. */
export const bootId: string = readBootId()

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
