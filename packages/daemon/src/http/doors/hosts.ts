/**
 * Under which names Shoal may be called. A web page whose name is made to point to this machine (DNS rebinding) comes
 * with its own name in `Host`, and that is where it is stopped, before anything else is looked at. Addresses are always
 * fine: no name was looked up for them.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { HttpProblem } from '../problem.ts'

export const HOSTS_SETTING = 'http.hosts'
/** A name has at most 253 characters; what is longer is not repeated. */
const SHOWN_CHARS = 253

export interface Authority {
  /** Lower case; an IPv6 address without its brackets. */
  readonly name: string
  /** As given; '' is the one that the scheme has. */
  readonly port: string
}

export class HostList {
  readonly #names: ReadonlySet<string>

  constructor(names: readonly string[]) {
    this.#names = new Set(names.map(name => name.toLowerCase().replace(/\.$/, '')))
  }

  allows({ name }: Authority): boolean {
    if (isIPv4(name) || isIPv6(name)) return true
    return name === 'localhost' || name.endsWith('.localhost') || this.#names.has(name)
  }

  /**
   * @param hosts all `Host` headers of the request
   * @param target what stands in its first line
   * @throws HttpProblem `HOST_REFUSED`
   */
  admit(hosts: readonly string[], target: string): Authority {
    if (!target.startsWith('/') && target !== '*') {
      throw refusal(
        'The request names a whole address where a path belongs; only a proxy is asked like that.',
      )
    }
    if (hosts.length !== 1) {
      throw refusal(
        `The request has ${hosts.length === 0 ? 'no' : hosts.length} Host headers; it needs exactly one.`,
      )
    }
    return this.check(hosts[0]!)
  }

  check(host: string): Authority {
    const authority = parseAuthority(host)
    if (authority === undefined) throw refusal(`The Host header ${quote(host)} is not a name or an address.`)
    if (this.allows(authority)) return authority
    throw refusal(
      `Shoal does not answer to the name ${quote(authority.name)}. If it is yours, add it to the setting ` +
        `\`${HOSTS_SETTING}\`; the address of the machine, or localhost on the machine itself, always works.`,
    )
  }
}

export function parseAuthority(host: string): Authority | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([a-zA-Z0-9._-]{1,253}))(?::(\d{1,5}))?$/.exec(host)
  if (match === null) return undefined
  const [, v6, name = '', port = ''] = match
  if (v6 !== undefined) return isIPv6(v6) ? { name: v6.toLowerCase(), port } : undefined
  return { name: name.toLowerCase().replace(/\.$/, ''), port }
}

function refusal(text: string): HttpProblem {
  return new HttpProblem('HOST_REFUSED', text, { where: 'header.host' })
}

function quote(text: string): string {
  const short = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
  return JSON.stringify(short)
}
