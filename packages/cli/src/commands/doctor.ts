import { examine } from '@shoal/daemon'
import { Command } from 'commander'
import { addPlaceOptions, loadConfig, type PlaceOptions } from '../daemon/config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { addColorOption, addExamples, type CommonOptions } from '../options.ts'
import { print, printDocument } from '../output.ts'
import { safeText } from '../terminal/safe-text.ts'
import { chooseStyle, type Style } from '../terminal/style.ts'

type Finding = Awaited<ReturnType<typeof examine>>[number]

interface DoctorOptions extends PlaceOptions, CommonOptions {
  readonly json?: boolean
}

export function defineDoctor(): Command {
  const command = new Command('doctor').description(
    'Look for what may stand in the way of the daemon: ports, folders, names, limits of the system. Changes nothing.',
  )
  addPlaceOptions(command)
  command.optionsGroup('Output:').option('--json', 'one JSON document on standard output')
  addColorOption(command)
  addExamples(command, [
    ['shoal doctor', 'whether the daemon runs or not'],
    ['shoal doctor --config /etc/shoal.toml', 'with the configuration of a service'],
  ])
  return command.action(async (options: DoctorOptions) => {
    const findings = await examine(loadConfig(options))
    const isWell = findings.every(({ outcome }) => outcome !== 'problem')
    if (options.json) printDocument({ ok: isWell, findings })
    else
      print(renderFindings(findings, chooseStyle(options.color, process.stdout.isTTY === true, process.env)))
    process.exitCode = isWell ? EXIT.ok : EXIT.other
  })
}

function renderFindings(findings: readonly Finding[], style: Style): string {
  const width = Math.max(...findings.map(({ what }) => what.length))
  const marks = { ok: style.good('ok     '), note: style.warn('note   '), problem: style.bad('problem') }
  return findings
    .flatMap(({ what, outcome, text, advice }) => [
      `${marks[outcome]}  ${what.padEnd(width)}  ${safeText(text)}`,
      ...(advice === undefined ? [] : [`${' '.repeat(width + 11)}${style.dim(safeText(advice))}`]),
    ])
    .join('\n')
}
