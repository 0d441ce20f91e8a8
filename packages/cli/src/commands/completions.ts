/** `shoal completions SHELL`: a script that completes commands, their options and the choices of those. */
import { Argument, Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { COMMANDS } from '../help.ts'
import { addExamples } from '../options.ts'
import { print } from '../output.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** What can follow a command: its options, and its own sub-commands. */
export interface CompletionWords {
  readonly name: string
  readonly summary: string
  readonly words: readonly string[]
}

/** @param load defines a command by its name */
export function defineCompletions(load: (name: string) => Promise<Command>): Command {
  const command = new Command('completions')
    .description('Print a script that lets your shell complete commands and options.')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
  addExamples(command, [
    ['eval "$(shoal completions bash)"', 'in ~/.bashrc'],
    ['eval "$(shoal completions zsh)"', 'in ~/.zshrc, after compinit'],
    ['shoal completions fish > ~/.config/fish/completions/shoal.fish', 'once'],
  ])
  return command.action(async (shell: Shell) => {
    const words = await Promise.all(
      COMMANDS.map(async ({ name, summary }) => ({ name, summary, words: wordsOf(await load(name)) })),
    )
    print(renderCompletions(shell, words))
    process.exitCode = EXIT.ok
  })
}

function wordsOf(command: Command): string[] {
  const options = command.options.flatMap(option => (option.long === undefined ? [] : [option.long]))
  const actions = command.commands.map(each => each.name())
  const choices = command.registeredArguments.flatMap(argument => argument.argChoices ?? [])
  return [...new Set([...actions, ...choices, ...options, '--help'])]
}

export function renderCompletions(shell: Shell, commands: readonly CompletionWords[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands)
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`
    case 'fish':
      return fish(commands)
  }
}

/** Where nothing matches, files: sources and folders are files more often than not. */
function bash(commands: readonly CompletionWords[]): string {
  const cases = commands.map(({ name, words }) => `    ${name}) words='${words.join(' ')}' ;;`)
  return `_shoal() {
  local current=\${COMP_WORDS[COMP_CWORD]} words
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${commands.map(({ name }) => name).join(' ')} --help --version'
  else case \${COMP_WORDS[1]} in
${cases.join('\n')}
    *) words='' ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _shoal shoal`
}

function fish(commands: readonly CompletionWords[]): string {
  const lines = commands.flatMap(({ name, summary, words }) => [
    `complete -c shoal -n __fish_use_subcommand -a ${name} -d '${summary.replaceAll("'", "\\'")}'`,
    ...words.map(word =>
      word.startsWith('--')
        ? `complete -c shoal -n '__fish_seen_subcommand_from ${name}' -l ${word.slice(2)}`
        : `complete -c shoal -n '__fish_seen_subcommand_from ${name}' -a ${word}`,
    ),
  ])
  return lines.join('\n')
}
