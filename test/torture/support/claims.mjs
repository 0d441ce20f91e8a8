/** What an engine believes to have when it starts on a state folder, against what is there. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createEngine, loadTorrent, verifyTorrent } from '../../../packages/engine/dist/index.js'

const SELF = fileURLToPath(import.meta.url)

/**
 * In a process of its own, as after a reboot. Throws when it does not start.
 *
 * @returns {{ claimed: number, false: number[], good: number }} pieces claimed, those of them that do not match, and
 * how many match, claimed or not
 */
export function claimsOf({ file }, dir, stateDir) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SELF, file, dir, stateDir], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr.slice(-1000))
  return JSON.parse(stdout)
}

/** Whether anything below the state folder is named after the torrent. */
export function isRemembered({ metainfo }, stateDir) {
  if (!existsSync(stateDir)) return false
  return readdirSync(stateDir, { recursive: true }).some(name => name.includes(metainfo.infoHashHex))
}

if (process.argv[1] === SELF) {
  const [file, dir, stateDir] = process.argv.slice(2)
  const { metainfo } = await loadTorrent(file)
  const have = await haveOf(metainfo, dir, stateDir)
  const report = await verifyTorrent(metainfo, dir)
  const bad = new Set(report.badPieces)
  const answer = {
    claimed: have.length,
    false: have.filter(piece => bad.has(piece)),
    good: report.pieces.good,
  }
  console.log(JSON.stringify(answer))
}

async function haveOf(metainfo, dir, stateDir) {
  const engine = await createEngine({ port: 0, bind: '127.0.0.1', dht: false, lsd: false, stateDir })
  try {
    const torrent = await engine.add(metainfo, { dir, discovery: false })
    await new Promise((resolve, reject) => {
      const look = () => {
        const { state, error } = torrent.snapshot()
        if (state === 'error') reject(error)
        else if (state === 'downloading' || state === 'seeding') resolve()
      }
      torrent.on('state', look)
      look()
    })
    // Not for embedders; there is no other way to see single pieces.
    return [...torrent.core.have]
  } finally {
    await engine.close()
  }
}
