/**
 * Schemas that keep to the contract's types: a field that is missing, too many, or of another type does not compile, so
 * that what is checked, what is documented and what is typed stay one thing.
 */
import { z } from 'zod'

type Field<T, K extends keyof T> =
  Record<string, never> extends Pick<T, K>
    ? z.ZodExactOptional<z.ZodType<Exclude<T[K], undefined>>>
    : z.ZodType<T[K]>

type Shape<T> = { readonly [K in keyof T]-?: Field<T, K> }

/** An object with exactly the fields of `T`. */
export function shape<T extends object>(fields: Shape<T>, name?: string): z.ZodType<T> {
  const object = z.strictObject(fields as z.ZodRawShape)
  return (name === undefined ? object : object.meta({ id: name })) as unknown as z.ZodType<T>
}

export function optional<T>(schema: z.ZodType<T>): z.ZodExactOptional<z.ZodType<T>> {
  return z.exactOptional(schema)
}

/** Any of the fields of `T`, which is what a change is made of. */
export function partial<T extends object>(schema: z.ZodType<T>): z.ZodType<Partial<T>> {
  const { shape } = schema as unknown as z.ZodObject<z.ZodRawShape>
  const fields = Object.fromEntries(
    Object.entries(shape).map(([key, field]) => [key, z.exactOptional(field as z.ZodType)]),
  )
  return z.strictObject(fields) as unknown as z.ZodType<Partial<T>>
}

/** One field of `T` for sure, and any of the others. */
export function part<T extends object, K extends keyof T & string>(
  schema: z.ZodType<T>,
  key: K,
  name: string,
): z.ZodType<Pick<T, K> & Partial<T>> {
  const { shape } = schema as unknown as z.ZodObject<z.ZodRawShape>
  const others = (partial(schema) as unknown as z.ZodObject<z.ZodRawShape>).shape
  return z.strictObject({ ...others, [key]: shape[key]! }).meta({ id: name }) as unknown as z.ZodType<
    Pick<T, K> & Partial<T>
  >
}

/** The fields of one schema and some more. */
export function extended<T extends B, B extends object>(
  base: z.ZodType<B>,
  fields: Shape<Omit<T, keyof B>>,
  name: string,
): z.ZodType<T> {
  const { shape } = base as unknown as z.ZodObject<z.ZodRawShape>
  return z
    .strictObject({ ...shape, ...(fields as z.ZodRawShape) })
    .meta({ id: name }) as unknown as z.ZodType<T>
}

/** All of the words of a union of literals: one that is left out does not compile. */
export function words<T extends string>(all: Readonly<Record<T, true>>, name?: string): z.ZodType<T> {
  const schema = z.enum(Object.keys(all) as [T, ...T[]])
  return (name === undefined ? schema : schema.meta({ id: name })) as unknown as z.ZodType<T>
}

export function list<T>(item: z.ZodType<T>, maxItems: number): z.ZodType<readonly T[]> {
  return z.array(item).max(maxItems)
}

/** An object whose keys are not known beforehand. `pattern` keeps out what is no key, `__proto__` among it. */
export function dictionary<T>(
  value: z.ZodType<T>,
  pattern: RegExp = ANY_KEY,
): z.ZodType<Readonly<Record<string, T>>> {
  return z.record(z.string().regex(pattern), value)
}
const ANY_KEY = /^(?!__proto__$)/
