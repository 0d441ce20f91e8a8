import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { IpScope } from '../../src/bytes/ip-scope.ts'
import type { HttpAnswer, HttpGetOptions } from '../../src/node/http-get.ts'
import { HttpGetError, httpGet } from '../../src/node/http-get.ts'

const servers: (Server & { closeAllConnections(): void })[] = []
afterEach(() => {
  vi.unstubAllEnvs()
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

// macOS has only 127.0.0.1 of the loopback network.
describe.skipIf(process.platform === 'darwin')('a redirect', () => {
  // What these addresses of this machine stand for.
  const scopes: Record<string, IpScope> = {
    '127.0.0.4': 'global',
    '127.0.0.3': 'local',
    '127.0.0.5': 'local',
    '127.0.0.1': 'loopback',
  }
  const scopeOf = (address: string): IpScope | undefined => scopes[address]

  it.each([
    ['the internet', 'the internet', '127.0.0.4', '127.0.0.4', true],
    ['the internet', 'a local network', '127.0.0.4', '127.0.0.3', false],
    ['the internet', 'this machine', '127.0.0.4', '127.0.0.1', false],
    ['the internet', 'a name of this machine', '127.0.0.4', 'localhost', false],
    ['the internet', 'this machine in disguise', '127.0.0.4', '0x7f.1', false],
    ['a local network', 'this machine', '127.0.0.3', '127.0.0.1', false],
    ['a local network', 'the internet', '127.0.0.3', '127.0.0.4', true],
    ['this machine', 'this machine', '127.0.0.1', 'localhost', true],
    ['this machine', 'another on the local network', '127.0.0.1', '127.0.0.3', false],
    ['a host of the local network', 'itself', '127.0.0.3', '127.0.0.3', true],
    ['a host of the local network', 'another', '127.0.0.3', '127.0.0.5', false],
    ['the internet', 'nobody', '127.0.0.4', '0.0.0.0', false],
  ])('from %s to %s', async (_from, _to, from, to, followed) => {
    let reached = false
    const target = await serve('127.0.0.1', (_, response) => {
      reached = true
      response.end('there')
    })
    // The same port on the other addresses.
    if (to.startsWith('127.0.0.') && to !== '127.0.0.1') {
      await serve(
        to,
        (_, response) => {
          reached = true
          response.end('there')
        },
        target,
      )
    }
    const source = await serve(from, (_, response) => {
      response.writeHead(302, { location: `http://${to}:${target}/` }).end()
    })
    const outcome = await fetched(`http://${from}:${source}/`, { scopeOf })
    expect(reached).toBe(followed)
    if (followed) expect(textOf(outcome)).toBe('there')
    else expect(outcome).toMatchObject({ kind: 'unsupported' })
  })

  it('does not lead from the internet to this machine by way of the internet', async () => {
    const inside = await serve('127.0.0.1', (_, response) => response.end('secret'))
    const port = await serve('127.0.0.4', (request, response) => {
      const location = request.url === '/' ? '/again' : `http://127.0.0.1:${inside}/`
      response.writeHead(307, { location }).end()
    })
    expect(await fetched(`http://127.0.0.4:${port}/`, { scopeOf })).toMatchObject({ kind: 'unsupported' })
  })
})

it('takes as many bytes as allowed and no more', async () => {
  const port = await serve('127.0.0.1', (_, response) => response.end('12345678'))
  expect(textOf(await fetched(`http://127.0.0.1:${port}/`, { maxBytes: 8 }))).toBe('12345678')
  expect(await fetched(`http://127.0.0.1:${port}/`, { maxBytes: 7 })).toMatchObject({ kind: 'invalid' })
})

it('takes no more time and memory for pieces of a byte than for the body', async () => {
  const port = await serveRaw(socket => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const tiny = '1\r\nx\r\n'.repeat(10_000)
    const more = (): void => {
      while (!socket.destroyed && socket.write(tiny)) {}
    }
    socket.on('drain', more)
    more()
  })
  const outcome = await fetched(`http://127.0.0.1:${port}/`, { maxBytes: 2 ** 30 })
  expect(outcome).toMatchObject({ kind: 'invalid', message: expect.stringContaining('too small pieces') })
})

it('takes a body in small pieces where there are not many of them', async () => {
  const port = await serve('127.0.0.1', (_, response) => {
    for (let n = 0; n < 10_000; n++) response.write('x')
    response.end()
  })
  expect(textOf(await fetched(`http://127.0.0.1:${port}/`, { maxBytes: 10_000 }))).toHaveLength(10_000)
})

it('does not wait for an answer behind answers without end', async () => {
  const port = await serveRaw(socket => {
    for (let n = 0; n < 100; n++) socket.write('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n')
  })
  expect(await fetched(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'invalid' })
})

it('never trusts a certificate that nobody vouches for, even where the environment says so', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  const server = createTlsServer({ key: KEY, cert: CERTIFICATE }, (_, response) => response.end('secret'))
  const outcome = await fetched(`https://127.0.0.1:${await listen(server, '127.0.0.1')}/`)
  expect(outcome).toMatchObject({ kind: 'unreachable' })
  expect((outcome as HttpGetError).message).toMatch(/no certificate to be trusted \(.*SELF_SIGNED/)
})

function fetched(url: string, options: Partial<HttpGetOptions> = {}): Promise<HttpAnswer | HttpGetError> {
  return new Promise(resolve => {
    httpGet(new URL(url), { timeoutMs: 60_000, maxBytes: 100, ...options }, resolve)
  })
}

function textOf(outcome: HttpAnswer | HttpGetError): string {
  if (outcome instanceof HttpGetError) throw outcome
  return new TextDecoder().decode(outcome.body)
}

function serve(host: string, handler: RequestListener, port = 0): Promise<number> {
  return listen(createServer(handler), host, port)
}

function serveRaw(handler: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createTcpServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => handler(socket))
  })
  const closeAllConnections = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return listen(Object.assign(server, { closeAllConnections }), '127.0.0.1')
}

