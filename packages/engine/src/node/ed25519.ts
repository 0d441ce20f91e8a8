/** Signatures of mutable items in the DHT (BEP 44). */
import { createPublicKey, verify } from 'node:crypto'

/** What stands before the 32 bytes of an Ed25519 public key in its DER form (RFC 8410). */
const SPKI_HEAD = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)

/** False also for bytes that are no key or no signature: anybody may send them. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.concat([SPKI_HEAD, publicKey]),
      format: 'der',
      type: 'spki',
    })
    return verify(null, message, key, signature)
  } catch {
    return false
  }
}
