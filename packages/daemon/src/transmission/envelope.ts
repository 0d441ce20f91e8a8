/** One table of methods, asked in two dialects: `{method, arguments, tag}`, and JSON-RPC 2.0, alone or as a batch. */
import type { Scope } from '../contract/index.ts'
import { parseJson } from '../http/input.ts'
import { Arguments } from './arguments.ts'
import { CODE, failureOf, messageOf, RpcFailure } from './failure.ts'
import { type Backend, Exact, type Method } from './method.ts'
import { METHODS } from './methods.ts'
import { type Dialect, snakeOf, spelled } from './names.ts'

/** Calls of one batch. */
const MAX_BATCH = 1000
const RANK: Readonly<Record<Scope, number>> = { read: 0, add: 1, full: 2 }

type Id = string | number | null
type Plain = Readonly<Record<string, unknown>>

/** Undefined: nothing is answered, as all of it were notifications. */
export async function answer(text: string, scope: Scope, backend: Backend): Promise<unknown> {
  let request: unknown
  try {
    request = parseJson(text)
  } catch (error) {
    return refusal(null, new RpcFailure(CODE.parse, failureOf(error).message))
  }
  if (!Array.isArray(request)) return one(request, false, scope, backend)
  if (request.length === 0) return refusal(null, new RpcFailure(CODE.invalidRequest, 'an empty batch'))
  if (request.length > MAX_BATCH) {
    return refusal(null, new RpcFailure(CODE.invalidRequest, `a batch has at most ${MAX_BATCH} calls`))
  }
  const answers: unknown[] = []
  // One after another: a later call may build on what an earlier one did.
  for (const each of request) {
    const given = await one(each, true, scope, backend)
    if (given !== undefined) answers.push(given)
  }
  return answers.length === 0 ? undefined : answers
}

async function one(request: unknown, isInBatch: boolean, scope: Scope, backend: Backend): Promise<unknown> {
  if (!isPlain(request)) {
    const wanted = isInBatch ? 'request must be an Object' : 'request must be an Array or Object'
    return refusal(null, new RpcFailure(CODE.invalidRequest, wanted))
  }
  if (request.jsonrpc === '2.0') return inNew(request, scope, backend)
  if (request.jsonrpc !== undefined || isInBatch) {
    return refusal(null, new RpcFailure(CODE.invalidRequest, 'JSON-RPC version is not 2.0'))
  }
  return inOld(request, scope, backend)
}

async function inOld(request: Plain, scope: Scope, backend: Backend): Promise<unknown> {
  const { method, tag } = request
  const echo = typeof tag === 'number' || typeof tag === 'string' ? { tag } : {}
  try {
    if (typeof method !== 'string') throw new RpcFailure(CODE.invalidRequest, 'no method name')
    const given = request.arguments ?? {}
    if (!isPlain(given)) throw new RpcFailure(CODE.invalidParams, 'arguments: an object is wanted here')
    const found = METHODS.get(snakeOf(method))
    if (found === undefined) throw new RpcFailure(CODE.unknownMethod, 'method name not recognized')
    return { arguments: await run(found, given, 'old', scope, backend), result: 'success', ...echo }
  } catch (error) {
    const failure = failureOf(error)
    return { arguments: failure.result, result: failure.message, ...echo }
  }
}

async function inNew(request: Plain, scope: Scope, backend: Backend): Promise<unknown> {
  const { id, method } = request
  if (id !== undefined && !isId(id)) {
    return refusal(null, new RpcFailure(CODE.invalidRequest, 'id type must be String, Number, or Null'))
  }
  try {
    if (typeof method !== 'string') throw new RpcFailure(CODE.invalidRequest, 'no method name')
    const params = request.params ?? {}
    if (!isPlain(params)) throw new RpcFailure(CODE.invalidParams, 'params: an Object is wanted here')
    const found = METHODS.get(snakeOf(method))
    if (found === undefined) throw new RpcFailure(CODE.unknownMethod, '')
    const result = await run(found, params, 'new', scope, backend)
    return id === undefined ? undefined : { jsonrpc: '2.0', result, id }
  } catch (error) {
    const failure = failureOf(error)
    return id === undefined ? undefined : refusal(id, failure)
  }
}

async function run(
  method: Method,
  given: Plain,
  dialect: Dialect,
  scope: Scope,
  backend: Backend,
): Promise<unknown> {
  if (RANK[scope] < RANK[method.scope]) {
    throw new RpcFailure(
      CODE.invalidRequest,
      `this token is good for ${scope}, and ${method.scope} is needed: make another with shoal tokens`,
    )
  }
  const result = await method.run({ backend, dialect, given: new Arguments(given) })
  return result instanceof Exact ? result.value : spelled(result, dialect)
}

function refusal(id: Id, { code, message, result }: RpcFailure): unknown {
  const data = {
    ...(message === '' ? {} : { error_string: message }),
    ...(Object.keys(result).length === 0 ? {} : { result: spelled(result, 'new') }),
  }
  const error = { code, message: messageOf(code), ...(Object.keys(data).length === 0 ? {} : { data }) }
  return { jsonrpc: '2.0', error, id }
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isId(value: unknown): value is Id {
  return value === null || typeof value === 'string' || typeof value === 'number'
}
