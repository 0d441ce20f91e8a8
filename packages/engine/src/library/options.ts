/** What embedders give, looked at before it is used: each refusal is a ShoalError `OPTION_INVALID`. */
import { ShoalError } from '../errors.ts'
import { isTrackerUrl, MAX_TRACKERS } from '../metainfo/urls.ts'

/** Bytes a second; 0 lifts a limit. */
export function limit(bytesPerSec: number | undefined): number | undefined {
  if (bytesPerSec === undefined || bytesPerSec === 0) return undefined
  if (!(bytesPerSec > 0)) throw new ShoalError('OPTION_INVALID', `${bytesPerSec} is not a rate`)
  return bytesPerSec
}

/** A whole number of at least `least`. */
export function count(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new ShoalError('OPTION_INVALID', `${name} must be a whole number of at least ${least}`)
}

/** Tiers of URLs of trackers, trimmed; tiers that are empty are left out. */
export function checkTiers(tiers: readonly (readonly string[])[]): string[][] {
  const checked = tiers.map(tier => tier.map(url => url.trim())).filter(tier => tier.length > 0)
  const urls = checked.flat()
  const bad = urls.find(url => !isTrackerUrl(url))
  if (bad !== undefined) {
    const shown = JSON.stringify(bad.length > SHOWN_CHARS ? `${bad.slice(0, SHOWN_CHARS)}…` : bad)
    throw new ShoalError('OPTION_INVALID', `${shown} is not the URL of a tracker: http, https or udp`)
  }
  if (urls.length > MAX_TRACKERS) {
    throw new ShoalError(
      'OPTION_INVALID',
      `${urls.length} trackers are more than the ${MAX_TRACKERS} allowed`,
    )
  }
  return checked
}

/** Of what is refused, in the message. */
const SHOWN_CHARS = 200
