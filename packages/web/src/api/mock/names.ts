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

const RUN = '__xss(1)'
/** What would run if any text of others became markup, a link or a style. */
export const PAYLOADS: readonly string[] = [
  `<script>${RUN}</script>`,
  `<img src=x onerror=${RUN}>`,
  `"><svg onload=${RUN}>`,
  `'><iframe srcdoc="<script>parent.${RUN}</script>">`,
  `javascript:${RUN}`,
  `<a href="javascript:${RUN}">x</a>`,
  `</title><script>${RUN}</script>`,
  `<style>@import 'javascript:${RUN}'</style>`,
  `{{constructor.constructor('${RUN}')()}}`,
  `<details open ontoggle=${RUN}>`,
  `<math><mtext></form><form><mglyph><style></math><img src onerror=${RUN}>`,
  `\u202e<img src=x onerror=${RUN}>gpj.exe`,
  `<base href="//evil.example/">`,
  `<meta http-equiv=refresh content="0;url=javascript:${RUN}">`,
  `data:text/html,<script>${RUN}</script>`,
  `x" style="background:url(javascript:${RUN})" onmouseover="${RUN}`,
  `<input autofocus onfocus=${RUN}>`,
  `<video><source onerror=${RUN}></video>`,
  `<!--<img src="--><img src=x onerror=${RUN}//">`,
  `%3Cscript%3E${RUN}%3C/script%3E`,
]
