import { parseHostPort } from '../bytes/address.ts'
import { ShoalError } from '../errors.ts'
import { formatMagnet } from '../metainfo/magnet.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { MagnetLinkOptions } from './types/torrent-file.ts'

/**
 * The magnet link of a torrent: its info-hash, name, trackers and web seeds.
 *
 * @throws ShoalError `OPTION_INVALID` for a peer that is not `host:port`
 */
export function magnetOf(metainfo: Metainfo, options: MagnetLinkOptions = {}): string {
  const { infoHashHex, name, trackers, webSeeds } = metainfo
  return formatMagnet({
    infoHashHex,
    name,
    trackers: (options.trackers ?? true) ? trackers : [],
    webSeeds,
    peers: (options.peers ?? []).map(parsePeer),
  })
}

/** An address, or a name that whoever opens the link looks up. */
function parsePeer(text: string): { host: string; port: number } {
  const literal = parseHostPort(text)
  if (literal !== undefined) return literal
  const [, host, digits] = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65535) {
    const message = `${JSON.stringify(text)} is not a peer's address like 10.0.0.1:6881`
    throw new ShoalError('OPTION_INVALID', message)
  }
  return { host, port }
}
