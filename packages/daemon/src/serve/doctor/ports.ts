/** Can the ports be had, and do others reach the one for peers. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { Config } from '../../config/config.ts'
import type { Finding, SessionInfo } from '../../contract/index.ts'

const USUAL_PORT = 6881

/** Of a daemon that does not run. */
export async function checkFreePorts(config: Config): Promise<Finding[]> {
  const port = config.get('network.port') ?? USUAL_PORT
  const bind = config.get('network.bind') ?? undefined
  const isFree = await tryTcp(port, bind)
  const peers: Finding =
    isFree === undefined
      ? { what: 'port for peers', outcome: 'ok', text: `${port} is free` }
      : {
          what: 'port for peers',
          outcome: config.get('network.port') === null ? 'note' : 'problem',
          text: `${port} cannot be had: ${isFree}`,
          advice: 'end the program that has it, or set network.port',
        }
  const dht = config.get('network.dht') ? await tryUdp(port, bind) : undefined
  const http = await tryTcp(config.get('http.port'), config.get('http.address'))
  return [
    peers,
    ...(dht === undefined
      ? []
      : [
          {
            what: 'port for the DHT',
            outcome: 'note' as const,
            text: `UDP ${port} cannot be had: ${dht}; another one is used`,
          },
        ]),
    http === undefined
      ? { what: 'port for the API', outcome: 'ok', text: `${config.get('http.port')} is free` }
      : {
          what: 'port for the API',
          outcome: 'problem',
          text: `${config.get('http.address')} port ${config.get('http.port')} cannot be had: ${http}`,
          advice: 'end the program that has it, or choose another with --listen or http.port',
        },
  ]
}

/** Of a daemon that runs, as far as peers told. */
export function checkReachable({ port, reachable }: SessionInfo): Finding {
  const what = 'port for peers'
  if (reachable === 'yes') return { what, outcome: 'ok', text: `${port}: peers from outside reach it` }
  if (reachable === 'unknown')
    return { what, outcome: 'ok', text: `${port}; whether others reach it is not known yet` }
  return {
    what,
    outcome: 'note',
    text: `nobody from outside has reached port ${port}: only peers that we connect to are of use`,
    advice: `forward TCP and UDP port ${port} in the router, and let it through the firewall`,
  }
}

/** @returns why not */
async function tryTcp(port: number, host: string | undefined): Promise<string | undefined> {
  const server = createServer()
  return await new Promise(resolve => {
    server.on('error', (error: NodeJS.ErrnoException) => resolve(reason(error)))
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () =>
      server.close(() => resolve(undefined)),
    )
  })
}

async function tryUdp(port: number, host: string | undefined): Promise<string | undefined> {
  const socket = createSocket(host?.includes(':') ? 'udp6' : 'udp4')
  return await new Promise(resolve => {
    socket.on('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      resolve(reason(error))
    })
    socket.bind(port, host, () => socket.close(() => resolve(undefined)))
  })
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'another program has it'
  if (code === 'EACCES') return 'no permission: ports below 1024 are for the administrator'
  if (code === 'EADDRNOTAVAIL') return 'the address is not one of this machine'
  return message
}
