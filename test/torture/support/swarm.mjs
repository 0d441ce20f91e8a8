/** Data that does not compress, torrents of it, and an engine in this process that shares them and counts. */
import { createCipheriv, createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createEngine, createTorrent } from '../../../packages/engine/dist/index.js'

export const KIB = 1024
export const MIB = 1024 * KIB
const HOST = '127.0.0.1'

/**
 * One torrent in a folder of its own.
 *
 * @param {{ folder: string, name: string, bytes: number, many: boolean, pieceLength: number, random: import('../random.mjs').Random, trackers?: string[][] }} o
 * @returns {Promise<{ name: string, dir: string, file: string, metainfo: object, bytes: number, files: Map<string, string>, pieceLength: number }>}
 * `dir` holds the data, `file` is the torrent file, `files` has SHA-256 by path below `dir`
 */
export async function makeTorrent({ folder, name, bytes, many, pieceLength, random, trackers }) {
  const dir = join(folder, 'data')
  const cipher = createCipheriv('aes-128-ctr', random.bytes(16), Buffer.alloc(16))
  const root = join(dir, name)
  const files = new Map()
  for (const [path, length] of many ? manyFiles(bytes, random) : [['', bytes]]) {
    const target = join(root, path)
    mkdirSync(dirname(target), { recursive: true })
    const content = cipher.update(Buffer.alloc(length))
    writeFileSync(target, content)
    files.set(join(name, path), sha256(content))
  }
  const { metainfo, bytes: torrent } = await createTorrent(root, { pieceLength, trackers })
  const file = join(folder, `${name}.torrent`)
  writeFileSync(file, torrent)
  return { name, dir, file, metainfo, bytes, files, pieceLength }
}

/** Empty, tiny and odd ones between large ones, in folders: pieces span many files, files many pieces. */
function manyFiles(bytes, random) {
  const sizes = [0, 1, 100, 16 * KIB, 16 * KIB + 1, 300 * KIB, 0, 3]
  let left = bytes - sizes.reduce((sum, size) => sum + size, 0)
  while (left > 0) {
    const size = Math.min(left, random.between(1, Math.ceil(bytes / 5)))
    sizes.push(size)
    left -= size
  }
  random.shuffle(sizes)
  return sizes.map((size, at) => [join(at % 3 === 0 ? '.' : `folder ${at % 3}`, `file ${at}`), size])
}

/** Shares torrents on this machine, at most so fast, all pieces to anybody. */
export class Seeder {
  #engine
  #torrents = new Map()

  /** @param uploadRate of a torrent: bytes a second; not given: as fast as can be */
  static async start(torrents, { uploadRate, host = HOST } = {}) {
    const seeder = new Seeder()
    seeder.#engine = await createEngine({ port: 0, bind: host, dht: false, lsd: false })
    for (const torrent of torrents) {
      const { metainfo, dir } = torrent
      const shared = await seeder.#engine.add(metainfo, {
        dir,
        seedOnly: true,
        check: 'trust',
        discovery: false,
        uploadLimitBytesPerSec: uploadRate?.(torrent),
      })
      await shared.done
      seeder.#torrents.set(metainfo.infoHashHex, shared)
    }
    return seeder
  }

  get port() {
    return this.#engine.port
  }

  get address() {
    return `${HOST}:${this.port}`
  }

  /** Payload sent of one torrent since the start. */
  sentBytes({ metainfo }) {
    return this.#torrents.get(metainfo.infoHashHex).snapshot().uploadedBytes
  }

  /** How many peers are connected to it over one torrent. */
  peers({ metainfo }) {
    return this.#torrents.get(metainfo.infoHashHex).snapshot().connections.connected
  }

  close() {
    return this.#engine.close()
  }
}

/**
 * What is wrong with the data below `dir`, in words; undefined: it is whole, and nothing else is there but for what is
 * of `others`.
 */
export function difference(torrent, dir, others = []) {
  const found = new Set()
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory())
      found.add(join(entry.parentPath ?? entry.path, entry.name).slice(dir.length + 1))
  }
  for (const [path, digest] of torrent.files) {
    found.delete(path)
    let content
    try {
      content = readFileSync(join(dir, path))
    } catch (error) {
      return `${path} cannot be read: ${error.message}`
    }
    if (sha256(content) !== digest) return `${path} differs`
  }
  for (const { files } of others) for (const path of files.keys()) found.delete(path)
  const [more] = found
  return more === undefined ? undefined : `${more} should not be there`
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted.length === 0 ? 0 : sorted[Math.floor(sorted.length / 2)]
}

/** Runs `work(item, lane)` over all items, so many at a time. */
export async function inLanes(lanes, items, work) {
  const waiting = [...items]
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item, lane)
    }),
  )
}
