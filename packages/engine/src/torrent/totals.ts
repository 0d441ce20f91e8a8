/** How much a torrent moved: in earlier sessions, in swarms of this one that ended, and in the one at work. */
import type { ResumeRecord } from './resume.ts'
import type { Swarm } from './swarm.ts'

export class Totals {
  /** Hashed to see what is there, in this session. */
  checkedBytes = 0
  /** The swarm at work, or the one whose last writes are awaited. */
  readonly #swarm: () => Swarm | undefined
  /** Of earlier sessions. */
  #before: Pick<ResumeRecord, 'uploadedBytes' | 'downloadedBytes' | 'corruptBytes'> = {
    uploadedBytes: 0,
    downloadedBytes: 0,
    corruptBytes: 0,
  }
  /** Of swarms that ended. */
  #downloadedBytes = 0
  #uploadedBytes = 0
  #wastedBytes = 0
  #corruptBytes = 0
  #activeAt = Number.NEGATIVE_INFINITY

  constructor(swarm: () => Swarm | undefined) {
    this.#swarm = swarm
  }

  /** What is remembered of earlier sessions. */
  remember(record: ResumeRecord): void {
    this.#before = record
  }

  /** The swarm ends: from here on it is not asked any more. */
  onEnd(swarm: Swarm): void {
    this.#activeAt = this.activeAt
    this.#downloadedBytes += swarm.download.total
    this.#uploadedBytes += swarm.upload.total
    this.#wastedBytes += swarm.wastedBytes
    this.#corruptBytes += swarm.flow.corruptBytes
  }

  // ------------------------------------------------------------------------------------------- in this session

  get downloadedBytes(): number {
    return this.#downloadedBytes + (this.#swarm()?.download.total ?? 0)
  }

  get uploadedBytes(): number {
    return this.#uploadedBytes + (this.#swarm()?.upload.total ?? 0)
  }

  get wastedBytes(): number {
    return this.#wastedBytes + (this.#swarm()?.wastedBytes ?? 0)
  }

  /** When payload last went either way, on the engine's clock; negative infinity: never. */
  get activeAt(): number {
    const swarm = this.#swarm()
    if (swarm === undefined) return this.#activeAt
    return Math.max(this.#activeAt, swarm.download.lastAt, swarm.upload.lastAt)
  }

  // --------------------------------------------------------------------------------------------- over restarts

  get everDownloadedBytes(): number {
    return this.#before.downloadedBytes + this.downloadedBytes
  }

  get everUploadedBytes(): number {
    return this.#before.uploadedBytes + this.uploadedBytes
  }

  get everCorruptBytes(): number {
    return this.#before.corruptBytes + this.#corruptBytes + (this.#swarm()?.flow.corruptBytes ?? 0)
  }
}
