import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ShoalError } from '../../src/errors.ts'
import type { AnnounceReply } from '../../src/tracker/announce.ts'
import type { TrackerStatus } from '../../src/tracker/announcer.ts'
import { Announcer } from '../../src/tracker/announcer.ts'
import { REPLY } from './request.ts'

const SECOND = 1000
const MINUTE = 60_000
const HALF_HOUR = 30 * MINUTE

/** The order as given: 'a b' is a tier. A script says what happens and what is announced in return. */
function scripted(...tiers: string[]): Script {
  return new Script(tiers)
}

class Script {
  readonly announcer: Announcer
  now = 0
  readonly inFlight = new Set<string>()

  constructor(tiers: string[], below: (bound: number) => number = bound => bound - 1) {
    // Fisher-Yates with the highest number changes nothing; so does no jitter, asked for below 0.
    const random = { below: (bound: number) => (bound > 100 ? 0 : below(bound)) }
    const urls = tiers.map(tier => tier.split(' '))
    this.announcer = new Announcer(urls, { random })
  }

  start(): string {
    this.announcer.start(this.now)
    return this.poll()
  }

  poll(): string {
    const calls = this.announcer.poll(this.now)
    for (const { url } of calls) this.inFlight.add(url)
    return calls.map(({ url, event }) => `${url} ${event}`).join(', ')
  }

  ok(url: string, reply: Partial<AnnounceReply> = {}): string {
    this.inFlight.delete(url)
    this.announcer.onReply(url, { ...REPLY, ...reply }, this.now)
    return this.poll()
  }

  fail(url: string): string {
    this.inFlight.delete(url)
    this.announcer.onError(url, new ShoalError('TRACKER_TIMEOUT', 'silence'), this.now)
    return this.poll()
  }

  complete(): string {
    this.announcer.complete(this.now)
    return this.poll()
  }

  stop(): string {
    for (const url of this.announcer.stop(this.now)) this.inFlight.delete(url)
    return this.poll()
  }

  needPeers(): string {
    this.announcer.needPeers(this.now)
    return this.poll()
  }

  want(): string {
    this.announcer.announceNow(this.now)
    return this.poll()
  }

  /** Other tiers, and whose announces are to be cancelled. */
  set(...tiers: string[]): string {
    const cancelled = this.announcer.setTiers(
      tiers.map(tier => tier.split(' ')),
      this.now,
    )
    for (const url of cancelled) this.inFlight.delete(url)
    return [...cancelled.map(url => `-${url}`), this.poll()].filter(text => text !== '').join(', ')
  }

  /** Lets time pass; nothing may happen before the end of it. */
  after(ms: number): string {
    this.now += ms - 1
    expect(this.poll()).toBe('')
    this.now++
    return this.poll()
  }

  order(): string {
    return this.announcer
      .status()
      .map(each => each.url)
      .join(' ')
  }

  status(url: string): TrackerStatus {
    return this.announcer.status().find(each => each.url === url)!
  }
}

