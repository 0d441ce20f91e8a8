/** What is believed of a tracker's answer, whichever protocol brought it. */

/** Peers taken of one answer. Nobody connects to more within an interval; a flood of them would be an attack. */
export const MAX_PEERS_PER_REPLY: number = 2000

/** No tracker makes us announce more often than this, not even one that says 0 or a negative number. */
const MIN_INTERVAL_MS = 60_000

/** When a tracker says nothing: the usual half hour. */
const DEFAULT_INTERVAL_MS = 30 * 60_000

/** No tracker makes us wait longer than this: a slip of the tracker's would last until a restart. */
const MAX_INTERVAL_MS = 6 * 60 * 60_000

/**
 * The floor of `min interval`, which only matters when we are short of peers. A tracker that allows it is asked more
 * often than {@link MIN_INTERVAL_MS}.
 */
const MIN_MIN_INTERVAL_MS = 5_000

/** Longest message or warning of a tracker that is shown. */
const MAX_TEXT_CHARS = 300

/** Longest tracker id that is sent back; a longer one is forgotten. */
export const MAX_TRACKER_ID_CHARS: number = 256

/** Both intervals in ms, clamped, from what the tracker said in seconds; `min interval` raises the interval. */
export function clampIntervals(
  interval: number | undefined,
  minInterval: number | undefined,
): { intervalMs: number; minIntervalMs: number | undefined } {
  const minIntervalMs =
    minInterval === undefined || minInterval <= 0
      ? undefined
      : clamp(minInterval * 1000, MIN_MIN_INTERVAL_MS, MAX_INTERVAL_MS)
  const wishMs =
    interval === undefined ? DEFAULT_INTERVAL_MS : clamp(interval * 1000, MIN_INTERVAL_MS, MAX_INTERVAL_MS)
  return { intervalMs: Math.max(wishMs, minIntervalMs ?? 0), minIntervalMs }
}

/**
 * A tracker's text, safe to print and to log: no control characters (a terminal obeys them), no marks that turn the
 * direction of text, spaces merged, at most {@link MAX_TEXT_CHARS} characters.
 */
export function cleanText(text: string): string {
  const plain = text
    // Bounded first, so that the patterns see little; they can only shorten.
    .slice(0, MAX_TEXT_CHARS * 4)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
  const chars = [...plain]
  return chars.length <= MAX_TEXT_CHARS ? plain : `${chars.slice(0, MAX_TEXT_CHARS - 1).join('')}…`
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
