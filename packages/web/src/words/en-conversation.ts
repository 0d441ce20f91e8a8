/** English, of the conversation with a peer. `us` and `them` say who speaks. */
import type { Places } from '../model/conversation.ts'
import { f } from './index.ts'

type By = 'us' | 'them'
type Run = { readonly first: number; readonly last: number }

const number = (value: number): string => f().number(value)
const many = (count: number, one: string, more: string): string =>
  count === 1 ? `1 ${one}` : `${number(count)} ${more}`
const run = ({ first, last }: Run): string => (first === last ? `${first}` : `${first}–${last}`)
const named = (runs: readonly Run[], one: string, more: string): string =>
  `${runs.length === 1 && runs[0]!.first === runs[0]!.last ? one : more} ${runs.map(run).join(', ')}`
const pieces = (runs: readonly Run[], others: number): string =>
  `${named(runs, 'piece', 'pieces')}${others > 0 ? ` and ${number(others)} more` : ''}`
const other = (by: By): string => (by === 'us' ? 'them' : 'us')

/** `pieces 3–5; blocks 0–7 of piece 12` */
const places = ({ whole, parts }: Places, others: number): string => {
  const all = parts.map(({ piece, unit, first, last }) => {
    const one = unit === 'blocks' ? 'block' : 'byte'
    return `${named([{ first, last }], one, unit)} of piece ${piece}`
  })
  if (whole.length > 0) all.unshift(named(whole, 'piece', 'pieces'))
  return `${all.join('; ')}${others > 0 ? `; and ${number(others)} more` : ''}`
}

export const conversation = {
  open: 'Listen in',
  openTo: (address: string): string => `Listen in on ${address}`,
  title: (address: string): string => `Conversation with ${address}`,
  waiting: 'Listening. Nothing has been said since.',
  nothingShown: 'Nothing of what was said is of the kinds that are chosen.',
  log: 'What they and we say',
  live: 'Live',
  pause: 'Pause',
  goOn: 'Go on',
  paused: (count: number): string =>
    count === 0 ? 'Paused.' : `Paused; ${many(count, 'line waits', 'lines wait')}.`,
  latest: 'Latest',
  show: 'Show',
  groups: {
    data: 'Requests and data',
    pieces: 'Who has what',
    state: 'Choking and interest',
    extensions: 'Extensions',
    odd: 'Odd ones',
  },
  who: { us: 'We', them: 'They' },
  bytes: 'Bytes',
  bytesOf: (text: string): string => `Bytes of: ${text}`,
  firstBytes: (shown: number, all: string): string => `The first ${shown} bytes of ${all}`,
  ofFirst: (shown: number, count: number): string =>
    `The first ${shown} bytes of the first of ${number(count)} messages`,
  messages: (count: number): string => `${number(count)} messages`,
  leftOut: (count: number): string =>
    `${many(count, 'more message was', 'more messages were')} said here, too many to show.`,
  over: (reason: string): string => `The connection is over: ${reason}.`,
  again: 'Listen again',
  met: (client: string): string => `They are ${client}.`,
  unknownClient: 'a client that does not say its name',
  abilities: (list: string): string => `They speak ${list}.`,
  noAbilities: 'They speak the plain protocol, without extensions.',
  fast: 'the fast extension, which refuses in words',
  extended: 'the extension protocol',
  dht: 'the DHT',
  extensionMeanings: {
    ut_pex: 'peer exchange',
    ut_metadata: 'descriptions of torrents',
    ut_holepunch: 'a way through firewalls',
    lt_donthave: 'giving up pieces',
    upload_only: 'sending only',
    share_mode: 'share mode',
    ut_comment: 'comments',
    ut_recommend: 'recommendations',
  },
  keepAlive: 'only keep the connection open',
  choke: (by: By): string => `choke ${other(by)}: no more requests for now`,
  unchoke: (by: By): string => `unchoke ${other(by)}: requests are welcome`,
  interested: (by: By): string =>
    by === 'us'
      ? 'are interested: they have something that we lack'
      : 'are interested: we have something that they lack',
  notInterested: (by: By): string => `want nothing of ${other(by)} for now`,
  haveAll: 'have every piece',
  haveNone: 'have no piece yet',
  have: (runs: readonly Run[], others: number): string => `have ${pieces(runs, others)}`,
  suggest: (by: By, runs: readonly Run[], others: number): string =>
    `suggest to ${other(by)} to ask for ${pieces(runs, others)}`,
  allowedFast: (by: By, runs: readonly Run[], others: number): string =>
    `let ${other(by)} ask for ${pieces(runs, others)} even while choked`,
  dontHave: (runs: readonly Run[], others: number): string => `no longer have ${pieces(runs, others)}`,
  request: (what: Places, others: number): string => `ask for ${places(what, others)}`,
  block: (what: Places, others: number): string => `send ${places(what, others)}`,
  cancel: (what: Places, others: number): string => `no longer want ${places(what, others)}`,
  reject: (what: Places, others: number): string => `will not send ${places(what, others)}`,
  bitfield: (have: number, all: number): string => `have ${number(have)} of ${many(all, 'piece', 'pieces')}`,
  port: (port: number): string => `have a node of the DHT at UDP port ${port}`,
  greet: (by: By, client: string | null): string =>
    by === 'us'
      ? 'tell what we can'
      : client === null
        ? 'tell what they can'
        : `introduce themselves as ${client}`,
  speak: (list: string): string => `extensions: ${list}`,
  queue: (count: number): string => `room for ${many(count, 'request', 'requests')}`,
  listens: (port: number): string => `port ${port}`,
  size: (bytes: string): string => `description of ${bytes}`,
  uploadOnly: 'only sending from now on',
  sees: (ip: string): string => `the other’s address: ${ip}`,
  peers: (by: By, added: number, dropped: number): string =>
    dropped === 0
      ? `name ${many(added, 'peer', 'peers')} that ${by === 'us' ? 'we' : 'they'} are connected to`
      : `name ${many(added, 'new peer', 'new peers')}, and ${number(dropped)} that ${dropped === 1 ? 'is' : 'are'} gone`,
  metadata: {
    request: (part: number): string => `ask for part ${part} of the torrent’s description`,
    data: (part: number): string => `send part ${part} of the torrent’s description`,
    reject: (part: number): string => `will not send part ${part} of the torrent’s description`,
  },
  extension: (name: string): string => `send a message of the extension ${name}`,
  noExtension: (id: number): string => `send a message of an extension that was not agreed on (number ${id})`,
  unknown: (id: number): string => `send a message that nobody here knows (number ${id})`,
  malformed: 'send something that makes no sense',
}
