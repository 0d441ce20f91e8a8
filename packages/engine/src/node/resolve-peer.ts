import { lookup } from 'node:dns/promises'
import { canonicalIp, type PeerAddress, parseHostPort } from '../bytes/address.ts'
import { ShoalError } from '../errors.ts'

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

function splitNamed(text: string, what: string): { readonly name: string; readonly port: number } {
  const match = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[2])
  if (match === null || port < 1 || port > 65535) {
    throw new ShoalError('OPTION_INVALID', `${JSON.stringify(text)} is not ${what} like 10.0.0.1:6881`)
  }
  return { name: match[1]!, port }
}
