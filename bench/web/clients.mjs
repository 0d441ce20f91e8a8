/** How each page is reached with thousands of torrents behind it, and where in it things are. */
import { fork, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startQbittorrent, startTransmission } from './others.mjs'

const START_MS = 240_000

/**
 * `start` answers { url, cookies, rows, scroller, views, selectAll?, openFiles, told }: see `page.mjs`. `views`: by name,
 * what makes the page show the list that is scrolled then; `selectAll`, `openFiles` of the torrent of many files: say how
 * long that took.
 */
export const CLIENTS = {
  shoal: { installed: true, start: startShoal },
  transmission: {
    installed: has('transmission-daemon'),
    async start(asked) {
      const { url, startSeconds } = await startTransmission(asked)
      return {
        url,
        rows: '#torrent_list .torrent .torrent_name',
        scroller: '#torrent_container',
        views: { asItIs: undefined },
        async openFiles(page, timeTo) {
          await press(page, '#torrent_list .torrent', 'very many files')
          await page.click('#toolbar-inspector')
          return await timeTo(page, '#inspector-tab-files', '#inspector_file_list li')
        },
        told: { torrents: asked.count, startSeconds },
      }
    },
  },
  qbittorrent: {
    installed: has('qbittorrent-nox'),
    async start(asked) {
      const { url, startSeconds } = await startQbittorrent(asked)
      return {
        url,
        rows: '#torrentsTableDiv tbody tr td',
        scroller: '#torrentsTableDiv',
        views: { asItIs: undefined },
        async openFiles(page, timeTo) {
          await press(page, '#torrentsTableDiv tbody tr', 'very many files')
          await page.waitForSelector('#PropFilesLink', { state: 'visible' })
          return await timeTo(page, '#PropFilesLink', '#torrentFilesTableDiv tbody tr')
        },
        told: { torrents: asked.count, startSeconds },
      }
    },
  },
}

async function startShoal({ folder, count, files, changes, onEnd }) {
  const child = fork(fileURLToPath(new URL('shoal.mjs', import.meta.url)), [
    folder,
    ...[count, files, changes].map(String),
  ])
  const ended = new Promise(done => child.once('exit', done))
  onEnd(async () => {
    child.kill()
    await ended
  })
  const { port, cookie, total, manyFiles } = await new Promise((done, failed) => {
    child.once('message', done)
    child.once('exit', () => failed(new Error('the daemon has ended')))
    setTimeout(() => failed(new Error('the daemon does not start')), START_MS).unref()
  })
  const url = `http://127.0.0.1:${port}/`
  const sorted = hash => async page => {
    await page.evaluate(to => {
      location.hash = to
    }, hash)
    await page.waitForTimeout(1500)
  }
  return {
    url,
    cookies: [{ name: `shoal-${port}`, value: cookie, url }],
    rows: '.row .in-name',
    blank: '.row.unknown',
    scroller: '#list',
    views: { asItIs: undefined, byRate: sorted('sort=downloadRate&order=desc') },
    // Undone at once: what is selected has another menu.
    async selectAll(page, timeTo) {
      const ms = await timeTo(page, '#list', '.tools .chosen', 'a')
      await page.click('.tools .chosen')
      return ms
    },
    async openFiles(page, timeTo) {
      await page.evaluate(id => {
        location.hash = `torrent=${id}`
      }, manyFiles)
      await page.waitForSelector('.tabs')
      await page.evaluate(() => {
        const tab = [...document.querySelectorAll('.tabs [role=tab]')].find(each =>
          each.textContent.trim().startsWith('Files'),
        )
        tab.id = 'files-tab'
      })
      return await timeTo(page, '#files-tab', '.tree-row .tree-name')
    },
    told: { torrents: total, changesPerSec: changes },
  }
}

/** One of many, by what it says: in the page, where none of the others is asked whether it could be pressed. */
async function press(page, selector, text) {
  const pressed = await page.evaluate(
    ({ selector, text }) => {
      const found = [...document.querySelectorAll(selector)].find(each => each.textContent.includes(text))
      for (const type of ['mousedown', 'mouseup', 'click'])
        found?.dispatchEvent(new MouseEvent(type, { bubbles: true }))
      return found !== undefined
    },
    { selector, text },
  )
  if (!pressed) throw new Error(`nothing in ${selector} says ${text}`)
}

function has(command) {
  return spawnSync('which', [command]).status === 0
}
