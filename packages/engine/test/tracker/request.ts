import type { AnnounceReply, AnnounceRequest } from '../../src/tracker/announce.ts'

export const REQUEST: AnnounceRequest = {
  infoHash: Uint8Array.from({ length: 20 }, (_, at) => at * 13),
  peerId: new TextEncoder().encode('-SH0100-abcdefghijkl'),
  port: 6881,
  uploadedBytes: 1,
  downloadedBytes: 2,
  leftBytes: 3,
  event: 'none',
  numWant: 50,
  key: 0xab,
  trackerId: undefined,
}

export const REPLY: AnnounceReply = {
  intervalMs: 1_800_000,
  minIntervalMs: undefined,
  peers: [],
  seeders: undefined,
  leechers: undefined,
  downloads: undefined,
  trackerId: undefined,
  warning: undefined,
  externalIp: undefined,
}

/** One byte a character. */
export function latin(text: string): Uint8Array {
  return Uint8Array.from(text, char => char.charCodeAt(0))
}
