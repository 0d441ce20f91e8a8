/**
 * Local discovery (BEP 14) with libtorrent, both ways. The getter has announced itself before the seed is there, and does
 * not again within minutes: it has to understand the seed's announce. Run by run.mjs.
 */
import { createSocket } from 'node:dgram'
import { describe, test } from 'vitest'
import { Cast, type Member } from './rig/cast.ts'

const GROUP = '239.192.152.143'
const GROUP_PORT = 6771
const TIMEOUT_MS = 100_000

describe.concurrent('a getter finds a seed on the local network', () => {
  test('Shoal, by the announce of libtorrent', () =>
    meet(
      'lsd-from-libtorrent',
      { client: 'shoal', ip: '10.77.2.5', port: 7901, options: [] },
      { client: 'libtorrent', ip: '10.77.2.6', port: 7902, options: ['lsd=1'] },
    ))

  test('libtorrent, by the announce of Shoal', () =>
    meet(
      'lsd-from-shoal',
      { client: 'libtorrent', ip: '10.77.2.7', port: 7903, options: ['lsd=1'] },
      { client: 'shoal', ip: '10.77.2.8', port: 7904, options: [] },
    ))
})

type Who = Omit<Member, 'name' | 'does'>

async function meet(title: string, getter: Who, seed: Who): Promise<void> {
  const cast = new Cast(title)
  const announced = await listen(getter)
  try {
    cast.start({ ...getter, name: 'getter', does: 'get' })
    await cast.until('the getter announces itself', TIMEOUT_MS, () => announced.yet)
    cast.start({ ...seed, name: 'seed', does: 'seed' })
    await cast.untilComplete('getter', TIMEOUT_MS)
  } finally {
    announced.close()
    await cast.stop()
  }
}

/** Whether there was an announce of it, from when this resolves. */
async function listen({ ip, port }: Who): Promise<{ readonly yet: boolean; close(): void }> {
  let yet = false
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.on('message', (datagram, from) => {
    if (from.address === ip && datagram.includes(`Port: ${port}\r\n`)) yet = true
  })
  await new Promise<void>(resolve => socket.bind(GROUP_PORT, resolve))
  socket.addMembership(GROUP, ip)
  return {
    get yet() {
      return yet
    },
    close: () => void socket.close(),
  }
}
