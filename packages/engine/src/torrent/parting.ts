/** Why we part with a peer that has done nothing wrong. */

export const PARTING = {
  bothComplete: 'both have everything',
  noUse: 'no use to either side',
  madeRoom: 'made room for another',
  /** The user allows fewer connections than before. */
  fewer: 'too many connections',
  /** It is connected by IPv4 and IPv6. */
  otherFamily: 'already connected by its other address',
} as const

const REASONS: ReadonlySet<string> = new Set(Object.values(PARTING))

/** Whether somebody else may like to connect to it: BEP 11 names these reasons. */
export function isGoodParting(reason: string): boolean {
  return REASONS.has(reason)
}
