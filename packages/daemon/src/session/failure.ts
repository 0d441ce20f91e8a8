/** What could not be done to a torrent, as it is shown and remembered. */
import type { ShoalError } from '@shoal/engine'
import type { ErrorFacts, Why, WorldCode } from '../contract/index.ts'
import type { Failure } from './record.ts'

export function failureOf(error: ShoalError, task?: ErrorFacts['task']): Why {
  const { message: text, subject = null } = error
  const code: WorldCode = error.code
  return { code, text, facts: task === undefined ? { subject } : { subject, task } }
}

export function shownFailure({ blocks: _, ...why }: Failure): Why {
  return why
}
