/** An IP address literal (never a name; IPv6 without brackets) and a port. */
export interface PeerAddress {
  readonly host: string
  readonly port: number
}

/** `10.0.0.1:6881`, `[fd00::1]:6881`: for people, and as a key. */
export function formatAddress(address: PeerAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
