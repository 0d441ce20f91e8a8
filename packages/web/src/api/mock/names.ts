/** What the mock's torrents are called: free works and free software, and what hostile people would call theirs. */
import type { Random } from './random.ts'

const SYSTEMS = ['Debian', 'Fedora', 'Arch Linux', 'openSUSE', 'Alpine', 'NixOS', 'FreeBSD', 'Void', 'Gentoo']
const FLAVOURS = ['netinst', 'live-gnome', 'live-kde', 'server', 'minimal', 'dvd-1', 'cloud']
const MACHINES = ['amd64', 'arm64', 'riscv64']
const FILMS = ['Sintel', 'Big Buck Bunny', 'Tears of Steel', 'Cosmos Laundromat', 'Elephants Dream', 'Spring']
const QUALITIES = ['2160p HDR', '1080p', '720p', '4K 60fps']
const COMPOSERS = ['Bach', 'Beethoven', 'Chopin', 'Satie', 'Schubert', 'Brahms']
const WORKS = ['Complete piano works', 'String quartets', 'Symphonies', 'Cantatas', 'Études', 'Nocturnes']
const SETS = [
  'Wikipedia',
  'OpenStreetMap planet',
  'Common Crawl subset',
  'arXiv papers',
  'Gutenberg',
  'ImageNet mini',
]

export const TRACKERS = [
  'tracker.example.org',
  'open.tracker.example',
  'bt.archive.example',
  'linuxtracker.example',
  'academic.example',
]
export const CATEGORIES = ['Linux', 'Films', 'Music', 'Data']
export const LABELS = ['keep', 'family', 'to sort', 'research', 'slow']
export const CLIENTS = [
  'Shoal 0.1',
  'qBittorrent 5.1.2',
  'Transmission 4.1',
  'libtorrent 2.0.11',
  'µTorrent 3.6',
  'rqbit 9.0',
]

export interface Work {
  readonly name: string
  readonly category: string
  readonly extension: string
}

export function workFrom(random: Random): Work {
  const year = random.int(2008, 2026)
  switch (random.int(0, 3)) {
    case 0: {
      const version = `${random.int(1, 42)}.${random.int(0, 9)}`
      const name = `${random.pick(SYSTEMS)} ${version} ${random.pick(FLAVOURS)} ${random.pick(MACHINES)}`
      return { name: `${name.toLowerCase().replaceAll(' ', '-')}.iso`, category: 'Linux', extension: 'iso' }
    }
    case 1:
      return {
        name: `${random.pick(FILMS)} (${year}) ${random.pick(QUALITIES)}`,
        category: 'Films',
        extension: 'mkv',
      }
    case 2:
      return {
        name: `${random.pick(COMPOSERS)} – ${random.pick(WORKS)} (${year}) [FLAC]`,
        category: 'Music',
        extension: 'flac',
      }
    default:
      return {
        name: `${random.pick(SETS)} ${year}-${String(random.int(1, 12)).padStart(2, '0')}`,
        category: 'Data',
        extension: 'zst',
      }
  }
}
