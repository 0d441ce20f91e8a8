/** The body of an answer, as fast as the other side takes it. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** Whoever goes away ends it through `signal`. @throws what reading throws, but for the end by the signal */
export async function sendBytes(
  response: ServerResponse,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of bytes) {
      if (!response.write(chunk)) await once(response, 'drain', { signal })
    }
    response.end()
  } catch (error) {
    // The head is sent: that the rest does not come can only be told by ending early.
    response.destroy()
    if (!signal.aborted) throw error
  }
}
