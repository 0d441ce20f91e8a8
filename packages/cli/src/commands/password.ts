import { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { plural } from '../format.ts'
import { askSecret, readLine } from '../input/secret.ts'
import { addColorOption, addExamples, type CommonOptions } from '../options.ts'
import { print } from '../output.ts'
import { connectLocally } from '../remote/connect.ts'

interface PasswordOptions extends CommonOptions {
  readonly link?: boolean
  readonly state?: string
}

export function definePassword(): Command {
  const command = new Command('password')
    .description(
      'Set a new password for the page, where the old one is lost. Only the user who runs the daemon can, on its machine. ' +
        'All browsers have to sign in again; tokens stay.',
    )
    .option('--link', 'print a link to the page where it is set, good once and for an hour')
    .option('--state <folder>', 'where the daemon keeps its state (default: SHOAL_STATE, else the usual one)')
  addColorOption(command)
  addExamples(command, [
    ['shoal password', 'asks for it, without showing it'],
    ['shoal password < file', 'the first line of a file is the password'],
    ['shoal password --link', 'to set it in a browser'],
  ])
  return command.action(async ({ link, state }: PasswordOptions) => {
    process.exitCode = EXIT.ok
    const { client, url } = await connectLocally(state)
    if (link) {
      const { key } = await client.passwordLink()
      return print(`${url}#setup=${key}`)
    }
    const { signedOut } = await client.resetPassword(await newPassword())
    const others = signedOut === 0 ? 'Nobody was signed in.' : `${plural(signedOut, 'browser')} signed out.`
    print(`The new password is set. ${others}`)
  })
}

/** @throws Failure (usage) */
async function newPassword(): Promise<string> {
  const password = process.stdin.isTTY ? await askSecret('New password: ') : await readLine(process.stdin)
  if (password === '') throw new Failure(EXIT.usage, 'no password was given')
  if (process.stdin.isTTY && (await askSecret('Once more: ')) !== password)
    throw new Failure(EXIT.usage, 'these two are not the same', 'nothing was changed')
  return password
}
