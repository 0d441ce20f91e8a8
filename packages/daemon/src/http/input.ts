/** Reads what a request brings and checks it; what is wrong is named by its place: `body.options.dir`, `query.limit`. */
import type { z } from 'zod'
import { HttpProblem } from './problem.ts'

/** Nothing in the API is nested more deeply than some five levels. */
const MAX_JSON_DEPTH = 32
/** What is asked of 20,000 files, three words each, is below. Each unknown one costs a microsecond or two. */
const MAX_JSON_KEYS = 100_000
/** Wrong values are repeated in the answer, so that they are recognised, up to here. */
const SHOWN_CHARS = 100

/** @throws HttpProblem `INVALID` that names the first thing that is wrong */
export function check<T>(schema: z.ZodType<T>, value: unknown, root: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = deepest(result.error.issues[0]!)
  const path = [...issue.path]
  if (issue.code === 'unrecognized_keys') path.push(issue.keys[0]!)
  throw new HttpProblem('INVALID', `${sentence(issue, path, at(value, issue.path))}.`, {
    where: [root, ...path].map(String).join('.'),
  })
}

/** Query parameters by what the schema makes of them: numbers, flags, and lists of what is given more than once. */
export function checkQuery<T>(schema: z.ZodType<T>, search: URLSearchParams): T {
  const { shape } = schema as unknown as z.ZodObject<z.ZodRawShape>
  const values: Record<string, unknown> = Object.create(null)
  for (const key of new Set(search.keys())) {
    const all = search.getAll(key)
    const kind = Object.hasOwn(shape, key) ? kindOf(shape[key] as z.ZodType) : 'unknown'
    if (kind !== 'array' && all.length > 1) {
      throw new HttpProblem('INVALID', `\`${shown(key)}\` is given more than once.`, {
        where: `query.${shown(key)}`,
      })
    }
    values[key] = kind === 'array' ? all : fromText(all[0]!, kind)
  }
  return check(schema, { ...values }, 'query')
}

/** @param gauge has seen all of it already */
export function parseJson(text: string, gauge?: JsonGauge): unknown {
  if (gauge === undefined) new JsonGauge().feed(text)
  if (text.trim() === '') {
    throw new HttpProblem('INVALID', 'The body is empty; JSON is expected.', { where: 'body' })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HttpProblem('INVALID', `The body is not JSON: ${shown(reason)}.`, { where: 'body', cause })
  }
}

/** Stops JSON that would cost more to take apart than to send, while it is still coming in. */
export class JsonGauge {
  #depth = 0
  #keys = 0
  #isQuoted = false
  #isEscaped = false

  /** @throws HttpProblem `INVALID` */
  feed(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (this.#isQuoted) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (code === BACKSLASH) this.#isEscaped = true
        else if (code === QUOTE) this.#isQuoted = false
      } else if (code === QUOTE) this.#isQuoted = true
      else if (code === COLON) {
        if (++this.#keys > MAX_JSON_KEYS) throw bomb(`has more than ${MAX_JSON_KEYS} keys`)
      } else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
        if (++this.#depth > MAX_JSON_DEPTH) throw bomb(`is nested more than ${MAX_JSON_DEPTH} levels deep`)
      } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) this.#depth--
    }
  }
}

const QUOTE = 0x22
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

function bomb(what: string): HttpProblem {
  return new HttpProblem('INVALID', `The JSON ${what}.`, { where: 'body', headers: { Connection: 'close' } })
}

type Issue = z.core.$ZodIssue

/** Of a value that may be one of several, what is wrong with the one that it comes closest to. */
function deepest(issue: Issue): Issue {
  if (issue.code === 'invalid_key' && issue.issues[0] !== undefined) {
    return { ...issue.issues[0], path: issue.path } as Issue
  }
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors.map(each => each[0]).filter(each => each !== undefined)
  const best = inner.reduce<Issue | undefined>(
    (chosen, each) => (chosen === undefined || each.path.length > chosen.path.length ? each : chosen),
    undefined,
  )
  if (best === undefined || best.path.length === 0) return issue
  return deepest({ ...best, path: [...issue.path, ...best.path] } as Issue)
}

function sentence(issue: Issue, path: readonly PropertyKey[], value: unknown): string {
  const name = path.length === 0 ? 'The value' : `\`${shown(nameOf(path))}\``
  if (issue.code === 'unrecognized_keys') return `${name} is not known here`
  if (value === undefined && issue.code.startsWith('invalid_')) return `${name} is missing`
  return `${name} ${demand(issue)}`
}

/** What would have been right: `must be a number`. */
function demand(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${WORDS[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'too_big':
      return `must ${bound('at most', issue.maximum, issue.origin)}`
    case 'too_small':
      return `must ${bound('at least', issue.minimum, issue.origin)}`
    case 'invalid_union': {
      const demands = issue.errors.map(([first]) =>
        first === undefined ? '' : demand(first).replace(/^must be /, ''),
      )
      return `must be ${demands.join(', or ')}`
    }
    case 'invalid_format':
    case 'custom':
      return /^(?:is|must)\b/.test(issue.message) ? issue.message : 'has a form that is not allowed'
    default:
      return 'is not allowed'
  }
}

/** The last name on the way, and what follows it: an entry of a list is `ids.0`. */
function nameOf(path: readonly PropertyKey[]): string {
  const from = path.findLastIndex(key => typeof key !== 'number')
  return path.slice(Math.max(0, from)).map(String).join('.')
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

function bound(which: string, limit: number | bigint, origin: string): string {
  if (origin === 'string') return `have ${which} ${limit} ${Number(limit) === 1 ? 'character' : 'characters'}`
  if (origin === 'array') return `have ${which} ${limit} ${Number(limit) === 1 ? 'entry' : 'entries'}`
  return `be ${which} ${limit}`
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<PropertyKey, unknown>)[key]
  }
  return here
}

function kindOf(schema: z.ZodType): string {
  const { def } = schema as unknown as {
    readonly def: { readonly type: string; readonly innerType?: z.ZodType }
  }
  return def.innerType === undefined ? def.type : kindOf(def.innerType)
}

function fromText(text: string, kind: string): unknown {
  if (kind === 'number' && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text)
  if (kind === 'boolean' && (text === 'true' || text === '1')) return true
  if (kind === 'boolean' && (text === 'false' || text === '0')) return false
  return text
}

function shown(text: string): string {
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
}
