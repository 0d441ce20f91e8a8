/** What is given from outside and would only fail later, in the engine: addresses, trackers, names, folders. */
import { isAbsolute, resolve } from 'node:path'
import { SessionError } from './session.ts'

/** As file systems have it, with room for a suffix. */
const MAX_NAME_CHARS = 240
const PEER = /^(?:\[[0-9a-f:.%]+\]|[^\s:[\]]+):(?<port>\d{1,5})$/i
const TRACKER_SCHEMES = ['http:', 'https:', 'udp:']

export function checkPeers(peers: readonly string[], where: string): void {
  for (const [at, peer] of peers.entries()) {
    const port = Number(PEER.exec(peer)?.groups?.port)
    if (port >= 1 && port <= 65_535) continue
    const text = `${JSON.stringify(peer)} is not an address of a peer, like 10.0.0.1:6881.`
    throw new SessionError('INVALID', text, `${where}[${at}]`)
  }
}

export function checkTrackers(tiers: readonly (readonly string[])[], where: string): void {
  for (const [tier, urls] of tiers.entries()) {
    for (const [at, url] of urls.entries()) {
      if (isTracker(url)) continue
      const text = `${JSON.stringify(url)} is not the URL of a tracker: http, https or udp.`
      throw new SessionError('INVALID', text, `${where}[${tier}][${at}]`)
    }
  }
}

export function isTracker(url: string): boolean {
  return URL.canParse(url) && TRACKER_SCHEMES.includes(new URL(url).protocol)
}

/** An absolute path, without `..` and the like. */
export function checkedDir(dir: string, where: string): string {
  if (isAbsolute(dir) && !dir.includes('\0')) return resolve(dir)
  throw new SessionError('INVALID', `${JSON.stringify(dir)} is not an absolute path.`, where)
}

/** Elements of a path that stays where it is; the engine makes them safe for the file system. */
export function checkedElements(path: string, where: string): string[] {
  const elements = path.split('/')
  const isBad = (element: string): boolean =>
    element === '' ||
    element === '.' ||
    element === '..' ||
    element.length > MAX_NAME_CHARS ||
    /[\\\0]/u.test(element)
  if (elements.some(isBad)) {
    throw new SessionError('INVALID', `${JSON.stringify(path)} is no name for a file.`, where)
  }
  return elements
}
