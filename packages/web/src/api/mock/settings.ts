/** A few settings of each type, as `GET settings` tells them. */
import type { Setting } from '@shoal/daemon/contract'

type Shape = Pick<Setting, 'key' | 'description' | 'type' | 'value'> & Partial<Setting>

const make = (shape: Shape): Setting => ({
  group: shape.key.replace(/\..*/, ''),
  default: shape.value,
  source: 'default',
  settable: true,
  restart: false,
  nullable: shape.value === null,
  ...shape,
})

const SHAPES: readonly Shape[] = [
  {
    key: 'folders.downloads',
    type: 'path',
    value: '/data',
    description: 'where data goes, unless a torrent or its category says otherwise',
  },
  {
    key: 'folders.roots',
    type: 'paths',
    value: ['/data', '/fast'],
    settable: false,
    restart: true,
    description: 'folders below which the API may put data',
  },
  {
    key: 'network.port',
    type: 'integer',
    value: 6881,
    source: 'flag',
    settable: false,
    restart: true,
    description: 'TCP port for peers, and UDP for the DHT',
  },
  {
    key: 'network.dht',
    type: 'boolean',
    value: true,
    restart: true,
    description: 'finds peers without trackers',
  },
  {
    key: 'network.countries',
    type: 'path',
    value: '/data/dbip-country-lite.mmdb',
    default: null,
    nullable: true,
    description: 'database (MMDB) that tells in which countries peers are',
  },
  {
    key: 'limits.download',
    type: 'rate',
    value: null,
    description: 'all downloads together, at most',
  },
  {
    key: 'limits.upload',
    type: 'rate',
    value: 2_097_152,
    default: null,
    nullable: true,
    source: 'saved',
    description: 'all uploads together, at most',
  },
  {
    key: 'alternative.timetable',
    type: 'strings',
    value: ['mon-fri 08:00-18:00'],
    description: 'when the alternative limits are in force by themselves: days and times, one span a line',
  },
  {
    key: 'queue.downloads',
    type: 'integer',
    value: 5,
    nullable: true,
    description: 'downloads that run at a time; slow ones do not count',
  },
  { key: 'queue.start_added', type: 'boolean', value: true, description: 'added torrents start at once' },
  {
    key: 'goals.ratio',
    type: 'number',
    value: 2,
    nullable: true,
    description: 'a torrent that has given back this many times what it holds is done',
  },
  {
    key: 'goals.seed_time',
    type: 'duration',
    value: null,
    description: 'a torrent that has seeded for so long is done',
  },
  {
    key: 'disk.keep_free',
    type: 'size',
    value: 1_073_741_824,
    description: 'torrents are held before less than this is free on their disk',
  },
  {
    key: 'watch',
    type: 'watch',
    value: [
      { folder: '/data/watch', dir: null, category: 'Linux', labels: [], start: null, after: 'rename' },
    ],
    default: [],
    source: 'file',
    description: 'folders that are looked into for torrent files and magnet links',
  },
  {
    key: 'blocklist.source',
    type: 'string',
    value: 'https://lists.example.org/level1.gz',
    default: null,
    source: 'file',
    settable: false,
    nullable: true,
    description: 'path or http(s) URL of a list of addresses that are never spoken to',
  },
  {
    key: 'log.level',
    type: 'choice',
    choices: ['error', 'warn', 'info', 'debug'],
    value: 'info',
    description: 'what is written to the log',
  },
]

export const SETTINGS: readonly Setting[] = SHAPES.map(make)
