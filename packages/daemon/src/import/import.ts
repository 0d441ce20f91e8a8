/** Takes over the torrents of another client. Its own files are only read; both may not run on them at the same time. */
import type { Findings } from './found.ts'
import { messageOf } from './message.ts'
import { type Planned, planOne, type Trust } from './plan.ts'
import { readQbittorrent } from './qbittorrent.ts'
import { readTransmission } from './transmission.ts'

export const CLIENTS = ['transmission', 'qbittorrent'] as const
export type Client = (typeof CLIENTS)[number]

const READERS: Readonly<Record<Client, (folder: string) => Findings>> = {
  transmission: readTransmission,
  qbittorrent: readQbittorrent,
}

export interface ImportPlan {
  readonly torrents: readonly Planned[]
  /** What could not be read: a sentence each. */
  readonly problems: readonly string[]
}

/** @throws Error with a sentence, where the folder is none of this client's */
export function planImport(client: Client, folder: string, trust: Trust): ImportPlan {
  const { torrents, problems } = READERS[client](folder)
  const planned: Planned[] = []
  const failed: string[] = [...problems]
  for (const found of torrents) {
    try {
      planned.push(planOne(found, trust))
    } catch (error) {
      failed.push(`${found.id}: ${messageOf(error)}`)
    }
  }
  return { torrents: planned, problems: failed }
}