describe('one tracker', () => {
  it('hears started, then nothing but the interval', () => {
    const s = scripted('a')
    expect(s.poll()).toBe('')
    expect(s.start()).toBe('a started')
    expect(s.poll()).toBe('')
    expect(s.ok('a')).toBe('')
    expect(s.after(HALF_HOUR)).toBe('a none')
    expect(s.ok('a', { intervalMs: MINUTE })).toBe('')
    expect(s.after(MINUTE)).toBe('a none')
  })

  it('that fails is tried again after 15, 30, 60 s and so on up to an hour, always with started', () => {
    const s = scripted('a')
    s.start()
    const waits: number[] = []
    for (let n = 0; n < 11; n++) {
      s.fail('a')
      const at = s.announcer.nextTimeout()
      waits.push((at - s.now) / SECOND)
      expect(s.after(at - s.now)).toBe('a started')
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600])
    s.ok('a')
    expect(s.after(HALF_HOUR)).toBe('a none')
    s.fail('a')
    expect(s.after(15 * SECOND)).toBe('a none')
  })

  it('hears completed at once, only once, whatever the interval', () => {
    const s = scripted('a')
    s.start()
    s.ok('a', { minIntervalMs: HALF_HOUR })
    s.now += 1
    expect(s.complete()).toBe('a completed')
    expect(s.ok('a')).toBe('')
    expect(s.after(HALF_HOUR)).toBe('a none')
  })

  it('hears completed after the announce that is in flight', () => {
    const s = scripted('a')
    s.start()
    expect(s.complete()).toBe('')
    expect(s.ok('a')).toBe('a completed')
    expect(s.fail('a')).toBe('')
    expect(s.after(15 * SECOND)).toBe('a completed')
    expect(s.ok('a')).toBe('')
  })

  it('that has not heard started does not hear completed: its started says that nothing is left', () => {
    const s = scripted('a')
    s.start()
    s.fail('a')
    s.complete()
    expect(s.after(15 * SECOND)).toBe('a started')
    expect(s.ok('a')).toBe('')
  })

  it('hears stopped once if it heard started, and started in the next session', () => {
    const s = scripted('a')
    s.start()
    s.ok('a')
    expect(s.stop()).toBe('a stopped')
    expect(s.stop()).toBe('')
    expect(s.fail('a')).toBe('')
    expect(s.announcer.nextTimeout()).toBe(Number.POSITIVE_INFINITY)
    expect(s.start()).toBe('a started')
  })

  it('does not hear stopped if it never answered; what is in flight is to be cancelled', () => {
    const s = scripted('a')
    s.start()
    expect(s.announcer.stop(0)).toEqual(['a'])
    expect(s.poll()).toBe('')
    s.announcer.onReply('a', REPLY, 0)
    expect(s.status('a').state).toBe('idle')
  })

  it('hears of a new session only when its stopped has ended', () => {
    const s = scripted('a')
    s.start()
    s.ok('a')
    s.stop()
    expect(s.start()).toBe('')
    expect(s.ok('a')).toBe('a started')
  })

  it('hears completed to its end before stopped, also when both happen at once', () => {
    const s = scripted('a')
    s.start()
    s.ok('a')
    expect(s.complete()).toBe('a completed')
    expect(s.stop()).toBe('')
    expect(s.fail('a')).toBe('a stopped')
    expect(s.ok('a')).toBe('')
    expect(s.announcer.nextTimeout()).toBe(Number.POSITIVE_INFINITY)
  })

  it('hears stopped in the place of a completed that does not end soon', () => {
    const s = scripted('a')
    s.start()
    s.ok('a')
    s.complete()
    expect(s.stop()).toBe('')
    expect(s.after(s.announcer.nextTimeout() - s.now - 1)).toBe('')
    expect(s.after(1)).toBe('a stopped')
    expect(s.ok('a')).toBe('')
  })

  it('hears stopped at once, then started, where a session begins before completed has ended', () => {
    const s = scripted('a', 'b')
    s.start()
    s.ok('a')
    s.complete()
    s.stop()
    expect(s.start()).toBe('a stopped, b started')
    expect(s.ok('a')).toBe('')
    expect(s.fail('b')).toBe('a started')
  })

  it('hears a completed that it is owed before stopped', () => {
    const s = scripted('a')
    s.start()
    s.ok('a')
    expect(s.after(HALF_HOUR)).toBe('a none')
    expect(s.complete()).toBe('')
    expect(s.stop()).toBe('a completed')
    expect(s.ok('a')).toBe('a stopped')
    expect(s.start()).toBe('')
    expect(s.ok('a')).toBe('a started')
  })

  it('hears no more than stopped when it did not answer to completed', () => {
    const s = scripted('a')
    s.start()
    s.ok('a')
    s.complete()
    expect(s.fail('a')).toBe('')
    expect(s.stop()).toBe('a stopped')
  })

  it('is asked sooner for want of peers, but never before its min interval', () => {
    const s = scripted('a')
    s.start()
    s.ok('a', { minIntervalMs: 20 * SECOND })
    expect(s.needPeers()).toBe('')
    expect(s.after(20 * SECOND)).toBe('a none')
    expect(s.needPeers()).toBe('')
    s.ok('a')
    s.now += 4 * MINUTE
    expect(s.needPeers()).toBe('')
    expect(s.after(MINUTE)).toBe('a none')
    s.fail('a')
    expect(s.needPeers()).toBe('')
    expect(s.after(15 * SECOND)).toBe('a none')
  })

  it('gets its tracker id back and asks for no peers when stopping', () => {
    const s = scripted('a')
    s.start()
    s.ok('a', { trackerId: 'x' })
    s.stop()
    s.ok('a')
    s.announcer.start(0)
    expect(s.announcer.poll(0)).toMatchObject([{ trackerId: 'x', numWant: 150 }])
    s.ok('a')
    s.announcer.stop(0)
    expect(s.announcer.poll(0)).toMatchObject([{ event: 'stopped', numWant: 0 }])
  })

  it('shows how it is', () => {
    const s = scripted('a')
    expect(s.status('a')).toMatchObject({ tier: 0, state: 'idle', nextAnnounceAt: undefined })
    s.start()
    expect(s.status('a').state).toBe('announcing')
    s.ok('a', { seeders: 3, leechers: 4, peers: [{ host: '10.0.0.1', port: 1, peerId: undefined }] })
    expect(s.status('a')).toMatchObject({
      state: 'ok',
      seeders: 3,
      leechers: 4,
      peersReceived: 1,
      nextAnnounceAt: HALF_HOUR,
      lastReplyAt: 0,
      lastAnnounceAt: 0,
    })
    s.after(HALF_HOUR)
    s.fail('a')
    expect(s.status('a')).toMatchObject({
      state: 'error',
      lastError: { code: 'TRACKER_TIMEOUT' },
      nextAnnounceAt: HALF_HOUR + 15 * SECOND,
      seeders: 3,
      lastReplyAt: 0,
      lastAnnounceAt: HALF_HOUR,
    })
  })
})

