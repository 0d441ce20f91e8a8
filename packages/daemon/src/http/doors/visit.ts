/**
 * Who comes, and by which name and path they came. What a reverse proxy says about that (`X-Forwarded-*`) counts if the
 * connection comes from one that the settings trust, and is not even looked at otherwise: anybody can send it.
 */
import { BlockList, isIP, isIPv6 } from 'node:net'
import { type Authority, type HostList, parseAuthority } from './hosts.ts'

/** Chains of proxies are short; a longer list is somebody's invention. */
const MAX_HOPS = 20

export interface Visit {
  /** The client's address. */
  readonly address: string
  /** What it knows us by. */
  readonly authority: Authority
  /** Whether it came by TLS; undefined: nobody who is trusted said so. */
  readonly secure: boolean | undefined
  /** What stands before our paths: '' or `/shoal`. */
  readonly base: string
}

export class Proxies {
  readonly #list = new BlockList()
  readonly #isEmpty: boolean

  /** @param entries addresses and networks: `10.0.0.2`, `fd00::/8` @throws RangeError for what is neither */
  constructor(entries: readonly string[]) {
    this.#isEmpty = entries.length === 0
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/')
      const family = isIP(address)
      const most = family === 6 ? 128 : 32
      if (family === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most))) {
        throw new RangeError(`${JSON.stringify(entry)} is not an address or a network, as 10.0.0.0/8 is one`)
      }
      this.#list.addSubnet(address, bits === undefined ? most : Number(bits), family === 6 ? 'ipv6' : 'ipv4')
    }
  }

  trusts(address: string): boolean {
    if (this.#isEmpty || isIP(address) === 0) return false
    return this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }

  /** @throws HttpProblem `HOST_REFUSED` when a trusted proxy tells a name that is not ours */
  visit(
    connection: string,
    direct: Authority,
    header: (name: string) => string | undefined,
    hosts: HostList,
    basePath: string,
  ): Visit {
    const peer = plainAddress(connection)
    if (!this.trusts(peer)) return { address: peer, authority: direct, secure: undefined, base: basePath }
    const told = last(header('x-forwarded-host'))
    const proto = last(header('x-forwarded-proto'))?.toLowerCase()
    return {
      address: this.#client(peer, header('x-forwarded-for')),
      authority: told === undefined ? direct : hosts.check(told),
      secure: proto === 'https' ? true : proto === 'http' ? false : undefined,
      base: prefixOf(header('x-forwarded-prefix')) + basePath,
    }
  }

  /** From the right, the first that is not a proxy of ours: everything left of it is hearsay. */
  #client(peer: string, forwarded: string | undefined): string {
    const hops = (forwarded ?? '').split(',').slice(-MAX_HOPS)
    let client = peer
    for (let at = hops.length - 1; at >= 0; at--) {
      const hop = plainAddress(hops[at]!.trim())
      if (isIP(hop) === 0) return client
      client = hop
      if (!this.trusts(hop)) return client
    }
    return client
  }
}

/** Whether a page of this origin is ours: it was loaded by the same name and port that this request came by. */
export function isOwnOrigin(origin: string, { authority, secure }: Visit): boolean {
  const match = /^(https?):\/\/([^/?#@]+)$/.exec(origin)
  if (match === null) return false
  const [, scheme, host = ''] = match
  const theirs = parseAuthority(host)
  if (theirs === undefined) return false
  if (secure !== undefined && secure !== (scheme === 'https')) return false
  const usual = scheme === 'https' ? '443' : '80'
  return theirs.name === authority.name && (theirs.port || usual) === (authority.port || usual)
}

/** Where we are for whoever asks, without a slash at the end. */
export function addressOf({ authority: { name, port }, secure, base }: Visit): string {
  const host = isIPv6(name) ? `[${name}]` : name
  return `${secure === true ? 'https' : 'http'}://${host}${port === '' ? '' : `:${port}`}${base}`
}

/** IPv4 that came through an IPv6 socket, as IPv4; without a zone or a port. */
function plainAddress(address: string): string {
  const bare = address.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/%.*$/, '')
  if (isIP(bare) === 0 && /^[\d.]+:\d+$/.test(bare)) return bare.replace(/:\d+$/, '')
  return bare.toLowerCase().startsWith('::ffff:') && bare.includes('.') ? bare.slice(7) : bare
}

/** The last proxy is the one we trust; those before it may have sent what they liked. */
function last(list: string | undefined): string | undefined {
  const value = list?.split(',').at(-1)?.trim()
  return value === '' ? undefined : value
}

function prefixOf(header: string | undefined): string {
  const prefix = last(header)?.replace(/\/+$/, '') ?? ''
  return /^(?:\/[A-Za-z0-9._~-]+)+$/.test(prefix) && !/\/\.{1,2}(?:\/|$)/.test(prefix) ? prefix : ''
}
