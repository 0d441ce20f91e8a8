/** Places in the queue as numbers with room between them: to move one, only its own number is written. */

/** Items in order get new numbers where there is no room left between two. */
const MIN_GAP = 1e-6

export interface Ordered {
  order: number
}

/**
 * Gives `moved` the place `index` among `others`, which are in order and do not hold it.
 *
 * @returns those whose number changed
 */
export function place<T extends Ordered>(others: readonly T[], moved: T, index: number): T[] {
  const at = Math.max(0, Math.min(index, others.length))
  const before = others[at - 1]
  const after = others[at]
  if (before === undefined || after === undefined) {
    moved.order = before !== undefined ? before.order + 1 : after !== undefined ? after.order - 1 : 0
    return [moved]
  }
  if (after.order - before.order > MIN_GAP) {
    moved.order = (before.order + after.order) / 2
    return [moved]
  }
  const all = [...others.slice(0, at), moved, ...others.slice(at)]
  all.forEach((each, position) => {
    each.order = position
  })
  return all
}
