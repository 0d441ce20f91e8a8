/**
 * A small ext4 in a file, mounted through a loop device. What lies in the file is what a disk would have after a power
 * cut: writes that the file system still holds in memory are not in it. Needs root on Linux.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'

const IMAGE_BYTES = 160 * 1024 * 1024

export function canMount() {
  return process.platform === 'linux' && process.getuid() === 0 && spawnSync('mkfs.ext4', ['-V']).status === 0
}

export class DiskImage {
  #image
  #mountPoint
  #options

  /**
   * @param {string} image the file, which is made anew
   * @param {string} mountPoint
   * @param {string} options of mounting: `data=writeback,commit=1`
   */
  constructor(image, mountPoint, options) {
    this.#image = image
    this.#mountPoint = mountPoint
    this.#options = options
    rmSync(image, { force: true })
    writeFileSync(image, '')
    truncateSync(image, IMAGE_BYTES)
    command('mkfs.ext4', '-q', '-F', '-J', 'size=8', '-E', 'lazy_itable_init=1,lazy_journal_init=1', image)
    mkdirSync(mountPoint, { recursive: true })
  }

  mount() {
    command('mount', '-t', 'ext4', '-o', `loop,${this.#options}`, this.#image, this.#mountPoint)
  }

  unmount() {
    command('umount', this.#mountPoint)
  }

  /** While mounted: what the disk has at one moment. Whoever writes should be frozen, or that moment never comes. */
  copyTo(file) {
    const { dev } = statSync(this.#mountPoint)
    const loop = `/sys/dev/block/${dev >> 8}:${dev & 0xff}/stat`
    for (let tries = 0; tries < 50; tries++) {
      const before = writesOf(loop)
      command('cp', '--sparse=always', this.#image, file)
      const after = writesOf(loop)
      if (before.underWay === 0 && after.underWay === 0 && before.done === after.done) return
    }
    throw new Error('the file system would not stop writing')
  }

  /** While not mounted: this image becomes that one. */
  become(file) {
    command('cp', '--sparse=always', file, this.#image)
  }
}

function writesOf(statFile) {
  const fields = readFileSync(statFile, 'latin1').trim().split(/\s+/).map(Number)
  return { done: fields[4], underWay: fields[8] }
}

function command(...args) {
  const { status, stderr, error } = spawnSync(args[0], args.slice(1), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}
