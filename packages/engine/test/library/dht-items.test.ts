import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { fromHex } from '../../src/bytes/hex.ts'
import { createDht } from '../../src/library/dht.ts'
import { createDhtKey, parseDhtKey } from '../../src/library/dht-key.ts'
import type { Dht, DhtItem } from '../../src/library/types/dht.ts'
import { verifyEd25519 } from '../../src/node/ed25519.ts'

let a: Dht
/** Only looks on, as the command line does. */
let b: Dht

beforeAll(async () => {
  const local = { bind: '127.0.0.1', port: 0 }
  const first = await createDht(local)
  const bootstrap = [`127.0.0.1:${first.port}`]
  const second = await createDht({ ...local, bootstrap })
  a = await createDht({ ...local, bootstrap })
  b = await createDht({ ...local, bootstrap, readOnly: true })
  return () => Promise.all([first, second, a, b].map(node => node.close()))
})

function textOf(item: DhtItem | undefined): string | undefined {
  return item && new TextDecoder().decode(item.bytes)
}

describe('an item of a key', () => {
  test('is found by the public key, and changes with every put', async () => {
    const key = parseDhtKey(createDhtKey())
    expect(await b.getMutable(key.publicKey)).toBeUndefined()
    const first = await a.putMutable('one', { key })
    expect(first).toMatchObject({ publicKey: key.publicKey, seq: 1 })
    expect(first.stored).toBeGreaterThan(0)
    const item = await b.getMutable(key.publicKey.toUpperCase())
    expect(textOf(item)).toBe('one')
    expect(item).toMatchObject({ mutable: true, seq: 1 })
    expect(await b.putMutable('two', { key })).toMatchObject({ target: first.target, seq: 2 })
    expect(textOf(await a.getMutable(key.publicKey))).toBe('two')
    expect(textOf(await a.get(first.target))).toBe('two')
  })

  test('is another one with salt', async () => {
    const key = parseDhtKey(createDhtKey())
    await a.putMutable('plain', { key })
    await a.putMutable('salted', { key, salt: 'käse', seq: 7 })
    expect(textOf(await b.getMutable(key.publicKey))).toBe('plain')
    expect(await b.getMutable(key.publicKey, { salt: 'käse' })).toMatchObject({ seq: 7 })
    expect(await b.getMutable(key.publicKey, { salt: 'other' })).toBeUndefined()
  })

  test('gives way to newer ones only, and to what was meant to be replaced', async () => {
    const key = parseDhtKey(createDhtKey())
    await a.putMutable('five', { key, seq: 5, cas: 4 })
    const conflict = { code: 'DHT_CONFLICT', message: expect.stringContaining('has seq 5') }
    await expect(b.putMutable('old', { key, seq: 4 })).rejects.toMatchObject(conflict)
    await expect(b.putMutable('other', { key, seq: 5 })).rejects.toMatchObject(conflict)
    await expect(b.putMutable('other', { key, cas: 3 })).rejects.toMatchObject(conflict)
    expect(await b.putMutable('five', { key, seq: 5 })).toMatchObject({ seq: 5 })
    expect(await b.putMutable('six', { key, cas: 5 })).toMatchObject({ seq: 6 })
    expect(textOf(await a.getMutable(key.publicKey))).toBe('six')
  })

  test('is not stored where its signature is not the owner’s', async () => {
    const { publicKey } = parseDhtKey(createDhtKey())
    const { sign } = parseDhtKey(createDhtKey())
    expect(await a.putMutable('forged', { key: { publicKey, sign } })).toMatchObject({ stored: 0 })
    expect(await b.getMutable(publicKey)).toBeUndefined()
  })

  test('is refused when it is none', async () => {
    const key = parseDhtKey(createDhtKey())
    const bad = { code: 'OPTION_INVALID' }
    await expect(a.putMutable('x'.repeat(997), { key })).rejects.toMatchObject(bad)
    await expect(a.putMutable('x', { key, salt: 'x'.repeat(65) })).rejects.toMatchObject(bad)
    await expect(a.putMutable('x', { key, seq: -1 })).rejects.toMatchObject(bad)
    await expect(a.putMutable('x', { key, cas: 0.5 })).rejects.toMatchObject(bad)
    await expect(a.getMutable('12')).rejects.toMatchObject(bad)
    await expect(a.getMutable('g'.repeat(64))).rejects.toMatchObject(bad)
    await expect(a.getMutable(key.publicKey, { salt: 'x'.repeat(65) })).rejects.toMatchObject(bad)
  })
})

describe('a key', () => {
  test('signs what its public key verifies', () => {
    const { publicKey, sign } = parseDhtKey(createDhtKey())
    const message = new TextEncoder().encode('hello')
    expect(publicKey).toMatch(/^[0-9a-f]{64}$/)
    expect(verifyEd25519(fromHex(publicKey)!, message, sign(message))).toBe(true)
    expect(verifyEd25519(fromHex(publicKey)!, message.subarray(1), sign(message))).toBe(false)
  })

  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const
  test.each([
    ['no PEM', 'hello', 'is no private key in PEM'],
    ['nothing', '', 'is no private key in PEM'],
    [
      'a public key',
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'holds a public key',
    ],
    [
      'a key of another kind',
      generateKeyPairSync('x25519').privateKey.export(pkcs8).toString(),
      'of type x25519',
    ],
    [
      'a locked key',
      generateKeyPairSync('ed25519')
        .privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' })
        .toString(),
      'locked by a passphrase',
    ],
  ])('is not made of %s', (_, pem, problem) => {
    expect(() => parseDhtKey(pem)).toThrow(problem)
  })
})
