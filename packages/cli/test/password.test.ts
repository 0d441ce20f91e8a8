/** A lost password, from the command line: against the real doors, found as programs of the same user find them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { writeRunning } from '../../daemon/src/config/running.ts'
import { createRig, PASSWORD, type Rig } from '../../daemon/test/http/rig.ts'
import { definePassword } from '../src/commands/password.ts'
import { explain } from '../src/failure.ts'
import { askSecret, readLine } from '../src/input/secret.ts'

async function place(): Promise<{ readonly rig: Rig; readonly state: string; readonly url: string }> {
  const state = mkdtempSync(join(tmpdir(), 'shoal-password-'))
  const rig = await createRig()
  onTestFinished(async () => {
    await rig[Symbol.asyncDispose]()
    rmSync(state, { recursive: true, force: true })
  })
  const { port } = await rig.http.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}/`
  writeRunning(state, { url, token: rig.access.createLocalToken(), pid: process.pid })
  return { rig, state, url }
}

/** With this on standard input. */
async function shoal(words: readonly string[], input = ''): Promise<string> {
  const said: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(text => said.push(String(text)) > 0)
  const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([input]) as never)
  const before = process.exitCode
  try {
    await definePassword().parseAsync([...words], { from: 'user' })
    return said.join('')
  } finally {
    process.exitCode = before
    write.mockRestore()
    stdin.mockRestore()
  }
}

test('a new one is read from standard input, and those who were signed out are counted', async () => {
  const { rig, state } = await place()
  await rig.signIn()
  expect(await shoal(['--state', state], 'battery staple\nand more')).toBe(
    'The new password is set. 2 browsers signed out.\n',
  )
  expect([await rig.access.isPassword('battery staple'), await rig.access.isPassword(PASSWORD)]).toEqual([
    true,
    false,
  ])
})

test('a link is printed by which it is set once', async () => {
  const { rig, state, url } = await place()
  const link = (await shoal(['--state', state, '--link'])).trim()
  expect(link.startsWith(`${url}#setup=`)).toBe(true)
  await rig.access.setUp(link.split('=')[1]!, 'battery staple')
  expect(await rig.access.isPassword('battery staple')).toBe(true)
})

test('none is set where nobody runs, none was given, or it is too short', async () => {
  const { rig, state } = await place()
  const line = async (words: readonly string[], input: string): Promise<unknown> => {
    const { line, exitCode } = explain(await shoal(words, input).catch((error: unknown) => error))
    return [line, exitCode]
  }
  expect(await line(['--state', join(state, 'none')], 'battery staple')).toEqual([
    expect.stringMatching(/^no daemon runs on this machine; start it with shoal serve; .*same user/),
    10,
  ])
  expect(await line(['--state', state], '')).toEqual(['no password was given', 2])
  expect(await line(['--state', state], 'short')).toEqual([expect.stringContaining('at least 8'), 2])
  expect(await rig.access.isPassword(PASSWORD)).toBe(true)
})

test('a terminal does not show what is typed', async () => {
  const keys = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => keys })
  const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(keys as never)
  let shown = ''
  const show = (text: unknown): boolean => {
    shown += text
    return true
  }
  const spies = [process.stderr, process.stdout].map(stream =>
    vi.spyOn(stream, 'write').mockImplementation(show),
  )
  try {
    const typed = askSecret('New password: ')
    keys.write('battery stapel\x7f\x7fle\r')
    expect(await typed).toBe('battery staple')
    const ended = expect(askSecret('Once more: ')).rejects.toMatchObject({ exitCode: 130 })
    keys.write('\x03')
    await ended
  } finally {
    for (const spy of [stdin, ...spies]) spy.mockRestore()
  }
  expect(shown).toBe('New password: \nOnce more: \n')
})

test('a line that does not end is not read to its end', async () => {
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) yield Buffer.alloc(1000, 'x')
  }
  await expect(readLine(endless())).rejects.toThrow('too long')
  expect(await readLine(Readable.from(['a b ', 'c\r\n', 'd']))).toBe('a b c')
})
