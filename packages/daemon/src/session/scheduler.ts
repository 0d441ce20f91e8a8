/** Who may run, be asked about, be checked or be moved now. Decides and marks; steps are taken elsewhere. */

import type { Reason } from '../contract/index.ts'
import type { Item } from './item.ts'
import { takeTurns, type Waiting } from './rules/queue.ts'
import type { SessionSettings } from './session.ts'

/** Magnet links that are asked about at a time. */
export const FETCHES = 30
/** How long one may take while others wait: a link that nobody answers must not keep the place. */
const FETCH_TURN_MS = 120_000
/** Torrents that are looked at on disk at a time while they start: most take a few ms. */
const MAX_OPENING = 16
/** Of those, how many may take longer, as all of their data is hashed. */
const MAX_LONG_CHECKS = 2

export interface ScheduleFacts {
  readonly now: number
  readonly settings: SessionSettings
  /** Why a torrent that would download is held. */
  readonly heldBy: (item: Item) => Reason | undefined
}

/** @param live in the order of the queue. @returns those for which something changed */
export function schedule(live: readonly Item[], facts: ScheduleFacts): Item[] {
  const before = new Map(live.map(item => [item, marksOf(item)]))
  scheduleFetches(live, facts.now)
  scheduleRuns(live, facts)
  scheduleWork(live)
  return live.filter(item => before.get(item) !== marksOf(item))
}

function scheduleFetches(live: readonly Item[], now: number): void {
  const wanting = live.filter(item => isReady(item) && item.record.magnet !== undefined)
  // Those that had a turn and were not told come after those that had none yet.
  const waiting = wanting
    .filter(({ live }) => live!.fetch === undefined)
    .sort((a, b) => turnsOf(a) - turnsOf(b))
  const fetching = wanting.filter(({ live }) => live!.fetch !== undefined)
  const tired = fetching.filter(
    ({ live }) => now - live!.fetch!.since > FETCH_TURN_MS && live!.fetch!.bytes === undefined,
  )
  const free = FETCHES - fetching.length
  for (const item of tired.slice(0, Math.max(0, waiting.length - free))) {
    item.live!.mayRun = false
    item.live!.fetchTurns++
  }
  const places = Math.max(0, free)
  waiting.forEach((item, index) => {
    const live = item.live!
    live.mayRun = index < places
    live.waiting = live.mayRun
      ? undefined
      : { place: index - places + 1, of: waiting.length - places, limit: FETCHES }
  })
  for (const { live: each } of fetching) each!.waiting = undefined
}

function scheduleRuns(live: readonly Item[], { settings, heldBy }: ScheduleFacts): void {
  const candidates: ReturnType<typeof candidateOf>[] = []
  for (const item of live) {
    const { record } = item
    if (record.magnet !== undefined) continue
    item.live!.held = undefined
    item.live!.waiting = undefined
    if (!isReady(item)) {
      item.live!.mayRun = false
      continue
    }
    const held = record.leftBytes > 0 ? heldBy(item) : undefined
    item.live!.held = held
    if (held === undefined) candidates.push(candidateOf(item))
    else item.live!.mayRun = false
  }
  const { turns, waiting } = takeTurns(candidates, settings.queue)
  let opening = 0
  let longChecks = 0
  for (const { item } of candidates) {
    const state = item.live!.summary?.state
    const isOpening = item.live!.doing?.kind === 'starting' || state === 'checking'
    if (isOpening) opening++
    if (state === 'checking' && item.live!.summary!.checkedFraction > 0) longChecks++
  }
  for (const candidate of candidates) {
    const live = candidate.item.live!
    const wait: Waiting | undefined = waiting.get(candidate)
    live.waiting = wait
    const isIn = live.torrent !== undefined || live.doing?.kind === 'starting'
    if (!turns.has(candidate)) live.mayRun = false
    else if (isIn) live.mayRun = true
    else if (opening < MAX_OPENING && longChecks < MAX_LONG_CHECKS) {
      opening++
      live.mayRun = true
    } else {
      live.mayRun = false
      live.held = START_QUEUED
    }
  }
}

const START_QUEUED: Reason = {
  code: 'START_QUEUED',
  text: 'Waits to be started: others are being checked first.',
  facts: {},
}

function candidateOf(item: Item): {
  readonly item: Item
  readonly kind: 'download' | 'seed'
  readonly forced: boolean
  readonly slow: boolean
} {
  const live = item.live!
  return {
    item,
    kind: item.record.leftBytes > 0 ? 'download' : 'seed',
    forced: item.record.intent === 'force',
    slow: live.pace.slow && live.torrent !== undefined,
  }
}

/** One check and one move at a time: two that share a disk take longer than one after the other. */
function scheduleWork(live: readonly Item[]): void {
  const isTaken = (kind: 'checking' | 'moving', may: 'mayCheck' | 'mayMove'): boolean =>
    live.some(item => item.live!.doing?.kind === kind || item.live![may])
  if (!isTaken('checking', 'mayCheck')) {
    const next = live.find(({ record }) => record.pending.check && record.pending.remove === undefined)
    if (next !== undefined) next.live!.mayCheck = true
  }
  if (!isTaken('moving', 'mayMove')) {
    const next = live.find(
      ({ record }) => record.pending.moveTo !== undefined && record.pending.remove === undefined,
    )
    if (next !== undefined) next.live!.mayMove = true
  }
}

function isReady({ isWanted, record }: Item): boolean {
  return isWanted && record.failure?.blocks !== true && record.pending.remove === undefined
}

function turnsOf({ live }: Item): number {
  return live!.fetchTurns
}

function marksOf({ live }: Item): string {
  const { mayRun, mayCheck, mayMove, waiting, held } = live!
  return `${mayRun} ${mayCheck} ${mayMove} ${waiting?.place} ${waiting?.of} ${waiting?.limit} ${held?.text}`
}
