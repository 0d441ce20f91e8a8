import type { Arguments } from './arguments.ts'
import { CODE, RpcFailure } from './failure.ts'

/** As Transmission takes them: none is empty, and none has a comma, by which clients take lists of them apart. */
export function labelsOf(given: Arguments): readonly string[] {
  const labels = (given.strings('labels') ?? []).map(label => label.trim())
  if (labels.some(label => label === '')) throw new RpcFailure(CODE.invalidParams, 'labels cannot be empty')
  if (labels.some(label => label.includes(','))) {
    throw new RpcFailure(CODE.invalidParams, 'labels cannot contain comma (,) character')
  }
  return [...new Set(labels)]
}
