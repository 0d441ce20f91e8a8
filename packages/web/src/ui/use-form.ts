/** A dialog that does one thing: not twice at a time, closed when it worked, open with the reason when it did not. */
import { type Accessor, createSignal } from 'solid-js'
import { problemText } from '../words/daemon.ts'

export interface Form {
  readonly busy: Accessor<boolean>
  readonly problem: Accessor<string | undefined>
  submit(): void
}

export function useForm(work: () => Promise<void>, then: () => void): Form {
  const [busy, setBusy] = createSignal(false)
  const [problem, setProblem] = createSignal<string>()
  const run = async (): Promise<void> => {
    setBusy(true)
    setProblem(undefined)
    try {
      await work()
      then()
    } catch (error) {
      setProblem(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  return { busy, problem, submit: () => void (busy() || run()) }
}
