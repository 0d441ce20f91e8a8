import { describe, expect, it } from 'vitest'
import { isMagnetSource, parseSourceList } from '../src/input/source.ts'
import { route } from '../src/route.ts'

const HEX = '00112233445566778899aabbccddeeff00112233'
const BASE32 = 'AAISEM2EKVTHPCEZVK54ZXPO74ABCIRT'
const exists = (): boolean => true
const missing = (): boolean => false

describe('a source', () => {
  it.each([`magnet:?xt=urn:btih:${HEX}`, 'MAGNET:?dn=x', HEX, HEX.toUpperCase(), BASE32])(
    '%s is a magnet link or an info-hash, and get may be left out',
    source => {
      expect(isMagnetSource(source, missing)).toBe(true)
      expect(route([source], missing)).toEqual({ kind: 'command', name: 'get', args: [source] })
    },
  )

  it.each([HEX.slice(1), `${HEX}0`, `${HEX}.torrent`, BASE32.replace('A', '1'), 'a.torrent', '-'])(
    '%s is none',
    source => {
      expect(isMagnetSource(source, missing)).toBe(false)
    },
  )

  it('is a file where there is one with the name of an info-hash', () => {
    expect(isMagnetSource(HEX, exists)).toBe(false)
    expect(isMagnetSource(`magnet:?xt=urn:btih:${HEX}`, exists)).toBe(true)
  })
})

describe('a list of sources', () => {
  it('has one a line, without blank lines and comments', () => {
    const text = `# my list\r\na.torrent\n\n   ${HEX}  \n#b.torrent\rmagnet:?xt=urn:btih:${HEX}#x\n`
    expect(parseSourceList(text)).toEqual(['a.torrent', HEX, `magnet:?xt=urn:btih:${HEX}#x`])
    expect(parseSourceList('\n# nothing\n')).toEqual([])
  })
})
