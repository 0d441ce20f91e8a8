/** Which rows are selected. The anchor is where a range begins, the focus where the keyboard stands. */

export interface Selection {
  readonly ids: ReadonlySet<string>
  readonly anchor: number | undefined
  readonly focus: number | undefined
}

export const NOTHING: Selection = { ids: new Set(), anchor: undefined, focus: undefined }

/** A plain click, an arrow: this one alone. */
export function only(id: string, index: number): Selection {
  return { ids: new Set([id]), anchor: index, focus: index }
}

/** Ctrl and click, space: in or out, the others stay. */
export function toggled(selection: Selection, id: string, index: number): Selection {
  const ids = new Set(selection.ids)
  if (!ids.delete(id)) ids.add(id)
  return { ids, anchor: index, focus: index }
}

/** Shift: all from the anchor to here; `ids` are those. */
export function ranged(selection: Selection, ids: Iterable<string>, index: number): Selection {
  return { ids: new Set(ids), anchor: selection.anchor ?? index, focus: index }
}

/** From where to before where a range to `index` goes. */
export function rangeTo(selection: Selection, index: number): { from: number; to: number } {
  const anchor = selection.anchor ?? index
  return { from: Math.min(anchor, index), to: Math.max(anchor, index) + 1 }
}

export function without(selection: Selection, gone: Iterable<string>): Selection {
  const ids = new Set(selection.ids)
  let less = false
  for (const id of gone) less = ids.delete(id) || less
  return less ? { ...selection, ids } : selection
}

const STEPS: Readonly<Record<string, (focus: number, page: number, total: number) => number>> = {
  ArrowDown: focus => focus + 1,
  ArrowUp: focus => focus - 1,
  PageDown: (focus, page) => focus + page,
  PageUp: (focus, page) => focus - page,
  Home: () => 0,
  End: (_focus, _page, total) => total - 1,
}

/** Where a key takes the focus; undefined: it is none of those that move. */
export function moved(
  key: string,
  focus: number | undefined,
  page: number,
  total: number,
): number | undefined {
  const step = STEPS[key]
  if (step === undefined || total === 0) return undefined
  if (focus === undefined) return key === 'End' ? total - 1 : 0
  return Math.max(0, Math.min(total - 1, step(focus, page, total)))
}
