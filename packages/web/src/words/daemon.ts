/**
 * What the daemon says, by its codes, in another language than its own. English is the daemon's: a code that is not
 * known here is told in its words.
 */
import type { ErrorFacts, Reasons, RequestCode, Why, WorldCode } from '@shoal/daemon/contract'
import { ApiError } from '../api/api.ts'
import type { Format } from '../format/format.ts'
import { f, t } from './index.ts'

export interface DaemonWords {
  /** Whole sentences. */
  readonly reasons: { readonly [Code in keyof Reasons]: (facts: Reasons[Code], f: Format) => string }
  /** Without a stop at the end: where it happened may follow. */
  readonly errors: Readonly<Record<RequestCode | WorldCode, string>>
  /** Of one place of a request, by `code where`: more than the code alone tells. */
  readonly places: Readonly<Record<string, string>>
  readonly tasks: Readonly<Record<NonNullable<ErrorFacts['task']>, string>>
  /** Followed by the daemon's own words. */
  exactly(what: string, text: string): string
}

/** Of these the daemon's own words say what exactly is wrong, and they are shown as well. */
const VAGUE: ReadonlySet<string> = new Set<RequestCode | WorldCode>([
  'INVALID',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'TOO_LARGE',
  'UNAVAILABLE',
  'HOST_REFUSED',
  'TORRENT_INVALID',
  'TORRENT_UNSUPPORTED',
  'TRACKER_REFUSED',
  'TRACKER_INVALID',
  'OPTION_INVALID',
])

/** Why something does not move. */
export function reasonText({ code, text, facts }: Why): string {
  const { daemon } = t()
  if (daemon !== undefined && facts !== undefined && isOf(daemon.reasons, code)) {
    const say = daemon.reasons[code] as (facts: unknown, f: Format) => string
    return say(facts, f())
  }
  return sentence(text)
}

/** What went wrong with a torrent. */
export function failureText({ code, text, facts }: Why): string {
  const { daemon } = t()
  if (daemon === undefined || facts === undefined || !isOf(daemon.errors, code)) return sentence(text)
  const { subject, task } = facts as unknown as ErrorFacts
  const what = `${daemon.errors[code]}${subject === null ? '' : `: ${subject}`}.`
  return task === undefined ? what : `${daemon.tasks[task]} ${what}`
}

/** What was thrown, for people. */
export function problemText(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  return error.status === 0 ? t().app.unreachable : answerText(error.code, error.message, error.where)
}

export function answerText(code: string, text: string, where?: string | undefined): string {
  const { daemon } = t()
  if (daemon === undefined || !isOf(daemon.errors, code)) return sentence(text)
  const place = `${code} ${where ?? ''}`
  if (Object.hasOwn(daemon.places, place)) return daemon.places[place]!
  return VAGUE.has(code) ? daemon.exactly(daemon.errors[code], text) : `${daemon.errors[code]}.`
}

/** The daemon's words may stand in the middle of others; here they begin. */
export function sentence(text: string): string {
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0x20)
  return text === '' || /[/\\]/.test(text.split(' ')[0]!)
    ? text
    : first.toUpperCase() + text.slice(first.length)
}

function isOf<T extends object>(table: T, code: string): code is keyof T & string {
  return Object.hasOwn(table, code)
}
