/** Asks again and again while it is looked at. What came before stays until the next answer. */
import { type Accessor, createEffect, createSignal, onCleanup } from 'solid-js'
import { ApiError } from '../api/api.ts'

export interface Poll<T> {
  readonly value: Accessor<T | undefined>
  /** It is not there, or not allowed; not: no answer this time. */
  readonly problem: Accessor<ApiError | undefined>
  refresh(): void
}

/** @param ask reads signals: when they change, it begins anew and what came before is dropped */
export function poll<T>(ask: () => Promise<T>, everyMs: number): Poll<T> {
  const [value, setValue] = createSignal<T>()
  const [problem, setProblem] = createSignal<ApiError>()
  const [again, setAgain] = createSignal(0)
  let kept = -1
  createEffect(() => {
    // Only signals that are read by `ask` before its first wait are followed.
    const round = again()
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    if (round === kept || round === 0) setValue(undefined)
    kept = round
    const step = async (answer: Promise<T>): Promise<void> => {
      try {
        const found = await answer
        if (over) return
        setValue(() => found)
        setProblem(undefined)
      } catch (error) {
        if (over) return
        if (error instanceof ApiError && error.status >= 400 && error.status < 500) setProblem(error)
      }
      timer = setTimeout(next, everyMs)
    }
    const next = (): void => {
      if (document.hidden) timer = setTimeout(next, everyMs)
      else void step(ask())
    }
    void step(ask())
    onCleanup(() => {
      over = true
      clearTimeout(timer)
    })
  })
  return { value, problem, refresh: () => setAgain(round => round + 1) }
}
