/**
 * What strangers could try. `port` is one where a canary of this case alone listens, on every address. `expect`:
 * `none`: no near canary may hear a thing; `probe`: 16 bytes by UDP, nothing else; `works`: it is answered.
 */
import { EVIL, EVIL_6, EVIL_TOO, GOOD, NAS, WEB_PORT } from './addresses.mjs'

/** A URL at a server of the internet that redirects to `to`. */
export function redirector(status, to, from = EVIL) {
  return `http://${from}:${WEB_PORT}/go/${status}/${Buffer.from(to).toString('base64url')}/announce`
}

const asked = (op, expect) => url => ({ op, url, expect })
const tracker = asked('announce', 'none')
const scrape = asked('scrape', 'none')
const load = asked('load', 'none')

export const CASES = [
  // This machine, in every way to write it, and not as a tracker.
  ...[
    '127.0.0.1',
    '127.0.0.1.',
    '127.1',
    '127.0.1',
    '127.9.9.9',
    '2130706433',
    '0x7f000001',
    '0x7f.0x0.0x0.0x1',
    '0177.0.0.1',
    '0177.0.0.01',
    '017700000001',
    '0x7f.1',
    'localhost',
    'localhost.',
    'LOCALHOST',
    '１２７.０.０.１',
    '127。0。0。1',
    '①②⑦.0.0.1',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '127.0.0.1.ip.example',
    '0--1.ip6.example',
    '127.0.0.1.and.10.0.0.9.both.example',
  ].map(host => tracker(`http://${host}:{port}/shutdown`)),
  // Nobody's addresses, which some systems take for this machine.
  ...[
    '0.0.0.0',
    '0',
    '0x0',
    '0.0',
    '[::]',
    '[::ffff:0.0.0.0]',
    '0.0.0.0.ip.example',
    '0--0.ip6.example',
    '224.0.0.1',
    '255.255.255.255',
  ].flatMap(host => [tracker(`http://${host}:{port}/announce`), tracker(`udp://${host}:{port}/announce`)]),
  // The local network, not as a tracker.
  ...[
    '10.0.0.9',
    '10.9',
    '167772169',
    '0x0a000009',
    '012.0.0.011',
    '172.16.0.9',
    '192.168.1.9',
    '192.168.265',
    '0xc0a80109',
    '[::ffff:192.168.1.9]',
    '[::ffff:c0a8:109]',
    '[64:ff9b::c0a8:109]',
    '100.64.0.9',
    '[fd00::9]',
    '10.0.0.9.ip.example',
    'fd00--9.ip6.example',
    '10.0.0.9.and.192.168.1.9.both.example',
  ].map(host => tracker(`http://${host}:{port}/cgi-bin/reboot`)),
  // The metadata service of clouds, also as a tracker.
  ...[
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '169.254.43518',
    '[::ffff:a9fe:a9fe]',
    '169.254.169.254.ip.example',
  ].flatMap(host => [
    tracker(`http://${host}:{port}/latest/meta-data/announce`),
    tracker(`udp://${host}:{port}/announce`),
  ]),
  // Users, passwords, and what looks like them.
  ...[
    'http://8.8.1.1@127.0.0.1:{port}/x',
    'http://8.8.1.1:80@10.0.0.9:{port}/x',
    'http://user:pw@192.168.1.9:{port}/x',
    'http://8.8.1.1%2f@127.0.0.1:{port}/x',
    'http:\\\\127.0.0.1:{port}\\x',
    'http:127.0.0.1:{port}/x',
    'http:///127.0.0.1:{port}/x',
    'HTTP://127.0.0.1:{port}/x',
    // Paths that are none of a tracker.
    'http://127.0.0.1:{port}/announce/../x',
    'http://127.0.0.1:{port}/announce/%2e%2e/x',
    'http://127.0.0.1:{port}/announce%2f..%2fx',
    'http://127.0.0.1:{port}/announce;/x',
    'http://127.0.0.1:{port}/announce/x',
    'http://127.0.0.1:{port}/x?/announce',
    'http://127.0.0.1:{port}/x#/announce',
    'http://127.0.0.1:{port}/x%00/announce',
    'http://10.0.0.9:{port}/x?/announce',
    'http://10.0.0.9:{port}/x%2fannounce',
    'http://10.0.0.9:{port}/announce%2f..%2fx',
    'http://10.0.0.9:{port}/announce/../x',
    // Other schemes.
    'file:///etc/passwd',
    'file://127.0.0.1:{port}/x',
    'gopher://127.0.0.1:{port}/_x',
    'ftp://127.0.0.1:{port}/announce',
    'dict://10.0.0.9:{port}/x',
    'ws://127.0.0.1:{port}/announce',
    'wss://10.0.0.9:{port}/announce',
    'ldap://10.0.0.9:{port}/announce',
    'data:text/plain,announce',
    'udp://127.0.0.1/announce',
    'udp://:{port}/announce',
    'http://[fe80::1%25lo]:{port}/announce',
    'udp://[fe80::1]:{port}/announce',
  ].map(tracker),
  // From afar to near.
  ...[301, 302, 303, 307, 308].flatMap(status =>
    ['127.0.0.1', '[::1]', '10.0.0.9', '192.168.1.9', '169.254.169.254', '[fd00::9]'].map(host =>
      tracker(redirector(status, `http://${host}:{port}/announce`)),
    ),
  ),
  ...[
    'http://localhost:{port}/announce',
    'http://0.0.0.0:{port}/announce',
    'http://0x7f.1:{port}/announce',
    'http://2130706433:{port}/announce',
    'https://127.0.0.1:{port}/announce',
    'http://user:pw@127.0.0.1:{port}/announce',
    '//127.0.0.1:{port}/announce',
    'http:\\\\127.0.0.1:{port}\\announce',
    'http://10.0.0.9.ip.example:{port}/announce',
    'http://127.0.0.1.and.192.168.1.9.both.example:{port}/announce',
    'http://[::ffff:10.0.0.9]:{port}/announce',
    'http://[64:ff9b::a00:9]:{port}/announce',
    'file:///etc/passwd',
    'gopher://127.0.0.1:{port}/_x',
    'ftp://127.0.0.1:{port}/announce',
    'udp://127.0.0.1:{port}/announce',
    // By way of others.
    redirector(302, 'http://127.0.0.1:{port}/announce', EVIL_TOO),
    redirector(307, redirector(301, 'http://10.0.0.9:{port}/announce', EVIL_TOO)),
    redirector(302, 'http://10.0.0.9:{port}/announce', NAS),
  ].flatMap(to => [
    tracker(redirector(302, to)),
    load(redirector(301, to)),
    scrape(redirector(307, to.replaceAll('announce', 'scrape'))),
  ]),
  // A name that is somewhere else the second time.
  ...['127.0.0.1', '10.0.0.9'].flatMap((near, n) => {
    const host = `n${n}.${EVIL}.then.n${n}.${near}.rebind.example`
    return [tracker(redirector(302, `http://${host}:{port}/announce`, host))]
  }),
  tracker(redirector(302, 'http://10.0.0.9:{port}/announce', `[${EVIL_6}]`)),
  // From the local network to this machine, or to another machine of it.
  tracker(redirector(302, 'http://127.0.0.1:{port}/announce', NAS)),
  tracker(redirector(302, 'http://192.168.1.9:{port}/announce', NAS)),
  load(redirector(302, 'http://127.0.0.1:{port}/x.torrent', NAS)),
  load(redirector(302, 'http://10.0.0.9:{port}/x.torrent', NAS)),
  // From this machine to another service of it.
  tracker(redirector(302, 'http://127.0.0.1:{port}/shutdown', '127.0.0.1')),
  scrape(`http://127.0.0.1:{port}/x`),
  ...['gopher://127.0.0.1:{port}/x', 'ftp://10.0.0.9:{port}/x', 'udp://127.0.0.1:{port}/x'].map(load),
  // A whole torrent, and a whole link.
  { op: 'torrent', url: '{port}', expect: 'none' },
  { op: 'magnet', url: '{port}', expect: 'none' },
  { op: 'peers', url: '{port}', expect: 'none' },

  ...['127.0.0.1', '0x7f.1', '[::1]', '10.0.0.9', '192.168.1.9', '10.0.0.9.ip.example', '[fd00::9]'].map(
    host => asked('announce', 'probe')(`udp://${host}:{port}/announce`),
  ),

  // What has to go on working.
  ...[
    `http://127.0.0.1:${WEB_PORT}/announce`,
    `http://localhost:${WEB_PORT}/k3y/announce.php?x=1`,
    `http://[::1]:${WEB_PORT}/announce`,
    `http://${NAS}:${WEB_PORT}/announce`,
    `http://${NAS}:${WEB_PORT}/announce/k3y`,
    `http://${NAS}.ip.example:${WEB_PORT}/announce`,
    `http://user:pw@${NAS}:${WEB_PORT}/announce`,
    `http://${GOOD}:${WEB_PORT}/any?path=1`,
    `http://good.example:${WEB_PORT}/any`,
    `http://10.0.0.9.and.${GOOD}.both.example:${WEB_PORT}/any`,
    `udp://127.0.0.1:${WEB_PORT}/announce`,
    `udp://${NAS}:${WEB_PORT}`,
    `udp://good.example:${WEB_PORT}/any`,
    'https://good.example:7443/any',
    redirector(302, `http://good.example:${WEB_PORT}/any`),
    redirector(308, redirector(301, `http://${GOOD}:${WEB_PORT}/any`, EVIL_TOO)),
    redirector(302, '/announce', NAS),
    redirector(302, `http://${NAS}:${WEB_PORT}/announce`, `${NAS}.ip.example`),
    redirector(302, `http://localhost:${WEB_PORT}/announce`, '127.0.0.1'),
    redirector(302, `http://${GOOD}:${WEB_PORT}/any`, NAS),
  ].map(asked('announce', 'works')),
  asked('scrape', 'works')(`http://${NAS}:${WEB_PORT}/announce`),
  asked('scrape', 'works')(`udp://${NAS}:${WEB_PORT}/announce`),
  ...[
    `http://127.0.0.1:${WEB_PORT}/x.torrent`,
    `http://${NAS}:${WEB_PORT}/x.torrent`,
    redirector(302, '/x.torrent', NAS),
    redirector(302, `http://${GOOD}:${WEB_PORT}/x.torrent`, NAS),
    redirector(302, `https://good.example:7443/x.torrent`),
  ].map(asked('load', 'works')),
]
