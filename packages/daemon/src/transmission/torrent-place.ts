/** Where torrents are, and what they are called there: `torrent-set-location`, `torrent-rename-path`. */
import type { FilePatch } from '../contract/index.ts'
import { chosen, chosenIds } from './choose.ts'
import { CODE, RpcFailure } from './failure.ts'
import type { Answer, Call } from './method.ts'
import { isAbsolute } from './torrent-add.ts'

export async function setLocation(call: Call): Promise<Answer> {
  const { backend, given } = call
  const location = given.string('location')
  if (location === undefined || location === '') throw new RpcFailure(CODE.invalidParams, 'no location')
  if (!isAbsolute(location)) throw new RpcFailure(CODE.notAbsolute, 'new location path is not absolute')
  const dir = await backend.roots.admit(location, 'location')
  await backend.session.move(chosenIds(call), dir, { move: given.boolean('move') ?? false })
  return {}
}

/** `path` begins with the torrent's name: that alone renames the torrent, more a file or a folder in it. */
export async function renamePath(call: Call): Promise<Answer> {
  const { backend, given } = call
  const { session, numbers } = backend
  const rows = chosen(call)
  const [row] = rows
  if (row === undefined || rows.length !== 1) {
    throw new RpcFailure(CODE.invalidParams, 'torrent-rename-path requires 1 torrent')
  }
  const path = given.string('path') ?? ''
  const name = given.string('name') ?? ''
  if (name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw new RpcFailure(CODE.invalidParams, 'name: the name of a file or folder is wanted here, without /')
  }
  const files = await session.files(row.id)
  const patches = files.flatMap(({ index, path: old }): FilePatch[] => {
    if (old !== path && !old.startsWith(`${path}/`)) return []
    const elements = old.split('/')
    elements[path.split('/').length - 1] = name
    // Below the torrent's folder.
    return [{ index, path: elements.slice(1).join('/') }]
  })
  if (!path.includes('/') && (path === row.name || patches.length > 0)) await session.patch(row.id, { name })
  else if (patches.length > 0) await session.patchFiles(row.id, patches)
  else throw new RpcFailure(CODE.invalidParams, `path: there is no ${path} in the torrent`)
  return { id: numbers.of(row).number, name, path }
}
