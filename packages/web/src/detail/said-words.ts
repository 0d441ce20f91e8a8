/** Lines of a conversation, in the words of the page's language. */
import type { ConversationEvent, SaidLine, Saying } from '@shoal/daemon/contract'
import { placesOf, runsOf } from '../model/conversation.ts'
import { f, t } from '../words/index.ts'

type Met = Extract<ConversationEvent, { type: 'met' }>

/** Names come from strangers: one that is long tells nobody anything. */
const MAX_NAME_CHARS = 60

/** What follows on `We` or `They`. */
export function wordsOf(
  { by, says }: Pick<SaidLine, 'by' | 'says'>,
  { pieceCount, pieceLength }: Met,
): string {
  const w = t().conversation
  switch (says.kind) {
    case 'keep-alive':
      return w.keepAlive
    case 'choke':
      return w.choke(by)
    case 'unchoke':
      return w.unchoke(by)
    case 'interested':
      return w.interested(by)
    case 'not-interested':
      return w.notInterested(by)
    case 'have-all':
      return w.haveAll
    case 'have-none':
      return w.haveNone
    case 'malformed':
      return w.malformed
    case 'have':
      return w.have(runsOf(says.pieces), says.others)
    case 'suggest':
      return w.suggest(by, runsOf(says.pieces), says.others)
    case 'allowed-fast':
      return w.allowedFast(by, runsOf(says.pieces), says.others)
    case 'dont-have':
      return w.dontHave(runsOf(says.pieces), says.others)
    case 'request':
    case 'block':
    case 'cancel':
    case 'reject':
      return w[says.kind](placesOf(says.ranges, pieceLength), says.others)
    case 'bitfield':
      return w.bitfield(says.have, pieceCount)
    case 'port':
      return w.port(says.port)
    case 'extensions':
      return greetingOf(by, says)
    case 'peers':
      return w.peers(by, says.added, says.dropped)
    case 'metadata':
      return w.metadata[says.what](says.piece)
    case 'extension':
      return says.name === null ? w.noExtension(says.id) : w.extension(explained(says.name))
    case 'unknown':
      return w.unknown(says.id)
  }
}

/** Who that is, and what was agreed on before anybody listened. */
export function introductionOf(met: Met): string {
  const w = t().conversation
  const abilities = [
    met.fast ? w.fast : '',
    met.extended ? w.extended : '',
    met.dht ? w.dht : '',
    ...met.extensions.map(explained),
  ].filter(ability => ability !== '')
  const who = met.client === '' || met.client === 'unknown' ? w.unknownClient : short(met.client)
  return `${w.met(who)} ${abilities.length === 0 ? w.noAbilities : w.abilities(listed(abilities))}`
}

function greetingOf(by: SaidLine['by'], says: Extract<Saying, { kind: 'extensions' }>): string {
  const w = t().conversation
  const { client, names, requestQueue, port, metadataBytes, uploadOnly, yourIp } = says
  const more = [
    names.length === 0 ? '' : w.speak(listed(names.map(explained))),
    requestQueue === null ? '' : w.queue(requestQueue),
    port === null ? '' : w.listens(port),
    metadataBytes === null ? '' : w.size(f().bytes(metadataBytes)),
    uploadOnly === true ? w.uploadOnly : '',
    yourIp === null ? '' : w.sees(yourIp),
  ].filter(part => part !== '')
  return [w.greet(by, client === null ? null : short(client)), ...more].join('; ')
}

/** `ut_pex (peer exchange)` */
function explained(name: string): string {
  const known: Readonly<Record<string, string>> = t().conversation.extensionMeanings
  return Object.hasOwn(known, name) ? `${name} (${known[name]})` : short(name)
}

function listed(words: readonly string[]): string {
  return new Intl.ListFormat(f().locale, { type: 'conjunction' }).format(words)
}

function short(given: string): string {
  // What turns the direction of text around would turn our sentence around, too.
  const name = given.replace(/[\p{Cc}\p{Cf}]/gu, '')
  return name.length > MAX_NAME_CHARS ? `${name.slice(0, MAX_NAME_CHARS)}…` : name
}
