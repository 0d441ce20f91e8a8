/** Every code of the daemon, and every setting, can be said in German; English is the daemon's own. */
import type { Reasons } from '@shoal/daemon/contract'
import { expect, test } from 'vitest'
import { groupOf, SETTING_KEYS } from '../../daemon/src/config/settings.ts'
import { ApiError } from '../src/api/api.ts'
import { formatFor } from '../src/format/format.ts'
import { failureText, problemText, reasonText } from '../src/words/daemon.ts'
import { de } from '../src/words/de.ts'
import { deDaemon } from '../src/words/de-daemon.ts'
import { deSettings } from '../src/words/de-settings.ts'
import { en } from '../src/words/en.ts'

const f = formatFor('de-DE')
const dhtNodes = 387

/** A code without one does not compile. */
const CASES: { readonly [Code in keyof Reasons]: readonly Reasons[Code][] } = {
  NO_PEERS: [
    { trackers: 0, dhtNodes },
    { trackers: 1, dhtNodes: null },
    { trackers: 3, dhtNodes: 1 },
  ],
  NO_TRACKERS: [{}],
  TRACKERS_FAIL: [
    { trackers: 1, message: 'not registered', dhtNodes },
    { trackers: 4, message: null, dhtNodes: null },
  ],
  ASKING_TRACKERS: [
    { trackers: 1, dhtNodes: null },
    { trackers: 2, dhtNodes },
  ],
  NO_CONNECTION: [{ known: 1, dhtNodes }],
  CONNECTING: [{ peers: 1 }, { peers: 2 }],
  NOTHING_NEW: [{ peers: 1 }, { peers: 2 }],
  ALL_CHOKED: [{ peers: 1 }, { peers: 2 }],
  WAITING_TURNS: [{ peers: 1 }, { peers: 2 }],
  MISSING_PIECES: [
    { pieces: 1, first: 17 },
    { pieces: 2, first: 17 },
    { pieces: 13, first: 17 },
  ],
  DISK: [{ waitingBytes: 3e7, bytesPerSec: 5e7 }],
  LIMIT: [
    { of: 'torrent', bytesPerSec: 1e6 },
    { of: 'all', bytesPerSec: 1e6 },
  ],
  LIMIT_ALTERNATIVE: [{}],
  MEMORY: [{ totalBytes: 5e7 }],
  NOBODY_INTERESTED: [{ peers: 0 }, { peers: 1 }, { peers: 2 }],
  UPLOAD_LIMIT: [{ of: 'all', bytesPerSec: 1e6 }],
  PORT_UNREACHABLE: [{}],
  FETCHING: [
    { bytes: 16_384, totalBytes: 32_768, peers: 2 },
    { bytes: 0, totalBytes: 0, peers: 1, known: 4 },
    { bytes: 0, totalBytes: 0, peers: 0, known: 4 },
    { bytes: 0, totalBytes: 0, peers: 0 },
  ],
  FETCH_QUEUED: [{ place: 2, of: 2, limit: 30 }],
  QUEUED: [
    { place: 3, of: 9, limit: 1, kind: 'download' },
    { place: 3, of: 9, limit: 5, kind: 'seed' },
  ],
  START_QUEUED: [{}],
  CHECKING: [{ fraction: 0.4, totalBytes: 5e9 }],
  CHECK_QUEUED: [{}],
  MOVING: [{ to: '/data', fraction: 0.12 }],
  MOVE_QUEUED: [{ to: '/data' }],
  DISK_SPACE: [{ freeBytes: 1, keepBytes: 5e8, neededBytes: 6e8 }],
  DISK_WAIT: [
    { error: 'DISK_FULL', subject: '/data/a', message: 'no space left', seconds: 30 },
    { error: 'SOMETHING_NEW', subject: null, message: 'no idea', seconds: 30 },
  ],
  GOAL_REACHED: [
    { goal: 'ratio', value: 2 },
    { goal: 'seedSeconds', value: 7200 },
    { goal: 'idleSeconds', value: 60 },
  ],
}

test('every reason is one German sentence with all of its figures', () => {
  for (const [code, cases] of Object.entries(CASES)) {
    const say = deDaemon.reasons[code as keyof Reasons] as (facts: unknown, format: typeof f) => string
    const said = (cases as readonly unknown[]).map(facts => say(facts, f))
    expect(new Set(said).size, code).toBe(cases.length)
    for (const text of said) {
      expect(text).toMatch(/^\p{Lu}.*\.$|^\d+ Peers? .*\.$|^„.*\.$/u)
      expect(text).not.toMatch(/undefined|NaN|null|\{/)
    }
  }
})

test('every setting, and every group of them, is explained in German', () => {
  expect(Object.keys(deSettings).sort()).toEqual([...SETTING_KEYS].sort())
  for (const words of [en, de]) {
    const groups = Object.keys(words.settings.groups)
    for (const key of SETTING_KEYS) expect(groups).toContain(groupOf(key))
  }
})

test('in English, and where a code or its figures are not known, the daemon has the word', () => {
  expect(reasonText({ code: 'SOMETHING_NEW', text: 'it waits', facts: {} })).toBe('It waits')
  expect(failureText({ code: 'DISK_FULL', text: '/data is full' })).toBe('/data is full')
  expect(problemText(new ApiError(401, 'UNAUTHORIZED', 'The password is wrong.', 'body.password'))).toBe(
    'The password is wrong.',
  )
  expect(problemText(new ApiError(0, 'UNAVAILABLE', 'fetch failed'))).toBe(en.app.unreachable)
  expect(problemText(new Error('too short'))).toBe('too short')
})
