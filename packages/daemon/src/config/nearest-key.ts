/** The setting that a mistyped key is most likely to mean. */

/** More slips than this are another word. */
const MOST_SLIPS = 3

/** The right word in the wrong group counts as well as a slip: `download` alone, or `speed.download`. */
export function nearestKey(key: string, keys: readonly string[]): string | undefined {
  const word = normal(key)
  let best: string | undefined
  let fewest = Math.min(MOST_SLIPS, Math.floor(word.length / 3)) + 1
  for (const candidate of keys) {
    const slips = distance(word, normal(candidate))
    if (slips < fewest) {
      best = candidate
      fewest = slips
    }
  }
  return best ?? keys.find(candidate => lastOf(normal(candidate)) === lastOf(word))
}

function normal(key: string): string {
  return key.toLowerCase().replaceAll('-', '_')
}

function lastOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1)
}

/** Insertions, deletions, replacements and swaps of neighbours that make `a` into `b`. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1)
      row.push(least)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
