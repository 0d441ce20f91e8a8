/**
 * Everybody who must not come in, at every route of the API: without a token, with wrong ones, with cookies from other
 * pages, by names that are not ours, with headers that pretend a proxy. And millions of addresses that guess.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Limiter } from '../../../packages/daemon/dist/http/doors/limiter.js'
import { Daemon, routes } from '../http/rig.mjs'
import { Random } from '../random.mjs'

export const title = 'API: strangers at every door'

const MIB = 2 ** 20
const MAX_LIMITER_BYTES = 16 * MIB
/** At once: more than a browser, less than a machine has handles. */
const LANES = 16

export async function run({ full, seed, work, log }) {
  const random = new Random(seed)
  const notes = []
  const daemon = await Daemon.start(work)
  let count = 0
  try {
    const all = routes()
    if (all.length < 40) notes.push(`only ${all.length} routes in docs/openapi.json`)
    const tries = []
    for (let round = 0; round < (full ? 20 : 2); round++) {
      for (const route of all)
        for (const stranger of strangers(daemon, random)) tries.push({ route, ...stranger })
    }
    const lanes = Array.from({ length: LANES }, async () => {
      for (let next = tries.pop(); next !== undefined; next = tries.pop()) {
        const { route, name, headers, path = route.path, wanted, changing } = next
        if (route.isOpen && (wanted === 401 || changing)) continue
        if (changing && route.method === 'GET') continue
        count++
        const { status } = await daemon.raw({ ...route, path, headers, body: route.hasBody ? '{}' : '' })
        if (status !== wanted) notes.push(`${name}: ${route.method} ${route.path} → ${status}, not ${wanted}`)
      }
    })
    await Promise.all(lanes)
    await guesses(daemon, notes)
    notes.push(...(await daemon.ask('faults')))
  } finally {
    await daemon.close()
  }
  const bytes = addresses(full ? 10_000_000 : 500_000)
  log(`limiter: ${(bytes / MIB).toFixed(1)} MiB more`)
  if (bytes > MAX_LIMITER_BYTES) notes.push(`the limiter took ${bytes} bytes`)
  return {
    ok: notes.length === 0,
    count: `${count} requests`,
    figure: `${notes.length} let in, limiter ${Math.max(0, bytes / MIB).toFixed(1)} MiB`,
    notes: notes.slice(0, 20),
  }
}

/** One of each kind, with different details each time. */
function strangers({ port, token, cookie }, random) {
  const own = { Cookie: `shoal-${port}=${cookie}`, 'X-Shoal': '1', 'Content-Type': 'application/json' }
  const bearer = { Authorization: `Bearer ${token}` }
  const pick = list => list[random.below(list.length)]
  return [
    { name: 'nothing', headers: {}, wanted: 401 },
    { name: 'an old cookie', headers: { ...own, Cookie: `shoal-${port}=${'A'.repeat(43)}` }, wanted: 401 },
    {
      name: "another port's cookie",
      headers: { ...own, Cookie: `shoal-${port + 1}=${cookie}` },
      wanted: 401,
    },
    { name: 'an empty cookie', headers: { ...own, Cookie: `shoal-${port}=` }, wanted: 401 },
    { name: 'a token as a cookie', headers: { ...own, Cookie: `shoal-${port}=${token}` }, wanted: 401 },
    {
      name: 'a forged proxy',
      headers: {
        'X-Forwarded-For': pick(['127.0.0.1', '::1', '10.0.0.1, 127.0.0.1']),
        'X-Forwarded-Host': pick(['localhost', '127.0.0.1']),
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Prefix': pick(['/', '/api', '/..']),
        'X-Real-IP': '127.0.0.1',
        'X-Original-URL': '/api/v1/health',
        'X-HTTP-Method-Override': 'GET',
        Forwarded: 'for=127.0.0.1;host=localhost;proto=https',
      },
      wanted: 401,
    },
    {
      name: 'another origin',
      headers: {
        ...own,
        Origin: pick([
          'https://evil.example',
          'null',
          `http://127.0.0.1:${port + 1}`,
          `http://localhost:${port}`,
          `https://127.0.0.1.evil.example:${port}`,
        ]),
      },
      wanted: 403,
    },
    {
      name: 'another site',
      headers: { ...own, 'Sec-Fetch-Site': pick(['cross-site', 'same-site']) },
      wanted: 403,
    },
    {
      name: 'a form',
      headers: {
        Cookie: own.Cookie,
        'Content-Type': pick([
          'application/x-www-form-urlencoded',
          'text/plain',
          'multipart/form-data; boundary=x',
        ]),
      },
      wanted: 403,
      changing: true,
    },
    {
      name: 'another name',
      headers: {
        ...bearer,
        Host: pick([
          'evil.example',
          `evil.example:${port}`,
          'localhost.evil.example',
          '127.0.0.1.evil.example',
          'evil.example#localhost',
          'a b',
          '[::1',
          '127.0.0.1:99999999',
          'localhost,evil.example',
        ]),
      },
      wanted: 421,
    },
    {
      name: 'two names',
      headers: { ...bearer, Host: ['localhost', pick(['localhost', 'evil.example'])] },
      wanted: 421,
    },
    { name: 'no name', headers: { ...bearer, Host: [] }, wanted: 421 },
    {
      name: 'a whole address',
      path: pick(['http://localhost/', 'http://evil.example/api/v1/session', 'https://127.0.0.1/']),
      headers: bearer,
      wanted: 421,
    },
  ]
}

/** Five wrong ones, then nobody gets in by the password; who has a token does. */
async function guesses(daemon, notes) {
  const login = password =>
    daemon.raw({
      method: 'POST',
      path: '/api/v1/login',
      headers: { 'X-Shoal': '1', 'Content-Type': 'application/json' },
      body: JSON.stringify({ password }),
    })
  const statuses = []
  for (const password of ['a', 'b', 'c', 'd', 'e', daemon.password])
    statuses.push((await login(password)).status)
  const tokens = []
  for (let n = 0; n < 6; n++) {
    const headers = {
      Cookie: `shoal-${daemon.port}=${daemon.cookie}`,
      Authorization: `Bearer ${daemon.token.slice(0, -1 - n)}`,
    }
    tokens.push((await daemon.raw({ path: '/api/v1/session', headers })).status)
  }
  if (tokens.join() !== '401,401,401,401,401,429') notes.push(`six tokens: ${tokens}`)
  if (statuses.join() !== '401,401,401,401,401,429') notes.push(`six passwords: ${statuses}`)
  await daemon.honest().catch(error => notes.push(`a token after wrong passwords: ${error.message}`))
}

/** @returns bytes that so many addresses, each failing once, have taken */
function addresses(howMany) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  collect()
  const before = process.memoryUsage().rss
  const limiter = new Limiter(() => performance.now() / 1000)
  for (let n = 0; n < howMany; n++) {
    limiter.fail(
      n % 2 === 0
        ? `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`
        : `2001:db8:${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`,
    )
  }
  collect()
  const after = process.memoryUsage().rss
  // Kept until here.
  limiter.wait('10.0.0.1')
  return after - before
}
