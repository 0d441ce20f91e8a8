/**
 * Local service discovery (BEP 14) over multicast sockets of this machine. It is a help and never needed: where a
 * network, a firewall or another program stands in the way there is a warning, and nothing else happens.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { BlockList, isIPv6 } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { canonicalIp, type PeerAddress } from '../bytes/address.ts'
import { toHex } from '../bytes/hex.ts'
import { ipScope } from '../bytes/ip-scope.ts'
import { LocalDiscovery } from '../lsd/discovery.ts'
import { encodeAnnounce } from '../lsd/message.ts'
import type { Random } from '../ports.ts'
import { systemClock } from './system.ts'

const GROUP_PORT = 6771
const GROUPS = { udp4: '239.192.152.143', udp6: 'ff15::efc0:988f' } as const
const TICK_MS = 500
/** Networks come and go with cables and wireless. */
const LOOK_AGAIN_MS = 60_000
const COOKIE_BYTES = 8
/** Machines that run containers have an interface for each. */
const MAX_EXITS = 16
export interface LsdOptions {
  /** An address of this machine: only its network is announced to. Undefined: all networks. */
  readonly bindHost?: string | undefined
  /** Where we listen for peers. */
  readonly port: number
  readonly random: Random
  /** Somebody on our own network has this torrent (40 lower-case hex digits) too. */
  readonly onPeer: (infoHashHex: string, address: PeerAddress) => void
  /** At most once: what is wrong with one network is mostly wrong with all, and again a minute later. */
  readonly onWarning?: (message: string) => void
}

export interface Lsd {
  /** Begins to announce a torrent, which must not be private. */
  add(infoHashHex: string): void
  remove(infoHashHex: string): void
  close(): void
}

export function createLsd(options: LsdOptions): Lsd {
  return new MulticastLsd(options)
}

/** One way out: a socket that sends by one IPv4 address of this machine, or by one interface in IPv6. */
interface Exit {
  readonly socket: Socket
  readonly group: string
  readonly port: number
}

class MulticastLsd implements Lsd {
  readonly #options: LsdOptions
  readonly #discovery: LocalDiscovery
  /** By the address or interface they send from. */
  readonly #exits = new Map<string, Exit>()
  readonly #stopTicking: () => void
  #networks = new BlockList()
  #lookAt = Number.NEGATIVE_INFINITY
  #hasWarned = false
  #closed = false

  constructor(options: LsdOptions) {
    this.#options = options
    this.#discovery = new LocalDiscovery({
      port: options.port,
      cookie: toHex(options.random.bytes(COOKIE_BYTES)),
    })
    this.#look()
    // A machine without a network is well, and may be on one in a minute.
    if (this.#exits.size === 0 && options.bindHost !== undefined) {
      this.#warn(`local discovery: no network of this machine has the address ${options.bindHost}`)
    }
    this.#stopTicking = systemClock.every(TICK_MS, () => this.#tick())
  }

  add(infoHashHex: string): void {
    this.#discovery.add(infoHashHex.toLowerCase(), systemClock.now())
  }

  remove(infoHashHex: string): void {
    this.#discovery.remove(infoHashHex.toLowerCase())
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopTicking()
    for (const from of [...this.#exits.keys()]) this.#drop(from)
  }

  #tick(): void {
    const now = systemClock.now()
    if (now >= this.#lookAt) this.#look()
    const announce = this.#discovery.poll(now)
    if (announce === undefined) return
    for (const [from, { socket, group, port }] of this.#exits) {
      const bytes = encodeAnnounce(isIPv6(group) ? `[${group}]:${port}` : `${group}:${port}`, announce)
      this.#try(`announcing from ${from}`, () => {
        socket.send(bytes, port, group, error => {
          if (error !== null) this.#fail(from, error)
        })
      })
    }
  }

  /** Opens a way out of every address that has none yet, and closes those of addresses that are gone. */
  #look(): void {
    this.#lookAt = systemClock.now() + LOOK_AGAIN_MS
    const { bindHost } = this.#options
    const networks = new BlockList()
    const present = new Set<string>()
    for (const [name, addresses] of Object.entries(interfacesOfThisMachine())) {
      for (const info of addresses ?? []) {
        const wanted =
          bindHost === undefined ? !info.internal && !isLinkLocal(info) : info.address === bindHost
        if (!wanted) continue
        // An interface has several addresses in IPv6, and multicast goes by interface there.
        const via = info.family === 'IPv6' ? `::%${name}` : info.address
        present.add(via)
        this.#try('reading the networks of this machine', () => addNetwork(networks, info))
        if (!this.#exits.has(via) && this.#exits.size < MAX_EXITS) this.#open(via, info.family)
      }
    }
    this.#networks = networks
    for (const from of [...this.#exits.keys()]) if (!present.has(from)) this.#drop(from)
  }

  #open(via: string, family: 'IPv4' | 'IPv6'): void {
    const type = family === 'IPv6' ? 'udp6' : 'udp4'
    const group = GROUPS[type]
    const socket = createSocket({ type, reuseAddr: true, ipv6Only: type === 'udp6' })
    this.#exits.set(via, { socket, group, port: GROUP_PORT })
    socket.on('error', error => this.#fail(via, error))
    socket.on('message', (datagram, from) => this.#receive(datagram, from))
    socket.bind(GROUP_PORT, () => {
      this.#try(`joining ${group} at ${via}`, () => {
        socket.setMulticastInterface(via)
        // The network at hand and nothing beyond; other programs on this machine hear us too.
        socket.setMulticastTTL(1)
        socket.setMulticastLoopback(true)
        socket.addMembership(group, via)
      })
    })
    socket.unref()
  }

  #receive(datagram: Uint8Array, { address, family }: RemoteInfo): void {
    if (this.#closed) return
    // An address with a zone (fe80::1%eth0) is good on one interface only, and is not one that peers are known by.
    const host = canonicalIp(address)
    if (host === undefined || !this.#isNear(host, family)) return
    const found = this.#discovery.handle(datagram, systemClock.now())
    for (const infoHash of found?.infoHashes ?? []) {
      this.#options.onPeer(infoHash, { host, port: found!.port })
    }
  }

  /** Anybody on the internet could send a datagram to this port. */
  #isNear(host: string, family: string): boolean {
    return ipScope(host) !== 'global' || this.#networks.check(host, family === 'IPv6' ? 'ipv6' : 'ipv4')
  }

  #fail(from: string, error: Error): void {
    if (this.#closed) return
    this.#warn(`local discovery from ${from} failed: ${error.message}`)
    this.#drop(from)
  }

  #drop(from: string): void {
    const exit = this.#exits.get(from)
    if (exit === undefined) return
    this.#exits.delete(from)
    this.#try('closing a socket', () => exit.socket.close())
  }

  #try(what: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#warn(`local discovery: ${what} failed: ${(error as Error).message}`)
    }
  }

  #warn(message: string): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#options.onWarning?.(message)
  }
}

function interfacesOfThisMachine(): NodeJS.Dict<NetworkInterfaceInfo[]> {
  try {
    return networkInterfaces()
  } catch {
    return {}
  }
}

function isLinkLocal({ address }: NetworkInterfaceInfo): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address)
}

function addNetwork(networks: BlockList, { cidr, family }: NetworkInterfaceInfo): void {
  const [address, prefix] = cidr?.split('/') ?? []
  if (address === undefined || prefix === undefined) return
  networks.addSubnet(address, Number(prefix), family === 'IPv6' ? 'ipv6' : 'ipv4')
}
