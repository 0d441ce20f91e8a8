/**
 * The page with 10,000 torrents of which 1,000 change each second, in Chromium, next to the pages of Transmission and
 * qBittorrent with as many that rest: when rows are on the screen, long tasks and frames while it is scrolled for 10 s,
 * what it keeps, and how long a torrent of 50,000 files takes to open. One line of JSON.
 *
 *     node bench/web.mjs                            # all that is installed, some minutes
 *     node bench/web.mjs --only shoal --runs 5
 *     node bench/web.mjs --files 0                  # no torrent of many files
 *     node bench/web.mjs --only shoal --memory 60   # nothing but what it keeps, looked at for an hour
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CLIENTS } from './web/clients.mjs'
import { launch, memory, memoryOver, open, scroll, timeTo } from './web/page.mjs'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(CLIENTS) },
    torrents: { type: 'string', default: '10000' },
    files: { type: 'string', default: '50000' },
    changes: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '3' },
    scroll: { type: 'string', default: '10' },
    memory: { type: 'string' },
  },
})
const [count, files, changes, runs, scrollSeconds] = ['torrents', 'files', 'changes', 'runs', 'scroll'].map(
  name => Number(options[name]),
)

const ending = []
let isInterrupted = false
const end = async () => {
  for (const last of ending.splice(0).reverse()) await last()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    isInterrupted = true
    void end().then(() => process.exit(1))
  })
}

try {
  for (const name of options.only) {
    if (!CLIENTS[name].installed || isInterrupted) continue
    const folder = mkdtempSync(join(tmpdir(), 'shoal-bench-web-'))
    ending.push(async () => rmSync(folder, { recursive: true, force: true }))
    note(`${name}: starting with ${count} torrents`)
    const client = await CLIENTS[name].start({
      folder,
      count,
      files,
      changes,
      onEnd: stop => ending.push(stop),
    })
    const browser = await launch()
    ending.push(() => browser.close())
    const measured =
      options.memory === undefined ? await figures(name, browser, client) : await remembered(browser, client)
    console.log(JSON.stringify({ client: name, ...client.told, ...measured }, rounded))
    await end()
  }
} catch (error) {
  // A browser that is taken away in the midst of something says so at length.
  if (!isInterrupted) throw error
} finally {
  await end()
}

async function figures(name, browser, client) {
  const looks = []
  for (let run = 0; run < runs; run++) {
    const { page, shown, close } = await open(browser, client)
    const look = { rowsMs: shown.rowsMs, paintMs: shown.paintMs }
    Object.assign(look, await memory(page))
    for (const [view, go] of Object.entries(client.views)) {
      await go?.(page)
      look[view] = await scroll(page, client, scrollSeconds)
    }
    note(`${name}: ${JSON.stringify(look, rounded)}`)
    if (client.selectAll !== undefined) look.selectAllMs = await client.selectAll(page, timeTo)
    if (files > 0) look.filesMs = await client.openFiles(page, timeTo)
    looks.push(look)
    if (files > 0) note(`${name}: ${JSON.stringify({ filesMs: look.filesMs }, rounded)}`)
    await close()
  }
  return median(looks)
}

/** In the view where the most moves; it is scrolled before each look, as somebody would who comes by. */
async function remembered(browser, client) {
  const { page, close } = await open(browser, client)
  const go = Object.values(client.views).at(-1)
  await go?.(page)
  const looks = await memoryOver(page, Number(options.memory), client, look => {
    note(JSON.stringify({ ...look, load: loadavg()[0] }, rounded))
  })
  await close()
  return { looks }
}

/** Of each figure by itself, and the least and the most. */
function median(looks) {
  return Object.fromEntries(
    Object.entries(looks[0]).map(([key, value]) => {
      const all = looks.map(look => look[key])
      if (typeof value === 'object' && value !== null) return [key, median(all)]
      // Null: it took too long to wait for.
      all.sort((a, b) => (a ?? Infinity) - (b ?? Infinity))
      return [key, { median: all[Math.floor(all.length / 2)], least: all[0], most: all.at(-1) }]
    }),
  )
}

function rounded(_, value) {
  return typeof value === 'number' ? Number(value.toFixed(value < 10 ? 2 : 0)) : value
}

function note(text) {
  process.stderr.write(`${text}\n`)
}
