import { describe, expect, it, test } from 'vitest'
import { Namesakes } from '../../src/session/namesakes.ts'
import { magnetLink, testSession, torrentBytes, torrentId } from '../support/test-session.ts'

interface Case {
  readonly id: string
  readonly name: string
  readonly dir?: string
  readonly place?: string
  readonly totalBytes?: number
}

function placed({
  id,
  name,
  dir = '/d',
  place = dir,
  totalBytes = 100,
}: Case): Parameters<Namesakes['add']>[0] {
  return { id, name, dir, place, totalBytes, magnet: undefined }
}

describe('a torrent whose name another one has in its folder', () => {
  const known = new Namesakes()
  known.add(placed({ id: 'a', name: 'Film.mkv' }))
  known.add(placed({ id: 'b', name: 'show.v2', place: '/incomplete' }))

  it.each<[string, Case, boolean, string | undefined]>([
    ['gets a number before its ending', { id: 'x', name: 'Film.mkv', totalBytes: 1 }, true, 'Film (2).mkv'],
    ['as a folder, behind all of it', { id: 'x', name: 'Show.V2', totalBytes: 1 }, false, 'Show.V2 (2)'],
    [
      'is one where upper and lower case are the same',
      { id: 'x', name: 'FILM.MKV', totalBytes: 1 },
      true,
      'FILM (2).MKV',
    ],
    [
      'meets it in the folder for incomplete data',
      { id: 'x', name: 'show.v2', dir: '/e', place: '/incomplete', totalBytes: 1 },
      false,
      'show.v2 (2)',
    ],
    ['of the same size, shares its data', { id: 'x', name: 'Film.mkv' }, true, undefined],
    [
      'in another folder, has its own name',
      { id: 'x', name: 'Film.mkv', dir: '/e', totalBytes: 1 },
      true,
      undefined,
    ],
    ['that is itself, has its own name', { id: 'a', name: 'Film.mkv', totalBytes: 1 }, true, undefined],
  ])('%s', (_, one, isFile, name) => {
    expect(known.nameFor(placed(one), isFile)).toBe(name)
  })

  it('gets the next number that is free', () => {
    const many = new Namesakes()
    for (const name of ['a', 'a (2)', 'a (3)']) many.add(placed({ id: name, name }))
    expect(many.nameFor(placed({ id: 'x', name: 'a', totalBytes: 1 }), false)).toBe('a (4)')
  })
})

const SMALL = { files: [{ path: 'f', length: 10 }] }
const LARGE = { files: [{ path: 'f', length: 20_000 }] }

test('two torrents of one name, given together, do not write over each other', async () => {
  const { session, engine } = await testSession()
  await session.add([torrentBytes('one', SMALL), torrentBytes('one', LARGE)])
  await session.settled()
  expect(session.rows().map(({ name }) => name)).toEqual(['one', 'one (2)'])
  expect(engine.torrent(torrentId('one', LARGE)).names).toEqual({ root: 'one (2)' })
})

test('nor does one of which peers tell later what it is', async () => {
  const { session, engine } = await testSession()
  await session.add([torrentBytes('one', SMALL), magnetLink('one', LARGE)])
  await session.settled()
  engine.tell(torrentBytes('one', LARGE))
  await session.settled()
  expect(session.rows().map(({ name, state }) => [name, state])).toEqual([
    ['one', 'downloading'],
    ['one (2)', 'downloading'],
  ])
  expect(engine.torrent(torrentId('one', LARGE)).names).toEqual({ root: 'one (2)' })
})

test('data that another torrent has, too, stays when one of them is removed with its data', async () => {
  const { session, engine } = await testSession()
  const other = { trackers: ['http://other.example/announce'], private: true }
  const ids = [torrentId('one'), torrentId('one', other)]
  await session.add([torrentBytes('one'), torrentBytes('one', other)])
  await session.settled()
  expect(session.rows().map(({ name }) => name)).toEqual(['one', 'one'])
  const [one, two] = ids.map(id => engine.torrent(id))
  await session.remove([ids[0]!], { data: true })
  await session.settled()
  await session.remove([ids[1]!], { data: true })
  await session.settled()
  expect([one, two].map(torrent => torrent!.told.at(-1))).toEqual(['remove', 'remove data'])
})
