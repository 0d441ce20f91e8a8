/** When seeding is over: the torrent's own goals, else those of its category, else those of the settings. */
import type { Goals, GoalValue, Reason } from '../../contract/index.ts'
import { durationText } from '../words.ts'

export interface GoalsInForce {
  readonly ratio: number | null
  readonly seedSeconds: number | null
  readonly idleSeconds: number | null
}

export function goalsInForce(
  own: Partial<Goals>,
  category: Partial<Goals> | undefined,
  settings: GoalsInForce,
): GoalsInForce {
  const goal = (name: keyof Goals): number | null =>
    settled(own[name]) ?? settled(category?.[name]) ?? settings[name] ?? null
  const value = (name: keyof Goals): number | null => {
    const found = goal(name)
    return found === Number.POSITIVE_INFINITY ? null : found
  }
  return { ratio: value('ratio'), seedSeconds: value('seedSeconds'), idleSeconds: value('idleSeconds') }
}

export interface Seeding {
  readonly ratio: number
  readonly seedSeconds: number
  /** Since anybody fetched from us, or since it began. */
  readonly idleSeconds: number
}

/** Undefined: not yet. */
export function reachedGoal(goals: GoalsInForce, seeding: Seeding): Reason | undefined {
  const { ratio, seedSeconds, idleSeconds } = goals
  if (ratio !== null && seeding.ratio >= ratio) {
    return stopped('ratio', ratio, `its ratio has reached ${trimmed(ratio)}`)
  }
  if (seedSeconds !== null && seeding.seedSeconds >= seedSeconds) {
    return stopped('seedSeconds', seedSeconds, `it has seeded for ${durationText(seedSeconds)}`)
  }
  if (idleSeconds !== null && seeding.idleSeconds >= idleSeconds) {
    return stopped('idleSeconds', idleSeconds, `nobody has fetched from it for ${durationText(idleSeconds)}`)
  }
  return undefined
}

function stopped(goal: keyof Goals, value: number, why: string): Reason {
  return { code: 'GOAL_REACHED', text: `Stopped: ${why}.`, facts: { goal, value } }
}

/** Undefined: somebody else decides; infinity: never. */
function settled(value: GoalValue | undefined): number | undefined {
  if (value === undefined || value === 'default') return undefined
  return value === 'none' ? Number.POSITIVE_INFINITY : value
}

function trimmed(ratio: number): string {
  return String(Math.round(ratio * 1000) / 1000)
}
