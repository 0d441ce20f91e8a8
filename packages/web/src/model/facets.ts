/** How many torrents there are of each kind, by names that anybody chose. */

/** `constructor` is a name as well, and not what every object has under it. */
export function countOf(counts: Readonly<Record<string, number>> | undefined, name: string): number {
  return counts !== undefined && Object.hasOwn(counts, name) ? counts[name]! : 0
}
