/** The OpenAPI 3.1 document, from the table of routes. */
import { z } from 'zod'
import type { Route } from './route.ts'
import { pathOf, ROUTES } from './routes/table.ts'
import { MAX_SOURCES } from './schema/requests.ts'
import { problemBody } from './schema/session.ts'

type Json = Readonly<Record<string, unknown>>

/** As it is served, and as `docs/openapi.json` keeps it. @param version of Shoal */
export function openApiText(version: string): string {
  return `${JSON.stringify(openApi(version), null, 2)}\n`
}

function openApi(version: string): Json {
  const schemas = new Schemas()
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of ROUTES) {
    const path = pathOf(route).replace(/:([a-z]+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operation(route, schemas)
  }
  const problem = schemas.of(problemBody)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Shoal',
      version,
      description:
        'Steers the BitTorrent client Shoal. Programs send a token as `Authorization: Bearer …`; browsers have a cookie, and ' +
        'send `X-Shoal: 1` with what changes something.',
    },
    paths,
    components: {
      schemas: schemas.all,
      responses: {
        Problem: { description: 'What is wrong, where, and what to do.', content: json(problem) },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'shoal' },
      },
    },
  }
}

function operation(route: Route, schemas: Schemas): Json {
  const { summary, scope, answers } = route
  return {
    summary,
    operationId: operationId(route),
    ...(scope === 'open'
      ? { security: [] }
      : { security: [{ token: [] }, { session: [] }], 'x-scope': scope }),
    ...parameters(route, schemas),
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: bodies(route, schemas) } }),
    responses: {
      ...success(answers, schemas),
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

/** `GET /torrents/:id/files` is `getTorrentsIdFiles`. */
function operationId({ method, path }: Route): string {
  const words = path.split(/[/:.0-9]+/).filter(word => word !== '')
  return method.toLowerCase() + words.map(word => word[0]!.toUpperCase() + word.slice(1)).join('')
}

function parameters(route: Route, schemas: Schemas): Json {
  const list = [...fields(route.params, 'path', schemas), ...fields(route.query, 'query', schemas)]
  return list.length === 0 ? {} : { parameters: list }
}

function fields(schema: z.ZodType | undefined, place: 'path' | 'query', schemas: Schemas): Json[] {
  if (schema === undefined) return []
  const { shape } = schema as unknown as z.ZodObject<z.ZodRawShape>
  return Object.entries(shape).map(([name, field]) => {
    const optional = (field as z.ZodType).def.type === 'optional'
    const json = schemas.of(field as z.ZodType)
    return {
      name,
      in: place,
      required: !optional,
      ...(json.type === 'array' ? { explode: true } : {}),
      schema: json,
    }
  })
}

function bodies(route: Route, schemas: Schemas): Json {
  const body = json(schemas.of(route.body!))
  if (route.upload !== true) return body
  const form: Json = {
    type: 'object',
    properties: {
      file: {
        type: 'array',
        maxItems: MAX_SOURCES,
        items: { type: 'string', format: 'binary' },
        description: 'Torrent files.',
      },
      source: { type: 'array', items: { type: 'string' }, description: 'As in JSON.' },
      options: { type: 'string', description: 'The `options` of the JSON, as text.' },
    },
  }
  return { ...body, 'multipart/form-data': { schema: form } }
}

function success(answers: Route['answers'], schemas: Schemas): Json {
  switch (answers.kind) {
    case 'json':
      return { [answers.status ?? 200]: { description: 'Done.', content: json(schemas.of(answers.schema)) } }
    case 'none':
      return { 204: { description: 'Done.' } }
    case 'text':
    case 'bytes': {
      const schema = answers.kind === 'text' ? { type: 'string' } : { type: 'string', format: 'binary' }
      return { 200: { description: 'Done.', content: { [answers.type]: { schema } } } }
    }
    case 'raw': {
      const content = { [answers.type]: { schema: { type: 'string', format: 'binary' } } }
      const good = answers.statuses.filter(status => status < 300)
      return Object.fromEntries(good.map(status => [status, { description: 'Done.', content }]))
    }
  }
}

function json(schema: Json): Json {
  return { 'application/json': { schema } }
}

/** Those with a name are kept apart and referred to. */
class Schemas {
  readonly #named: Record<string, Json> = {}

  get all(): Json {
    const names = Object.keys(this.#named).sort()
    return Object.fromEntries(names.map(name => [name, this.#named[name]]))
  }

  of(schema: z.ZodType): Json {
    // Within something, one with a name is a reference like all others.
    const whole = z.toJSONSchema(z.strictObject({ it: schema }), { io: 'input' }) as unknown as {
      readonly properties: { readonly it: Json }
      readonly $defs?: Readonly<Record<string, Json>>
    }
    for (const [name, definition] of Object.entries(whole.$defs ?? {})) {
      const { id: _, ...rest } = definition
      this.#named[name] ??= relocated(rest) as Json
    }
    return relocated(whole.properties.it) as Json
  }
}

function relocated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocated)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace('#/$defs/', '#/components/schemas/')]
        : [key, relocated(inner)],
    ),
  )
}
