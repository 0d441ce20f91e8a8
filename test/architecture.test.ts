/** Who may import whom, and what the deciding parts must not know. Both are tables; a folder that is in neither fails. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { importedBy, onlyCode } from './source-text.ts'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

interface Rule {
  /** Other parts, by their names in this table. */
  readonly parts: readonly string[]
  /** Packages; `node:` stands for all of Node's own. */
  readonly packages: readonly string[]
}

/** Parts that decide: plain synchronous code, driven by arguments and ports. */
const CORE: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  bytes: ['errors'],
  bencode: ['bytes', 'errors'],
  metainfo: ['bencode', 'bytes', 'errors'],
  wire: ['bencode', 'bytes', 'errors'],
  tracker: ['bencode', 'bytes', 'errors'],
  lsd: [],
  // The vocabulary of the ports is the core's own.
  ports: ['tracker', 'metainfo', 'bytes', 'errors'],
  dht: ['ports', 'bencode', 'bytes', 'errors'],
  'dht-service': ['dht', 'ports', 'bytes', 'errors'],
  torrent: ['ports', 'wire', 'tracker', 'metainfo', 'bencode', 'bytes', 'errors'],
  engine: ['dht-service', 'torrent', 'ports', 'wire', 'tracker', 'metainfo', 'bencode', 'bytes', 'errors'],
}

/** Parts that live in the world. */
const WORLD: Readonly<Record<string, Rule>> = {
  node: {
    parts: ['ports', 'wire', 'tracker', 'lsd', 'metainfo', 'bencode', 'bytes', 'errors'],
    packages: ['node:'],
  },
  library: { parts: [...Object.keys(CORE), 'node'], packages: [] },
  index: { parts: [...Object.keys(CORE), 'node', 'library'], packages: [] },
  workers: { parts: ['node'], packages: [] },
  sim: { parts: Object.keys(CORE), packages: ['node:', 'vitest', 'fast-check'] },
  // The daemon: what is said over HTTP, what is done, and the ways in.
  'daemon/contract': { parts: [], packages: [] },
  'daemon/client': { parts: ['daemon/contract'], packages: [] },
  'daemon/media': { parts: [], packages: ['node:'] },
  'daemon/demo': { parts: [], packages: ['node:', '@shoal/engine'] },
  'daemon/config': { parts: ['daemon/contract'], packages: ['node:', 'smol-toml', 'zod'] },
  'daemon/session': { parts: ['daemon/contract'], packages: ['node:', '@shoal/engine'] },
  'daemon/household': {
    parts: ['daemon/contract', 'daemon/session'],
    packages: ['node:', '@shoal/engine', 'mmdb-lib'],
  },
  'daemon/import': { parts: ['daemon/contract', 'daemon/session'], packages: ['node:', '@shoal/engine'] },
  'daemon/http': {
    parts: ['daemon/contract', 'daemon/media', 'daemon/session'],
    packages: ['node:', 'hono', '@hono/node-server', 'zod', '@shoal/engine'],
  },
  'daemon/transmission': {
    parts: ['daemon/config', 'daemon/contract', 'daemon/http', 'daemon/session'],
    packages: ['node:'],
  },
  'daemon/serve': {
    parts: [
      'daemon/client',
      'daemon/config',
      'daemon/contract',
      'daemon/demo',
      'daemon/household',
      'daemon/http',
      'daemon/import',
      'daemon/session',
      'daemon/transmission',
    ],
    packages: ['node:', 'pino', '@shoal/engine'],
  },
  'daemon/local': { parts: ['daemon/config'], packages: [] },
  'daemon/index': {
    parts: ['daemon/config', 'daemon/contract', 'daemon/import', 'daemon/media', 'daemon/serve'],
    packages: [],
  },
  // The page: what can be told without a browser, and the rest.
  'web/model': { parts: [], packages: ['@shoal/daemon/contract'] },
  'web/format': { parts: [], packages: [] },
  web: {
    parts: ['web/model', 'web/format'],
    packages: [
      'solid-js',
      'solid-js/web',
      'uplot',
      'uplot/dist/uPlot.min.css',
      '@shoal/daemon/client',
      '@shoal/daemon/contract',
    ],
  },
  cli: {
    parts: [],
    packages: [
      'node:',
      'commander',
      'get-east-asian-width',
      '@shoal/engine',
      '@shoal/engine/workers',
      '@shoal/daemon',
      '@shoal/daemon/client',
      '@shoal/daemon/contract',
      '@shoal/daemon/demo',
      '@shoal/daemon/local',
      '@shoal/daemon/media',
    ],
  },
}

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(Object.entries(CORE).map(([part, parts]) => [part, { parts, packages: [] }])),
  ...WORLD,
}

