/** Reads bodies up to a bound, whatever they say about their length. */
import { JsonGauge, parseJson } from './input.ts'
import { HttpProblem } from './problem.ts'

const KIB = 1024

/** @throws HttpProblem `TOO_LARGE`, before anything is read where the length is told */
export function requireLength(header: string | undefined, maxBytes: number): void {
  if (header !== undefined && Number(header) > maxBytes) throw tooLarge(maxBytes)
}

export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    const bytes = chunk as Uint8Array
    length += bytes.length
    if (length > maxBytes) throw tooLarge(maxBytes)
    chunks.push(bytes)
  }
  const all = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

/** Text that is looked at while it comes in. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const decoder = new TextDecoder()
  const gauge = new JsonGauge()
  let text = ''
  let length = 0
  for await (const chunk of request.body ?? []) {
    const bytes = chunk as Uint8Array
    length += bytes.length
    if (length > maxBytes) throw tooLarge(maxBytes)
    const more = decoder.decode(bytes, { stream: true })
    gauge.feed(more)
    text += more
  }
  return parseJson(text + decoder.decode(), gauge)
}

export interface Upload {
  readonly files: readonly Uint8Array[]
  readonly fields: Readonly<Record<string, readonly string[]>>
}

/** `multipart/form-data` that has been read. */
export async function parseUpload(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<Upload> {
  let form: FormData
  try {
    form = await new Response(bytes, { headers: { 'Content-Type': type } }).formData()
  } catch (cause) {
    throw new HttpProblem('INVALID', 'The body is not the multipart/form-data that its type says.', {
      where: 'body',
      cause,
    })
  }
  const files: Uint8Array[] = []
  const fields: Record<string, string[]> = Object.create(null)
  for (const [name, value] of form) {
    if (typeof value !== 'string') files.push(new Uint8Array(await value.arrayBuffer()))
    else {
      fields[name] ??= []
      fields[name].push(value)
    }
  }
  return { files, fields }
}

function tooLarge(maxBytes: number): HttpProblem {
  const most = maxBytes < KIB * KIB ? `${maxBytes / KIB} KiB` : `${maxBytes / KIB / KIB} MiB`
  return new HttpProblem('TOO_LARGE', `The body is larger than the ${most} that are allowed here.`, {
    where: 'body',
    // What is still on its way is not waited for.
    headers: { Connection: 'close' },
  })
}
