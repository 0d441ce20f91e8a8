import { describe, expect, test } from 'vitest'
import { overhear } from '../../src/library/overhear.ts'
import { OVERHEARD_BYTES, type Overheard } from '../../src/library/types/overheard.ts'
import { BLOCK_BYTES } from '../../src/metainfo/geometry.ts'
import * as messages from '../../src/wire/messages.ts'
import { Bench, type Remote } from '../torrent/fakes.ts'

function seed(bench: Bench): Remote {
  return bench
    .visit()
    .greet()
    .say(messages.encodeBitfield(Uint8Array.of(0xff)))
}

/** Direction and name of each message that is heard. */
function listen(bench: Bench, them: Remote): { readonly heard: Overheard[]; readonly end: () => void } {
  const heard: Overheard[] = []
  return { heard, end: overhear(bench.torrent, them.key, each => heard.push(each)) }
}

async function names(heard: readonly Overheard[]): Promise<string[]> {
  await Promise.resolve()
  return heard.map(each => (each.kind === 'message' ? `${each.direction} ${each.name}` : each.kind))
}

describe('a conversation', () => {
  test('is heard in order, in words, with the beginning of each message', async () => {
    const bench = new Bench({ pieces: 8, sequential: true })
    const them = seed(bench)
    const { heard } = listen(bench, them)
    them.say(messages.unchoke).sayBlock(bench.geometry, 0, 0)
    const told = await names(heard)
    expect(told.slice(0, 3)).toEqual(['met', 'in unchoke', 'out request'])
    expect(heard[0]).toMatchObject({ fast: false, extensions: [], pieceCount: 8 })
    expect(heard[2]).toMatchObject({ says: { kind: 'request', piece: 0, begin: 0, length: BLOCK_BYTES } })
    expect(told).toContain('in piece')
    const block = heard.find(each => each.kind === 'message' && each.name === 'piece')
    expect(block).toMatchObject({ totalBytes: 13 + BLOCK_BYTES, text: expect.stringMatching(/piece 0/) })
    expect(block?.kind === 'message' && block.bytes.length).toBe(OVERHEARD_BYTES)
  })

  test.each([1, 4, 10, 13, 5000])('is joined %i bytes into a message', async cut => {
    const bench = new Bench({ pieces: 8, sequential: true })
    const them = seed(bench).say(messages.unchoke)
    const block = new Uint8Array(13 + BLOCK_BYTES)
    block.set(messages.pieceHeader(0, 0, BLOCK_BYTES))
    them.say(block.subarray(0, cut))
    const { heard } = listen(bench, them)
    them.say(block.subarray(cut), messages.choke)
    const told = (await names(heard)).filter(name => name.startsWith('in'))
    // Whose head was here already is not heard; one whose head was half here is.
    expect(told).toEqual(cut < 13 ? ['in piece', 'in choke'] : ['in choke'])
  })

  test('ends when the connection does, or when it is not listened to any more', async () => {
    const bench = new Bench({ pieces: 8 })
    const them = seed(bench)
    const first = listen(bench, them)
    const second = listen(bench, them)
    first.end()
    them.say(messages.unchoke)
    bench.peer(them)!.close('enough')
    expect(await names(first.heard)).toEqual([])
    expect((await names(second.heard)).at(-1)).toBe('closed')
    expect(() => listen(bench, them)).toThrow(/no peer at .* is connected/)
  })
})
