import { describe, expect, test } from 'vitest'
import type { AnnounceReply } from '../../src/tracker/announce.ts'
import { believedReply, refusalOfHttpTracker, refusalOfUdpTracker } from '../../src/tracker/near.ts'

describe('an HTTP tracker', () => {
  test.each([
    ['8.8.8.8', '/anything', true],
    ['2a00::1', '/', true],
    ['127.0.0.1', '/announce', true],
    ['::1', '/k3y/announce.php', true],
    ['127.0.0.1', '/announce/k3y', false],
    ['127.0.0.1', '/', false],
    ['127.0.0.1', '/announce%2f..%2fx', false],
    ['127.0.0.1', '/x%00/announce', false],
    ['127.0.0.1', '/x;/announce', false],
    ['10.0.0.1', '/x%2fannounce', false],
    ['10.0.0.1', '/a-b_c.d~/announce', true],
    ['10.77.0.1', '/announce', true],
    ['192.168.1.2', '/announce/k3y', true],
    ['fd00::1', '/tracker/announce.php', true],
    ['192.168.1.1', '/reboot', false],
    ['192.168.1.1', '/', false],
    ['fd00::1', '/x', false],
    ['::ffff:192.168.1.1', '/x', false],
    ['64:ff9b::7f00:1', '/x', false],
    ['2002:c0a8:101::1', '/x', false],
    ['169.254.169.254', '/announce', false],
    ['fe80::1', '/announce', false],
    ['fe80::1%eth0', '/announce', false],
    ['0.0.0.0', '/announce', false],
    ['::', '/announce', false],
    ['224.0.0.1', '/announce', false],
    ['255.255.255.255', '/announce', false],
    ['ff02::1', '/announce', false],
  ])('at %s with the path %s is asked: %s', (address, path, asked) => {
    expect(refusalOfHttpTracker(address, path, 'announce') === undefined).toBe(asked)
    const scrape = path.replace('announce', 'scrape')
    expect(refusalOfHttpTracker(address, scrape, 'scrape') === undefined).toBe(asked)
  })
})

test.each([
  ['8.8.8.8', true],
  ['10.0.0.1', true],
  ['127.0.0.1', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['169.254.169.254', false],
  ['239.192.152.143', false],
  ['255.255.255.255', false],
])('a UDP tracker at %s is asked: %s', (address, asked) => {
  expect(refusalOfUdpTracker(address) === undefined).toBe(asked)
})

describe('a tracker', () => {
  test.each([
    ['8.8.8.8', ['9.9.9.9', '10.0.0.1', '2a00::1', 'fd00::1']],
    ['10.0.0.2', ['9.9.9.9', '10.0.0.1', '169.254.1.1', '2a00::1', 'fd00::1']],
    ['127.0.0.1', ['127.0.0.1', '9.9.9.9', '10.0.0.1', '169.254.1.1', '::1', '2a00::1', 'fd00::1']],
    ['', ['9.9.9.9', '10.0.0.1', '2a00::1', 'fd00::1']],
  ])('at "%s" names %j', (tracker, believed) => {
    const hosts = ['127.0.0.1', '0.0.0.0', '9.9.9.9', '10.0.0.1', '169.254.1.1', '::1', '2a00::1', 'fd00::1']
    const peers = hosts.map(host => ({ host, port: 6379, peerId: undefined }))
    const reply = { intervalMs: 1, peers } as unknown as AnnounceReply
    expect(believedReply(reply, tracker).peers.map(({ host }) => host)).toEqual(believed)
  })
})
