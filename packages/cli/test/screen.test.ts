import { describe, expect, it } from 'vitest'
import { Screen } from '../src/terminal/screen.ts'

function fake(columns: number, isTTY = true) {
  const stream = {
    isTTY,
    columns,
    rows: 24,
    written: '',
    write(text: string) {
      this.written += text
    },
    taken() {
      const text = this.written
      this.written = ''
      return text
    },
  }
  return stream
}

const ENV = { TERM: 'xterm', LANG: 'C.UTF-8' }

describe('the screen', () => {
  it('draws live lines over those before', () => {
    const stream = fake(80)
    const screen = new Screen(stream, 'never', ENV)
    screen.draw(['one', 'two'])
    expect(stream.taken()).toBe('one\x1b[K\ntwo\x1b[K\x1b[J\r')
    screen.draw(['three'])
    expect(stream.taken()).toBe('\r\x1b[1Athree\x1b[K\x1b[J\r')
  })

  it('prints lines that stay above the live ones', () => {
    const stream = fake(80)
    const screen = new Screen(stream, 'never', ENV)
    screen.draw(['one'])
    stream.taken()
    screen.print('stays')
    expect(stream.taken()).toBe('\r\x1b[Jstays\n')
    screen.print('too')
    expect(stream.taken()).toBe('too\n')
  })

  it('finds the first line again when the terminal became narrower', () => {
    const stream = fake(80)
    const screen = new Screen(stream, 'never', ENV)
    screen.draw([`\x1b[31m${'x'.repeat(70)}\x1b[39m`, 'y'])
    stream.taken()
    stream.columns = 40
    screen.clear()
    expect(stream.taken()).toBe('\r\x1b[2A\x1b[J')
  })

  it('draws nothing where nothing can be redrawn', () => {
    for (const screen of [
      new Screen(fake(80, false), 'never', ENV),
      new Screen(fake(80), 'never', { TERM: 'dumb' }),
    ]) {
      screen.draw(['one'])
      expect(screen.live).toBe(false)
    }
    const stream = fake(80, false)
    const screen = new Screen(stream, 'never', ENV)
    screen.draw(['one'])
    screen.clear()
    expect(stream.written).toBe('')
  })
})
