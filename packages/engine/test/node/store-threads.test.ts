import { describe, expect, it } from 'vitest'
import { startThreadsAhead, takeThread } from '../../src/node/store-threads.ts'

const gone = (thread: { worker: { once(event: 'exit', done: () => void): unknown } }): Promise<void> =>
  new Promise(resolve => {
    thread.worker.once('exit', resolve)
  })

describe('threads that are started ahead', () => {
  it('are taken by those who need one, each once, in their order', async () => {
    startThreadsAhead(2)
    startThreadsAhead(1)
    const threads = [takeThread(), takeThread(), takeThread()]
    expect(new Set(threads).size).toBe(3)
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  })

  it('know that they have begun to listen, whoever was there to hear it', async () => {
    startThreadsAhead(1)
    const probe = takeThread()
    await new Promise(resolve => {
      probe.worker.once('message', resolve)
    })
    expect(probe.isLoaded).toBe(true)
    await probe.worker.terminate()
  })

  it('are not given to anybody once they have died', async () => {
    const [dead] = startThreadsAhead(1)
    const ended = gone(dead!)
    await dead!.worker.terminate()
    await ended
    const thread = takeThread()
    expect(thread).not.toBe(dead)
    expect(thread.worker.threadId).toBeGreaterThan(0)
    await thread.worker.terminate()
  })
})