describe('tiers (BEP 12)', () => {
  it('are tried in order, a tier only when all before it have failed', () => {
    const s = scripted('a b', 'c')
    expect(s.start()).toBe('a started')
    expect(s.fail('a')).toBe('b started')
    expect(s.fail('b')).toBe('c started')
    expect(s.ok('c')).toBe('')
    expect(s.after(HALF_HOUR)).toBe('a started')
    expect(s.fail('a')).toBe('b started')
    expect(s.fail('b')).toBe('c none')
  })

  it('put who answers at the front: the example of the specification', () => {
    const s = scripted('1 2 3')
    s.start()
    s.fail('1')
    expect(s.ok('2')).toBe('')
    expect(s.order()).toBe('2 1 3')
    expect(s.after(HALF_HOUR)).toBe('2 none')
    expect(s.fail('2')).toBe('1 started')
    expect(s.fail('1')).toBe('3 started')
    s.ok('3')
    expect(s.order()).toBe('3 2 1')
  })

  it('keep their order: a tracker never moves to another tier', () => {
    const s = scripted('a', 'b c')
    s.start()
    s.fail('a')
    s.fail('b')
    s.ok('c')
    expect(s.order()).toBe('a c b')
  })

  it('leave a failed tracker out until its backoff is over', () => {
    const s = scripted('a', 'b')
    s.start()
    s.fail('a')
    s.ok('b', { intervalMs: MINUTE })
    expect(s.after(MINUTE)).toBe('a started')
    s.fail('a')
    s.ok('b', { intervalMs: MINUTE })
    s.after(MINUTE)
    s.fail('a')
    s.ok('b', { intervalMs: MINUTE })
    // The third backoff is as long as the interval: the fourth is longer.
    expect(s.after(MINUTE)).toBe('a started')
    s.fail('a')
    s.ok('b', { intervalMs: MINUTE })
    expect(s.after(MINUTE)).toBe('b none')
  })

  it('that all fail begin again after the first backoff', () => {
    const s = scripted('a', 'b')
    s.start()
    s.fail('a')
    s.now += 5 * SECOND
    expect(s.fail('b')).toBe('')
    expect(s.after(10 * SECOND)).toBe('a started')
    expect(s.fail('a')).toBe('')
    expect(s.after(5 * SECOND)).toBe('b started')
  })

  it('say completed and stopped to everyone who heard started, and to nobody else', () => {
    const s = scripted('a', 'b', 'c')
    s.start()
    s.fail('a')
    s.ok('b')
    s.after(HALF_HOUR)
    s.ok('a')
    expect(s.complete()).toBe('a completed, b completed')
    s.ok('a')
    s.ok('b')
    expect(s.stop()).toBe('a stopped, b stopped')
  })

  it('are shuffled once, within themselves', () => {
    const zeros = new Script(['a b c', 'd e'], () => 0)
    expect(zeros.order()).toBe('b c a e d')
  })

  it('hold a URL once', () => {
    expect(scripted('a b', 'b a', 'c a').order()).toBe('a b c')
  })
})

