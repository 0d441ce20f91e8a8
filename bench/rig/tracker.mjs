/** The least of a tracker: tells everybody but the seeder where the seeder is (BEP 3, BEP 23). */
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'

export async function startTracker(host) {
  let seeder
  const server = createServer((request, response) => {
    const port = Number(new URL(request.url, 'http://tracker').searchParams.get('port'))
    const peers = Buffer.alloc(seeder === undefined || port === seeder.port ? 0 : 6)
    if (peers.length > 0) {
      peers.set(seeder.ip.split('.').map(Number))
      peers.writeUInt16BE(seeder.port, 4)
    }
    response.end(
      Buffer.concat([Buffer.from(`d8:intervali1800e5:peers${peers.length}:`), peers, Buffer.from('e')]),
    )
  })
  await new Promise(resolve => server.listen(0, host, resolve))
  return {
    url: `http://${host}:${server.address().port}/announce`,
    /** @param place { ip, port } */
    setSeeder(place) {
      seeder = place
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

export async function freePort(host) {
  const server = createTcpServer()
  await new Promise(resolve => server.listen(0, host, resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}
