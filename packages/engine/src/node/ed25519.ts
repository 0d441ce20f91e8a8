/** Signatures of mutable items in the DHT (BEP 44). */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { ShoalError } from '../errors.ts'

/** What stands before the 32 bytes of an Ed25519 public key in its DER form (RFC 8410). */
const SPKI_HEAD = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)

export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

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

/** A new private key, in PEM (PKCS #8). */
export function makePrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** @throws ShoalError `OPTION_INVALID` for what is no private Ed25519 key in PEM, or is locked by a passphrase */
export function openPrivateKey(pem: string): Signer {
  const key = parsePrivateKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') {
    throw invalid(`holds a key of type ${key.asymmetricKeyType}, not of type ed25519`)
  }
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(SPKI_HEAD.length)),
    sign: message => new Uint8Array(sign(null, message, key)),
  }
}

function parsePrivateKey(pem: string): KeyObject {
  if (/-----BEGIN PUBLIC KEY-----/.test(pem)) throw invalid('holds a public key, not a private one')
  if (/ENCRYPTED/.test(pem)) throw invalid('is locked by a passphrase')
  try {
    return createPrivateKey({ key: pem, format: 'pem' })
  } catch {
    throw invalid('is no private key in PEM')
  }
}

function invalid(problem: string): ShoalError {
  return new ShoalError('OPTION_INVALID', `the key ${problem}`, { operation: 'sign' })
}
