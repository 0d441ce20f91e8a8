/** docs/api.md is true as far as a test can tell: its samples run as they are printed, and its table is ours. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { Access, NOBODY } from '../../src/http/access/access.ts'
import { createHttp } from '../../src/http/create-http.ts'
import { pathOf, ROUTES } from '../../src/http/routes/table.ts'
import { testSession, torrentBytes, torrentId } from '../support/test-session.ts'

const run = promisify(execFile)
const DOC = readFileSync(fileURLToPath(new URL('../../../../docs/api.md', import.meta.url)), 'utf8')

/**
 * `--json` is of 2022: older ones are told the same otherwise; and an answer that is an error fails. What says nothing
 * within the time that a sample gives it gets more: this machine may be busy.
 */
const CURL = `curl() {
  local all=()
  for each; do
    if [ "$each" = --json ]; then all+=(-H "Content-Type: application/json" -d); else all+=("$each"); fi
  done
  local said status=0
  said=$(command curl --fail-with-body "\${all[@]}") || status=$?
  if [ $status = 28 ] && [ -z "$said" ]; then
    status=0
    said=$(command curl --fail-with-body "\${all[@]}" --max-time 10) || status=$?
  fi
  printf '%s\n' "$said"
  return $status
}`

test('its samples run as they are printed, against a daemon with a torrent', async () => {
  const { session, folder } = await testSession()
  const access = new Access(NOBODY, async () => undefined, { passwordCost: 2 })
  const { token } = await access.createToken('doc', 'full')
  const settings = { list: () => [], change: async () => undefined }
  const demo = async () => ({ id: '', name: '', isNew: true, endsAt: 0 })
  const http = createHttp({ session, access, settings, roots: () => [folder], doctor: async () => [], demo })
  onTestFinished(() => http.close(0))
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
  await session.add([torrentBytes('film.mp4')])
  await session.settled()
  writeFileSync(join(folder, 'debian.torrent'), torrentBytes('debian'))

  const samples = [...DOC.matchAll(/^```sh\n(.*?)^```$/gms)].map(match => match[1]!)
  expect(samples.length).toBeGreaterThan(7)
  const script = `set -e\n${CURL}\n${samples.join('\n')}`
  const env = { ...process.env, SHOAL: `http://127.0.0.1:${port}`, TOKEN: token, ID: torrentId('film.mp4') }
  const { stdout } = await run('bash', ['-c', script], { cwd: folder, env })

  expect(stdout).toContain('"outcome":"added"')
  expect(stdout).toContain('"name":"debian"')
  expect(stdout).toContain('#EXTINF:-1,film.mp4')
  expect(stdout).toContain('event: window')
  expect(readFileSync(join(folder, 'start.bin'))).toHaveLength(1024)
  const debian = session.row(torrentId('debian'))
  expect([debian.sequential, debian.intent]).toEqual([true, 'run'])
  expect(await session.detail(torrentId('film.mp4'))).toMatchObject({
    goals: { ratio: 2 },
    limits: { upload: 500_000 },
  })
})

test('its table has every route', () => {
  const rows = ROUTES.map(
    route =>
      `| \`${route.method} ${pathOf(route).replace(/:(\w+)/g, '{$1}')}\` | ${route.scope} | ${route.summary} |`,
  )
  const table = ['| route | scope | does |', '| --- | --- | --- |', ...rows].join('\n')
  expect(DOC.split('a test compares. -->\n\n')[1]?.trimEnd()).toBe(table)
})
