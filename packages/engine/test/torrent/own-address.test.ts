import { expect, test } from 'vitest'
import { OwnAddress } from '../../src/torrent/own-address.ts'
import { peerPriority } from '../../src/torrent/peer-priority.ts'

const OURS = '80.1.2.3'
const PEER = { host: '9.9.9.9', port: 1 }

test('is what two networks say, and not what one says twice', () => {
  const own = new OwnAddress()
  own.onPeer('9.9.9.1', OURS)
  own.onPeer('9.9.9.2', OURS)
  expect(own.seenBy('8.8.8.8')).toBeUndefined()
  expect(own.version).toBe(0)
  own.onPeer('9.9.8.1', OURS)
  expect(own.seenBy('8.8.8.8')).toBe(OURS)
  expect(own.version).toBe(1)
})

test('is of one family of addresses', () => {
  const own = new OwnAddress()
  for (const peer of ['2a00::1', '2a01::1']) own.onPeer(peer, '2a05::7')
  expect(own.seenBy('8.8.8.8')).toBeUndefined()
  expect(own.seenBy('2a00::9')).toBe('2a05::7')
})

test('is not told by peers of our own network, nor is it an address of one', () => {
  const own = new OwnAddress()
  for (const peer of ['10.0.0.1', '10.0.1.1', '127.0.0.1', '192.168.1.1']) own.onPeer(peer, OURS)
  for (const peer of ['9.9.9.1', '9.9.8.1']) own.onPeer(peer, '192.168.0.2')
  own.onDht('10.0.0.1')
  expect(own.seenBy('8.8.8.8')).toBeUndefined()
})

test('follows the majority when it changes, and keeps to it while they disagree', () => {
  const own = new OwnAddress()
  for (let n = 0; n < 5; n++) own.onPeer(`9.9.${n}.1`, OURS)
  for (let n = 0; n < 4; n++) own.onPeer(`9.8.${n}.1`, '80.9.9.9')
  expect(own.seenBy('8.8.8.8')).toBe(OURS)
  for (let n = 4; n < 7; n++) own.onPeer(`9.8.${n}.1`, '80.9.9.9')
  expect(own.seenBy('8.8.8.8')).toBe('80.9.9.9')
  expect(own.version).toBe(2)
})

test('is told by a tracker as by a peer, and by the DHT for sure', () => {
  const own = new OwnAddress()
  own.onTracker('http://tracker.example/announce', OURS)
  own.onPeer('9.9.9.1', OURS)
  expect(own.seenBy('8.8.8.8')).toBe(OURS)
  own.onDht('80.9.9.9')
  own.onDht('80.9.9.9')
  expect(own.seenBy('8.8.8.8')).toBe('80.9.9.9')
  expect(own.version).toBe(2)
})

test('gives priorities to peers on the internet, once it is known', () => {
  const own = new OwnAddress()
  expect(own.priorityOf(PEER, 6881)).toBeUndefined()
  own.onDht(OURS)
  expect(own.priorityOf(PEER, 6881)).toBe(peerPriority({ host: OURS, port: 6881 }, PEER))
  expect(own.priorityOf({ host: '10.0.0.1', port: 1 }, 6881)).toBeUndefined()
  expect(own.priorityOf({ host: '2a00::1', port: 1 }, 6881)).toBeUndefined()
})
