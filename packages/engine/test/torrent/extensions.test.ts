import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../src/errors.ts'
import {
  adaptExtension,
  type CustomExtensionPeer,
  checkExtensions,
  MAX_CUSTOM_MESSAGE_BYTES,
} from '../../src/torrent/custom-extension.ts'
import { DontHaveExtension } from '../../src/torrent/donthave.ts'
import { type Extension, type ExtensionPeer, ExtensionRegistry } from '../../src/torrent/extensions.ts'
import { FakeExtensionPeer, NOTHING_TOLD } from './extension-peers.ts'

const INFO_HASH = '5ee7'.repeat(10)

class Recording implements Extension {
  readonly name: string
  readonly log: string[] = []

  constructor(name: string) {
    this.name = name
  }

  onHandshake(peer: ExtensionPeer): void {
    this.log.push(`handshake ${peer.id} ${peer.supports(this.name)}`)
  }

  onMessage(peer: ExtensionPeer, payload: Uint8Array): void {
    this.log.push(`message ${peer.id} ${payload.join()}`)
  }

  onTick(now: number): void {
    this.log.push(`tick ${now}`)
  }

  onPeerGone(peer: ExtensionPeer): void {
    this.log.push(`gone ${peer.id}`)
  }
}

function setUp() {
  const first = new Recording('aa_one')
  const second = new Recording('bb_two')
  const registry = new ExtensionRegistry([first, second])
  const sent: [number, number[]][] = []
  const link = {
    id: 7,
    address: { host: '10.0.0.7', port: 1 },
    sendExtended: (id: number, payload: Uint8Array) => void sent.push([id, [...payload]]),
    close: (_: string, fault: ProtocolError) => {
      faults.push(fault)
      peer.leave()
    },
  }
  const faults: ProtocolError[] = []
  const peer = registry.join(link)
  const shake = (m: Record<string, number>): void =>
    peer.onHandshake({ ...NOTHING_TOLD, extensions: new Map(Object.entries(m)) }, 0)
  return { first, second, registry, sent, peer, shake, faults }
}

describe('the registry', () => {
  test('gives out ids from 1 on and routes by them', () => {
    const { registry, first, second, peer } = setUp()
    expect([...registry.ids]).toEqual([
      ['aa_one', 1],
      ['bb_two', 2],
    ])
    peer.onMessage(2, Uint8Array.of(5), 0)
    for (const unknown of [0, 3, 255]) peer.onMessage(unknown, Uint8Array.of(6), 0)
    expect([first.log, second.log]).toEqual([[], ['message 7 5']])
  })

  test("sends by the peer's ids, which it may change and take back", () => {
    const { peer, sent, shake } = setUp()
    peer.send('aa_one', Uint8Array.of(1))
    shake({ aa_one: 9, unknown: 3 })
    peer.send('aa_one', Uint8Array.of(2))
    shake({ bb_two: 4 })
    peer.send('aa_one', Uint8Array.of(3))
    shake({ aa_one: 8 })
    peer.send('aa_one', Uint8Array.of(4))
    shake({ aa_one: 0 })
    peer.send('aa_one', Uint8Array.of(5))
    expect(sent).toEqual([
      [9, [2]],
      [9, [3]],
      [8, [4]],
    ])
    expect(['aa_one', 'bb_two', 'unknown'].map(name => peer.supports(name))).toEqual([false, true, false])
  })

  test('tells each extension of handshakes, ticks and ends, and of nothing after the end', () => {
    const { peer, sent, shake, first, registry } = setUp()
    shake({ aa_one: 1 })
    registry.tick(100)
    peer.leave()
    peer.leave()
    peer.onMessage(1, Uint8Array.of(1), 0)
    peer.send('aa_one', Uint8Array.of(1))
    expect(first.log).toEqual(['handshake 7 true', 'tick 100', 'gone 7'])
    expect(sent).toEqual([])
  })

  test('closes a peer once', () => {
    const { peer, faults, first } = setUp()
    peer.close(new ProtocolError('BAD_MESSAGE', 'no'))
    peer.close(new ProtocolError('BAD_MESSAGE', 'no'))
    expect(faults).toHaveLength(1)
    expect(first.log).toEqual(['gone 7'])
  })

  test('keeps the ids of others when one is removed, and says that it is gone', () => {
    const { registry, peer, first, second } = setUp()
    registry.remove('aa_one')
    peer.onMessage(1, Uint8Array.of(1), 0)
    peer.onMessage(2, Uint8Array.of(2), 0)
    expect(Object.fromEntries(registry.ids)).toEqual({ aa_one: 0, bb_two: 2 })
    expect([first.log, second.log]).toEqual([[], ['message 7 2']])
  })

  test('takes no two of one name', () => {
    expect(() => new ExtensionRegistry([new Recording('aa'), new Recording('aa')])).toThrow('two extensions')
  })
})

