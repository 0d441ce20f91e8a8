/** Deutsch, vom Gespräch mit einem anderen Client. */
import type { Places } from '../model/conversation.ts'
import type { conversation as en } from './en-conversation.ts'
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
  `${named(runs, 'Stück', 'Stücke')}${others > 0 ? ` und ${number(others)} weitere` : ''}`
const whom = (by: By): string => (by === 'us' ? 'sie' : 'uns')
const toWhom = (by: By): string => (by === 'us' ? 'ihnen' : 'uns')

const places = ({ whole, parts }: Places, others: number): string => {
  const all = parts.map(({ piece, unit, first, last }) => {
    const words: readonly [string, string] = unit === 'blocks' ? ['Block', 'Blöcke'] : ['Byte', 'Bytes']
    return `${named([{ first, last }], ...words)} von Stück ${piece}`
  })
  if (whole.length > 0) all.unshift(named(whole, 'Stück', 'Stücke'))
  return `${all.join('; ')}${others > 0 ? `; und ${number(others)} weitere` : ''}`
}

export const conversation: typeof en = {
  open: 'Mithören',
  openTo: address => `Bei ${address} mithören`,
  title: address => `Gespräch mit ${address}`,
  waiting: 'Es wird mitgehört. Seitdem wurde nichts gesagt.',
  nothingShown: 'Nichts von dem, was gesagt wurde, ist von den gewählten Arten.',
  log: 'Was sie und wir sagen',
  live: 'Live',
  pause: 'Anhalten',
  goOn: 'Weiter',
  paused: count =>
    count === 0 ? 'Angehalten.' : `Angehalten; ${many(count, 'Zeile wartet', 'Zeilen warten')}.`,
  latest: 'Neuestes',
  show: 'Zeigen',
  groups: {
    data: 'Anfragen und Daten',
    pieces: 'Wer was hat',
    state: 'Drosseln und Interesse',
    extensions: 'Erweiterungen',
    odd: 'Seltsames',
  },
  who: { us: 'Wir', them: 'Sie' },
  bytes: 'Bytes',
  bytesOf: text => `Bytes von: ${text}`,
  firstBytes: (shown, all) => `Die ersten ${shown} Bytes von ${all}`,
  ofFirst: (shown, count) => `Die ersten ${shown} Bytes der ersten von ${number(count)} Nachrichten`,
  messages: count => `${number(count)} Nachrichten`,
  leftOut: count =>
    `Hier ${count === 1 ? 'fiel' : 'fielen'} ${many(count, 'weitere Nachricht', 'weitere Nachrichten')}, zu viele zum Zeigen.`,
  over: reason => `Die Verbindung ist zu Ende: ${reason}.`,
  again: 'Wieder mithören',
  met: client => `Sie sind ${client}.`,
  unknownClient: 'ein Client, der seinen Namen nicht sagt',
  abilities: list => `Sie sprechen ${list}.`,
  noAbilities: 'Sie sprechen das einfache Protokoll, ohne Erweiterungen.',
  fast: 'die Fast-Erweiterung, die in Worten ablehnt',
  extended: 'das Erweiterungsprotokoll',
  dht: 'die DHT',
  extensionMeanings: {
    ut_pex: 'Austausch von Peers',
    ut_metadata: 'Beschreibungen von Torrents',
    ut_holepunch: 'ein Weg durch Firewalls',
    lt_donthave: 'Aufgeben von Stücken',
    upload_only: 'nur senden',
    share_mode: 'Share-Modus',
    ut_comment: 'Kommentare',
    ut_recommend: 'Empfehlungen',
  },
  keepAlive: 'halten nur die Verbindung offen',
  choke: by => `drosseln ${whom(by)}: vorerst keine Anfragen mehr`,
  unchoke: by => `lassen ${whom(by)} fragen: Anfragen sind willkommen`,
  interested: by =>
    by === 'us'
      ? 'sind interessiert: sie haben etwas, das uns fehlt'
      : 'sind interessiert: wir haben etwas, das ihnen fehlt',
  notInterested: by => `wollen vorerst nichts von ${toWhom(by)}`,
  haveAll: 'haben jedes Stück',
  haveNone: 'haben noch kein Stück',
  have: (runs, others) => `haben ${pieces(runs, others)}`,
  suggest: (by, runs, others) => `schlagen ${toWhom(by)} ${pieces(runs, others)} vor`,
  allowedFast: (by, runs, others) =>
    `erlauben ${toWhom(by)} ${pieces(runs, others)} auch im gedrosselten Zustand`,
  dontHave: (runs, others) => `haben nicht mehr: ${pieces(runs, others)}`,
  request: (what, others) => `bitten um ${places(what, others)}`,
  block: (what, others) => `senden ${places(what, others)}`,
  cancel: (what, others) => `wollen nicht mehr: ${places(what, others)}`,
  reject: (what, others) => `senden nicht: ${places(what, others)}`,
  bitfield: (have, all) => `haben ${number(have)} von ${many(all, 'Stück', 'Stücken')}`,
  port: port => `haben einen Knoten der DHT am UDP-Port ${port}`,
  greet: (by, client) =>
    by === 'us'
      ? 'sagen, was wir können'
      : client === null
        ? 'sagen, was sie können'
        : `stellen sich vor als ${client}`,
  speak: list => `Erweiterungen: ${list}`,
  queue: count => `Platz für ${many(count, 'Anfrage', 'Anfragen')}`,
  listens: port => `Port ${port}`,
  size: bytes => `Beschreibung von ${bytes}`,
  uploadOnly: 'senden von nun an nur noch',
  sees: ip => `Adresse des anderen: ${ip}`,
  peers: (by, added, dropped) =>
    dropped === 0
      ? `nennen ${many(added, 'Peer, mit dem', 'Peers, mit denen')} ${by === 'us' ? 'wir' : 'sie'} verbunden sind`
      : `nennen ${many(added, 'neuen Peer', 'neue Peers')}, und ${number(dropped)}, ${dropped === 1 ? 'der fort ist' : 'die fort sind'}`,
  metadata: {
    request: part => `bitten um Abschnitt ${part} der Beschreibung des Torrents`,
    data: part => `senden Abschnitt ${part} der Beschreibung des Torrents`,
    reject: part => `senden Abschnitt ${part} der Beschreibung des Torrents nicht`,
  },
  extension: name => `senden eine Nachricht der Erweiterung ${name}`,
  noExtension: id => `senden eine Nachricht einer Erweiterung, die nicht vereinbart ist (Nummer ${id})`,
  unknown: id => `senden eine Nachricht, die hier niemand kennt (Nummer ${id})`,
  malformed: 'senden etwas, das keinen Sinn ergibt',
}
