/** The word of a list that a mistyped one is most likely to mean. */

/** More slips than this are another word. */
const MOST_SLIPS = 2

export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Math.min(MOST_SLIPS, Math.floor(word.length / 2)) + 1
  for (const candidate of words) {
    const slips = distance(word.toLowerCase(), candidate)
    if (slips < fewest) {
      best = candidate
      fewest = slips
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours that make `a` into `b`. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : i)),
  )
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1)
      rows[i]![j] = least
    }
  }
  return rows[a.length]![b.length]!
}
