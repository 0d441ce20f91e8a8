/** Rates over the last hour, for a graph. */
import type { RateHistory } from '../contract/index.ts'

const STEP_SECONDS = 5
const POINTS = 720

export class History {
  readonly #download: number[] = []
  readonly #upload: number[] = []
  #sum = { download: 0, upload: 0, count: 0 }

  /** Once a second. */
  note(downloadRate: number, uploadRate: number): void {
    this.#sum.download += downloadRate
    this.#sum.upload += uploadRate
    if (++this.#sum.count < STEP_SECONDS) return
    const { download, upload, count } = this.#sum
    this.#sum = { download: 0, upload: 0, count: 0 }
    push(this.#download, Math.round(download / count))
    push(this.#upload, Math.round(upload / count))
  }

  get(): RateHistory {
    return { stepSeconds: STEP_SECONDS, download: [...this.#download], upload: [...this.#upload] }
  }
}

function push(points: number[], value: number): void {
  points.push(value)
  if (points.length > POINTS) points.shift()
}
