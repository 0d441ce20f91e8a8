/**
 * The one table of settings: what can be set, how it is written, what it is unless told, and whether it counts at once.
 * The file, the environment, flags, the API and the table in docs/daemon.md all follow from it.
 */

/** Rates in bytes a second, sizes in bytes, times in seconds; null is none. */
export interface SettingValues {
  'folders.downloads': string
  'folders.incomplete': string | null
  'folders.roots': readonly string[]
  'network.port': number | null
  'network.bind': string | null
  'network.dht': boolean
  'network.dht_nodes': readonly string[]
  'network.lsd': boolean
  'network.connections': number
  'network.torrent_connections': number
  'network.upload_slots': number
  'network.countries': string | null
  'limits.download': number | null
  'limits.upload': number | null
  'alternative.download': number | null
  'alternative.upload': number | null
  'alternative.timetable': readonly string[]
  'queue.downloads': number | null
  'queue.seeds': number | null
  'queue.slow_rate': number
  'queue.slow_after': number
  'queue.start_added': boolean
  'goals.ratio': number | null
  'goals.seed_time': number | null
  'goals.idle_time': number | null
  'disk.keep_free': number
  watch: readonly WatchFolder[]
  'blocklist.source': string | null
  'blocklist.every': number
  'http.address': string
  'http.port': number
  'http.hosts': readonly string[]
  'http.base_path': string
  'http.trusted_proxies': readonly string[]
  'log.level': 'debug' | 'info' | 'warn' | 'error'
  'log.file': string | null
}

export type SettingKey = keyof SettingValues

/** A folder that is looked into for torrent files and magnet links. */
export interface WatchFolder {
  readonly folder: string
  /** Where the data goes; null: the category's folder, or `folders.downloads`. */
  readonly dir: string | null
  readonly category: string | null
  readonly labels: readonly string[]
  /** Null: as `queue.start_added` says. */
  readonly start: boolean | null
  /** Whether what was added is renamed to `….added`, or deleted. */
  readonly after: 'rename' | 'delete'
}

export type Kind =
  | 'boolean'
  | 'integer'
  | 'number'
  | 'string'
  | 'strings'
  | 'path'
  | 'paths'
  | 'rate'
  | 'size'
  | 'duration'
  | 'choice'
  | 'watch'

export interface Definition<Value = unknown> {
  readonly kind: Kind
  readonly default: Value
  readonly description: string
  /** `none` may be said. */
  readonly nullable?: boolean
  readonly choices?: readonly string[]
  readonly least?: number
  readonly most?: number
  /** What else has to hold of a text, as `check.ts` knows it. */
  readonly check?: 'address' | 'peer' | 'span' | 'base-path' | 'host' | 'network'
  /** A flag of `shoal serve` besides `--set`; those that begin with `--no-` say false. */
  readonly flag?: string
  /** Through the API; true unless told. */
  readonly settable?: boolean
  /** Counts from the next start on; false unless told. */
  readonly restart?: boolean
}

/** What one user may come from, or one torrent may hold open: ports and counts beyond are slips of the keyboard. */
const MOST_PORT = 65_535
const MOST_CONNECTIONS = 100_000

