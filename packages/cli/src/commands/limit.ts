import type { Goals, GoalValue, TorrentLimits } from '@shoal/daemon/contract'
import { type Command, Option } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { formatRate } from '../format.ts'
import { parseDuration, parseRate, parseRatio, parseWhole } from '../input/quantity.ts'
import { print, printDocument } from '../output.ts'
import { tell } from '../remote/act.ts'
import { chosenRows, finishRemote, type RemoteOptions, remoteCommand, withDaemon } from '../remote/command.ts'

interface LimitOptions extends RemoteOptions {
  readonly down?: number
  readonly up?: number
  readonly connections?: number
  readonly slots?: number
  readonly ratio?: GoalValue
  readonly seedTime?: GoalValue
  readonly idle?: GoalValue
  readonly alternative?: 'on' | 'off' | 'timetable'
}

export function defineLimit(): Command {
  const command = remoteCommand({
    name: 'limit',
    description: 'Limits of torrents; without a torrent, those over all, which are shown when none is given.',
  })
    .argument('[torrent...]', 'ids, parts of names, or all (each of them)')
    .option('--down <rate>', 'receive at most this: 10M, 500K; none lifts it', parseRate('--down'))
    .option('--up <rate>', 'send at most this', parseRate('--up'))
    .option('--connections <count>', 'peers at once; 0 lifts it', parseWhole('--connections', 0, 100_000))
    .option(
      '--slots <count>',
      'of a torrent: peers that are sent to at once; 0 lifts it',
      parseWhole('--slots', 0, 1000),
    )
    .option(
      '--ratio <number>',
      'share until so many times the data has been sent; or none, default',
      goal(parseRatio('--ratio')),
    )
    .option(
      '--seed-time <time>',
      'share for so long: 30m, 2h; or none, default',
      goal(parseDuration('--seed-time')),
    )
    .option(
      '--idle <time>',
      'share until nobody fetched for so long; or none, default',
      goal(parseDuration('--idle')),
    )
    .addOption(
      new Option('--alternative <when>', 'of all: the alternative limits, now or by the timetable').choices([
        'on',
        'off',
        'timetable',
      ]),
    )
  return finishRemote(command, {
    examples: [
      ['shoal limit', 'what is in force over all torrents'],
      ['shoal limit --down 5M --up 1M', 'over all'],
      ['shoal limit debian --up 200K --ratio 2', 'of one'],
      ['shoal limit --alternative on', 'the slow ones, until told otherwise'],
    ],
  }).action((words: string[], options: LimitOptions) =>
    words.length > 0 ? limitTorrents(words, options) : limitAll(options),
  )
}

function limitTorrents(words: readonly string[], options: LimitOptions): Promise<void> {
  if (options.alternative !== undefined)
    throw new Failure(EXIT.usage, '--alternative is for all torrents', 'leave the torrent out')
  const limits: Partial<TorrentLimits> = {
    ...(options.down !== undefined && { download: options.down || null }),
    ...(options.up !== undefined && { upload: options.up || null }),
    ...(options.connections !== undefined && { connections: options.connections || null }),
    ...(options.slots !== undefined && { uploadSlots: options.slots || null }),
  }
  const goals: Partial<Goals> = {
    ...(options.ratio !== undefined && { ratio: options.ratio }),
    ...(options.seedTime !== undefined && { seedSeconds: options.seedTime }),
    ...(options.idle !== undefined && { idleSeconds: options.idle }),
  }
  if (Object.keys(limits).length + Object.keys(goals).length === 0)
    throw new Failure(EXIT.usage, 'no limit is given', 'see shoal limit --help')
  return withDaemon(options, async client => {
    const rows = await chosenRows(client, words)
    for (const { id } of rows) await client.patch(id, { limits, goals })
    tell('Limits changed of', rows, options)
  })
}

function limitAll(options: LimitOptions): Promise<void> {
  const { down, up, connections, ratio, seedTime, idle, alternative, slots } = options
  if (slots !== undefined) throw new Failure(EXIT.usage, '--slots is for single torrents', 'name one')
  const off = (value: GoalValue): number | null => (typeof value === 'number' ? value : null)
  const changes: Record<string, unknown> = {
    ...(down !== undefined && { 'limits.download': down || null }),
    ...(up !== undefined && { 'limits.upload': up || null }),
    ...(connections !== undefined && { 'network.connections': connections }),
    ...(ratio !== undefined && { 'goals.ratio': off(ratio) }),
    ...(seedTime !== undefined && { 'goals.seed_time': off(seedTime) }),
    ...(idle !== undefined && { 'goals.idle_time': off(idle) }),
  }
  return withDaemon(options, async client => {
    if (Object.keys(changes).length > 0) await client.changeSettings(changes)
    if (alternative !== undefined)
      await client.setAlternative(alternative === 'timetable' ? null : alternative === 'on')
    const { limits, alternative: other } = await client.session()
    if (options.json) return printDocument({ limits, alternative: other })
    const pair = (of: { download: number | null; upload: number | null }): string =>
      `${text(of.download)} down, ${text(of.upload)} up`
    print(
      `In force: ${pair(other.active ? other : limits)}${other.active ? ' (the alternative limits)' : ''}`,
    )
    print(`Usually:  ${pair(limits)}`)
    print(`Slow:     ${pair(other)}${other.by === 'timetable' ? ', now by the timetable' : ''}`)
  })
}

function text(limit: number | null): string {
  return limit === null ? 'no limit' : formatRate(limit)
}

/** A number, `none` or `default`. */
function goal(parse: (text: string) => number): (text: string) => GoalValue {
  return word => (word === 'none' || word === 'default' ? word : parse(word))
}
