import { describe, expect, it } from 'vitest'
import { magnetOf } from '../../src/library/magnet-link.ts'
import { parseMagnet } from '../../src/metainfo/magnet.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'

const torrent = {
  infoHashHex: '00112233445566778899aabbccddeeff00112233',
  name: 'a & b.iso',
  trackers: [['http://one.example/a?x=1', 'udp://two.example:6969'], ['http://three.example/a']],
  webSeeds: ['https://web.example/a b'],
} as unknown as Metainfo

describe('the magnet link of a torrent', () => {
  it('says of it what a link can', () => {
    expect(parseMagnet(magnetOf(torrent))).toMatchObject({
      infoHashHex: torrent.infoHashHex,
      name: torrent.name,
      trackers: torrent.trackers.flat().map(url => [url]),
      peers: [],
      warnings: [],
    })
  })

  it('leaves trackers out and names peers where it is told to', () => {
    const link = magnetOf(torrent, { trackers: false, peers: ['[2001:DB8::7]:6881', 'seed.example:1'] })
    expect(link).not.toContain('tr=')
    expect(parseMagnet(link).peers).toEqual([
      { host: '2001:db8::7', port: 6881 },
      { host: 'seed.example', port: 1 },
    ])
  })

  it.each(['seed.example', 'seed.example:0', '[::1', ':1'])('refuses the peer %s', peer => {
    expect(() => magnetOf(torrent, { peers: [peer] })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})
