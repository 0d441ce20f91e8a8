/**
 * From the OpenAPI document, a request for each route that would be answered if whoever sends it might: what the tests
 * of the doors and of bad input are made of.
 */
import { idOf } from './stand-in.ts'

interface Schema {
  readonly type?: string | readonly string[]
  readonly $ref?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minItems?: number
  readonly pattern?: string
  readonly minLength?: number
}

interface Operation {
  readonly security?: readonly unknown[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'path' | 'query'
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export interface Sample {
  readonly method: string
  /** With parameters filled in. */
  readonly path: string
  /** With `{id}`. */
  readonly pattern: string
  /** Undefined: it takes none. */
  readonly body: unknown
  readonly schema: Schema | undefined
  /** It needs no credentials. */
  readonly isOpen: boolean
}

export function samplesOf(document: Document): Sample[] {
  return Object.entries(document.paths).flatMap(([pattern, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const schema = operation.requestBody?.content['application/json']?.schema
      return {
        method: method.toUpperCase(),
        path: pattern.replace(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? 'x'),
        pattern,
        schema,
        body: schema === undefined ? undefined : smallest(schema, document),
        isOpen: operation.security?.length === 0,
      }
    }),
  )
}

const PARAMETERS: Readonly<Record<string, string>> = {
  id: idOf(0),
  address: '10.0.0.1%3A6881',
  file: '0',
  name: 'a%20name',
}

/** The smallest value that a schema allows. */
function smallest(schema: Schema, document: Document): unknown {
  if (schema.$ref !== undefined) return smallest(resolved(schema, document), document)
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.anyOf !== undefined) return smallest(schema.anyOf[0]!, document)
  switch (typeof schema.type === 'object' ? schema.type[0] : schema.type) {
    case 'object': {
      const names = schema.required ?? []
      return Object.fromEntries(names.map(name => [name, smallest(schema.properties![name]!, document)]))
    }
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => smallest(schema.items!, document))
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    case 'null':
      return null
    case 'string':
      if (schema.pattern?.includes('0-9a-f]{40}') === true) return idOf(0)
      if (schema.pattern?.includes(':\\d{1,5}') === true) return '10.0.0.1:6881'
      return 'x'.repeat(Math.max(1, schema.minLength ?? 0))
    default:
      throw new Error(`no value for ${JSON.stringify(schema)}`)
  }
}

export function resolved(schema: Schema, document: Document): Schema {
  if (schema.$ref === undefined) return schema
  return document.components.schemas[schema.$ref.split('/').at(-1)!]!
}
