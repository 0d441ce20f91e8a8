/**
 * One name, spelled in three ways: up to 4.0 Transmission mixed `kebab-case` and `camelCase`, from 4.1 on it says
 * `snake_case`. Tables hold the old spelling, from which the new one follows.
 */

/** `old`: `{method, arguments, tag}`; `new`: JSON-RPC 2.0. */
export type Dialect = 'old' | 'new'

/** The few that were renamed, by their old spelling in snake case. */
const RENAMED: Readonly<Record<string, string>> = { cache_size_mb: 'cache_size_mib' }

/** Names from outside are not remembered: there is no end to them. */
const MAX_REMEMBERED = 1000
const remembered = new Map<string, string>()

/** `seedRatioLimit`, `seed-ratio-limit` → `seed_ratio_limit`. */
export function snakeOf(name: string): string {
  const known = remembered.get(name)
  if (known !== undefined) return known
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()
  const now = RENAMED[snake] ?? snake
  if (remembered.size < MAX_REMEMBERED) remembered.set(name, now)
  return now
}

/** A value whose keys are spelled in the old way, in a dialect. */
export function spelled(value: unknown, dialect: Dialect): unknown {
  if (dialect === 'old' || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(each => spelled(each, dialect))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [snakeOf(key), spelled(each, dialect)]),
  )
}

/** A table by names in snake case, in which any spelling finds its entry. */
export function bySnake<Value>(table: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(table).map(([name, value]) => [snakeOf(name), value]))
}
