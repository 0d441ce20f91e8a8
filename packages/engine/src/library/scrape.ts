/** Asking all trackers of a torrent how large its swarm is, without joining it (BEP 48, 15). */
import { ShoalError } from '../errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { createTrackers } from '../node/trackers.ts'
import type { Trackers } from '../ports.ts'
import type { SwarmCounts } from '../tracker/announce.ts'
import { redactUrl } from '../tracker/redact.ts'
import { abortable } from './abort.ts'
import type { ScrapeOptions, ScrapeResult } from './types/tracker.ts'

const DEFAULT_TIMEOUT_MS = 15_000

/** Asked side by side: more than honest torrents have. Of longer lists the next is asked when one is done. */
const MAX_ASKED = 50

/**
 * Asks every tracker of the torrent, each URL once, for its counts: one result each, in the order of the torrent.
 * A tracker that fails is a result, too. Nobody is told that we exist: a scrape is no announce.
 *
 * @throws ShoalError `OPTION_INVALID`, `ABORTED`
 */
export async function scrapeTorrent(
  metainfo: Metainfo,
  options: ScrapeOptions = {},
): Promise<ScrapeResult[]> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
    throw new ShoalError('OPTION_INVALID', `${timeoutMs} ms is no timeout`, { operation: 'scrape' })
  }
  const urls = [...new Set(metainfo.trackers.flat())]
  const trackers = createTrackers()
  // What is in flight then hears CLOSED, and so does what comes after.
  const close = (): void => trackers.close()
  options.signal?.addEventListener('abort', close, { once: true })
  try {
    return await abortable('scraping', options.signal, async () => {
      const results = await scrapeAll(urls, url => scrapeOne(trackers, url, metainfo.infoHash, timeoutMs))
      options.signal?.throwIfAborted()
      return results
    })
  } finally {
    options.signal?.removeEventListener('abort', close)
    close()
  }
}

/** The results in the order of the URLs, however they come. */
async function scrapeAll(
  urls: readonly string[],
  scrape: (url: string) => Promise<ScrapeResult>,
): Promise<ScrapeResult[]> {
  const results: ScrapeResult[] = []
  const waiting = urls.entries()
  const askOn = async (): Promise<void> => {
    for (const [at, url] of waiting) results[at] = await scrape(url)
  }
  await Promise.all(Array.from({ length: Math.min(MAX_ASKED, urls.length) }, askOn))
  return results
}

/** Never rejects. */
function scrapeOne(
  trackers: Trackers,
  url: string,
  infoHash: Uint8Array,
  timeoutMs: number,
): Promise<ScrapeResult> {
  return new Promise(resolve => {
    const timer = setTimeout(() => {
      cancel()
      const details = { operation: 'scrape', subject: redactUrl(url) }
      end(new ShoalError('TRACKER_TIMEOUT', `no answer within ${timeoutMs / 1000} s`, details))
    }, timeoutMs)
    const end = (outcome: SwarmCounts | ShoalError): void => {
      clearTimeout(timer)
      resolve(
        outcome instanceof ShoalError ? { url, ok: false, error: outcome } : { url, ok: true, ...outcome },
      )
    }
    const cancel = trackers.scrape(url, infoHash, end)
  })
}
