import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTorrent } from '../../src/library/create.ts'
import { createEngine } from '../../src/library/engine.ts'
import type { FilePriority } from '../../src/library/types/add.ts'
import type { Engine } from '../../src/library/types/engine.ts'
import type { Torrent } from '../../src/library/types/torrent.ts'
import { atEnd, content, folder } from './sandbox.ts'

const FILES = { 't/a.bin': content(60_000), 't/sub/b.bin': content(50_000) }

let bytes: Uint8Array

beforeAll(async () => {
  bytes = (await createTorrent(join(folder(FILES), 't'), { pieceLength: 16_384 })).bytes
})

async function engine(stateDir?: string): Promise<Engine> {
  const engine = await createEngine({
    port: 0,
    bind: '127.0.0.1',
    dht: false,
    lsd: false,
    workers: 1,
    stateDir,
  })
  atEnd(() => engine.close())
  return engine
}

function isWhole(dir: string, ...paths: string[]): boolean {
  return paths.every((path, index) => readFileSync(join(dir, path)).equals(Object.values(FILES)[index]!))
}

interface Seeding {
  readonly seeder: Engine
  readonly torrent: Torrent
  readonly dir: string
  readonly state: string
}

/** What has everything, at work. */
async function seeding(): Promise<Seeding> {
  const [dir, state] = [folder(FILES), folder()]
  const seeder = await engine(state)
  const torrent = await seeder.add(bytes, { dir })
  await torrent.done
  return { seeder, torrent, dir, state }
}

test('a torrent at work is moved and goes on, with nothing to be checked, and serves from there', async () => {
  const { seeder, torrent, dir } = await seeding()
  const to = join(folder(), 'deep/er')
  const { checkedBytes } = torrent.snapshot()
  await torrent.move(to)
  expect(torrent.dir).toBe(to)
  expect(isWhole(to, 't/a.bin', 't/sub/b.bin')).toBe(true)
  expect(readdirSync(dir)).toEqual([])
  await expect.poll(() => torrent.snapshot().state).toBe('seeding')
  expect(torrent.snapshot().checkedBytes).toBe(checkedBytes)
  const getter = await engine()
  const got = await getter.add(bytes, { dir: folder(), peers: [`127.0.0.1:${seeder.port}`] })
  await got.done
  expect(got.snapshot().haveBytes).toBe(110_000)
})

test('a torrent is moved to another disk', async context => {
  const { torrent, dir } = await seeding()
  const other = '/dev/shm'
  if (!existsSync(other) || statSync(other).dev === statSync(dir).dev)
    return context.skip('there is one disk')
  const to = mkdtempSync(`${other}/shoal-move-`)
  atEnd(() => rmSync(to, { recursive: true, force: true }))
  const { checkedBytes } = torrent.snapshot()
  await torrent.move(to)
  expect(isWhole(to, 't/a.bin', 't/sub/b.bin')).toBe(true)
  expect([readdirSync(dir), readdirSync(to)]).toEqual([[], ['t']])
  await expect.poll(() => torrent.snapshot().state).toBe('seeding')
  expect(torrent.snapshot().checkedBytes).toBe(checkedBytes)
})

test('a torrent that is half there is half there afterwards, and goes on from there', async () => {
  const { seeder } = await seeding()
  const [dir, to] = [folder(), folder()]
  const getter = await engine(folder())
  const files = (_: unknown, index: number): FilePriority => (index === 0 ? 'normal' : 'skip')
  const torrent = await getter.add(bytes, { dir, files, peers: [`127.0.0.1:${seeder.port}`] })
  await torrent.done
  const { pieces } = torrent.snapshot()
  expect(pieces).toEqual({ have: 4, total: 7 })
  const parts = `.${torrent.infoHash}.parts`
  expect(readdirSync(dir).sort()).toEqual([parts, 't'])
  await torrent.move(to)
  expect([readdirSync(dir), readdirSync(to).sort()]).toEqual([[], [parts, 't']])
  await expect.poll(() => torrent.snapshot().state).toBe('seeding')
  // As after every start: what a parts file holds has no stamp.
  expect(torrent.snapshot()).toMatchObject({ pieces, checkedBytes: 16_384 })
  torrent.setFilePriority(1, 'normal')
  torrent.addPeer(`127.0.0.1:${seeder.port}`)
  await expect.poll(() => torrent.snapshot().pieces.have).toBe(7)
  expect(isWhole(to, 't/a.bin', 't/sub/b.bin')).toBe(true)
  expect(torrent.snapshot()).toMatchObject({ wastedBytes: 0, downloadedBytes: 110_000 })
})

