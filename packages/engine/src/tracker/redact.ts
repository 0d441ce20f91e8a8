/**
 * A tracker's URL as people may see it in messages and logs. Private trackers put a secret (passkey) that stands for
 * the user into the path or the query: so neither the query, nor user and password, nor any path element but the
 * last `announce` or `scrape` survives.
 *
 *     https://user:pw@t.example:443/0123456789abcdef/announce.php?pid=x  →  https://t.example/…/announce.php?…
 */
export function redactUrl(text: string): string {
  const url = parseUrl(text)
  if (url === undefined) return 'an invalid URL'
  const steps = url.pathname.split('/').filter(step => step !== '')
  const last = steps.at(-1)
  let path = ''
  if (last !== undefined) {
    const harmless = /^(announce|scrape)(\.[a-z]{1,5})?$/i.test(last)
    if (!harmless || steps.length > 1) path += '/…'
    if (harmless) path += `/${last}`
  }
  return `${url.protocol}//${url.host}${path}${url.search === '' ? '' : '?…'}`
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
