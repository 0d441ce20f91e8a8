/** Which command a command line means: the first word, or `get` where that is a source. */
import { existsSync } from 'node:fs'
import { EXIT } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { COMMANDS } from './help.ts'
import { isInfoHash } from './input/source.ts'
import { nearest } from './nearest.ts'

export type Route =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'command'; readonly name: string; readonly args: readonly string[] }

const NAMES = COMMANDS.map(command => command.name)

/** @throws Failure (usage) for a word that is neither command nor source */
export function route(argv: readonly string[], exists: (path: string) => boolean = existsSync): Route {
  const [first, second] = argv
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help' }
  if (first === '--version' || first === '-V') return { kind: 'version' }
  if (first === 'help') {
    if (second === undefined) return { kind: 'help' }
    return { kind: 'command', name: requireCommand(second), args: ['--help'] }
  }
  if (NAMES.includes(first)) return { kind: 'command', name: first, args: argv.slice(1) }
  // `shoal --color never info x`: the one option that all commands have may come first.
  const colors = first === '--color' ? 2 : first.startsWith('--color=') ? 1 : 0
  if (colors > 0 && NAMES.includes(argv[colors] ?? ''))
    return {
      kind: 'command',
      name: argv[colors]!,
      args: [...argv.slice(colors + 1), ...argv.slice(0, colors)],
    }
  if (first.startsWith('-') || looksLikeSource(first) || exists(first))
    return { kind: 'command', name: 'get', args: argv }
  requireCommand(first)
  return { kind: 'help' }
}

function looksLikeSource(word: string): boolean {
  return /[./\\:]/.test(word) || isInfoHash(word)
}

function requireCommand(word: string): string {
  if (NAMES.includes(word)) return word
  const near = nearest(word, NAMES)
  throw new Failure(
    EXIT.usage,
    `'${word}' is neither a command nor a file`,
    near === undefined ? 'see shoal --help' : `did you mean ${near}?`,
  )
}
