import { afterEach, expect, test } from 'vitest'
import { toHex } from '../../src/bytes/hex.ts'
import { createLsd, type Lsd, type LsdOptions } from '../../src/node/lsd.ts'
import { systemRandom } from '../../src/node/system.ts'

const open: Lsd[] = []

afterEach(() => {
  for (const lsd of open.splice(0)) lsd.close()
})

function start(options: Partial<LsdOptions>): Lsd {
  const lsd = createLsd({
    bindHost: '127.0.0.1',
    port: 1,
    random: systemRandom,
    onPeer: () => {},
    ...options,
  })
  open.push(lsd)
  return lsd
}

test('two clients on one machine find each other, and not themselves', async context => {
  const infoHash = toHex(systemRandom.bytes(20))
  const outcome = await new Promise<string[]>(resolve => {
    const found: string[] = []
    const onWarning = (message: string): void => resolve([`warning: ${message}`])
    for (const port of [7001, 7002]) {
      const lsd = start({
        port,
        onWarning,
        onPeer: (hash, address) => {
          found.push(`${port} ${hash} ${address.host}:${address.port}`)
          if (new Set(found).size === 2) setTimeout(() => resolve(found), 50)
        },
      })
      lsd.add(infoHash.toUpperCase())
    }
    setTimeout(() => resolve(['no multicast']), 4_000)
  })
  // There are machines without multicast on loopback.
  if (outcome.length === 1) return context.skip(outcome[0])
  expect(new Set(outcome)).toEqual(
    new Set([`7001 ${infoHash} 127.0.0.1:7002`, `7002 ${infoHash} 127.0.0.1:7001`]),
  )
})

test('it is closed at once and twice, and does nothing afterwards', () => {
  const lsd = start({})
  lsd.close()
  lsd.close()
  lsd.add('0'.repeat(40))
})

test('an address that is not of this machine opens nothing', () => {
  const warnings: string[] = []
  start({ bindHost: '192.0.2.1', onWarning: message => warnings.push(message) })
  expect(warnings.length).toBe(1)
})