test('a torrent that is stopped stays so; it is found in its new place by whoever asks for either', async () => {
  const { seeder, torrent, dir, state } = await seeding()
  const to = folder()
  await torrent.stop()
  await torrent.move(to)
  expect(torrent.snapshot().state).toBe('stopped')
  await seeder.close()
  for (const asked of [dir, to, to]) {
    const next = await engine(state)
    const again = await next.add(bytes, { dir: asked })
    expect(again.dir).toBe(to)
    await again.done
    expect(again.snapshot()).toMatchObject({ state: 'seeding', checkedBytes: 0 })
    await next.close()
  }
})

test('what is in the way is told, and the torrent goes on where it was', async () => {
  const { torrent, dir } = await seeding()
  const to = folder({ 't/a.bin': 'mine' })
  await expect(torrent.move(to)).rejects.toMatchObject({ code: 'PATH_CONFLICT' })
  expect(torrent.dir).toBe(dir)
  await expect.poll(() => torrent.snapshot().state).toBe('seeding')
  expect(readFileSync(join(to, 't/a.bin'), 'utf8')).toBe('mine')
})

test('several moves are done one after another, and told of', async () => {
  const { torrent } = await seeding()
  const [one, two] = [folder(), folder()]
  const told: number[] = []
  const onProgress = ({ doneBytes }: { doneBytes: number }): void => void told.push(doneBytes)
  const first = torrent.move(one, { onProgress })
  const second = torrent.move(two)
  torrent.stop()
  await first
  expect(told.at(-1)).toBe(110_000)
  await second
  expect([readdirSync(one), isWhole(two, 't/a.bin', 't/sub/b.bin')]).toEqual([[], true])
  expect(torrent.snapshot().state).toBe('stopped')
  expect(torrent.snapshot().moving).toBeUndefined()
})

test.each(['remove', 'close'] as const)('%s ends a move, and those that wait', async how => {
  const { seeder, torrent, dir } = await seeding()
  let end: Promise<void> | undefined
  const onProgress = (): void => {
    end ??= how === 'remove' ? torrent.remove() : seeder.close()
  }
  const moves = [torrent.move(folder(), { onProgress }), torrent.move(folder())]
  const codes = (await Promise.allSettled(moves)).map(outcome =>
    outcome.status === 'rejected' ? outcome.reason.code : 'moved',
  )
  await end
  expect(codes).toEqual(['ABORTED', 'CLOSED'])
  expect(isWhole(dir, 't/a.bin', 't/sub/b.bin')).toBe(true)
})

