/**
 * An engine that only makes figures up: what runs in it has other rates and more bytes each second. The daemon's session
 * above it is the real one, so all that a change takes on its way to a page is measured but the transfer itself.
 */
import { parseTorrent } from '../../packages/engine/dist/index.js'

const NOTHING_KNOWN = { connected: 12, connecting: 0, known: 40 }
/** Nothing may become whole while it is measured. */
const MOST_OF_IT = 0.98

export function scriptedEngine() {
  const torrents = new Set()
  const quiet = () => {}
  const running = () => [...torrents].filter(torrent => torrent.summary().state !== 'stopped')
  return {
    port: 6881,
    async add(bytes, options) {
      const torrent = new ScriptedTorrent(parseTorrent(bytes), options, () => torrents.delete(torrent))
      torrents.add(torrent)
      return torrent
    },
    describe: () => Promise.reject(new Error('nobody knows what is in a link')),
    setLimits: quiet,
    summary() {
      const all = running().map(torrent => torrent.summary())
      const sum = key => all.reduce((total, each) => total + each[key], 0)
      const [downloadRate, uploadRate] = [sum('downloadRate'), sum('uploadRate')]
      const [downloadedBytes, uploadedBytes] = [sum('downloadedBytes'), sum('uploadedBytes')]
      const connections = { connected: all.length * 12, connecting: 0, known: all.length * 40 }
      const rest = { incomingSeconds: 5, externalIps: [], dht: { nodes: 300, searches: 0 } }
      return { downloadRate, uploadRate, downloadedBytes, uploadedBytes, connections, ...rest }
    },
    close: async () => {},
  }
}

class ScriptedTorrent {
  names = {}
  #state = 'stopped'
  #startedAt = 0
  #seed
  #gone

  constructor(metainfo, options, gone) {
    this.metainfo = metainfo
    this.dir = options.dir
    this.#gone = gone
    this.#seed = metainfo.infoHash[0] * 256 + metainfo.infoHash[1]
    if (!options.paused) this.start()
    const quiet = () => {}
    for (const name of ['setFilePriority', 'setSequential', 'setTrackers', 'setLimits', 'reannounce'])
      this[name] = quiet
    for (const name of ['setMaxConnections', 'setUploadSlots', 'addPeer', 'banPeer']) this[name] = quiet
    for (const name of ['check', 'move', 'rename']) this[name] = async () => {}
  }

  summary() {
    const seconds = this.#state === 'stopped' ? 0 : Math.floor((Date.now() - this.#startedAt) / 1000)
    const wantedBytes = this.metainfo.geometry.totalLength
    const mean = 100_000 + this.#seed
    const isRunning = this.#state === 'downloading'
    const downloadRate = isRunning ? mean + ((this.#seed * 31 + seconds * 1009) % 50_000) : 0
    const haveBytes = Math.min(seconds * mean + this.#seed * 10_000, Math.floor(wantedBytes * MOST_OF_IT))
    const peers = { connections: NOTHING_KNOWN, seeds: seconds % 7, peersSending: 3, peersReceiving: 2 }
    return {
      name: this.metainfo.name,
      state: this.#state,
      wantedBytes,
      haveBytes,
      leftBytes: wantedBytes - haveBytes,
      checkedFraction: 1,
      downloadedBytes: seconds * mean,
      uploadedBytes: seconds * (mean >> 2),
      wastedBytes: 0,
      downloadRate,
      uploadRate: downloadRate >> 2,
      etaSeconds: isRunning ? (wantedBytes - haveBytes) / downloadRate : undefined,
      ...peers,
      availability: 3.5,
      swarm: { seeders: 20, leechers: 30 },
    }
  }

  snapshot() {
    let left = this.summary().haveBytes
    const files = this.metainfo.files.map(({ path, length }) => {
      const haveBytes = Math.min(left, length)
      left -= haveBytes
      return { path: path.join('/'), haveBytes }
    })
    return { files, peers: [], trackers: [] }
  }

  pieces() {
    const have = new Uint8Array(Math.ceil(this.metainfo.geometry.pieceCount / 8))
    return { have, active: [], availability: undefined }
  }

  on() {
    return () => {}
  }

  start() {
    this.#state = 'downloading'
    this.#startedAt = Date.now()
  }

  async stop() {
    this.#state = 'stopped'
  }

  async detach() {
    this.#gone()
  }

  async remove() {
    this.#gone()
  }
}
