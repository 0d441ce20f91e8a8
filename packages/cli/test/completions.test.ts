import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { renderCompletions } from '../src/commands/completions.ts'

const COMMANDS = [
  { name: 'get', summary: "download; don't ask", words: ['--dir', '--help'] },
  { name: 'queue', summary: 'whose turn it is', words: ['top', 'bottom', '--help'] },
]

function complete(words: string): string[] {
  const script = `${renderCompletions('bash', COMMANDS)}
COMP_WORDS=(${words}) COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_shoal
printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script], { encoding: 'utf8', cwd: '/' }).trim().split('\n')
}

describe('completions', () => {
  it.runIf(process.platform === 'linux')('of bash offer commands, then what the command takes', () => {
    expect(complete("shoal 'q'")).toEqual(['queue'])
    expect(complete("shoal queue 't'")).toEqual(['top'])
    expect(complete("shoal get '--d'")).toEqual(['--dir'])
  })

  it.runIf(process.platform === 'linux')('of bash offer files where nothing else fits', () => {
    expect(complete("shoal get 'et'")).toEqual(['etc'])
  })

  it('of fish quote what people wrote', () => {
    expect(renderCompletions('fish', COMMANDS)).toContain("-d 'download; don\\'t ask'")
  })
})
