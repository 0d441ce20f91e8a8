/** The rows of the table: each is a job that can be run again and again. */
import { mkdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CLIENTS, homeIn } from './clients.mjs'
import { assertSame } from './payload.mjs'
import { Program } from './program.mjs'
import { freePort } from './tracker.mjs'

const LISTEN_TIMEOUT_MS = 20_000
/** A job that moves less than this is stopped. */
const LEAST_MB_PER_SECOND = 8
const PEERS = 200
const PEERS_PORT = 7100
/** 0.1 s for each MiB: 200 of them are no faster than one seeder at full speed. */
const PEER_KIB_PER_SECOND = 2048

/**
 * @param world { scratch, payload: path, sizeBytes, torrents: { 1, 16: path }, addresses, isPrivate, tracker, partner }
 * @returns { what, client, run } each, where `run` gives { bytes, seconds, cpuSeconds, peakMiB, delay? }
 */
export function jobs(world) {
  const usable = Object.entries(CLIENTS).filter(
    ([, each]) => each.installed && (each.anywhere || world.isPrivate),
  )
  const local = Object.entries(CLIENTS).filter(([, each]) => each.installed)
  const rows = (what, clients, verb, run) =>
    clients
      .filter(([, each]) => each[verb] !== undefined)
      .map(([client]) => ({ what, client, run: () => run(client) }))
  const own = (what, run) => ({ what, client: 'shoal', run })
  const { partner } = world
  return [
    own('framer', () => script('framer.mjs')),
    own('picker, 100,000 pieces', () => script('picker.mjs')),
    ...rows('download', usable, 'get', client => transfer(world, { seeder: partner, getter: client })),
    ...rows('upload', usable, 'seed', client =>
      transfer(world, { seeder: client, getter: partner, ofSeeder: true }),
    ),
    own('download, 16 MiB pieces', () => transfer(world, { seeder: partner, getter: 'shoal', pieceMiB: 16 })),
    own(`download, ${PEERS} peers`, () => downloadFromMany(world)),
    own('download, embedded', () => downloadEmbedded(world)),
    ...rows('check', local, 'check', client => check(world, client)),
    ...rows('create', local, 'create', client => create(world, client)),
  ]
}

/** A script of this folder that measures itself and prints the figures as JSON. */
async function script(file) {
  const program = node(file, ['--json'])
  await program.success(120_000)
  return JSON.parse(program.log.trim())
}

async function check(world, client) {
  const command = CLIENTS[client].check({ torrent: world.torrents[1], dir: join(world.payload, '..') })
  return await timed(world, command)
}

async function create(world, client) {
  const output = join(world.scratch, `${client}.torrent`)
  rmSync(output, { force: true })
  return await timed(world, CLIENTS[client].create({ path: world.payload, output }))
}

async function timed(world, command) {
  const start = performance.now()
  const program = new Program(command, homeIn(join(world.scratch, 'home')))
  await program.success(timeLimitMs(world))
  return result(world, program, start)
}

/** From the start of the downloading program, which knows of a seeder that is ready, to its end. */
async function transfer(world, { seeder, getter, ofSeeder = false, pieceMiB = 1 }) {
  const torrent = world.torrents[pieceMiB]
  return await withSeeder(world, seeder, torrent, async giving => {
    const usedBefore = giving.cpuSeconds
    const out = freshFolder(world)
    const scratch = join(world.scratch, 'getter')
    const ip = world.addresses[1]
    const job = { torrent, dir: out, ip, port: await freePort(ip), scratch }
    const start = performance.now()
    const getting = new Program(CLIENTS[getter].get(job), homeIn(scratch))
    try {
      await getting.success(timeLimitMs(world))
      if (ofSeeder) giving.sample()
      const measured = result(world, ofSeeder ? giving : getting, start)
      if (ofSeeder) measured.cpuSeconds -= usedBefore
      assertSame(world.payload, join(out, basename(world.payload)))
      return measured
    } finally {
      await getting.stop()
      for (const dir of [out, scratch]) rmSync(dir, { recursive: true, force: true })
    }
  })
}

async function downloadEmbedded(world) {
  const torrent = world.torrents[1]
  return await withSeeder(world, world.partner, torrent, async (_giving, { ip, port }) => {
    const out = freshFolder(world)
    const start = performance.now()
    const program = node('loop-delay.mjs', [torrent, out, `${ip}:${port}`, world.addresses[1]])
    try {
      await program.success(timeLimitMs(world))
      return { ...result(world, program, start), delay: JSON.parse(program.log.trim()) }
    } finally {
      await program.stop()
      rmSync(out, { recursive: true, force: true })
    }
  })
}

async function downloadFromMany(world) {
  const torrent = world.torrents[1]
  const peers = node('peers.mjs', [torrent, world.payload, String(PEERS), String(PEER_KIB_PER_SECOND)])
  try {
    await listening('127.1.0.1', PEERS_PORT)
    const out = freshFolder(world)
    const scratch = join(world.scratch, 'getter')
    const job = { torrent, dir: out, ip: '127.0.0.1', port: await freePort('127.0.0.1'), scratch }
    const all = Array.from({ length: PEERS }, (_, n) => ['--peer', `127.1.0.${n + 1}:${PEERS_PORT}`])
    const start = performance.now()
    const getting = new Program([...CLIENTS.shoal.get(job), ...all.flat()], homeIn(scratch))
    try {
      await getting.success(timeLimitMs(world))
      return result(world, getting, start)
    } finally {
      await getting.stop()
      for (const dir of [out, scratch]) rmSync(dir, { recursive: true, force: true })
    }
  } finally {
    await peers.stop()
  }
}

async function withSeeder(world, client, torrent, work) {
  const ip = world.addresses[0]
  const place = { ip, port: await freePort(ip) }
  const scratch = join(world.scratch, 'seeder')
  const job = { torrent, dir: join(world.payload, '..'), ...place, scratch }
  const program = new Program(CLIENTS[client].seed(job), homeIn(scratch))
  world.tracker.setSeeder(place)
  try {
    const gone = program.ended.then(how => Promise.reject(new Error(`the seeder ended: ${how}`)))
    await Promise.race([listening(place.ip, place.port), gone])
    await program.settle()
    return await work(program, place)
  } catch (error) {
    throw new Error(`${error.message}\nThe seeder said: ${program.log}`, { cause: error })
  } finally {
    world.tracker.setSeeder(undefined)
    await program.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
}

function result(world, { cpuSeconds, peakMiB }, start) {
  return { bytes: world.sizeBytes, seconds: (performance.now() - start) / 1000, cpuSeconds, peakMiB }
}

function node(file, args) {
  return new Program([process.execPath, fileURLToPath(new URL(`../${file}`, import.meta.url)), ...args])
}

function freshFolder(world) {
  const dir = join(world.scratch, 'out')
  mkdirSync(dir, { recursive: true })
  return dir
}

function timeLimitMs(world) {
  return 10_000 + world.sizeBytes / (LEAST_MB_PER_SECOND * 1000)
}

async function listening(ip, port) {
  const until = performance.now() + LISTEN_TIMEOUT_MS
  while (!(await canConnect(ip, port))) {
    if (performance.now() > until) throw new Error(`nobody listens on ${ip}:${port}`)
    await pause(50)
  }
}

function canConnect(host, port) {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const end = how => {
      socket.destroy()
      resolve(how)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
