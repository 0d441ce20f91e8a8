/** What fails at once is still an answer with words; after the first byte there is no place for any. */

/** Bytes that have to be fetched first may take minutes: whoever asks is told at once that they come. */
const WAIT_MS = 200

/** The same bytes. @throws what their source throws at its beginning */
export async function begun(bytes: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = bytes[Symbol.asyncIterator]()
  const first = iterator.next()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(done => {
    timer = setTimeout(done, WAIT_MS)
  })
  try {
    await Promise.race([first, late])
  } finally {
    clearTimeout(timer)
  }
  return rest(first, iterator)
}

async function* rest(
  first: Promise<IteratorResult<Uint8Array>>,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let result = await first; result.done !== true; result = await iterator.next()) yield result.value
  } finally {
    await iterator.return?.()
  }
}
