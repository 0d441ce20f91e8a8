/**
 * In which country an address is, by a database in MaxMind's format (MMDB), as GeoLite2, DB-IP and IPinfo have them. It
 * comes from elsewhere, and is looked at before it is believed.
 */
import { isIP } from 'node:net'
import { Reader, type Response } from 'mmdb-lib'
import { v6Of } from './ip-ranges.ts'

/** The format says how far from the end what it tells of itself may begin. */
const METADATA_BYTES = 128 * 1024
const METADATA_MARK = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
/** Between the tree and the data. */
const SEPARATOR_BYTES = 16
/** The only version of the format that there has been so far. */
const MAJOR_VERSION = 2

/** Says why a database is of no use, as the end of a sentence. */
export class DatabaseUnusable extends Error {}

export class CountryDatabase {
  /** As it calls itself: `GeoLite2-Country`. */
  readonly type: string
  /** Unix seconds. */
  readonly builtAt: number
  readonly #reader: Reader<Response>
  readonly #hasV6: boolean

  /** @throws DatabaseUnusable */
  constructor(bytes: Buffer) {
    const start = bytes.lastIndexOf(METADATA_MARK)
    if (start < 0 || bytes.length - start > METADATA_BYTES)
      throw new DatabaseUnusable('it is no database in MMDB format, or its end is missing')
    try {
      this.#reader = new Reader<Response>(bytes)
    } catch (cause) {
      throw damaged(cause)
    }
    const { metadata } = this.#reader
    const { searchTreeSize, nodeCount, ipVersion, binaryFormatMajorVersion: version } = metadata
    if (version !== MAJOR_VERSION) throw new DatabaseUnusable(`it has version ${version} of the MMDB format`)
    const isPlausible =
      (ipVersion === 4 || ipVersion === 6) && nodeCount > 0 && searchTreeSize + SEPARATOR_BYTES <= start
    if (!isPlausible) throw new DatabaseUnusable('it is damaged: its tree does not fit in')
    this.#hasV6 = ipVersion === 6
    this.type = String(metadata.databaseType)
    const builtAt = Math.floor(metadata.buildEpoch.getTime() / 1000)
    this.builtAt = Number.isFinite(builtAt) ? builtAt : 0
    this.#look()
  }

  /**
   * ISO 3166 code; undefined: it does not know.
   *
   * @param host an IP literal
   * @throws DatabaseUnusable where the database is damaged
   */
  countryOf(host: string): string | undefined {
    return codeIn(this.#recordOf(host))
  }

  #recordOf(host: string): unknown {
    const address = plain(host)
    if (address === undefined || (address.includes(':') && !this.#hasV6)) return undefined
    try {
      return this.#reader.get(address)
    } catch (cause) {
      throw damaged(cause)
    }
  }

  /** Some addresses all over the world: databases of other things, and damaged ones, are found out at once. */
  #look(): void {
    let records = 0
    let countries = 0
    for (let part = 1; part < 224; part++) {
      for (const host of [`${part}.77.88.99`, `2${part.toString(16).padStart(3, '0')}:db8::1`]) {
        const record = this.#recordOf(host)
        if (record === undefined || record === null) continue
        records++
        if (codeIn(record) !== undefined) countries++
      }
    }
    if (records > 0 && countries === 0) throw new DatabaseUnusable(`it (${this.type}) tells of no countries`)
  }
}

/** IPv4 also where it is written as IPv6: not all databases have it there. */
function plain(host: string): string | undefined {
  if (isIP(host) === 4) return host
  const bytes = v6Of(host)
  if (bytes === undefined) return undefined
  const isMapped = bytes.subarray(0, 10).every(byte => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  return isMapped ? bytes.subarray(12).join('.') : host
}

/** `country.iso_code` with MaxMind and DB-IP, else where the network is registered; `country_code` with IPinfo. */
function codeIn(record: unknown): string | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  const fields = record as Readonly<Record<string, unknown>>
  for (const key of ['country', 'country_code', 'registered_country']) {
    const value = fields[key]
    const code =
      typeof value === 'object' && value !== null ? (value as { iso_code?: unknown }).iso_code : value
    if (typeof code === 'string' && /^[a-z]{2}$/i.test(code)) return code.toUpperCase()
  }
  return undefined
}

function damaged(cause: unknown): DatabaseUnusable {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DatabaseUnusable(`it is damaged (${reason})`, { cause })
}
