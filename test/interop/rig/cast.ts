/** Shoal and libtorrent as members of small casts that find each other without a tracker. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bencode } from './bencode.ts'
import { type Case, writePayload } from './payload.ts'
import { Program } from './program.ts'
import { differences } from './tree.ts'
import { until } from './wait.ts'

/** Four pieces: who may get 1 KB a second has none of them for minutes. */
const CONTENT: Case = {
  title: 'discovery',
  name: 'discovery.bin',
  pieceBytes: 256 * 1024,
  files: 1024 * 1024,
  tracker: 'http',
  dials: 'getter',
}

export interface Member {
  readonly name: string
  readonly client: 'shoal' | 'libtorrent'
  readonly does: 'seed' | 'get'
  readonly ip: string
  readonly port: number
  /** The client's own. */
  readonly options: readonly string[]
}

/** One torrent without trackers, and who shares it. */
export class Cast {
  readonly #dir: string
  readonly #source: string
  readonly #torrent: string
  readonly #programs = new Map<string, Program>()

  constructor(name: string) {
    const { INTEROP_DIR } = process.env
    if (INTEROP_DIR === undefined) throw new Error('run me with npm run interop')
    this.#dir = join(INTEROP_DIR, name)
    this.#source = join(this.#dir, 'source')
    this.#torrent = join(this.#dir, 'x.torrent')
    mkdirSync(this.#source, { recursive: true })
    writeFileSync(this.#torrent, bencode({ info: { ...writePayload(CONTENT, this.#source), source: name } }))
  }

  start(member: Member): void {
    const { name, client, does, ip, port, options } = member
    const scratch = join(this.#dir, name)
    mkdirSync(scratch)
    const dir = does === 'seed' ? this.#source : this.#into(name)
    mkdirSync(dir, { recursive: true })
    const program = fileURLToPath(
      new URL(
        client === 'shoal' ? '../../../packages/cli/bin/shoal.js' : 'libtorrent-peer.py',
        import.meta.url,
      ),
    )
    const state = join(scratch, 'state')
    const command =
      client === 'shoal'
        ? [process.execPath, program, does, this.#torrent, '--dir', dir, '--bind', ip, '--port', `${port}`]
        : ['/usr/bin/python3', program, does, this.#torrent, dir, ip, `${port}`]
    const own = client === 'shoal' ? ['--state', state] : []
    const started = new Program([...command, ...own, ...options], {
      logFile: join(scratch, 'log'),
      cwd: scratch,
      env: { HOME: scratch },
    })
    this.#programs.set(name, started)
  }

  /** It ends by itself and well, nobody else does, and its data is right. */
  async untilComplete(name: string, timeoutMs: number): Promise<void> {
    const program = this.#programs.get(name)!
    await this.until(`${name} completes`, timeoutMs, () => program.ending === 0)
    const lines = differences(this.#source, this.#into(name))
    if (lines.length > 0) throw new Error(lines.join('\n'))
  }

  async until(what: string, timeoutMs: number, holds: () => boolean): Promise<void> {
    const logs = (): string => [...this.#programs.values()].map(each => each.describe()).join('\n')
    await until(
      () => `${what}\n${logs()}`,
      timeoutMs,
      () => {
        if (holds()) return true
        for (const { ending } of this.#programs.values()) {
          if (ending !== undefined) throw new Error(`ended early\n${logs()}`)
        }
        return false
      },
    )
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#programs.values()].map(program => program.stop()))
  }

  #into(name: string): string {
    return join(this.#dir, `${name}-data`)
  }
}
