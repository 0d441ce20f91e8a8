import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashFiles } from '../../src/node/hash-files.ts'
import { sha1 } from '../contracts/store-suite.ts'

const LENGTHS = [5000, 0, 3_000_000, 1, 70_000]
const content = new Uint8Array(LENGTHS.reduce((sum, length) => sum + length, 0)).map(
  (_, at) => at * 7 + (at >> 9),
)

let dir: string
let files: { path: string; length: number }[]
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'shoal-hash-'))
  let offset = 0
  files = LENGTHS.map((length, at) => {
    const path = join(dir, `${at}`)
    writeFileSync(path, content.subarray(offset, offset + length))
    offset += length
    return { path, length }
  })
})
afterAll(() => rmSync(dir, { recursive: true }))

describe('hashFiles', () => {
  it.each([16_384, 65_536, 1_000_000, 16_777_216])(
    'gives the hash of every piece of %i bytes',
    async pieceLength => {
      const expected: Uint8Array[] = []
      for (let at = 0; at < content.length; at += pieceLength) {
        expected.push(sha1(content.subarray(at, at + pieceLength)))
      }
      const progress: number[] = []
      const hashes = await hashFiles(files, pieceLength, { onProgress: done => progress.push(done) })
      expect(Buffer.compare(hashes, Buffer.concat(expected))).toBe(0)
      expect(progress.at(-1)).toBe(content.length)
    },
  )

  it('gives none for nothing', async () => {
    expect(await hashFiles([], 16_384)).toEqual(new Uint8Array(0))
    expect(await hashFiles([files[1]!], 16_384)).toEqual(new Uint8Array(0))
  })

  it('fails for a file of another size, also when it is said to be empty', async () => {
    const grown = join(dir, 'grown')
    writeFileSync(grown, 'abc')
    for (const length of [0, 2, 4]) {
      const promise = hashFiles([files[0]!, { path: grown, length }], 16_384)
      await expect(promise).rejects.toMatchObject({ code: 'DISK_READ', subject: grown })
    }
  })

  it('fails for a file that grows before it is done', async () => {
    const growing = join(dir, 'growing')
    writeFileSync(growing, new Uint8Array(100))
    const onProgress = (): void => appendFileSync(growing, 'x')
    const promise = hashFiles([{ path: growing, length: 100 }], 16_384, { onProgress })
    await expect(promise).rejects.toMatchObject({ code: 'DISK_READ', subject: growing })
  })

  it('fails for a file that is not there', async () => {
    const promise = hashFiles([{ path: join(dir, 'none'), length: 5 }], 16_384)
    await expect(promise).rejects.toMatchObject({ code: 'DISK_READ' })
  })

  it('ends when it is aborted, before or while it runs', async () => {
    await expect(hashFiles(files, 16_384, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    const controller = new AbortController()
    const promise = hashFiles(files, 16_384, { signal: controller.signal })
    controller.abort()
    await expect(promise).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
