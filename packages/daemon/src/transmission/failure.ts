/** What went wrong with a call, in the words of both dialects. */
import { problemAnswer } from '../http/problem.ts'

/** Of JSON-RPC 2.0 (negative), and Transmission 4.1's own. */
export const CODE = {
  parse: -32_700,
  invalidRequest: -32_600,
  unknownMethod: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  trackerList: 2,
  notAbsolute: 3,
  unrecognized: 4,
  system: 5,
  fileIndex: 6,
  http: 8,
  corrupt: 9,
} as const
export type Code = (typeof CODE)[keyof typeof CODE]

const MESSAGES: Readonly<Record<Code, string>> = {
  [CODE.parse]: 'Parse error',
  [CODE.invalidRequest]: 'Invalid Request',
  [CODE.unknownMethod]: 'Method not found',
  [CODE.invalidParams]: 'Invalid params',
  [CODE.internal]: 'Internal error',
  [CODE.trackerList]: 'Invalid tracker list',
  [CODE.notAbsolute]: 'path is not absolute',
  [CODE.unrecognized]: 'unrecognized info',
  [CODE.system]: 'system error',
  [CODE.fileIndex]: 'file index out of range',
  [CODE.http]: 'HTTP error from backend service',
  [CODE.corrupt]: 'invalid or corrupt torrent file',
}

export class RpcFailure extends Error {
  readonly code: Code
  /** What belongs to the answer all the same. */
  readonly result: Readonly<Record<string, unknown>>

  constructor(code: Code, text: string, result: Readonly<Record<string, unknown>> = {}) {
    super(text)
    this.name = 'RpcFailure'
    this.code = code
    this.result = result
  }
}

export function messageOf(code: Code): string {
  return MESSAGES[code]
}

/** What a caller is told of; anything else is a fault of our own and goes on. */
export function failureOf(error: unknown): RpcFailure {
  if (error instanceof RpcFailure) return error
  const problem = problemAnswer(error)?.body.error
  if (problem === undefined) throw error
  const text = problem.where === undefined ? problem.text : `${problem.where}: ${problem.text}`
  return new RpcFailure(problem.code === 'INVALID' ? CODE.invalidParams : CODE.system, text)
}
