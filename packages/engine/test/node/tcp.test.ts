import { expect, test } from 'vitest'
import { createTcp } from '../../src/node/tcp.ts'
import type { Link, LinkHandler, Listener } from '../../src/ports.ts'

const HERE = '127.0.0.1'

/** Both ends of one connection; `onLink` sees the accepted one first. */
function connected(
  bindHost: string | undefined,
  onLink: (link: Link) => void,
): Promise<{ listener: Listener; reason: Error | undefined; heard: number; text: string }> {
  return new Promise((resolve, reject) => {
    const net = createTcp({ bindHost })
    let heard = 0
    let text = ''
    const quiet: LinkHandler = { onOpen() {}, onBytes() {}, onDrain() {}, onClose() {} }
    const listener = net.listen(
      { host: HERE, port: 0 },
      {
        onListening: port => {
          net.connect(
            { host: HERE, port },
            {
              ...quiet,
              onBytes: chunk => {
                heard += chunk.length
                text += Buffer.from(chunk.subarray(0, 100)).toString()
              },
              onClose: reason => resolve({ listener, reason, heard, text }),
            },
          )
        },
        onLink: link => {
          onLink(link)
          return quiet
        },
        onError: reject,
      },
    )
  })
}

test('a connection that is turned away as soon as it is accepted is closed', async () => {
  const { listener } = await connected(undefined, link => link.close())
  listener.close()
})

test('a bound name, rather than an address, does not keep us from connecting', async () => {
  const { listener } = await connected('localhost', link => link.close())
  listener.close()
})

test('a batch is told to be taken in a later turn, and before its memory is used again', async () => {
  let taken = 0
  const { listener, heard } = await connected(undefined, link => {
    setTimeout(() => {
      let inTurn = true
      link.cork()
      for (let n = 0; n < 4; n++) {
        link.send(new Uint8Array(100_000), () => {
          expect(inTurn).toBe(false)
          if (++taken === 4) setTimeout(() => link.close(), 50)
        })
      }
      link.uncork()
      inTurn = false
    }, 1)
  })
  listener.close()
  expect(taken).toBe(4)
  expect(heard).toBe(400_000)
})

test('what is sent between cork and uncork is queued at once and comes in its order, be it one message or more', async () => {
  const { listener, text } = await connected(undefined, link => {
    const send = (message: string): void => link.send(Buffer.from(message))
    link.cork()
    link.uncork()
    link.cork()
    send('one')
    expect(link.queuedBytes).toBe(3)
    link.uncork()
    send(' two')
    link.cork()
    send(' three')
    link.cork()
    send(' four')
    link.uncork()
    send(' five')
    expect(link.queuedBytes).toBeGreaterThanOrEqual(' three four five'.length)
    link.uncork()
    link.send(Buffer.from(' six'), () => link.close())
  })
  listener.close()
  expect(text).toBe('one two three four five six')
})

test('what is held when the connection is closed goes nowhere', async () => {
  const { listener, reason, text } = await connected(undefined, link => {
    link.send(Buffer.from('said'), () => {
      link.cork()
      link.send(Buffer.from(' late'))
      link.close()
      link.uncork()
    })
  })
  listener.close()
  expect([text, reason]).toEqual(['said', undefined])
})
