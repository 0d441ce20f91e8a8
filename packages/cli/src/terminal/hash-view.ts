/** A line about reading and hashing files, for `create` and `verify`. */
import type { HashProgress } from '@shoal/engine'
import { formatBytes, formatPercent, formatRate, formatWholeSeconds } from '../format.ts'
import type { Screen } from './screen.ts'
import { bar, type Look } from './transfer-view.ts'
import { displayWidth } from './width.ts'

const REDRAW_MS = 100
const LOG_MS = 10_000
/** Before this, a rate says little. */
const RATE_AFTER_MS = 500

/** Shows progress on a screen: redrawn where that is possible, otherwise a line now and then. */
export function hashReporter(screen: Screen, verb: string): (progress: HashProgress) => void {
  const startMs = performance.now()
  let shownMs = screen.live ? Number.NEGATIVE_INFINITY : startMs
  return progress => {
    const nowMs = performance.now()
    if (nowMs - shownMs < (screen.live ? REDRAW_MS : LOG_MS)) return
    shownMs = nowMs
    if (screen.live) screen.draw([renderHashing(verb, progress, nowMs - startMs, screen)])
    else screen.print(`${verb}: ${formatPercent(fraction(progress))} of ${formatBytes(progress.totalBytes)}`)
  }
}

export function renderHashing(verb: string, progress: HashProgress, elapsedMs: number, look: Look): string {
  const facts = [formatPercent(fraction(progress)).padStart(6), `of ${formatBytes(progress.totalBytes)}`]
  if (elapsedMs > RATE_AFTER_MS && progress.hashedBytes > 0) {
    const rate = (progress.hashedBytes / elapsedMs) * 1000
    facts.push(
      formatRate(rate),
      `${formatWholeSeconds((progress.totalBytes - progress.hashedBytes) / rate)} left`,
    )
  }
  const room = look.columns - 1 - verb.length - 1 - 8
  while (facts.length > 1 && displayWidth(facts.join('  ')) + 1 > room) facts.pop()
  const text = facts.join('  ')
  const columns = Math.min(30, look.columns - 1 - verb.length - 1 - displayWidth(text) - 1)
  return `${verb} ${bar(fraction(progress), columns, look)} ${text}`
}

function fraction(progress: HashProgress): number {
  return progress.totalBytes === 0 ? 1 : progress.hashedBytes / progress.totalBytes
}
