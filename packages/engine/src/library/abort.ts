/** `AbortSignal` in the terms of Shoal: whatever its reason, what was aborted fails with `ABORTED`. */
import { ShoalError } from '../errors.ts'

/** Where it is plain what was. */
export function aborted(): ShoalError {
  return new ShoalError('ABORTED', 'aborted')
}

/** `what` completes "… was ended". */
export function abortedError(what: string, signal: AbortSignal): ShoalError {
  return new ShoalError('ABORTED', `${what} was ended`, { cause: signal.reason })
}

/** Runs `work`; when it fails and the signal is aborted, that is the reason. */
export async function abortable<T>(
  what: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw abortedError(what, signal)
  try {
    return await work()
  } catch (error) {
    if (signal?.aborted) throw abortedError(what, signal)
    throw error
  }
}