describe('edited trackers', () => {
  it('join at once where none answers, and wait for their turn where one does', () => {
    const s = scripted('a')
    s.start()
    s.fail('a')
    expect(s.announcer.add('b', 9, s.now)).toBe(true)
    expect(s.announcer.add('b', 0, s.now)).toBe(false)
    expect(s.poll()).toBe('b started')
    s.ok('b')
    s.announcer.add('c', 0, s.now)
    expect(s.poll()).toBe('')
    expect(s.announcer.status().map(({ url, tier }) => `${url}${tier}`)).toEqual(['a0', 'c0', 'b1'])
  })

  it('leave with stopped, and the next takes over', () => {
    const s = scripted('a', 'b')
    s.start()
    s.ok('a')
    expect(s.announcer.remove('a', s.now)).toBe(true)
    expect(s.announcer.remove('a', s.now)).toBe(false)
    expect(s.poll()).toBe('a stopped, b started')
    expect(s.ok('a')).toBe('')
    expect(s.order()).toBe('b')
  })

  it('leave in the middle of their announce', () => {
    const s = scripted('a', 'b')
    s.start()
    s.announcer.remove('a', s.now)
    expect(s.poll()).toBe('b started')
    expect(s.ok('a')).toBe('')
    expect(s.status('b').state).toBe('announcing')
  })

  it('work without any tracker', () => {
    const s = scripted()
    expect(s.start()).toBe('')
    expect(s.announcer.nextTimeout()).toBe(Number.POSITIVE_INFINITY)
    s.announcer.add('a', 0, s.now)
    expect(s.poll()).toBe('a started')
  })
})

it('keeps its invariants whatever happens', () => {
  const steps = fc.array(
    fc.tuple(fc.constantFrom('ok', 'fail', 'wait', 'complete', 'stop', 'start', 'need'), fc.nat(3)),
    {
      maxLength: 60,
    },
  )
  fc.assert(
    fc.property(steps, script => {
      const s = scripted('a b', 'c', 'd')
      const heard = new Set<string>()
      const flying = new Map<string, string>()
      s.announcer.start(0)
      for (const [step, n] of script) {
        const url = 'abcd'[n]!
        if (step === 'ok' && flying.has(url)) {
          if (flying.get(url) === 'started') heard.add(url)
          s.announcer.onReply(url, REPLY, s.now)
          flying.delete(url)
        } else if (step === 'fail' && flying.has(url)) {
          s.announcer.onError(url, new ShoalError('TRACKER_TIMEOUT', ''), s.now)
          flying.delete(url)
        } else if (step === 'wait') s.now += 10 ** (n + 3)
        else if (step === 'complete') s.announcer.complete(s.now)
        else if (step === 'stop') for (const each of s.announcer.stop(s.now)) flying.delete(each)
        else if (step === 'start') s.announcer.start(s.now)
        else if (step === 'need') s.announcer.needPeers(s.now)
        const calls = s.announcer.poll(s.now)
        for (const call of calls) {
          // But for the one that takes its place.
          if (call.event === 'stopped' && flying.get(call.url) === 'completed') flying.delete(call.url)
          expect(flying.has(call.url)).toBe(false)
          flying.set(call.url, call.event)
          expect(heard.has(call.url)).toBe(call.event !== 'started')
          if (call.event === 'stopped') heard.delete(call.url)
        }
        expect(s.announcer.poll(s.now)).toEqual([])
        // Whoever sleeps until the next timeout misses nothing.
        const due = s.announcer.nextTimeout()
        if (due < Number.POSITIVE_INFINITY) expect(due).toBeGreaterThan(s.now)
      }
    }),
    { numRuns: 300 },
  )
})

