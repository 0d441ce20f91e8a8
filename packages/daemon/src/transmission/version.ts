/**
 * What clients are told that we are. Most decide by these numbers what they may ask for (decision 19): we speak what 4.1.0
 * speaks, the old form with it.
 */
export const VERSION = '4.1.0'
export const RPC_VERSION = 18
/** The oldest protocol whose clients get along with us: `status` had other numbers before. */
export const RPC_VERSION_MINIMUM = 14
export const RPC_SEMVER = '6.0.0'

export function versionText(shoal: string): string {
  return `${VERSION} (Shoal ${shoal})`
}
