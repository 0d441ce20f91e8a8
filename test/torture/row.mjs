/**
 * The process of one row; run.mjs starts it and talks to it by messages. It first says who it is, waits for its turn,
 * then runs, and answers with what came out.
 */
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'

const { file, full, seed, work } = JSON.parse(process.argv[2])

// The runner is gone, and with it whoever would end us: take along all that this row started.
process.on('disconnect', () =>
  process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL'),
)

let row
try {
  row = await import(pathToFileURL(file).href)
} catch (error) {
  process.send({ type: 'row', title: basename(file), alone: false })
  await answer({ ok: false, count: '', figure: 'does not load', notes: [String(error?.stack ?? error)] })
}
process.send({ type: 'row', title: row.title, alone: row.alone === true })

process.once('message', async () => {
  const startMs = performance.now()
  const log = line => process.send({ type: 'log', line })
  let result
  try {
    result = await row.run({ full, seed, work, log })
  } catch (error) {
    result = { ok: false, count: '', figure: 'threw', notes: [String(error?.stack ?? error)] }
  }
  await answer({ ...result, seconds: (performance.now() - startMs) / 1000 })
})

/** Ends the process, whatever the row has left open. */
async function answer(result) {
  await new Promise(resolve => process.send({ type: 'result', ...result }, resolve))
  process.removeAllListeners('disconnect')
  process.exit(0)
}
