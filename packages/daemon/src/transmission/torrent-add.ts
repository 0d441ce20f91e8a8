/** `torrent-add`. */
import type { AddOptions, FilePriority } from '../contract/index.ts'
import type { Arguments } from './arguments.ts'
import { CODE, RpcFailure } from './failure.ts'
import { labelsOf } from './labels.ts'
import type { Answer, Call } from './method.ts'

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
/** Links and addresses. Anything else is the name of a file on this machine, which nobody reads from afar. */
const LINK = /^(magnet:|https?:\/\/)/i
const INFO_HASH = /^([0-9a-f]{40}|[a-z2-7]{32})$/i

export async function torrentAdd({ backend, given }: Call): Promise<Answer> {
  const { session, numbers } = backend
  const [result] = await session.add([sourceOf(given)], await optionsOf(given, backend.roots))
  if (result === undefined) throw new Error('one answer a source')
  if (result.outcome === 'failed')
    throw new RpcFailure(CODE.corrupt, `invalid or corrupt torrent file: ${result.text}`)
  const { number } = numbers.of(session.row(result.id))
  const torrent = { hashString: result.id, id: number, name: result.name }
  return result.outcome === 'added' ? { 'torrent-added': torrent } : { 'torrent-duplicate': torrent }
}

function sourceOf(given: Arguments): string | Uint8Array {
  const metainfo = given.string('metainfo')
  const filename = given.string('filename')?.trim()
  if (metainfo !== undefined && metainfo !== '') {
    const text = metainfo.replace(/\s+/g, '')
    if (!BASE64.test(text))
      throw new RpcFailure(CODE.corrupt, 'invalid or corrupt torrent file: metainfo is not base64')
    return Buffer.from(text, 'base64')
  }
  if (filename === undefined || filename === '') {
    throw new RpcFailure(CODE.invalidParams, 'no filename or metainfo specified')
  }
  if (LINK.test(filename) || INFO_HASH.test(filename)) return filename
  throw new RpcFailure(
    CODE.unrecognized,
    'invalid or corrupt torrent file: filename is no magnet link and no http address; send torrent files as metainfo',
  )
}

async function optionsOf(given: Arguments, roots: Call['backend']['roots']): Promise<AddOptions> {
  const dir = given.string('download_dir')
  if (dir !== undefined && dir !== '' && !isAbsolute(dir)) {
    throw new RpcFailure(CODE.notAbsolute, 'download directory path is not absolute')
  }
  const paused = given.boolean('paused')
  const labels = given.has('labels') ? labelsOf(given) : undefined
  const connections = given.integer('peer_limit', 1)
  const sequential = given.boolean('sequential_download')
  const priorities = prioritiesOf(given)
  return {
    ...(dir === undefined || dir === '' ? {} : { dir: await roots.admit(dir, 'download-dir') }),
    ...(paused === undefined ? {} : { start: !paused }),
    ...(labels === undefined ? {} : { labels }),
    ...(connections === undefined ? {} : { limits: { connections } }),
    ...(sequential === undefined ? {} : { sequential }),
    ...(Object.keys(priorities).length === 0 ? {} : { priorities }),
  }
}

/** Later ones decide: what is not wanted is skipped, whatever its priority. */
function prioritiesOf(given: Arguments): Record<number, FilePriority> {
  const priorities: Record<number, FilePriority> = {}
  for (const [name, priority] of [
    ['priority_low', 'low'],
    ['priority_normal', 'normal'],
    ['priority_high', 'high'],
    ['files_unwanted', 'skip'],
  ] as const) {
    for (const index of given.indices(name) ?? []) priorities[index] = priority
  }
  for (const index of given.indices('files_wanted') ?? []) {
    if (priorities[index] === 'skip') priorities[index] = 'normal'
  }
  return priorities
}

export function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[a-z]:[\\/]/i.test(path)
}