export const SETTINGS: { readonly [Key in SettingKey]: Definition<SettingValues[Key]> } = {
  'folders.downloads': {
    kind: 'path',
    default: '~/Downloads',
    description: 'where data goes, unless a torrent or its category says otherwise',
    flag: '--dir',
  },
  'folders.incomplete': {
    kind: 'path',
    default: null,
    nullable: true,
    description: 'where data is kept until it is whole, then it is moved; none: where it goes, at once',
    flag: '--incomplete',
  },
  'folders.roots': {
    kind: 'paths',
    default: [],
    description:
      'folders below which the API may put data, besides the download and incomplete folders and those of watch folders',
    settable: false,
  },
  'network.port': {
    kind: 'integer',
    default: null,
    nullable: true,
    least: 0,
    most: MOST_PORT,
    description: 'TCP port for peers, and UDP for the DHT; none: 6881, or one of the next nine; 0: any',
    flag: '--port',
    restart: true,
  },
  'network.bind': {
    kind: 'string',
    default: null,
    nullable: true,
    check: 'address',
    description: 'address of this machine for peers; none: all',
    flag: '--bind',
    restart: true,
  },
  'network.dht': {
    kind: 'boolean',
    default: true,
    description: 'find peers in the DHT',
    flag: '--no-dht',
    restart: true,
  },
  'network.dht_nodes': {
    kind: 'strings',
    default: [],
    check: 'peer',
    description: 'enter the DHT by these nodes, `host:port`, not by the well-known ones',
    flag: '--dht-node',
    settable: false,
    restart: true,
  },
  'network.lsd': {
    kind: 'boolean',
    default: true,
    description: 'find peers on the local network',
    flag: '--no-lsd',
    restart: true,
  },
  'network.connections': {
    kind: 'integer',
    default: 300,
    least: 1,
    most: MOST_CONNECTIONS,
    description: 'peers connected at once, over all torrents',
  },
  'network.torrent_connections': {
    kind: 'integer',
    default: 80,
    least: 1,
    most: MOST_CONNECTIONS,
    description: 'peers of one torrent connected at once',
  },
  'network.upload_slots': {
    kind: 'integer',
    default: 8,
    least: 1,
    most: 1000,
    description: 'peers of one torrent that are sent to at once',
  },
  'network.countries': {
    kind: 'path',
    default: null,
    nullable: true,
    description: 'database (MMDB) that tells in which countries peers are',
  },
  'limits.download': {
    kind: 'rate',
    default: null,
    nullable: true,
    description: 'receive at most this, over all torrents',
    flag: '--limit-down',
  },
  'limits.upload': {
    kind: 'rate',
    default: null,
    nullable: true,
    description: 'send at most this, over all torrents',
    flag: '--limit-up',
  },
  'alternative.download': {
    kind: 'rate',
    default: null,
    nullable: true,
    description: 'receive at most this while the alternative limits are in force',
  },
  'alternative.upload': {
    kind: 'rate',
    default: null,
    nullable: true,
    description: 'send at most this while the alternative limits are in force',
  },
  'alternative.timetable': {
    kind: 'strings',
    default: [],
    check: 'span',
    description: 'when they are in force by themselves: `mon-fri 08:00-18:00`, `daily 22:00-06:00`',
  },
  'queue.downloads': {
    kind: 'integer',
    default: 5,
    nullable: true,
    least: 0,
    most: MOST_CONNECTIONS,
    description: 'torrents that download at once',
  },
  'queue.seeds': {
    kind: 'integer',
    default: null,
    nullable: true,
    least: 0,
    most: MOST_CONNECTIONS,
    description: 'torrents that seed at once',
  },
  'queue.slow_rate': {
    kind: 'rate',
    default: 5000,
    description: 'a torrent that is slower does not count in the queue',
  },
  'queue.slow_after': {
    kind: 'duration',
    default: 60,
    description: 'once it has been for so long',
  },
  'queue.start_added': {
    kind: 'boolean',
    default: true,
    description: 'what is added starts, unless the one who adds it says otherwise',
  },
  'goals.ratio': {
    kind: 'number',
    default: null,
    nullable: true,
    least: 0,
    description: 'stop seeding when so many times the data has been sent',
  },
  'goals.seed_time': {
    kind: 'duration',
    default: null,
    nullable: true,
    description: 'stop seeding after so long',
  },
  'goals.idle_time': {
    kind: 'duration',
    default: null,
    nullable: true,
    description: 'stop seeding when nobody has fetched anything for so long',
  },
  'disk.keep_free': {
    kind: 'size',
    default: 536_870_912,
    description: 'torrents wait before less than this is free on the disk they write to',
  },
  watch: {
    kind: 'watch',
    default: [],
    description: 'folders that are looked into for torrent files and magnet links',
    settable: false,
  },
  'blocklist.source': {
    kind: 'string',
    default: null,
    nullable: true,
    description: 'path or http(s) URL of a list of addresses that are never spoken to',
    settable: false,
  },
  'blocklist.every': {
    kind: 'duration',
    default: 86_400,
    least: 60,
    description: 'how often it is read again',
  },
  'http.address': {
    kind: 'string',
    default: '127.0.0.1',
    check: 'address',
    description: 'address of this machine for the API and the web interface',
    flag: '--listen',
    settable: false,
    restart: true,
  },
  'http.port': {
    kind: 'integer',
    default: 7727,
    least: 0,
    most: MOST_PORT,
    description: 'its TCP port; 0: any',
    settable: false,
    restart: true,
  },
  'http.hosts': {
    kind: 'strings',
    default: [],
    check: 'host',
    description: 'names by which it may be called, besides `localhost` and addresses',
    settable: false,
    restart: true,
  },
  'http.base_path': {
    kind: 'string',
    default: '/',
    check: 'base-path',
    description: 'where it stands behind a reverse proxy: `/shoal`',
    settable: false,
    restart: true,
  },
  'http.trusted_proxies': {
    kind: 'strings',
    default: [],
    check: 'network',
    description: 'addresses or networks of reverse proxies whose `X-Forwarded-…` headers are believed',
    settable: false,
    restart: true,
  },
  'log.level': {
    kind: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    description: 'how much is told in the log',
    flag: '--log-level',
  },
  'log.file': {
    kind: 'path',
    default: null,
    nullable: true,
    description: 'a file for the log; none: standard error',
    flag: '--log-file',
    settable: false,
    restart: true,
  },
}

export const SETTING_KEYS: readonly SettingKey[] = Object.keys(SETTINGS) as SettingKey[]

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key)
}

/** `limits.download` → `limits`; `watch` is a group of its own. */
export function groupOf(key: SettingKey): string {
  return key.split('.')[0]!
}

/** `limits.download` → `SHOAL_LIMITS_DOWNLOAD`. */
export function envOf(key: SettingKey): string {
  return `SHOAL_${key.replace('.', '_').toUpperCase()}`
}
