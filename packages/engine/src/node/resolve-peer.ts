import { lookup } from 'node:dns/promises'
import { type PeerAddress, parseHostPort } from '../bytes/address.ts'
import { ShoalError } from '../errors.ts'

/**
 * The address of a peer that a person named: `10.0.0.1:6881`, `[fd00::1]:6881` or `seedbox.example:6881`.
 *
 * @throws ShoalError `OPTION_INVALID` when it has another form or its name is not known
 */
export async function resolvePeer(text: string): Promise<PeerAddress> {
  const literal = parseHostPort(text)
  if (literal !== undefined) return literal
  const match = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[2])
  if (match === null || port < 1 || port > 65535) {
    throw new ShoalError(
      'OPTION_INVALID',
      `${JSON.stringify(text)} is not a peer's address like 10.0.0.1:6881`,
    )
  }
  try {
    const { address } = await lookup(match[1]!)
    return { host: address, port }
  } catch (cause) {
    throw new ShoalError('OPTION_INVALID', `no host is called ${match[1]}`, { operation: 'resolve', cause })
  }
}
