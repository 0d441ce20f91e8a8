/** A peer that is none, and says a bit of everything. */
import type { ConversationEvent, SaidLine, Saying } from '@shoal/daemon/contract'
import { PAYLOADS } from './payloads.ts'

const PIECE = 4 * 1024 * 1024
const BLOCK = 16_384
const STEP_MS = 500

interface Partner {
  readonly address: string
  readonly client: string
  readonly hostile: boolean
}

type By = SaidLine['by']

export async function converse(
  { address, client, hostile }: Partner,
  signal: AbortSignal,
  onEvent: (event: ConversationEvent) => void,
): Promise<void> {
  onEvent({
    type: 'met',
    address,
    client,
    fast: true,
    extended: true,
    dht: true,
    extensions: hostile ? PAYLOADS.slice(0, 6) : ['ut_metadata', 'ut_pex', 'lt_donthave'],
    pieceCount: 1204,
    pieceLength: PIECE,
  })
  for (let step = 0; !signal.aborted; step++) {
    const said = step < OPENING.length ? OPENING[step]! : download(step)
    const lines = said.map(([by, says, count, bytes]) => lineOf(by, named(says, hostile), count, bytes))
    onEvent({ type: 'said', lines, leftOut: step % 9 === 8 ? 37 : 0 })
    await new Promise(resolve => setTimeout(resolve, STEP_MS))
  }
}

type Said = readonly [by: By, says: Saying, count: number, bytes: number]

const OPENING: readonly (readonly Said[])[] = [
  [
    ['us', greeting('Shoal 0.1', ['ut_metadata', 'ut_pex', 'lt_donthave']), 1, 142],
    ['them', greeting('qBittorrent/5.1.2', ['ut_pex', 'ut_metadata', 'ut_holepunch', 'upload_only']), 1, 213],
    ['us', { kind: 'have-none' }, 1, 5],
    ['them', { kind: 'bitfield', have: 1187 }, 1, 156],
    ['them', { kind: 'port', port: 51_413 }, 1, 7],
    ['us', { kind: 'interested' }, 1, 5],
  ],
  [
    ['them', { kind: 'allowed-fast', pieces: [17, 204, 611, 902].map(alone), others: 0 }, 4, 36],
    ['them', { kind: 'unchoke' }, 1, 5],
    ['us', { kind: 'request', ranges: [range(12, 0, 8)], others: 0, dataBytes: 8 * BLOCK }, 8, 136],
  ],
  [
    ['them', { kind: 'peers', added: 14, dropped: 3 }, 1, 121],
    ['them', { kind: 'interested' }, 1, 5],
    ['us', { kind: 'unchoke' }, 1, 5],
    ['them', { kind: 'metadata', what: 'request', piece: 0 }, 1, 31],
    ['us', { kind: 'metadata', what: 'data', piece: 0 }, 1, 16_431],
    ['them', { kind: 'unknown', id: 99 }, 1, 12],
    ['them', { kind: 'extension', id: 9, name: 'ut_comment' }, 1, 40],
  ],
  [
    ['them', { kind: 'choke' }, 1, 5],
    ['them', { kind: 'reject', ranges: [range(12, 6, 2)], others: 0, dataBytes: 2 * BLOCK }, 2, 34],
    ['them', { kind: 'unchoke' }, 1, 5],
  ],
]

function download(step: number): Said[] {
  const piece = 12 + step
  const whole = { piece, begin: 0, length: PIECE }
  const said: Said[] = [
    [
      'us',
      { kind: 'request', ranges: [range(piece + 1, 0, 96)], others: 0, dataBytes: 96 * BLOCK },
      96,
      96 * 17,
    ],
    [
      'them',
      {
        kind: 'block',
        ranges: [whole, range(piece + 1, 0, 40), range(piece + 4, 3, 5)],
        others: 2,
        dataBytes: PIECE + 47 * BLOCK,
      },
      303,
      303 * (BLOCK + 13),
    ],
    ['us', { kind: 'have', pieces: [alone(piece)], others: 0 }, 1, 9],
  ]
  if (step % 3 === 0) {
    said.push(['them', { kind: 'have', pieces: [{ first: 40, last: 44 }, alone(7)], others: 0 }, 6, 54])
  }
  return said
}

function greeting(client: string, names: readonly string[]): Saying {
  return {
    kind: 'extensions',
    client,
    names,
    requestQueue: 500,
    port: 51_413,
    metadataBytes: 24_210,
    uploadOnly: null,
    yourIp: '203.0.113.7',
  }
}

function named(says: Saying, hostile: boolean): Saying {
  if (!hostile) return says
  if (says.kind === 'extensions') return { ...says, client: PAYLOADS[0]!, names: PAYLOADS.slice(0, 24) }
  return says.kind === 'extension' ? { ...says, name: PAYLOADS[1]! } : says
}

function lineOf(by: By, says: Saying, count: number, bytes: number): SaidLine {
  const length = Math.min(256, Math.ceil(bytes / count))
  const head = Array.from({ length }, (_, at) => (at < 4 ? (at === 3 ? length - 4 : 0) : (at * 37) % 256))
  return {
    at: Date.now(),
    by,
    count,
    bytes,
    text: says.kind,
    says,
    head: head.map(byte => byte.toString(16).padStart(2, '0')).join(''),
  }
}

function range(piece: number, first: number, blocks: number) {
  return { piece, begin: first * BLOCK, length: blocks * BLOCK }
}

function alone(piece: number) {
  return { first: piece, last: piece }
}
