/** opentracker, over HTTP and UDP on one port. Debian builds it to serve only the info-hashes of a list. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { Program } from './program.ts'
import { until } from './wait.ts'

export interface Tracker {
  readonly http: string
  readonly udp: string
  /** How many seeders and downloaders it knows of. */
  count(infoHash: Uint8Array): Promise<{ readonly seeders: number; readonly downloaders: number }>
  stop(): Promise<void>
}

export async function startTracker(
  at: { readonly ip: string; readonly port: number },
  dir: string,
  infoHashes: readonly Uint8Array[],
): Promise<Tracker> {
  // It changes its root to this folder and its user to nobody, so the list is named from there.
  const root = join(dir, 'tracker')
  mkdirSync(root, { recursive: true })
  chmodSync(root, 0o755)
  writeFileSync(join(root, 'list'), infoHashes.map(hash => `${Buffer.from(hash).toString('hex')}\n`).join(''))
  const port = String(at.port)
  const program = new Program(
    ['opentracker', '-i', at.ip, '-p', port, '-P', port, '-d', root, '-w', 'list'],
    { logFile: join(dir, 'tracker.log') },
  )
  const base = `http://${at.ip}:${port}`

  const scrape = (infoHash: Uint8Array): Promise<string> => {
    const escaped = Buffer.from(infoHash).toString('hex').replace(/../g, '%$&')
    return body(`${base}/scrape?info_hash=${escaped}`)
  }
  await until(
    () => `the tracker answers\n${program.describe()}`,
    60_000,
    () =>
      scrape(new Uint8Array(20)).then(
        () => true,
        () => false,
      ),
  )
  return {
    http: `${base}/announce`,
    udp: `udp://${at.ip}:${port}/announce`,
    async count(infoHash) {
      const reply = await scrape(infoHash)
      const figure = (key: string): number => Number(new RegExp(`${key}i(\\d+)e`).exec(reply)?.[1] ?? 0)
      return { seeders: figure('8:complete'), downloaders: figure('10:incomplete') }
    },
    async stop() {
      await program.stop()
    },
  }
}

/** Over a connection of its own: opentracker closes those it kept just when they are used again. */
function body(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, reply => {
      let text = ''
      reply.setEncoding('latin1')
      reply.on('data', (chunk: string) => {
        text += chunk
      })
      reply.on('end', () => resolve(text))
      reply.on('error', reject)
    }).on('error', reject)
  })
}
