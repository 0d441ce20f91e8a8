import type { Socket as UdpSocket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import { concatBytes } from '../../src/bytes/bytes.ts'
import { ShoalError } from '../../src/errors.ts'
import type { TrackersOptions } from '../../src/node/trackers.ts'
import { createTrackers } from '../../src/node/trackers.ts'
import type { AnnounceReply, AnnounceRequest, SwarmCounts } from '../../src/tracker/announce.ts'
import { latin, REQUEST } from '../tracker/request.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const BODY = encode({ interval: 1800, peers: Uint8Array.of(10, 0, 0, 1, 0x1a, 0xe1) })
/** Packed beforehand, once for all. */
const GZIP_BOMB = gzipSync(new Uint8Array(64 << 20))
/** Of those that stay silent: nobody else may be too slow for a busy machine. */
const SHORT: TrackersOptions = { httpTimeoutMs: 300 }
const PEER = { host: '10.0.0.1', port: 6881, peerId: undefined }

describe('an HTTP tracker', () => {
  it('is asked with the announce URL and our name, and its peers are given', async () => {
    let seen: IncomingMessage | undefined
    const url = await serve((request, response) => {
      seen = request
      response.end(BODY)
    })
    const reply = await announced(`${url}/announce?passkey=s3cret`)
    expect(reply.peers).toEqual([PEER])
    expect(seen?.url).toMatch(/^\/announce\?passkey=s3cret&info_hash=%00%0D%1A/)
    expect(seen?.headers).toMatchObject({ 'user-agent': 'Shoal/0.1', connection: 'close' })
  })

  it.each([
    ['gzip', gzipSync(BODY)],
    ['deflate', deflateSync(BODY)],
    ['deflate', deflateRawSync(BODY)],
  ])('may pack its answer with %s', async (encoding, packed) => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(packed)
    })
    expect((await announced(`${url}/announce`)).peers).toEqual([PEER])
  })

  // macOS has only 127.0.0.1 of the loopback network.
  it.skipIf(process.platform === 'darwin')('is asked from the address that was chosen', async () => {
    let from: string | undefined
    const url = await serve((request, response) => {
      from = request.socket.remoteAddress
      response.end(BODY)
    })
    await announced(`${url}/announce`, { bindHost: '127.0.0.9' })
    expect(from).toBe('127.0.0.9')
  })

  it('with name and password gets them, and another origin does not', async () => {
    const seen: (string | undefined)[] = []
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.end(BODY)
    })
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization)
      const location = request.url === '/announce' ? `${other}/announce` : '/announce'
      response.writeHead(302, { location }).end()
    })
    await announced(`${url.replace('//', '//us%40er:pw@')}/first/announce`)
    const basic = `Basic ${btoa('us@er:pw')}`
    expect(seen).toEqual([basic, basic, undefined])
  })

  const hostile: [string, (request: IncomingMessage, response: ServerResponse) => void, string, RegExp][] = [
    ['a web page', (_, r) => r.end('<html><body>Welcome</body></html>'), 'TRACKER_INVALID', /web page/],
    ['nothing', (_, r) => r.end(), 'TRACKER_INVALID', /empty/],
    ['status 500', (_, r) => r.writeHead(500).end('oops'), 'TRACKER_INVALID', /HTTP status 500/],
    ['a redirect to nowhere', (_, r) => r.writeHead(302).end(), 'TRACKER_INVALID', /HTTP status 302/],
    [
      '404 with a reason',
      (_, r) => r.writeHead(404).end('d14:failure reason12:unregisterede'),
      'TRACKER_REFUSED',
      /^unregistered$/,
    ],
    [
      'an endless body',
      (_, r) => {
        const more = (): void => {
          while (!r.destroyed && r.write(new Uint8Array(65536))) {}
        }
        r.on('drain', more)
        more()
      },
      'TRACKER_INVALID',
      /larger than 2097152 bytes/,
    ],
    [
      'an announced huge body',
      (_, r) => r.writeHead(200, { 'content-length': 2 ** 40 }).write('d'),
      'TRACKER_INVALID',
      /larger than/,
    ],
    [
      'a gzip bomb',
      (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(GZIP_BOMB),
      'TRACKER_INVALID',
      /larger than/,
    ],
    [
      'damaged gzip',
      (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'),
      'TRACKER_INVALID',
      /damaged/,
    ],
    [
      'cut-off gzip',
      (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(BODY).subarray(0, 30)),
      'TRACKER_INVALID',
      /damaged/,
    ],
    [
      'brotli',
      (_, r) => r.writeHead(200, { 'content-encoding': 'br' }).end('x'),
      'TRACKER_INVALID',
      /unknown way/,
    ],
    [
      'a redirect loop',
      (_, r) => r.writeHead(301, { location: '/announce' }).end(),
      'TRACKER_INVALID',
      /more than 5 times/,
    ],
    [
      'a redirect to a file',
      (_, r) => r.writeHead(301, { location: 'file:///etc/passwd' }).end(),
      'TRACKER_UNSUPPORTED',
      /neither http nor https/,
    ],
    [
      'a redirect to another service of this machine',
      (_, r) => r.writeHead(301, { location: '/shutdown' }).end(),
      'TRACKER_UNSUPPORTED',
      /only announce URLs/,
    ],
    [
      'a redirect to garbage',
      (_, r) => r.writeHead(301, { location: 'http://[' }).end(),
      'TRACKER_INVALID',
      /no URL/,
    ],
    ['a cut connection', (_, r) => r.destroy(), 'TRACKER_UNREACHABLE', /cannot be reached/],
    [
      'half an answer',
      (_, r) => {
        r.writeHead(200, { 'content-length': 100 })
        r.write(BODY, () => r.destroy())
      },
      'TRACKER_UNREACHABLE',
      /cannot be reached/,
    ],
    [
      'another protocol',
      (_, r) => r.writeHead(101, { connection: 'upgrade', upgrade: 'x' }).end(),
      'TRACKER_UNREACHABLE',
      /cannot be reached/,
    ],
    ['silence', () => {}, 'TRACKER_TIMEOUT', /127\.0\.0\.1 did not answer/],
    ['headers and silence', (_, r) => r.flushHeaders(), 'TRACKER_TIMEOUT', /did not answer/],
  ]
  it.each(hostile)('that answers with %s is an error', async (_, handler, code, words) => {
    const url = await serve(handler)
    const options = code === 'TRACKER_TIMEOUT' ? SHORT : {}
    const error = await refused(`${url}/k3y/announce?passkey=s3cret`, options)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(words)
    expect(error.subject).toBe(`${url}/…/announce?…`)
    expect(everythingIn(error)).not.toMatch(/s3cret|k3y/)
  })

  it('that sends no HTTP is an error', async () => {
    const port = await serveTcp(socket => socket.end('220 mail.example ESMTP\r\n'))
    expect((await refused(`http://127.0.0.1:${port}/announce`)).code).toBe('TRACKER_UNREACHABLE')
  })

  it('without a certificate is an error', async () => {
    const port = await serveTcp(socket => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    expect((await refused(`https://127.0.0.1:${port}/announce`)).code).toBe('TRACKER_UNREACHABLE')
  })

  it('that is not there is an error', async () => {
    const error = await refused('http://127.0.0.1:1/announce')
    expect(error).toMatchObject({ code: 'TRACKER_UNREACHABLE', operation: 'announce' })
    expect(error.message).toBe('127.0.0.1 cannot be reached (ECONNREFUSED)')
  })

  it('gets a short time for stopped', async () => {
    const url = await serve(() => {})
    const options = { httpTimeoutMs: 60_000, stopTimeoutMs: 50 }
    const error = await refused(`${url}/announce`, options, { ...REQUEST, event: 'stopped' })
    expect(error.code).toBe('TRACKER_TIMEOUT')
  })
})

describe('a tracker URL', () => {
  it.each([
    ['', /no valid URL/],
    ['http://', /no valid URL/],
    ['wss://127.0.0.1/announce', /wss: are not supported/],
    ['file:///etc/passwd', /file: are not supported/],
    ['udp://127.0.0.1', /needs a host and a port/],
    ['udp://:80', /no valid URL|needs a host/],
    ['http://127.0.0.1/api/shutdown', /only announce URLs/],
    ['http://0x7f.1/', /only announce URLs/],
    ['http://[::ffff:127.0.0.1]/', /only announce URLs/],
  ])('%j is refused without a connection', async (url, words) => {
    const error = await refused(url)
    expect(error.code).toBe('TRACKER_UNSUPPORTED')
    expect(error.message).toMatch(words)
  })
})

describe('a UDP tracker', () => {
  it('is connected to and announced to, with path and query of its URL', async () => {
    const seen: Buffer[] = []
    const port = await serveUdp((packet, send) => {
      seen.push(packet)
      if (packet.length === 16) send(concatBytes([new Uint8Array(4), packet.subarray(12), latin('12345678')]))
      else
        send(
          concatBytes([
            latin('\0\0\0\x01'),
            packet.subarray(12, 16),
            latin('\0\0\x07\x08\0\0\0\0\0\0\0\x01\x0a\0\0\x01\x1a\xe1'),
          ]),
        )
    })
    const trackers = createTrackers()
    closers.push(() => trackers.close())
    for (let n = 0; n < 2; n++) {
      const reply = await outcomeOf(trackers.announce.bind(trackers), `udp://127.0.0.1:${port}/x?auth=1`)
      expect(reply).toMatchObject({ intervalMs: 1_800_000, seeders: 1, peers: [PEER] })
    }
    // The second announce used the connection id of the first.
    expect(seen.map(packet => packet.length)).toEqual([16, 98 + 11, 98 + 11])
    expect(seen[1]!.subarray(98).toString('latin1')).toBe('\x02\x09/x?auth=1')
  })

  it('is heard only from its own address', async () => {
    const stranger = createSocket('udp4')
    closers.push(() => stranger.close())
    const port = await serveUdp((packet, _, from) => {
      stranger.send(concatBytes([latin('\0\0\0\x03'), packet.subarray(12, 16), latin('lies')]), from)
    })
    const error = await refused(
      `udp://127.0.0.1:${port}`,
      { stopTimeoutMs: 100 },
      { ...REQUEST, event: 'stopped' },
    )
    expect(error.code).toBe('TRACKER_TIMEOUT')
  })

  it('may refuse in its own words', async () => {
    const port = await serveUdp((packet, send) => {
      send(concatBytes([latin('\0\0\0\x03'), packet.subarray(12, 16), latin('go away')]))
    })
    expect(await refused(`udp://127.0.0.1:${port}`)).toMatchObject({
      code: 'TRACKER_REFUSED',
      message: 'go away',
      subject: `udp://127.0.0.1:${port}`,
    })
  })

  it('that is not there is an error at once', async () => {
    const error = await refused('udp://127.0.0.1:1/k3y?passkey=s3cret')
    expect(error.code).toBe('TRACKER_UNREACHABLE')
    expect(everythingIn(error)).not.toMatch(/s3cret|k3y/)
  })

  it('cannot be reached from an address that is not ours', async () => {
    const error = await refused('udp://127.0.0.1:1', { bindHost: '203.0.113.1' })
    expect(error.code).toBe('TRACKER_UNREACHABLE')
  })
})

describe('an announce', () => {
  it('never calls back in the same turn, nor once cancelled', async () => {
    const url = await serve((_, response) => response.end(BODY))
    const trackers = createTrackers()
    closers.push(() => trackers.close())
    const called: string[] = []
    for (const each of [`${url}/announce`, 'nonsense', 'udp://127.0.0.1:1', 'http://127.0.0.1:1/announce']) {
      const cancel = trackers.announce(each, REQUEST, () => called.push(each))
      expect(called).toEqual([])
      cancel()
      cancel()
    }
    await announced(`${url}/announce`)
    expect(called).toEqual([])
  })

  it('in flight hears that trackers are closed, once', async () => {
    const url = await serve(() => {})
    const trackers = createTrackers()
    const calls: (AnnounceReply | ShoalError)[] = []
    await new Promise<void>(resolve => {
      trackers.announce(`${url}/announce`, REQUEST, outcome => {
        calls.push(outcome)
        resolve()
      })
      trackers.close()
      trackers.close()
      expect(calls).toEqual([])
    })
    expect(calls).toMatchObject([{ code: 'CLOSED' }])
    expect(await outcomeOf(trackers.announce.bind(trackers), `${url}/announce`)).toMatchObject({
      code: 'CLOSED',
    })
  })
})

describe('a scrape', () => {
  const HASH = REQUEST.infoHash
  const scrapeBody = (hash: Uint8Array, counts: object): Uint8Array =>
    encode(new Map([['files', new Map([[hash, { ...counts }]])]]))
  const COUNTS = { complete: 5, incomplete: 2, downloaded: 40 }

  it('of an HTTP tracker asks beside its announce URL', async () => {
    const asked: (string | undefined)[] = []
    const url = await serve((request, response) => {
      asked.push(request.url)
      response.end(scrapeBody(HASH, COUNTS))
    })
    expect(await scraped(`${url}/k3y/announce.php?x=1`)).toEqual({ seeders: 5, leechers: 2, downloads: 40 })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatch(/^\/k3y\/scrape\.php\?x=1&info_hash=%00%0D%1A[^&]*$/)
  })

  const hostile: [string, (request: IncomingMessage, response: ServerResponse) => void, string, RegExp][] = [
    [
      'counts of another torrent',
      (_, r) => r.end(scrapeBody(new Uint8Array(20), COUNTS)),
      'TRACKER_INVALID',
      /no counts/,
    ],
    ['no torrent at all', (_, r) => r.end('d5:filesdee'), 'TRACKER_INVALID', /no counts/],
    [
      'a torrent without numbers',
      (_, r) => r.end(scrapeBody(HASH, { complete: -1 })),
      'TRACKER_INVALID',
      /no counts/,
    ],
    ['an announce reply', (_, r) => r.end(BODY), 'TRACKER_INVALID', /without files/],
    ['a web page', (_, r) => r.end('<html>'), 'TRACKER_INVALID', /web page/],
    ['404', (_, r) => r.writeHead(404).end('not here'), 'TRACKER_INVALID', /HTTP status 404/],
    ['a refusal', (_, r) => r.end('d14:failure reason4:nopee'), 'TRACKER_REFUSED', /^nope$/],
    [
      'a redirect to another service',
      (_, r) => r.writeHead(301, { location: '/shutdown' }).end(),
      'TRACKER_UNSUPPORTED',
      /only scrape URLs/,
    ],
    [
      'an endless body',
      (_, r) => {
        const more = (): void => {
          while (!r.destroyed && r.write(new Uint8Array(65536))) {}
        }
        r.on('drain', more)
        more()
      },
      'TRACKER_INVALID',
      /larger than 2097152 bytes/,
    ],
    ['silence', () => {}, 'TRACKER_TIMEOUT', /did not answer/],
  ]
  it.each(hostile)('that is answered with %s is an error', async (_, handler, code, words) => {
    const url = await serve(handler)
    const options = code === 'TRACKER_TIMEOUT' ? SHORT : {}
    const error = await unscraped(`${url}/k3y/announce?passkey=s3cret`, options)
    expect(error).toMatchObject({ code, operation: 'scrape', subject: `${url}/…/announce?…` })
    expect(error.message).toMatch(words)
    expect(everythingIn(error)).not.toMatch(/s3cret|k3y/)
  })

  it.each([
    ['http://127.0.0.1:1/x', /does not end in announce/],
    ['http://127.0.0.1:1/announce/shutdown', /does not end in announce/],
    ['wss://127.0.0.1/announce', /not supported/],
    ['nonsense', /no valid URL/],
    ['udp://127.0.0.1', /needs a host and a port/],
  ])('of %j is refused without a connection', async (url, words) => {
    const error = await unscraped(url)
    expect(error.code).toBe('TRACKER_UNSUPPORTED')
    expect(error.message).toMatch(words)
  })

  it('of a UDP tracker connects and asks for one torrent', async () => {
    const seen: Buffer[] = []
    const port = await serveUdp((packet, send) => {
      seen.push(packet)
      if (packet.length === 16) send(connectReply(packet))
      else send(udpReply(2, packet, latin('\0\0\0\x05\0\0\0\x28\0\0\0\x02')))
    })
    expect(await scraped(`udp://127.0.0.1:${port}/announce`)).toEqual({
      seeders: 5,
      leechers: 2,
      downloads: 40,
    })
    expect(seen.map(packet => packet.length)).toEqual([16, 36])
    expect(new Uint8Array(seen[1]!.subarray(16))).toEqual(HASH)
  })

  it('of a UDP tracker that cannot be scraped tells its words', async () => {
    const port = await serveUdp((packet, send) => {
      send(packet.length === 16 ? connectReply(packet) : udpReply(3, packet, latin('no scrape\x1b[2J')))
    })
    const error = await unscraped(`udp://127.0.0.1:${port}/k3y/announce`)
    expect(error).toMatchObject({ code: 'TRACKER_REFUSED', message: 'no scrape [2J', operation: 'scrape' })
    expect(everythingIn(error)).not.toContain('k3y')
  })

  it('of a UDP tracker with a cut-off answer is an error', async () => {
    const port = await serveUdp((packet, send) => {
      send(packet.length === 16 ? connectReply(packet) : udpReply(2, packet, new Uint8Array(11)))
    })
    const error = await unscraped(`udp://127.0.0.1:${port}`)
    expect(error).toMatchObject({
      code: 'TRACKER_INVALID',
      message: 'the tracker answered a scrape without counts',
    })
  })

  it('is not answered by what was not asked', async () => {
    const port = await serveUdp((packet, send) => {
      if (packet.length === 16) send(connectReply(packet))
      else {
        // An announce reply, another transaction, and half a header; then the answer.
        send(udpReply(1, packet, new Uint8Array(12)))
        send(concatBytes([latin('\0\0\0\x02'), latin('\0\0\0\0'), new Uint8Array(12).fill(9)]))
        send(latin('\0\0\0\x02'))
        send(udpReply(2, packet, latin('\0\0\0\x01\0\0\0\0\0\0\0\0')))
      }
    })
    expect(await scraped(`udp://127.0.0.1:${port}`)).toEqual({ seeders: 1, leechers: 0, downloads: 0 })
  })

  it('never calls back in the same turn, nor once cancelled, and hears of closing', async () => {
    const url = await serve(() => {})
    const trackers = createTrackers()
    const calls: (SwarmCounts | ShoalError)[] = []
    for (const each of ['nonsense', 'http://127.0.0.1:1/x', `${url}/announce`, 'udp://127.0.0.1:1']) {
      const cancel = trackers.scrape(each, HASH, outcome => calls.push(outcome))
      expect(calls).toEqual([])
      cancel()
    }
    await new Promise<void>(resolve => {
      trackers.scrape(`${url}/announce`, HASH, outcome => {
        calls.push(outcome)
        resolve()
      })
      trackers.close()
      expect(calls).toEqual([])
    })
    expect(calls).toMatchObject([{ code: 'CLOSED', operation: 'scrape' }])
  })
})

async function scraped(url: string): Promise<SwarmCounts> {
  const outcome = await runScrape(url, {})
  if (outcome instanceof ShoalError) throw outcome
  return outcome
}

async function unscraped(url: string, options: TrackersOptions = {}): Promise<ShoalError> {
  const outcome = await runScrape(url, options)
  if (!(outcome instanceof ShoalError)) throw new Error('the scrape was answered')
  return outcome
}

function runScrape(url: string, options: TrackersOptions): Promise<SwarmCounts | ShoalError> {
  const trackers = createTrackers(options)
  closers.push(() => trackers.close())
  return new Promise(resolve => trackers.scrape(url, REQUEST.infoHash, resolve))
}

function connectReply(packet: Uint8Array): Uint8Array {
  return udpReply(0, packet, latin('12345678'))
}

/** A UDP tracker's answer to this request: action, the request's transaction, the rest. */
function udpReply(action: number, packet: Uint8Array, rest: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(0, 0, 0, action), packet.subarray(12, 16), rest])
}

