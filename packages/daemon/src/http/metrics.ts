/** Prometheus' text exposition format, version 0.0.4. */
import type { SessionInfo } from '../contract/index.ts'

interface Metric {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]
}

export function metricsText(info: SessionInfo, eventClients: number): string {
  const gauge = (name: string, help: string, value: number): Metric => ({
    name,
    type: 'gauge',
    help,
    samples: [[{}, value]],
  })
  const counter = (name: string, help: string, value: number): Metric => ({
    name,
    type: 'counter',
    help,
    samples: [[{}, value]],
  })
  const { all: _, ...states } = info.torrents
  const metrics: readonly Metric[] = [
    { name: 'shoal_info', type: 'gauge', help: 'Its version.', samples: [[{ version: info.version }, 1]] },
    gauge('shoal_start_time_seconds', 'When it started, since 1970.', info.startedAt),
    gauge('shoal_download_bytes_per_second', 'Payload that comes in.', info.downloadRate),
    gauge('shoal_upload_bytes_per_second', 'Payload that goes out.', info.uploadRate),
    counter('shoal_downloaded_bytes_total', 'Payload that ever came in.', info.ever.downloadedBytes),
    counter('shoal_uploaded_bytes_total', 'Payload that ever went out.', info.ever.uploadedBytes),
    {
      name: 'shoal_torrents',
      type: 'gauge',
      help: 'Torrents, by what they do.',
      samples: Object.entries(states).map(([state, count]) => [{ state }, count] as const),
    },
    gauge('shoal_connections', 'Connections to peers.', info.connections),
    gauge(
      'shoal_reachable',
      'Whether peers reach the port: 1 yes, 0 no, -1 not known.',
      REACHABLE[info.reachable],
    ),
    ...(info.dht === null ? [] : [gauge('shoal_dht_nodes', 'Nodes in the routing table.', info.dht.nodes)]),
    {
      name: 'shoal_folder_free_bytes',
      type: 'gauge',
      help: 'Room on the disk of a folder.',
      samples: info.folders.flatMap(({ path, freeBytes }) =>
        freeBytes === null ? [] : [[{ path }, freeBytes] as const],
      ),
    },
    gauge('shoal_event_clients', 'Programs that listen for events.', eventClients),
    gauge('process_resident_memory_bytes', 'Memory.', process.memoryUsage.rss()),
    counter('process_cpu_seconds_total', 'Processor time.', cpuSeconds()),
  ]
  return metrics.map(written).join('')
}

const REACHABLE: Readonly<Record<SessionInfo['reachable'], number>> = { yes: 1, no: 0, unknown: -1 }

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function written({ name, type, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels)
  if (entries.length === 0) return ''
  return `{${entries.map(([key, value]) => `${key}="${escaped(value)}"`).join(',')}}`
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, char => (char === '\n' ? '\\n' : `\\${char}`))
}
