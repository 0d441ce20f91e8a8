/** Which part of a list is on the screen, and which part to ask for. */

export interface Range {
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/** Rows asked for before and after those on the screen. */
const MARGIN = 100
/** The daemon's largest window is 1,000; a screen of 4K has some 90 rows. */
const MAX_WINDOW = 400

export function visibleRange(scrollTop: number, height: number, rowHeight: number, total: number): Range {
  const from = Math.max(0, Math.min(total, Math.floor(scrollTop / rowHeight)))
  const to = Math.max(from, Math.min(total, Math.ceil((scrollTop + height) / rowHeight)))
  return { from, to }
}

/** The window to ask for: the same as now while that still covers the screen with half a margin around it. */
export function windowFor(visible: Range, now: Range | undefined): Range {
  const spare = MARGIN / 2
  if (now !== undefined && visible.from - spare >= now.from && visible.to + spare <= now.to) return now
  if (now !== undefined && now.from === 0 && visible.from < spare && visible.to + spare <= now.to) return now
  const from = Math.max(0, visible.from - MARGIN)
  return { from, to: Math.min(from + MAX_WINDOW, Math.max(visible.to, visible.from + 1) + MARGIN) }
}

/** The row that a recycled element shows: of `count` elements, each keeps its row until that leaves the screen. */
export function rowOfSlot(slot: number, count: number, first: number): number {
  return first + ((((slot - first) % count) + count) % count)
}
