/** What must not be seen: typed at a terminal without an echo, or given by another program. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

/** As long as a password may be, in the longest characters that there are, and the end of the line. */
const MAX_LINE_BYTES = 4 * 1000 + 2

/** Ends with the exit code of an interruption on Ctrl-C and Ctrl-D. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question)
  // What readline would show goes nowhere; it reads key by key all the same.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.on('close', () => reject(new Failure(EXIT.interrupted, 'interrupted')))
      terminal.question('').then(resolve, reject)
    })
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}

/** The first line, without its end. @throws Failure (usage) where it is too long */
export async function readLine(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array)
    chunks.push(bytes)
    size += bytes.length
    if (bytes.includes(0x0a) || size > MAX_LINE_BYTES) break
  }
  const line = Buffer.concat(chunks).toString('utf8').split('\n', 1)[0]!.replace(/\r$/, '')
  if (Buffer.byteLength(line) > MAX_LINE_BYTES)
    throw new Failure(EXIT.usage, 'the first line of standard input is too long for a password')
  return line
}
