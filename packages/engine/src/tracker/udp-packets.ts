/** The datagrams of UDP trackers (BEP 15) with the URLData option (BEP 41). All numbers are big-endian. */
import { parseCompact4, parseCompact6 } from '../bytes/address.ts'
import { concatBytes, readUint32, writeUint32 } from '../bytes/bytes.ts'
import type { AnnounceEvent, AnnounceReply, AnnounceRequest, SwarmCounts } from './announce.ts'
import { clampIntervals, cleanText, MAX_PEERS_PER_REPLY } from './limits.ts'

/** BEP 15: more do not fit into a datagram that passes everywhere. */
const MAX_SCRAPE_HASHES = 74

/** Longest path and query that are sent; more would not fit beside the announce in one unbroken datagram. */
const MAX_URL_DATA_BYTES = 1020

const ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 } as const

const EVENT: Record<AnnounceEvent, number> = { none: 0, completed: 1, started: 2, stopped: 3 }

const OPTION_URL_DATA = 2

export type UdpReply =
  /** `connectionId` is 8 bytes. */
  | { readonly kind: 'connect'; readonly transaction: number; readonly connectionId: Uint8Array }
  | { readonly kind: 'announce'; readonly transaction: number; readonly reply: AnnounceReply }
  /** In the order of the request; a tracker may answer fewer. */
  | { readonly kind: 'scrape'; readonly transaction: number; readonly swarms: readonly SwarmCounts[] }
  /** The tracker's own words, safe to show. */
  | { readonly kind: 'error'; readonly transaction: number; readonly message: string }

/** 16 bytes. */
export function encodeConnect(transaction: number): Uint8Array {
  const packet = new Uint8Array(16)
  // The protocol's magic number, 0x41727101980.
  writeUint32(packet, 0, 0x417)
  writeUint32(packet, 4, 0x27101980)
  writeUint32(packet, 8, ACTION.connect)
  writeUint32(packet, 12, transaction)
  return packet
}

/** 98 bytes and the options. `urlData` is path and query of the tracker's URL, empty for none. */
export function encodeAnnounce(
  connectionId: Uint8Array,
  transaction: number,
  request: AnnounceRequest,
  urlData: string,
): Uint8Array {
  const packet = new Uint8Array(98)
  writeHead(packet, connectionId, ACTION.announce, transaction)
  packet.set(request.infoHash, 16)
  packet.set(request.peerId, 36)
  writeUint64(packet, 56, request.downloadedBytes)
  writeUint64(packet, 64, request.leftBytes)
  writeUint64(packet, 72, request.uploadedBytes)
  writeUint32(packet, 80, EVENT[request.event])
  // Bytes 84 to 87, our own address, stay 0: the tracker takes the sender's.
  writeUint32(packet, 88, request.key)
  writeUint32(packet, 92, request.numWant)
  packet[96] = request.port >> 8
  packet[97] = request.port
  return concatBytes([packet, ...urlOptions(urlData)])
}

/** 16 bytes and 20 for each info-hash, at most {@link MAX_SCRAPE_HASHES}. */
export function encodeScrape(
  connectionId: Uint8Array,
  transaction: number,
  infoHashes: readonly Uint8Array[],
): Uint8Array {
  const head = new Uint8Array(16)
  writeHead(head, connectionId, ACTION.scrape, transaction)
  return concatBytes([head, ...infoHashes.slice(0, MAX_SCRAPE_HASHES)])
}

/**
 * Reads a tracker's datagram; undefined when it is too short for what it claims to be, or of an unknown kind. Extra
 * bytes are ignored, as BEP 15 asks. `ipv6`: the datagram came over IPv6, so its peers take 18 bytes each.
 */
export function decodeUdpReply(packet: Uint8Array, ipv6: boolean): UdpReply | undefined {
  if (packet.length < 8) return undefined
  const transaction = readUint32(packet, 4)
  switch (readUint32(packet, 0)) {
    case ACTION.connect:
      if (packet.length < 16) return undefined
      return { kind: 'connect', transaction, connectionId: packet.slice(8, 16) }
    case ACTION.announce:
      if (packet.length < 20) return undefined
      return { kind: 'announce', transaction, reply: readAnnounce(packet, ipv6) }
    case ACTION.scrape:
      return { kind: 'scrape', transaction, swarms: readScrape(packet) }
    case ACTION.error:
      return { kind: 'error', transaction, message: cleanText(new TextDecoder().decode(packet.subarray(8))) }
    default:
      return undefined
  }
}

function readAnnounce(packet: Uint8Array, ipv6: boolean): AnnounceReply {
  const list = packet.subarray(20, 20 + MAX_PEERS_PER_REPLY * (ipv6 ? 18 : 6))
  const addresses = ipv6 ? parseCompact6(list) : parseCompact4(list)
  return {
    ...clampIntervals(readUint32(packet, 8), undefined),
    peers: addresses.map(address => ({ ...address, peerId: undefined })),
    seeders: readUint32(packet, 16),
    leechers: readUint32(packet, 12),
    downloads: undefined,
    trackerId: undefined,
    warning: undefined,
    externalIp: undefined,
  }
}

function readScrape(packet: Uint8Array): SwarmCounts[] {
  const swarms: SwarmCounts[] = []
  for (let at = 8; at + 12 <= packet.length && swarms.length < MAX_SCRAPE_HASHES; at += 12) {
    swarms.push({
      seeders: readUint32(packet, at),
      downloads: readUint32(packet, at + 4),
      leechers: readUint32(packet, at + 8),
    })
  }
  return swarms
}

/** Options of up to 255 bytes each (BEP 41); none for a URL without path and query, as old trackers expect. */
function urlOptions(urlData: string): Uint8Array[] {
  const data = new TextEncoder().encode(urlData)
  // A cut-off passkey would be refused in any case: the tracker is better asked without.
  if (data.length > MAX_URL_DATA_BYTES) return []
  const options: Uint8Array[] = []
  for (let at = 0; at < data.length; at += 255) {
    const part = data.subarray(at, at + 255)
    options.push(Uint8Array.of(OPTION_URL_DATA, part.length), part)
  }
  return options
}

function writeHead(packet: Uint8Array, connectionId: Uint8Array, action: number, transaction: number): void {
  packet.set(connectionId, 0)
  writeUint32(packet, 8, action)
  writeUint32(packet, 12, transaction)
}

function writeUint64(packet: Uint8Array, at: number, value: number): void {
  writeUint32(packet, at, Math.floor(value / 2 ** 32))
  writeUint32(packet, at + 4, value % 2 ** 32)
}
