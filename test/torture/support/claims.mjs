/** What an engine believes to have when it starts on a state folder, against what is there. */
import { existsSync, readdirSync } from 'node:fs'
import { createEngine, verifyTorrent } from '../../../packages/engine/dist/index.js'

/** @returns {Promise<{ claimed: number, false: number[], good: number }>} pieces claimed, those of them that do not match, and those that match */
export async function claimsOf({ metainfo }, dir, stateDir) {
  const engine = await createEngine({ port: 0, bind: '127.0.0.1', dht: false, lsd: false, stateDir })
  let have
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
    have = [...torrent.core.have]
  } finally {
    await engine.close()
  }
  const report = await verifyTorrent(metainfo, dir)
  const bad = new Set(report.badPieces)
  return { claimed: have.length, false: have.filter(piece => bad.has(piece)), good: report.pieces.good }
}

/** Whether anything below the state folder is named after the torrent. */
export function isRemembered({ metainfo }, stateDir) {
  return (
    existsSync(stateDir) &&
    readdirSync(stateDir, { recursive: true }).some(name => name.includes(metainfo.infoHashHex))
  )
}
