/**
 * The entry of the bundle, which is CommonJS: loads its other files with the code that V8 compiled of them in an earlier
 * run of the same command. Compiling them again is a quarter of the time until a download begins.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cachedDataVersionTag } from 'node:v8'
import { Script } from 'node:vm'
import { cacheDir } from './cache-dir.ts'
import { CodeCache } from './code-cache.ts'

interface Module {
  exports: unknown
}

type Require = (name: string) => unknown

/** A file of the bundle, as Node.js wraps each CommonJS module. */
type Wrapped = (exports: unknown, require: Require, module: Module, filename: string, dirname: string) => void

const FOLDER = import.meta.dirname
const requireBuiltin: Require = createRequire(import.meta.url)

class Bundle {
  readonly #cache: CodeCache | undefined
  readonly #modules = new Map<string, Module>()
  readonly #scripts = new Map<string, Script>()

  constructor(cache: CodeCache | undefined) {
    this.#cache = cache
  }

  /** What the file exports; it is run when it is asked for first. */
  load(name: string): unknown {
    const known = this.#modules.get(name)
    if (known !== undefined) return known.exports
    const module: Module = { exports: {} }
    this.#modules.set(name, module)
    const filename = join(FOLDER, name)
    const run: Wrapped = this.#compile(name, filename).runInThisContext()
    run(module.exports, this.#require, module, filename, FOLDER)
    return module.exports
  }

  /** The run ends: it is clear which functions it needed. */
  save(build: string): void {
    this.#cache?.save(this.#scripts, performance.now(), build)
  }

  #compile(name: string, filename: string): Script {
    // The bundle has no character beyond ASCII.
    const source = readFileSync(filename, 'latin1')
    const cachedData = this.#cache?.get(name)
    // In one line, so that lines keep their numbers.
    const wrapped = `(function (exports, require, module, __filename, __dirname) { ${source}\n})`
    const script = new Script(wrapped, { filename, cachedData })
    if (script.cachedDataRejected === true) this.#cache?.drop(name)
    this.#scripts.set(name, script)
    return script
  }

  readonly #require: Require = name =>
    name.startsWith('./') ? this.load(name.slice(2)) : requireBuiltin(name)
}

/** A file for each command: another one needs other code. */
function openCache(build: string): CodeCache | undefined {
  // As Node.js itself is told to keep no compiled code.
  if (process.env.NODE_DISABLE_COMPILE_CACHE === '1') return undefined
  const word = process.argv[2] ?? ''
  const command = /^[a-z]+$/.test(word) && existsSync(join(FOLDER, `${word}.js`)) ? word : 'get'
  // Of V8, its flags and the processor.
  const version = cachedDataVersionTag().toString(16)
  try {
    const dir = cacheDir()
    return dir === undefined ? undefined : CodeCache.open(join(dir, 'code', `${build}-${version}-${command}`))
  } catch {
    // A user without a home.
    return undefined
  }
}

const { build } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')) as { build: string }
const bundle = new Bundle(openCache(build))
process.on('exit', () => bundle.save(build))
bundle.load('main.js')