describe('other trackers', () => {
  it('hear started at once, beside the one on duty, which keeps its schedule', () => {
    const s = scripted('a')
    s.start()
    s.ok('a')
    expect(s.set('a', 'b c')).toBe('b started, c started')
    expect(s.ok('b', { intervalMs: MINUTE })).toBe('')
    expect(s.fail('c')).toBe('')
    expect(s.after(HALF_HOUR)).toBe('a none')
    expect(s.stop()).toBe('a stopped, b stopped')
  })

  it('leave those that stay as they are, and in their order', () => {
    const s = scripted('a b')
    s.start()
    s.fail('a')
    s.ok('b', { seeders: 7 })
    expect(s.order()).toBe('b a')
    expect(s.set('a b', 'c')).toBe('c started')
    expect(s.order()).toBe('b a c')
    expect(s.status('b').seeders).toBe(7)
    expect(s.status('a').lastError?.code).toBe('TRACKER_TIMEOUT')
    s.ok('c')
    expect(s.set('c', 'b')).toBe('')
    expect(s.order()).toBe('c b')
  })

  it('take over when the one on duty goes, which hears stopped', () => {
    const s = scripted('a')
    s.start()
    s.ok('a')
    expect(s.set('b')).toBe('a stopped, b started')
    expect(s.ok('a')).toBe('')
    expect(s.ok('b')).toBe('')
    expect(s.after(HALF_HOUR)).toBe('b none')
  })

  it('end what is in flight to those that go, who know nothing of us yet', () => {
    const s = scripted('a')
    s.start()
    expect(s.set('b')).toBe('-a, b started')
    expect(s.ok('a')).toBe('')
    expect(s.order()).toBe('b')
  })

  it('may be the old ones again before they have left: they hear stopped to its end, then started', () => {
    const s = scripted('a')
    s.start()
    s.ok('a')
    expect(s.set('b')).toBe('a stopped, b started')
    expect(s.set('a')).toBe('-b')
    expect(s.ok('a')).toBe('a started')
    expect(s.ok('a')).toBe('')
  })

  it('are told nothing while the torrent is stopped, and started when it starts', () => {
    const s = scripted('a')
    expect(s.set('b', 'c')).toBe('')
    expect(s.start()).toBe('b started')
  })
})

describe('a user who wants to know now', () => {
  it('ends backoffs', () => {
    const s = scripted('a', 'b')
    s.start()
    s.fail('a')
    s.fail('b')
    expect(s.want()).toBe('a started')
  })

  it('waits for the min interval of the tracker, or a minute where it names none', () => {
    const s = scripted('a')
    s.start()
    s.ok('a', { minIntervalMs: 3 * MINUTE })
    expect(s.want()).toBe('')
    expect(s.after(3 * MINUTE)).toBe('a none')
    s.ok('a')
    expect(s.want()).toBe('')
    expect(s.after(MINUTE)).toBe('a none')
  })
})
