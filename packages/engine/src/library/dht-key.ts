/** Keys of mutable items in the DHT (BEP 44). */
import { toHex } from '../bytes/hex.ts'
import { makePrivateKey, openPrivateKey } from '../node/ed25519.ts'
import type { DhtKey } from './types/dht.ts'

/** A new Ed25519 key in PEM (PKCS #8), to be kept where nobody else can read it. */
export function createDhtKey(): string {
  return makePrivateKey()
}

/** @throws ShoalError `OPTION_INVALID` for what is no private Ed25519 key in PEM without a passphrase */
export function parseDhtKey(pem: string): DhtKey {
  const { publicKey, sign } = openPrivateKey(pem)
  return { publicKey: toHex(publicKey), sign }
}
