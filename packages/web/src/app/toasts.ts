/** Short messages at the edge: what was done, with a way back where there is one, and what did not work. */
import { type Accessor, createSignal } from 'solid-js'

export interface Toast {
  readonly id: number
  readonly text: string
  readonly kind: 'done' | 'problem'
  readonly undo: (() => Promise<void>) | undefined
}

export interface Toasts {
  readonly all: Accessor<readonly Toast[]>
  done(text: string, undo?: () => Promise<void>): void
  problem(text: string): void
  dismiss(id: number): void
}

const DONE_MS = 7000
const PROBLEM_MS = 15_000
/** More would cover the page. */
const MOST = 4

export function toasts(): Toasts {
  const [all, setAll] = createSignal<readonly Toast[]>([])
  let last = 0
  const dismiss = (id: number): void => void setAll(list => list.filter(toast => toast.id !== id))
  const show = (kind: Toast['kind'], text: string, undo?: () => Promise<void>): void => {
    const id = ++last
    setAll(list => [...list, { id, text, kind, undo }].slice(-MOST))
    setTimeout(dismiss, kind === 'done' ? DONE_MS : PROBLEM_MS, id)
  }
  return {
    all,
    done: (text, undo) => show('done', text, undo),
    problem: text => show('problem', text),
    dismiss,
  }
}
