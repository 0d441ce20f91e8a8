import { CLIENTS, type Client, type ImportPlan, importInto, planImport } from '@shoal/daemon'
import { Argument, Command } from 'commander'
import { addPlaceOptions, type PlaceOptions, stateFolderOf } from '../daemon/config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { addColorOption, addExamples, type CommonOptions } from '../options.ts'
import { print, printDocument } from '../output.ts'
import { safeText } from '../terminal/safe-text.ts'
import { padEnd } from '../terminal/width.ts'

interface ImportOptions extends PlaceOptions, CommonOptions {
  readonly dryRun?: boolean
  readonly check?: boolean
  readonly trust?: boolean
  readonly json?: boolean
}

export function defineImport(): Command {
  const command = new Command('import')
    .description(
      'Take over the torrents of another client, into a daemon that does not run: what they are, where their data is, how far they are, whether they run. Stop the other client first; its own files are only read.',
    )
    .addArgument(new Argument('<client>', 'whose torrents').choices(CLIENTS))
    .argument('<folder>', 'where it keeps them: ~/.config/transmission-daemon, ~/.local/share/qBittorrent')
    .option('--dry-run', 'only tell what would be done')
    .option(
      '--trust',
      'data of which the other client says nothing counts as whole where its sizes are right',
    )
    .option('--check', 'trust nothing: hash all data at the first start')
  addPlaceOptions(command)
  command.optionsGroup('Output:').option('--json', 'one JSON document on standard output')
  addColorOption(command)
  addExamples(command, [
    ['shoal import transmission ~/.config/transmission-daemon --dry-run', 'look first'],
    ['shoal import transmission /var/lib/transmission-daemon/info', 'of a service'],
    ['shoal import qbittorrent ~/.local/share/qBittorrent', 'or the folder BT_backup itself'],
  ])
  return command.action(async (client: Client, folder: string, options: ImportOptions) => {
    const plan = planOrExplain(client, folder, options)
    const written = options.dryRun ? undefined : await importInto(stateFolderOf(options), plan.torrents)
    const problems = [...plan.problems, ...(written?.problems ?? [])]
    if (options.json) {
      const torrents = plan.torrents.map(({ found, name, data }) => ({
        id: found.id,
        name,
        dir: found.dir,
        running: found.running,
        data,
      }))
      printDocument({ torrents, added: written?.added ?? 0, duplicates: written?.duplicates ?? [], problems })
    } else {
      print(table(plan))
      if (written !== undefined) print(summary(written.added, written.duplicates.length))
      for (const problem of problems) process.stderr.write(`shoal: warning: ${safeText(problem)}\n`)
    }
    process.exitCode = problems.length === 0 ? EXIT.ok : EXIT.source
  })
}

function planOrExplain(client: Client, folder: string, { trust, check }: ImportOptions): ImportPlan {
  if (trust && check) throw new Failure(EXIT.usage, '--trust and --check contradict each other')
  try {
    return planImport(client, folder, check ? 'nothing' : trust ? 'sizes' : 'records')
  } catch (error) {
    const hint = `name the folder in which ${client} keeps its torrents`
    throw new Failure(EXIT.source, error instanceof Error ? error.message : String(error), hint)
  }
}

function table({ torrents }: ImportPlan): string {
  const rows = torrents.map(({ found, name, data }) => [
    safeText(name),
    found.running ? 'runs' : 'stopped',
    data,
    safeText([found.category, ...found.labels].filter(each => each !== undefined).join(', ')),
    safeText(found.place),
  ])
  return columns([['NAME', 'STATE', 'DATA', 'LABELS', 'FOLDER'], ...rows])
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.min(40, Math.max(...rows.map(row => row[column]!.length))))
  return rows
    .map(row =>
      row
        .map((cell, column) => padEnd(cell, widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function summary(added: number, duplicates: number): string {
  const also = duplicates === 0 ? '' : `; ${duplicates} ${duplicates === 1 ? 'was' : 'were'} here already`
  return `${added} ${added === 1 ? 'torrent was' : 'torrents were'} taken over${also}. Start the daemon with shoal serve.`
}
