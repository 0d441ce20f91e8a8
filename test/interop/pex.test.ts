/**
 * Peer exchange (BEP 11) with libtorrent, both ways: a getter knows one peer, which has next to nothing itself, and
 * hears of the seed from it. The seed takes no part, so nobody but the getter can have connected the two. Run by run.mjs.
 */
import { describe, test } from 'vitest'
import { Cast } from './rig/cast.ts'

/** The first message is sent at once, later ones once a minute: by the second at the latest both know of all. */
const TIMEOUT_MS = 100_000

describe.concurrent('a getter finds a seed', () => {
  test('Shoal, by peer exchange from libtorrent', async () => {
    const cast = new Cast('pex-from-libtorrent')
    try {
      cast.start({
        name: 'seed',
        client: 'shoal',
        does: 'seed',
        ip: '10.77.1.2',
        port: 7801,
        options: ['--no-discovery'],
      })
      cast.start({
        name: 'between',
        client: 'libtorrent',
        does: 'get',
        ip: '10.77.1.3',
        port: 7802,
        options: ['peer=10.77.1.2:7801', 'rate=1000'],
      })
      cast.start({
        name: 'getter',
        client: 'shoal',
        does: 'get',
        ip: '10.77.1.4',
        port: 7803,
        options: ['--peer', '10.77.1.3:7802', '--no-lsd'],
      })
      await cast.untilComplete('getter', TIMEOUT_MS)
    } finally {
      await cast.stop()
    }
  })

  test('libtorrent, by peer exchange from Shoal', async () => {
    const cast = new Cast('pex-from-shoal')
    try {
      cast.start({
        name: 'seed',
        client: 'shoal',
        does: 'seed',
        ip: '10.77.1.5',
        port: 7804,
        options: ['--no-discovery'],
      })
      cast.start({
        name: 'between',
        client: 'shoal',
        does: 'get',
        ip: '10.77.1.6',
        port: 7805,
        options: ['--peer', '10.77.1.5:7804', '--no-lsd', '--limit-down', '1K'],
      })
      cast.start({
        name: 'getter',
        client: 'libtorrent',
        does: 'get',
        ip: '10.77.1.7',
        port: 7806,
        options: ['peer=10.77.1.6:7805'],
      })
      await cast.untilComplete('getter', TIMEOUT_MS)
    } finally {
      await cast.stop()
    }
  })
})
