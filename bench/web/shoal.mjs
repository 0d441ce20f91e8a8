/**
 * Shoal's daemon as a process of its own: session, API and page are the real ones, the engine is scripted. Run by
 * `bench/web.mjs`: `node shoal.mjs FOLDER COUNT FILES CHANGES`; tells its address when all is there.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openAccess } from '../../packages/daemon/dist/http/access/access.js'
import { createHttp } from '../../packages/daemon/dist/http/create-http.js'
import { createSession } from '../../packages/daemon/dist/session/create-session.js'
import { scriptedEngine } from './engine.mjs'
import { torrents } from './torrents.mjs'

const SETTINGS = {
  dir: '/nowhere',
  incompleteDir: null,
  startAdded: false,
  limits: { download: null, upload: null, connections: 300, torrentConnections: 100, uploadSlots: 8 },
  alternative: { download: null, upload: null, timetable: [] },
  queue: { downloads: null, seeds: null, slowBytesPerSec: 2048, slowSeconds: 60 },
  goals: { ratio: null, seedSeconds: null, idleSeconds: null },
  keepFreeBytes: 0,
}
const [folder, count, files, changes] = process.argv.slice(2)
const webDir = fileURLToPath(new URL('../../packages/web/dist', import.meta.url))

const session = await createSession({
  engine: scriptedEngine(),
  stateDir: join(folder, 'session'),
  settings: SETTINGS,
})
const all = torrents(Number(count), Number(files))
for (let at = 0; at < all.length; at += 1000) {
  const sources = all.slice(at, at + 1000).map(({ bytes }) => bytes)
  await session.add(sources, { start: false, labels: [`label ${at / 1000}`] })
}
// Those that change are everywhere in the list, whatever it is sorted by.
const step = Number(count) / Number(changes)
const running = Array.from({ length: Number(changes) }, (_, n) => all[Math.floor(n * step)].id)
if (running.length > 0) await session.act('start', running)
await session.settled()
const access = await openAccess(join(folder, 'access.json'))
const cookie = await access.setUp(access.createSetupKey(), 'a long password')
const settings = { list: () => [], change: async () => undefined }
const http = createHttp({ session, access, settings, roots: () => [folder], doctor: async () => [], webDir })
const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
process.send({ port, cookie, total: session.list({}).total, manyFiles: all.at(-1).id })
process.on('disconnect', () => process.exit(0))
process.on('message', () => process.exit(0))
