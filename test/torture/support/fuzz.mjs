/**
 * Gives a decoder or machine very many damaged inputs. Whatever comes, nothing may be thrown but the error of that
 * decoder, nothing may take longer than {@link MAX_MS}, and what is kept may be {@link MAX_GROWTH} times the input and a
 * little.
 *
 * A target is
 *
 *     { name, samples?, bencoded?, tokens?,      what inputs are made of; without samples an input is 8 bytes of chance
 *       isError(error),                          whether that is this decoder's error; default: it has none
 *       run(bytes, random),                      checks what comes out; `random` depends on `bytes` alone
 *       steps }                                  how many inputs one such run is made of; default 1
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Random } from '../random.mjs'
import { Mutator } from './mutate.mjs'

const CORPUS = join(dirname(dirname(fileURLToPath(import.meta.url))), 'corpus')
const MAX_MS = 50
/** A machine that is busy, or collects garbage, is slow once; a slow input is slow every time. */
const TRIES = 6
const MAX_GROWTH = 8
/** What a small input may take all the same: objects, tables, what is measured along with it. */
const SPARE_BYTES = 256 * 1024
/** Looking costs as much as some inputs. */
const MEASURED_EVERY = 500
const SHOWN_BYTES = 300

/** What came out was wrong. */
export class WrongResult extends Error {}

export function holds(condition, what) {
  if (!condition) throw new WrongResult(what)
}

/** Inputs that once were trouble, and then `count` new ones. A failure is kept for the next time. */
export function fuzz(target, count, seed) {
  const startMs = performance.now()
  const cpuBefore = process.cpuUsage()
  let slowestMs = 0
  let accepted = 0
  // To take down where an error came from costs more than most inputs. One that matters is made once more.
  Error.stackTraceLimit = 0
  const replayed = corpusOf(target)
  for (const { file, bytes } of replayed) {
    const { problem } = attempt(target, bytes, true)
    if (problem !== undefined) return { failure: `${target.name}, corpus/${target.name}/${file}: ${problem}` }
  }
  const mutator = target.samples === undefined ? undefined : new Mutator(target.samples, target)
  const base = Random.named(seed, target.name).next()
  for (let n = 0; n < count; n++) {
    const random = new Random(base + n)
    const bytes = mutator === undefined ? random.bytes(8) : mutator.next(random)
    const { problem, ms, isAccepted } = attempt(target, bytes, n % MEASURED_EVERY === 0)
    if (ms > slowestMs) slowestMs = ms
    if (isAccepted) accepted++
    if (problem !== undefined) {
      return { failure: `${target.name}, input ${n}: ${problem}\n${shown(bytes)}\n${keep(target, bytes)}` }
    }
  }
  const seconds = (performance.now() - startMs) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  const cpuSeconds = (user + system) / 1e6
  return { failure: undefined, seconds, cpuSeconds, slowestMs, accepted, replayed: replayed.length }
}

function attempt(target, bytes, isMeasured) {
  let problem
  let isAccepted = true
  const memoryBefore = isMeasured ? memory() : 0
  const startMs = performance.now()
  try {
    target.run(bytes, chanceOf(bytes))
  } catch (error) {
    if (target.isError?.(error) !== true) problem = `threw ${stackOf(target, bytes, error)}`
    isAccepted = false
  }
  let ms = performance.now() - startMs
  if (isMeasured && problem === undefined) {
    const limit = MAX_GROWTH * bytes.length + (target.spareBytes ?? SPARE_BYTES)
    // All that was allocated, garbage too, and so too much: who is above is looked at again.
    if (memory() - memoryBefore > limit) problem = tooLarge(target, bytes, limit)
  }
  if (ms > MAX_MS && problem === undefined) {
    ms = Math.min(ms, ...Array.from({ length: TRIES - 1 }, () => timeOf(target, bytes)))
    if (ms > MAX_MS)
      problem = `took ${ms.toFixed(0)} ms for ${bytes.length} bytes, and at most ${MAX_MS} is allowed`
  }
  return { problem, ms, isAccepted }
}

/** The time that it took, or that this process had meanwhile: whichever is less. */
function timeOf(target, bytes) {
  const before = process.cpuUsage()
  const startMs = performance.now()
  resultOf(target, bytes)
  const { user, system } = process.cpuUsage(before)
  return Math.min(performance.now() - startMs, (user + system) / 1000)
}

function tooLarge(target, bytes, limit) {
  let least = Number.POSITIVE_INFINITY
  for (let n = 0; n < TRIES && least > limit; n++) {
    global.gc()
    const before = memory()
    const result = resultOf(target, bytes)
    global.gc()
    least = Math.min(least, memory() - before)
    // `result` is held until here.
    if (result === global) return undefined
  }
  return least <= limit
    ? undefined
    : `${bytes.length} bytes became ${least}, and at most ${limit} are allowed`
}

function stackOf(target, bytes, error) {
  Error.stackTraceLimit = 20
  const again = resultOf(target, bytes)
  Error.stackTraceLimit = 0
  return again instanceof Error ? again.stack : `${error?.stack ?? error}, but not when it was tried again`
}

function resultOf(target, bytes) {
  try {
    return target.run(bytes, chanceOf(bytes))
  } catch (error) {
    return error
  }
}

function memory() {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Of all bytes of small inputs, and of some of large ones: to look at all would cost more than to read them. */
function chanceOf(bytes) {
  let hash = 0x811c9dc5 ^ bytes.length
  const step = 1 + (bytes.length >> 6)
  for (let at = 0; at < bytes.length; at += step) hash = Math.imul(hash ^ bytes[at], 0x01000193)
  return new Random(hash)
}

function corpusOf(target) {
  let files
  try {
    files = readdirSync(join(CORPUS, target.name)).sort()
  } catch {
    return []
  }
  return files.map(file => ({ file, bytes: new Uint8Array(readFileSync(join(CORPUS, target.name, file))) }))
}

/** Where it lies now, in words. */
function keep(target, bytes) {
  const file = `${chanceOf(bytes).next().toString(16).padStart(8, '0')}.bin`
  try {
    mkdirSync(join(CORPUS, target.name), { recursive: true })
    writeFileSync(join(CORPUS, target.name, file), bytes)
    return `kept as test/torture/corpus/${target.name}/${file}, which is tried first from now on`
  } catch (error) {
    return `cannot be kept: ${error.message}`
  }
}

function shown(bytes) {
  const part = bytes.subarray(0, SHOWN_BYTES)
  const text = Array.from(part, byte => {
    return byte >= 32 && byte < 127 && byte !== 92
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`
  })
  return text.join('') + (bytes.length > part.length ? `… (${bytes.length} bytes)` : '')
}
