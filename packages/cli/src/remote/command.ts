/** What all commands that steer a daemon have in common: where it is, how errors are told, how results are printed. */
import type { Client } from '@shoal/daemon/client'
import type { TorrentRow } from '@shoal/daemon/contract'
import { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { addColorOption, addExamples, type CommonOptions } from '../options.ts'
import { chooseStyle } from '../terminal/style.ts'
import type { TableLook } from '../terminal/table.ts'
import { choose } from './choose.ts'
import { connect } from './connect.ts'

export interface RemoteOptions extends CommonOptions {
  readonly url?: string
  readonly token?: string
  readonly json?: boolean
}

/** How many rows a request brings at most. */
const PAGE = 1000

export interface RemoteCommand {
  readonly name: string
  readonly description: string
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** False: there is nothing to print as JSON. */
  readonly json?: boolean
}

/** Without its arguments and own options, which come before those that all have. */
export function remoteCommand({ name, description }: Pick<RemoteCommand, 'name' | 'description'>): Command {
  return new Command(name).description(description)
}

/** The options that all have, and the examples. */
export function finishRemote(
  command: Command,
  { examples, json = true }: Omit<RemoteCommand, 'name' | 'description'>,
): Command {
  command
    .optionsGroup('Daemon:')
    .option('--url <url>', 'where it answers (default: SHOAL_URL, else the one that runs on this machine)')
    .option('--token <token>', 'an API token (default: SHOAL_TOKEN)')
    .optionsGroup('Output:')
  if (json) command.option('--json', 'one JSON document on standard output')
  addColorOption(command)
  return addExamples(command, examples)
}

/** Runs what a command does with a daemon; it may set another exit code. */
export async function withDaemon(
  options: RemoteOptions,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  process.exitCode = EXIT.ok
  await work(await connect(options))
}

export function tableLook({ color }: CommonOptions): TableLook {
  const isTerminal = process.stdout.isTTY === true
  return {
    columns: isTerminal ? Math.max(40, process.stdout.columns ?? 80) : undefined,
    style: chooseStyle(color, isTerminal, process.env),
  }
}

/** All rows, in the order of the queue. */
export async function allRows(client: Client): Promise<TorrentRow[]> {
  const rows: TorrentRow[] = []
  for (;;) {
    const page = await client.torrents({ sort: 'queue', offset: rows.length, limit: PAGE })
    rows.push(...page.items)
    if (page.items.length === 0 || rows.length >= page.total) return rows
  }
}

/** @throws Failure (source) where a word means none, or more than one torrent */
export async function chosenRows(client: Client, words: readonly string[]): Promise<TorrentRow[]> {
  if (words.length === 0)
    throw new Failure(EXIT.usage, 'name a torrent', 'its id or part of its name, or all')
  return choose(words, await allRows(client))
}

export async function chosenRow(client: Client, word: string): Promise<TorrentRow> {
  const [row, ...others] = await chosenRows(client, [word])
  if (row === undefined) throw new Failure(EXIT.source, 'there are no torrents')
  if (others.length > 0) throw new Failure(EXIT.usage, 'this takes one torrent', 'name one')
  return row
}
