/**
 * The 20 bytes by which peers tell each other apart, and what they give away about the client (BEP 20).
 *
 * Ours begin with `-SH0100-`: Shoal 0.1.0. The letters SH are in none of the lists of BEP 20, libtorrent,
 * Transmission and WebTorrent.
 */

export const PEER_ID_BYTES: number = 20

/** Client and version, in the Azureus style; twelve random bytes follow. */
export const PEER_ID_PREFIX: string = '-SH0100-'

export function makePeerId(random12: Uint8Array): Uint8Array {
  const id = new Uint8Array(PEER_ID_BYTES)
  for (let at = 0; at < PEER_ID_PREFIX.length; at++) id[at] = PEER_ID_PREFIX.charCodeAt(at)
  id.set(random12, PEER_ID_PREFIX.length)
  return id
}

/**
 * Name and version where they can be told: `qBittorrent 5.1.2`. Otherwise the printable beginning of the id; `unknown`
 * if there is none. Never a control character, whatever the bytes.
 */
export function clientName(peerId: Uint8Array): string {
  const id = printable(peerId)
  return azureusStyle(id) ?? oddStyle(id) ?? shadowStyle(id) ?? mainlineStyle(id) ?? fallback(id)
}

type VersionStyle = (version: string) => string

/** `1234` is 1.2.3.4, `1230` is 1.2.3; letters go on after 9: `0D80` is 0.13.8. */
const digits: VersionStyle = v => {
  const last = /[1-9A-Z]/.test(v[3]!) ? `.${digit(v[3]!)}` : ''
  return `${digit(v[0]!)}.${digit(v[1]!)}.${digit(v[2]!)}${last}`
}

/** `0207` is 2.7 */
const pairs: VersionStyle = v => `${Number(v.slice(0, 2))}.${Number(v.slice(2))}`

/** `0203` is 2.03 */
const pairsPadded: VersionStyle = v => `${Number(v.slice(0, 2))}.${v.slice(2)}`

/** The last character is not of the version but tells builds apart. */
const threeDigits: VersionStyle = v => digits(`${v.slice(0, 3)}0`)

/** Until version 3 the minor version had two digits: `2940` is 2.94, `4060` is 4.0.6. */
const transmission: VersionStyle = v => {
  if (v.startsWith('00')) return `0.${v.slice(2)}`
  return /^[1-3]/.test(v) ? `${v[0]}.${v.slice(1, 3)}` : digits(`${v.slice(0, 3)}0`)
}

/** The two characters after the first dash. */
const AZUREUS_STYLE: ReadonlyMap<string, readonly [name: string, version: VersionStyle]> = new Map([
  ['7T', ['aTorrent', digits]],
  ['AG', ['Ares', digits]],
  ['AR', ['Arctic', digits]],
  ['AX', ['BitPump', pairsPadded]],
  ['AZ', ['Vuze', digits]],
  ['BC', ['BitComet', pairsPadded]],
  ['BF', ['Bitflu', digits]],
  ['BI', ['BiglyBT', digits]],
  ['BR', ['BitRocket', digits]],
  ['BT', ['BitTorrent', threeDigits]],
  ['CD', ['Enhanced CTorrent', pairsPadded]],
  ['CT', ['CTorrent', digits]],
  ['DE', ['Deluge', digits]],
  ['ES', ['Electric Sheep', digits]],
  ['FD', ['Free Download Manager', threeDigits]],
  ['FG', ['FlashGet', pairsPadded]],
  ['FL', ['Folx', digits]],
  ['FW', ['FrostWire', digits]],
  ['FX', ['Freebox', digits]],
  ['GT', ['anacrolix/torrent', digits]],
  ['HL', ['Halite', digits]],
  ['KG', ['KGet', digits]],
  ['KT', ['KTorrent', digits]],
  ['LC', ['LeechCraft', digits]],
  ['LP', ['Lphant', pairsPadded]],
  ['LT', ['libtorrent', digits]],
  ['LW', ['LimeWire', digits]],
  ['MG', ['MediaGet', digits]],
  ['MO', ['MonoTorrent', digits]],
  ['NX', ['Net Transport', digits]],
  ['OS', ['OneSwarm', digits]],
  ['PI', ['PicoTorrent', digits]],
  ['QD', ['QQDownload', digits]],
  ['QT', ['Qt example', digits]],
  ['SD', ['Xunlei', digits]],
  ['SH', ['Shoal', digits]],
  ['SP', ['BitSpirit', digits]],
  ['ST', ['SymTorrent', digits]],
  ['SZ', ['Shareaza', digits]],
  ['TL', ['Tribler', digits]],
  ['TR', ['Transmission', transmission]],
  ['TT', ['TuoTu', digits]],
  ['UE', ['µTorrent Embedded', threeDigits]],
  ['UM', ['µTorrent Mac', threeDigits]],
  ['UT', ['µTorrent', threeDigits]],
  ['UW', ['µTorrent Web', threeDigits]],
  ['WD', ['WebTorrent Desktop', pairs]],
  ['WW', ['WebTorrent', pairs]],
  ['XL', ['Xunlei', digits]],
  ['ZO', ['Zona', digits]],
  ['lt', ['rTorrent', digits]],
  ['qB', ['qBittorrent', digits]],
  ['rQ', ['rqbit', digits]],
  ['st', ['SharkTorrent', digits]],
])