describe('an extension of the embedder', () => {
  function embed() {
    const log: string[] = []
    const errors: unknown[] = []
    const peers: CustomExtensionPeer[] = []
    const extension = adaptExtension(
      {
        name: 'xy_chat',
        onPeer: peer => {
          peers.push(peer)
          log.push(`peer ${peer.id} ${peer.address} ${peer.infoHash.slice(0, 4)}`)
        },
        onMessage: (_, payload) => {
          log.push(`message ${payload.join()}`)
          if (payload[0] === 255) throw new Error('a fault of theirs')
        },
        onPeerGone: peer => void log.push(`gone ${peer.id}`),
      },
      INFO_HASH,
      error => errors.push(error),
    )
    return { extension, log, errors, peers, peer: new FakeExtensionPeer(extension, 1) }
  }

  test('is told of peers, messages and ends', () => {
    const { log, peer } = embed()
    peer.shake({}, 0)
    peer.shake({}, 0)
    peer.says(Uint8Array.of(1, 2), 0)
    peer.close(new ProtocolError('BAD_MESSAGE', 'x'))
    expect(log).toEqual(['peer 1 10.0.0.1:6881 5ee7', 'message 1,2', 'gone 1'])
  })

  test('is not told of peers that do not support it, until they say something', () => {
    const { log, peer, peers } = embed()
    peer.supported = false
    peer.shake({}, 0)
    expect(log).toEqual([])
    peer.says(Uint8Array.of(1), 0)
    expect(log).toEqual(['peer 1 10.0.0.1:6881 5ee7', 'message 1'])
    expect(peers[0]!.send(Uint8Array.of(1))).toBe(false)
  })

  test('sends copies, and nothing after the end', () => {
    const { peer, peers } = embed()
    peer.shake({}, 0)
    const bytes = Uint8Array.of(1)
    expect(peers[0]!.send(bytes)).toBe(true)
    bytes[0] = 2
    expect(peer.sent).toEqual([Uint8Array.of(1)])
    expect(() => peers[0]!.send(new Uint8Array(MAX_CUSTOM_MESSAGE_BYTES + 1))).toThrow('more than')
    peers[0]!.close('enough')
    expect(peer.closed).toMatchObject({ code: 'BAD_MESSAGE', message: 'xy_chat: enough' })
    expect(peers[0]!.send(bytes)).toBe(false)
  })

  test('may throw without harm', () => {
    const { peer, errors, log } = embed()
    peer.says(Uint8Array.of(255), 0)
    peer.says(Uint8Array.of(3), 0)
    expect(errors).toEqual([new Error('a fault of theirs')])
    expect(log.at(-1)).toBe('message 3')
    expect(peer.closed).toBeUndefined()
  })

  test.each([
    '',
    'chat',
    'xyz_chat',
    'ut_metadata',
    'lt_donthave',
    'xy_é',
    'xy_a',
    `xy_${'a'.repeat(30)}`,
    'xy_a b',
  ])('cannot be named "%s"', name => {
    expect(() => checkExtensions([{ name, onMessage: () => {} }])).toThrow('not a name')
  })

  test('have names of their own', () => {
    const extension = { name: 'xy_chat', onMessage: () => {} }
    expect(() => checkExtensions([extension])).not.toThrow()
    expect(() => checkExtensions([extension, { ...extension }])).toThrow('two extensions are named xy_chat')
  })
})

describe('lt_donthave', () => {
  function setUpDontHave(pieceCount: number | undefined) {
    const told: [number, number][] = []
    const extension = new DontHaveExtension(
      () => pieceCount,
      (peer, piece) => void told.push([peer.id, piece]),
    )
    return { extension, told, peer: new FakeExtensionPeer(extension, 1) }
  }

  test('tells which piece a peer has no longer', () => {
    const { extension, told, peer } = setUpDontHave(300)
    extension.tell(peer, 258)
    expect(peer.sent).toEqual([Uint8Array.of(0, 0, 1, 2)])
    peer.says(peer.sent[0]!, 0)
    expect(told).toEqual([[1, 258]])
    peer.supported = false
    extension.tell(peer, 1)
    expect(peer.sent).toHaveLength(1)
  })

  test.each([
    ['no bytes', []],
    ['three bytes', [0, 0, 1]],
    ['five bytes', [0, 0, 0, 1, 0]],
    ['a piece beyond the last', [0, 0, 1, 44]],
    ['the largest number', [255, 255, 255, 255]],
  ])('closes a peer that sends %s', (_, bytes) => {
    const { told, peer } = setUpDontHave(300)
    peer.says(Uint8Array.from(bytes), 0)
    expect(peer.closed).toBeDefined()
    expect(told).toEqual([])
  })

  test('tells nothing while the number of pieces is not known', () => {
    const { told, peer } = setUpDontHave(undefined)
    peer.says(Uint8Array.of(255, 255, 255, 255), 0)
    expect([told, peer.closed]).toEqual([[], undefined])
  })
})
