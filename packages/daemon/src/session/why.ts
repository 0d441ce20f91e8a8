/** Why a torrent is slow, waiting or not moving: what the session knows, else what the engine says. */
import type { Reason, TorrentState, Why } from '../contract/index.ts'
import type { Item, Live } from './item.ts'
import { bytesText, countText } from './words.ts'

export interface WhyFacts {
  /** The alternative limits are in force. */
  readonly alternative: boolean
  /** Nobody from outside has ever come to our port, though there was time. */
  readonly unreachable: boolean
}

export function whyOf(item: Item, state: TorrentState, facts: WhyFacts): Why | null {
  const why = reasonFor(item, state, facts)
  return why && { ...why, text: sentence(why.text) }
}

function reasonFor(item: Item, state: TorrentState, facts: WhyFacts): Why | null {
  const { record, live } = item
  switch (state) {
    case 'moving':
      return moving(item)
    case 'checking':
      return live?.summary?.why ?? (live?.doing?.kind === 'checking' ? null : CHECK_QUEUED)
    case 'fetching':
      return fetching(live)
    case 'queued':
      return queued(item)
    case 'stopped':
      return record.reached ?? null
    case 'error':
      return live?.summary?.why ?? null
    case 'downloading':
    case 'seeding':
      return item.record.pending.check ? CHECK_QUEUED : running(live, state, facts)
  }
}

const CHECK_QUEUED: Reason = {
  code: 'CHECK_QUEUED',
  text: 'Waits to be checked: another torrent is first.',
  facts: {},
}

function moving({ record, live }: Item): Reason {
  const to = record.pending.moveTo ?? record.dir
  if (live?.doing?.kind !== 'moving') {
    const text = `Waits to be moved to ${to}: another torrent is first.`
    return { code: 'MOVE_QUEUED', text, facts: { to } }
  }
  const { fraction } = live.doing
  const text = `Its data is on the way to ${to}: ${percent(fraction)} so far.`
  return { code: 'MOVING', text, facts: { to, fraction } }
}

function fetching(live: Live | undefined): Reason {
  const turn = live?.fetch
  const { bytes = 0, totalBytes = 0, connected: peers = 0, known = 0 } = turn ?? {}
  const facts = { bytes, totalBytes, peers, known }
  const tell = (text: string): Reason => ({ code: 'FETCHING', text, facts })
  if (totalBytes > 0) {
    return tell(`Peers are telling what is in it: ${bytesText(bytes)} of ${bytesText(totalBytes)} so far.`)
  }
  if (peers > 0) return tell(`Waits for one of ${countText(peers, 'connected peer')} to tell what is in it.`)
  if (known > 0) return tell(`Tries to reach one of ${countText(known, 'peer')}, to ask what is in it.`)
  return tell('Looks for peers, to ask what is in it.')
}

function queued({ record, live }: Item): Reason | null {
  if (live?.held !== undefined) return live.held
  const waiting = live?.waiting
  if (waiting === undefined) return null
  const { place, of, limit } = waiting
  if (record.magnet !== undefined) {
    const text = `Waits to ask what is in it, place ${place} of ${of}: ${limit} magnet links at a time are asked about.`
    return { code: 'FETCH_QUEUED', text, facts: { place, of, limit } }
  }
  const kind = record.leftBytes > 0 ? 'download' : 'seed'
  const verb = limit === 1 ? 'runs' : 'run'
  const text = `Place ${place} of ${of} in the queue: ${countText(limit, kind)} ${verb} at a time.`
  return { code: 'QUEUED', text, facts: { place, of, limit, kind } }
}

function running(live: Live | undefined, state: TorrentState, facts: WhyFacts): Reason | null {
  const why = live?.summary?.why
  if (facts.alternative && (why?.code === 'LIMIT' || why?.code === 'UPLOAD_LIMIT')) {
    const text = 'The alternative limits are in force, and are reached.'
    return { code: 'LIMIT_ALTERNATIVE', text, facts: {} }
  }
  if (why !== undefined) return why
  const isLonely = (live?.summary?.connections.connected ?? 0) === 0
  if (state === 'seeding' && isLonely && facts.unreachable) {
    return {
      code: 'PORT_UNREACHABLE',
      text: 'Nobody has ever reached our port from outside: others find it hard to fetch from here.',
      facts: {},
    }
  }
  return null
}

function percent(fraction: number): string {
  return `${Math.floor(fraction * 100)} %`
}

/** The engine's reasons are made to stand in the middle of a line. */
function sentence(text: string): string {
  const first = /^[a-z]+:\/\//.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?…]$/.test(first) ? first : `${first}.`
}
