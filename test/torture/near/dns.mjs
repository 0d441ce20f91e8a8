/**
 * A name server for the namespace. Names say their addresses: `10.0.0.9.ip.example`, `fd00--9.ip6.example`,
 * `8.8.1.1.then.127.0.0.1.rebind.example` (the second from the second question on), `10.0.0.9.and.8.8.1.1.both.example`,
 * `good.example`.
 */
import { createSocket } from 'node:dgram'
import { isIP } from 'node:net'
import { DNS_ADDRESS, GOOD } from './addresses.mjs'

const A = 1
const AAAA = 28

export function startDns() {
  const asked = new Map()
  const socket = createSocket('udp4', (query, from) => {
    const answer = answerTo(query, asked)
    socket.send(answer, from.port, from.address)
  })
  return new Promise(resolve => socket.bind(53, DNS_ADDRESS, resolve))
}

function answerTo(query, asked) {
  let at = 12
  const labels = []
  for (let length = query[at]; length > 0; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  const type = query.readUInt16BE(at + 1)
  const name = labels.join('.').toLowerCase()
  const key = `${type} ${name}`
  const count = asked.get(key) ?? 0
  asked.set(key, count + 1)
  const records = addressesOf(name, count).filter(ip => type === (isIP(ip) === 6 ? AAAA : A))
  const known = addressesOf(name, count).length > 0
  const head = Buffer.from(query.subarray(0, 12))
  head.writeUInt16BE(known ? 0x8180 : 0x8183, 2)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt16BE(0, 8)
  head.writeUInt16BE(0, 10)
  const answers = records.map(ip => {
    const bytes = bytesOf(ip)
    const record = Buffer.alloc(12)
    record.writeUInt16BE(0xc00c, 0)
    record.writeUInt16BE(type, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt16BE(bytes.length, 10)
    return Buffer.concat([record, bytes])
  })
  return Buffer.concat([head, query.subarray(12, at + 5), ...answers])
}

function addressesOf(name, count) {
  if (name === 'good.example') return [GOOD]
  let match = /^(.+)\.ip\.example$/.exec(name)
  if (match !== null) return [match[1]]
  match = /^(.+)\.ip6\.example$/.exec(name)
  if (match !== null) return [match[1].replaceAll('-', ':')]
  match = /^(.+)\.then\.(.+)\.rebind\.example$/.exec(name)
  // A name may be asked for by number: the rest is the address.
  if (match !== null) return [(count === 0 ? match[1] : match[2]).replace(/^n\d+\./, '')]
  match = /^(.+)\.and\.(.+)\.both\.example$/.exec(name)
  if (match !== null) return [match[1], match[2]]
  return []
}

function bytesOf(ip) {
  if (isIP(ip) === 4) return Buffer.from(ip.split('.').map(Number))
  const [head, tail = ''] = ip.split('::')
  const groups = text => (text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16)))
  const first = groups(head)
  const last = groups(tail)
  const all = [...first, ...new Array(8 - first.length - last.length).fill(0), ...last]
  return Buffer.from(all.flatMap(group => [group >> 8, group & 255]))
}