async function announced(url: string, options: TrackersOptions = {}): Promise<AnnounceReply> {
  const outcome = await run(url, options, REQUEST)
  if (outcome instanceof ShoalError) throw outcome
  return outcome
}

async function refused(
  url: string,
  options: TrackersOptions = {},
  request: AnnounceRequest = REQUEST,
): Promise<ShoalError> {
  const outcome = await run(url, options, request)
  if (!(outcome instanceof ShoalError)) throw new Error('the announce was answered')
  return outcome
}

async function run(
  url: string,
  options: TrackersOptions,
  request: AnnounceRequest,
): Promise<AnnounceReply | ShoalError> {
  const trackers = createTrackers(options)
  closers.push(() => trackers.close())
  return outcomeOf(trackers.announce.bind(trackers), url, request)
}

type Announce = ReturnType<typeof createTrackers>['announce']

function outcomeOf(announce: Announce, url: string, request = REQUEST): Promise<AnnounceReply | ShoalError> {
  return new Promise(resolve => announce(url, request, resolve))
}

/** All text of an error and what caused it, as a careless logger would print it. */
function everythingIn(error: Error): string {
  const own = Object.getOwnPropertyNames(error).map(name => String(error[name as keyof Error]))
  return own.join(' ') + (error.cause instanceof Error ? everythingIn(error.cause) : '')
}

function serve(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    response.on('error', () => {})
    handler(request, response)
  })
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

function serveTcp(handler: (socket: Socket) => void): Promise<number> {
  const server = createTcpServer(socket => {
    socket.on('error', () => {})
    handler(socket)
  })
  closers.push(() => server.close())
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function serveUdp(
  handler: (packet: Buffer, send: (bytes: Uint8Array) => void, fromPort: number) => void,
): Promise<number> {
  const socket: UdpSocket = createSocket('udp4')
  closers.push(() => socket.close())
  socket.on('message', (packet, from) => {
    handler(packet, bytes => socket.send(bytes, from.port, from.address), from.port)
  })
  return new Promise(resolve => {
    socket.bind(0, '127.0.0.1', () => resolve(socket.address().port))
  })
}
