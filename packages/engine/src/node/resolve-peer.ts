import { lookup, Resolver } from 'node:dns/promises'
import { canonicalIp, type PeerAddress, parseHostPort } from '../bytes/address.ts'
import { ShoalError } from '../errors.ts'

const DNS_TIMEOUT_MS = 3_000
const DNS_TRIES = 3

/**
 * The address of a peer that a person named: `10.0.0.1:6881`, `[fd00::1]:6881` or `seedbox.example:6881`.
 *
 * @throws ShoalError `OPTION_INVALID` when it has another form or its name is not known
 */
export async function resolvePeer(text: string): Promise<PeerAddress> {
  const literal = parseHostPort(text)
  if (literal !== undefined) return literal
  const { name, port } = splitNamed(text, "a peer's address")
  try {
    const { address } = await lookup(name)
    return { host: address, port }
  } catch (cause) {
    throw new ShoalError('OPTION_INVALID', `no host is called ${name}`, { operation: 'resolve', cause })
  }
}

/** The form is that of an address, by number or by name. Throws as {@link resolvePeer}, without asking anybody. */
export function checkNode(text: string): void {
  if (parseHostPort(text) === undefined) splitNamed(text, 'the address of a node')
}

/** All addresses, IPv4 and IPv6, of a node of the DHT; none where its name is not known. Never rejects. */
export async function resolveNode(text: string): Promise<PeerAddress[]> {
  const literal = parseHostPort(text)
  if (literal !== undefined) return [literal]
  try {
    const { name, port } = splitNamed(text, 'the address of a node')
    const found = await lookup(name, { all: true })
    return found.flatMap(({ address }) => {
      const host = canonicalIp(address)
      return host === undefined ? [] : [{ host, port }]
    })
  } catch {
    return []
  }
}

/**
 * As {@link resolveNode}, of several names by DNS alone, and with an end: a name that the system looks up holds one of
 * the few threads that read files, and keeps a process alive for as long as nobody answers.
 */
export function resolveByDns(
  names: readonly string[],
  onFound: (addresses: readonly PeerAddress[]) => void,
): () => void {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
  for (const { name, port } of names.map(text => splitNamed(text, 'the address of a node'))) {
    for (const found of [resolver.resolve4(name), resolver.resolve6(name)]) {
      found.then(
        hosts => onFound(hosts.map(host => ({ host: canonicalIp(host) ?? host, port }))),
        () => {},
      )
    }
  }
  return () => resolver.cancel()
}

function splitNamed(text: string, what: string): { readonly name: string; readonly port: number } {
  const match = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[2])
  if (match === null || port < 1 || port > 65535) {
    throw new ShoalError('OPTION_INVALID', `${JSON.stringify(text)} is not ${what} like 10.0.0.1:6881`)
  }
  return { name: match[1]!, port }
}