function listen(server: Server & { closeAllConnections(): void }, host: string, port = 0): Promise<number> {
  servers.push(server)
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** Self-signed for 127.0.0.1 and of no other use. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgweiL10oHo5YIQkjQ
fzGFzpXxV3cZrpJYvhFHy2ipMiChRANCAAST9x2K+WnpIP2vAyhYAkdST7tNqp0k
UCIVUXzPX+DvpkkKTMFxhWaGIKOBBqYMfBiNgqN/sKBfyfOFg9wOPOs4
-----END PRIVATE KEY-----
`
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgIUc18Ycskj3HJOnAvxG55bTdNgY+IwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMTA3NDQ1NFoYDzIxMjYxMDI4
MDc0NDU0WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAST9x2K+WnpIP2vAyhYAkdST7tNqp0kUCIVUXzPX+DvpkkKTMFxhWaG
IKOBBqYMfBiNgqN/sKBfyfOFg9wOPOs4o2QwYjAdBgNVHQ4EFgQUUpMT3w27pNnU
XA3Eoo9BFG2s+NAwHwYDVR0jBBgwFoAUUpMT3w27pNnUXA3Eoo9BFG2s+NAwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC
IQDcFszb7sV1WVzyPopYyQqG5DhnW/xzAdstMrFDEoeGZAIgX5m9eb9+2A5Zavyc
0UJDSX1yDrJMjanYzXXeKnexeHo=
-----END CERTIFICATE-----
`

it.each(['101 Switching', '199 Odd', '999 Request denied'])(
  'takes HTTP status %s for no answer',
  async status => {
    const port = await serveRaw(socket => {
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nhi`)
    })
    expect(await fetched(`http://127.0.0.1:${port}/`)).toBeInstanceOf(HttpGetError)
  },
)