describe('other names', () => {
  test('are given on disk, told, and taken when the torrent is added again', async () => {
    const { seeder, torrent, dir, state } = await seeding()
    await torrent.rename({ root: 'New root' })
    await torrent.rename({ file: 1, path: ['c', 'ü.bin'] })
    const { names } = torrent
    expect(names).toEqual({ root: 'New root', files: { 1: ['c', 'ü.bin'] } })
    expect(isWhole(dir, 'New root/a.bin', 'New root/c/ü.bin')).toBe(true)
    expect(readdirSync(dir)).toEqual(['New root'])
    expect(readdirSync(join(dir, 'New root'))).toEqual(['a.bin', 'c'])
    expect(torrent.snapshot().files.map(({ path }) => path)).toEqual(['New root/a.bin', 'New root/c/ü.bin'])
    await seeder.close()
    const next = await engine(state)
    const again = await next.add(bytes, { dir, names })
    await again.done
    expect(again.snapshot().checkedBytes).toBe(0)
    // Back to its own.
    await again.rename({ root: 't' })
    await again.rename({ file: 1, path: ['sub', 'b.bin'] })
    expect(again.names).toEqual({})
    expect(isWhole(dir, 't/a.bin', 't/sub/b.bin')).toBe(true)
  })

  test('survive a crash before anybody kept them', async () => {
    const { seeder, torrent, dir, state } = await seeding()
    await torrent.rename({ file: 0, path: ['z'] })
    await seeder.close()
    const again = await (await engine(state)).add(bytes, { dir })
    expect(again.names).toEqual({ files: { 0: ['z'] } })
    await again.done
    expect(again.snapshot().checkedBytes).toBe(0)
  })

  test('can be given before anything is there', async () => {
    const { seeder } = await seeding()
    const dir = folder()
    const getter = await engine()
    const peers = [`127.0.0.1:${seeder.port}`]
    const got = await getter.add(bytes, {
      dir,
      peers,
      names: { root: 'r', files: { 0: ['x/y', 'b\u0000'] } },
    })
    await got.done
    expect(got.names).toEqual({ root: 'r', files: { 0: ['xy', 'b_'] } })
    expect(isWhole(dir, 'r/xy/b_', 'r/sub/b.bin')).toBe(true)
  })

  test('are refused where they are not safe, not free, or of nothing', async () => {
    const { torrent, dir } = await seeding()
    writeFileSync(join(dir, 't/mine'), 'm')
    const cases: [string, Parameters<Torrent['rename']>[0]][] = [
      ['"../t" cannot be the name of a file on every system: "..t" can', { root: '../t' }],
      ['"" cannot be the name of a file on every system', { root: '' }],
      ['"con.txt" cannot be the name of a file', { file: 0, path: ['sub', 'con.txt'] }],
      ['a path has at least one name', { file: 0, path: [] }],
      ['two files would have the same path', { file: 0, path: ['SUB', 'b.BIN'] }],
      ['two files would have the same path', { file: 0, path: ['sub'] }],
      ['there is no file 7', { file: 7, path: ['x'] }],
      ['is there already', { file: 0, path: ['mine'] }],
    ]
    for (const [message, what] of cases) await expect(torrent.rename(what)).rejects.toThrow(message)
    expect(torrent.names).toEqual({})
    expect(isWhole(dir, 't/a.bin', 't/sub/b.bin')).toBe(true)
  })

  test('are changed together, or none of them', async () => {
    const { torrent, dir } = await seeding()
    await torrent.rename([
      { file: 0, path: ['all', 'a.bin'] },
      { file: 1, path: ['all', 'sub', 'b.bin'] },
    ])
    expect(isWhole(dir, 't/all/a.bin', 't/all/sub/b.bin')).toBe(true)
    expect(readdirSync(join(dir, 't'))).toEqual(['all'])
    writeFileSync(join(dir, 't/mine'), 'm')
    const names = torrent.rename([
      { file: 1, path: ['x'] },
      { file: 0, path: ['mine'] },
    ])
    await expect(names).rejects.toThrow('is there already')
    expect(isWhole(dir, 't/all/a.bin', 't/all/sub/b.bin')).toBe(true)
  })

  test('of a torrent of one file are the root', async () => {
    const dir = folder({ one: content(20_000) })
    const single = (await createTorrent(join(dir, 'one'))).bytes
    const torrent = await (await engine()).add(single, { dir, paused: true })
    await expect(torrent.rename({ file: 0, path: ['x'] })).rejects.toThrow('its name is the root')
    await torrent.rename({ root: 'two' })
    expect(readdirSync(dir)).toEqual(['two'])
    await torrent.remove({ data: true })
    expect(existsSync(dir) && readdirSync(dir)).toEqual([])
  })
})