const IMPURITIES: Readonly<Record<string, RegExp>> = {
  async: /\b(?:async|await|Promise)\b/,
  timers: /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)\b/,
  clock: /\bnew\s+Date\b|\bDate\s*[.(]|\bperformance\s*\./,
  random: /\bMath\s*\.\s*random\b|\bcrypto\s*\./,
  process: /\bprocess\s*[.[]/,
  console: /\bconsole\s*\./,
  Buffer: /\bBuffer\b/,
}

/** The part a file belongs to: `packages/engine/src/wire/framer.ts` → `wire`, `packages/engine/src/ports.ts` → `ports`. */
function partOf(path: string): string {
  const [packages, workspace, folder, first = ''] = path.split('/')
  if (packages === 'packages' && workspace === 'cli') return 'cli'
  if (packages === 'packages' && workspace === 'web') {
    return first === 'model' || first === 'format' ? `web/${first}` : 'web'
  }
  if (packages === 'packages' && workspace === 'daemon') return `daemon/${first.replace(/\.ts$/, '')}`
  if (packages === 'packages' && workspace === 'engine' && folder === 'sim') return 'sim'
  if (packages === 'packages' && workspace === 'engine' && folder === 'src') return first.replace(/\.ts$/, '')
  return path
}

/** What a file does that its part may not, a line each. */
function violations(path: string, source: string): string[] {
  const part = partOf(path)
  const rule = RULES[part]
  if (rule === undefined) return [`${path}: its folder is not in the table of who may import whom`]
  const found: string[] = []
  for (const specifier of importedBy(source)) {
    if (specifier.startsWith('.')) {
      const target = partOf(join(dirname(path), specifier).split(sep).join('/'))
      if (target !== part && !rule.parts.includes(target)) found.push(`${path}: ${part} imports ${target}`)
    } else if (!rule.packages.includes(specifier.startsWith('node:') ? 'node:' : specifier)) {
      found.push(`${path}: ${part} imports ${specifier}`)
    }
  }
  if (part in CORE) {
    onlyCode(source)
      .split('\n')
      .forEach((line, index) => {
        for (const [what, pattern] of Object.entries(IMPURITIES)) {
          const match = pattern.exec(line)
          if (match !== null) found.push(`${path}:${index + 1}: ${what} in the core: ${match[0]}`)
        }
      })
  }
  return found
}

function sources(): string[] {
  const folders = ['engine/src', 'engine/sim', 'daemon/src', 'web/src', 'cli/src']
  return folders.flatMap(folder => {
    const dir = join(ROOT, 'packages', folder)
    try {
      const entries = readdirSync(dir, { recursive: true, encoding: 'utf8' })
      return entries.filter(entry => /\.tsx?$/.test(entry)).map(entry => relative(ROOT, join(dir, entry)))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
  })
}

test('every file keeps to the table of who may import whom, and the core is pure', () => {
  const paths = sources()
  expect(paths.length).toBeGreaterThan(20)
  const found = paths.flatMap(path =>
    violations(path.split(sep).join('/'), readFileSync(join(ROOT, path), 'utf8')),
  )
  expect(found).toEqual([])
})

describe('the checker', () => {
  const core = (code: string): string[] => violations('packages/engine/src/wire/planted.ts', code)

  test.each([
    ["import { Picker } from '../torrent/picker.ts'", 'wire imports torrent'],
    ["import type { Picker } from '../torrent/picker.ts'", 'wire imports torrent'],
    ["import {\n  a,\n  b,\n} from '../metainfo/parse.ts'", 'wire imports metainfo'],
    ["export * from '../node/tcp.ts'", 'wire imports node'],
    ["import '../index.ts'", 'wire imports index'],
    ["const late = import('../engine.ts')", 'wire imports engine'],
    ["type Late = import('../engine.ts').Engine", 'wire imports engine'],
    ["import { isIP } from 'node:net'", 'wire imports node:net'],
    ["import net from 'net'", 'wire imports net'],
    ['async function f() {}', 'async in the core: async'],
    ['await 0', 'async in the core: await'],
    ['let p: Promise<void>', 'async in the core: Promise'],
    ['setTimeout(f, 1)', 'timers in the core: setTimeout'],
    ['setInterval(f, 1)', 'timers in the core: setInterval'],
    ['queueMicrotask(f)', 'timers in the core: queueMicrotask'],
    ['Date.now()', 'clock in the core: Date.'],
    ['new Date()', 'clock in the core: new Date'],
    ['performance.now()', 'clock in the core: performance.'],
    ['Math.random()', 'random in the core: Math.random'],
    ['process.env', 'process in the core: process.'],
    ['Buffer.alloc(1)', 'Buffer in the core: Buffer'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code under test
    ['`${`${Date.now()}`}`', 'clock in the core: Date.'],
    ['const slash = /[\'"`]/; Math.random()', 'random in the core: Math.random'],
    ['const half = a / 2; Math.random() / 2', 'random in the core: Math.random'],
  ])('catches %j', (code, complaint) => {
    const found = core(code)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(complaint)
  })

  test.each([
    ["import { toHex } from '../bytes/hex.ts'\nimport { ShoalError } from '../errors.ts'"],
    ["import { Framer } from './framer.ts'"],
    ["const name = Uint8Array.from('../torrent/picker.ts')"],
    ['// await setTimeout(Date.now())'],
    ['/* await\n * Math.random() */'],
    ["const text = 'await Math.random() from \\'../torrent/picker.ts\\''"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code under test
    ['const text = `import x from "../torrent/picker.ts" ${1} await`'],
    ['const pattern = /await [/] Math.random/'],
    ['let shared: SharedArrayBuffer | ArrayBuffer'],
    ["let url = 'http://x' // Date.now()"],
  ])('lets %j pass', code => {
    expect(core(code)).toEqual([])
  })

  test('names the line', () => {
    expect(core('a\n/*\n*/ b\nDate.now()')[0]).toMatch(/planted\.ts:4: /)
  })

  test('knows the world from the core', () => {
    expect(
      violations('packages/engine/src/node/x.ts', "import { isIP } from 'node:net'\nDate.now()"),
    ).toEqual([])
    expect(violations('packages/engine/src/node/x.ts', "import '../torrent/picker.ts'")).toHaveLength(1)
    expect(violations('packages/cli/src/x.ts', "import '../../engine/src/index.ts'")).toHaveLength(1)
    expect(violations('packages/engine/sim/x.ts', "import '../src/node/tcp.ts'")).toHaveLength(1)
  })

  test('asks for a decision about a new folder', () => {
    expect(violations('packages/engine/src/misc/x.ts', '')[0]).toContain('not in the table')
  })
})
