import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Geometry } from '../../src/metainfo/geometry.ts'
import { extentLength, extentStart, placesOf } from '../../src/node/file-plan.ts'
import { PartsIndex } from '../../src/node/parts-index.ts'

const torrents = fc.record({
  pieceLength: fc.integer({ min: 1, max: 40 }),
  files: fc.array(
    fc.record({
      length: fc.integer({ min: 0, max: 60 }),
      pad: fc.boolean(),
      wanted: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  ),
})

function geometryOf({
  pieceLength,
  files,
}: typeof torrents extends fc.Arbitrary<infer T> ? T : never): Geometry {
  return new Geometry(
    pieceLength,
    files.map(({ length, pad }, at) => ({ path: [`${at}`], length, pad })),
  )
}

describe('places', () => {
  it('cover a range once and in order, each byte in its own place', () => {
    fc.assert(
      fc.property(torrents, torrent => {
        const geometry = geometryOf(torrent)
        const parts = new PartsIndex(geometry)
        const taken = new Set<string>()
        for (let piece = 0; piece < geometry.pieceCount; piece++) {
          const held = parts.reserve(piece, file => !torrent.files[file]!.wanted)
          let from = 0
          for (const place of placesOf(geometry, piece, 0, geometry.pieceSize(piece), held)) {
            expect(place.from).toBe(from)
            from += place.length
            const { wanted, pad } = torrent.files[place.file.index]!
            expect(place.kind).toBe(pad ? 'pad' : wanted ? 'file' : 'parts')
            if (place.kind === 'pad') continue
            for (let at = 0; at < place.length; at++) {
              const where = place.kind === 'parts' ? 'parts' : place.file.index
              const key = `${where}:${place.position + at}`
              expect(taken.has(key)).toBe(false)
              taken.add(key)
            }
          }
          expect(from).toBe(geometry.pieceSize(piece))
        }
      }),
      { numRuns: 200 },
    )
  })

  it('of a part of a piece are parts of the places of the piece', () => {
    fc.assert(
      fc.property(torrents, fc.nat(), fc.nat(), (torrent, a, b) => {
        const geometry = geometryOf(torrent)
        if (geometry.pieceCount === 0) return
        const piece = a % geometry.pieceCount
        const size = geometry.pieceSize(piece)
        const cut = b % (size + 1)
        const held = new PartsIndex(geometry).reserve(piece, file => !torrent.files[file]!.wanted)
        const bytes = (begin: number, length: number): string[] =>
          placesOf(geometry, piece, begin, length, held).flatMap(place =>
            Array.from(
              { length: place.length },
              (_, at) => `${place.kind} ${place.file.index} ${place.position + at}`,
            ),
          )
        expect([...bytes(0, cut), ...bytes(cut, size - cut)]).toEqual(bytes(0, size))
      }),
      { numRuns: 200 },
    )
  })
})

describe('PartsIndex', () => {
  const geometry = new Geometry(
    10,
    [25, 4, 31].map((length, at) => ({ path: [`${at}`], length, pad: false })),
  )

  it('gives an extent its old room again', () => {
    const parts = new PartsIndex(geometry)
    const [first] = parts.reserve(2, file => file === 1)
    parts.reserve(2, file => file === 2)
    const { held } = parts.content()
    parts.replace({ held: held.filter(extent => extent.file === 2), spare: [first!] })
    expect(parts.size).toBe(1)
    expect(parts.reserve(2, file => file === 1)).toContainEqual(first)
    expect(parts.size).toBe(2)
  })

  it('starts anew when nothing is left', () => {
    const parts = new PartsIndex(geometry)
    const [first] = parts.reserve(2, file => file === 1)
    parts.replace({ held: [], spare: [] })
    const [second] = parts.reserve(5, file => file === 2)
    expect(second).toMatchObject({ entry: first!.entry, position: first!.position })
  })

  it('knows what a piece and a file share', () => {
    const file = geometry.files[2]!
    expect([1, 2, 3, 5].map(piece => extentLength(geometry, piece, file))).toEqual([-9, 1, 10, 10])
    expect([2, 3].map(piece => extentStart(geometry, piece, file))).toEqual([0, 1])
  })
})