/** Some put a further letter or nothing where the second dash belongs, so it is not asked of known letters. */
function azureusStyle(id: string): string | undefined {
  const match = /^-([A-Za-z0-9~]{2})([0-9][0-9A-Za-z]{3})(.)/.exec(id)
  if (match === null) return undefined
  const [, letters, version, after] = match as unknown as [string, string, string, string]
  const known = AZUREUS_STYLE.get(letters)
  if (known !== undefined) return `${known[0]} ${known[1](version)}`
  return after === '-' ? `${letters} ${digits(version)}` : undefined
}

/** Those with a style of their own; the first group is the version, where there is one. */
const ODD_STYLES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['aria2', /^A2-(\d+-\d+-\d+)-/],
  ['aria2', /^-?aria2-/],
  ['Rain', /^-RN(\d[\d.]*)-/],
  ['MLDonkey', /^-ML(\d[\d.]*)/],
  ['Tixati', /^TIX(\d\d\d\d)/],
  ['XBT', /^XBT(\d\d\d)/],
  ['Opera', /^OP(\d{4})/],
  ['BitLord', /^exbc..LORD/],
  ['BitComet', /^exbc/],
  ['BitTyrant', /^AZ2500BT/],
  ['Bits on Wheels', /^-BOW/],
  ['G3 Torrent', /^-G3/],
  ['Amazon S3', /^S3-(\d+-\d+-\d+)-/],
]

function oddStyle(id: string): string | undefined {
  for (const [name, pattern] of ODD_STYLES) {
    const match = pattern.exec(id)
    if (match === null) continue
    const version = match[1]
    if (version === undefined) return name
    if (name === 'Tixati') return `${name} ${pairsPadded(version)}`
    if (name === 'XBT') return `${name} ${[...version].join('.')}`
    return `${name} ${version.replaceAll('-', '.')}`
  }
  return undefined
}

const SHADOW_STYLE: ReadonlyMap<string, string> = new Map([
  ['A', 'ABC'],
  ['O', 'Osprey Permaseed'],
  ['Q', 'BTQueue'],
  ['R', 'Tribler'],
  ['S', 'Shadow'],
  ['T', 'BitTornado'],
  ['U', 'UPnP NAT BitTorrent'],
])

/** A letter, up to five version characters padded with dashes, three dashes: `S58B-----` is Shadow 5.8.11. */
function shadowStyle(id: string): string | undefined {
  const match = /^([AOQRSTU])([0-9A-Za-z]{1,5})(-*)/.exec(id)
  if (match === null) return undefined
  const [, letter, version, dashes] = match as unknown as [string, string, string, string]
  if (version.length + dashes.length < 8) return undefined
  return `${SHADOW_STYLE.get(letter)} ${Array.from(version, digit).join('.')}`
}

/** `M7-10-5--` is BitTorrent 7.10.5. */
function mainlineStyle(id: string): string | undefined {
  const match = /^([MQ])(\d{1,3}-\d{1,3}-\d{1,3})-/.exec(id)
  if (match === null) return undefined
  return `${match[1] === 'M' ? 'BitTorrent' : 'Queen Bee'} ${match[2]!.replaceAll('-', '.')}`
}

function fallback(id: string): string {
  const start = id.slice(0, PEER_ID_PREFIX.length).replace(/\.+$/, '').trim()
  return start === '' ? 'unknown' : start
}

/** 0 to 9, then A is 10, a is 36. */
function digit(character: string): number {
  const code = character.charCodeAt(0)
  if (code <= 57) return code - 48
  return code <= 90 ? code - 55 : code - 61
}

/** ASCII as it is, a dot for everything else. */
function printable(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes.subarray(0, PEER_ID_BYTES)) {
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'
  }
  return text
}
