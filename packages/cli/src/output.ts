/** Standard output: results only. A reader that goes away (`shoal info x | head`) is no error. */

const gone = new AbortController()

/** Fires when nobody reads standard output any more. */
export const stdoutGone: AbortSignal = gone.signal

/** Call once, before anything is written. */
export function watchStdout(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EOF' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    gone.abort()
  })
  // The last words on a terminal that has gone away are lost, too.
  process.stderr.on('error', () => {})
}

export function print(text: string): void {
  if (!gone.signal.aborted) process.stdout.write(`${text}\n`)
}

/** Resolves once the system has taken all that was printed, or nobody is there to take it. */
export function printed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    if (stream.writableLength === 0) resolve()
    else stream.write('', () => resolve())
  })
}

export function printBytes(bytes: Uint8Array): void {
  if (!gone.signal.aborted) process.stdout.write(bytes)
}

/** One document, for people and programs alike: indented, but lists of numbers in a line. */
export function printDocument(value: unknown): void {
  const text = JSON.stringify(value, undefined, 2)
  // A bracket before a real line feed is never part of a string.
  print(
    text.replace(/\[\n[\d\s,]+\]/g, list =>
      list.replace(/\s+/g, ' ').replace(/^\[ | \]$/g, edge => edge.trim()),
    ),
  )
}

/** One line of NDJSON. */
export function printEvent(event: string, detail: object): void {
  print(JSON.stringify({ event, ...detail }))
}
