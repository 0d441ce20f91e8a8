/** What signals do, by a clock that the test turns: from outside, nobody can tell why a process ended. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EXIT } from '../src/exit-codes.ts'
import { type Interruption, watchInterrupts } from '../src/interrupt.ts'

const SIGNAL: NodeJS.Signals = 'SIGUSR2'
const exit = vi.spyOn(process, 'exit')

let told: number
let interruption: Interruption

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  exit.mockReset().mockReturnValue(undefined as never)
  told = 0
  interruption = watchInterrupts(() => told++, { signals: [SIGNAL] })
})

afterEach(() => {
  process.removeAllListeners(SIGNAL)
  vi.useRealTimers()
})

test('the first is told of, once, and ends nothing by itself', () => {
  expect([told, interruption.signal.aborted]).toEqual([0, false])
  process.emit(SIGNAL)
  expect([told, interruption.signal.aborted]).toEqual([1, true])
  // Wrappers pass on a signal that has come already.
  vi.advanceTimersByTime(300)
  process.emit(SIGNAL)
  expect(told).toBe(1)
  expect(exit).not.toHaveBeenCalled()
})

test('a second one ends the process at once', () => {
  process.emit(SIGNAL)
  vi.advanceTimersByTime(301)
  process.emit(SIGNAL)
  expect(exit).toHaveBeenCalledExactlyOnceWith(EXIT.interrupted)
})

test('a second one that comes while all is being closed is heard, too', () => {
  process.emit(SIGNAL)
  interruption.end()
  vi.advanceTimersByTime(301)
  process.emit(SIGNAL)
  expect(exit).toHaveBeenCalledExactlyOnceWith(EXIT.interrupted)
})

test('who takes too long to end is ended', () => {
  process.emit(SIGNAL)
  vi.advanceTimersByTime(4_799)
  expect(exit).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(exit).toHaveBeenCalledExactlyOnceWith(EXIT.interrupted)
})

test('signals are what they were once nobody watches', () => {
  interruption.end()
  expect(process.listenerCount(SIGNAL)).toBe(0)
})
