/** Where the page begins. */
import { render } from 'solid-js/web'
import type { Api } from './api/api.ts'
import { remoteApi } from './api/remote.ts'
import { App } from './app/app.tsx'
import './style/tokens.css'
import './style/base.css'
import './style/parts.css'
import './style/page.css'
import './style/list.css'

// Not waited for: parts that are loaded later import this one, which would then never be whole.
void connect().then(api => render(() => <App api={api} />, document.body))

async function connect(): Promise<Api> {
  if (import.meta.env.MODE === 'mock') {
    const { mockApi } = await import('./api/mock/mock.ts')
    const asked = new URLSearchParams(location.search)
    return mockApi({
      count: Number(asked.get('count') ?? 5000),
      hostile: asked.has('hostile'),
      locked: asked.has('locked'),
    })
  }
  return remoteApi(new URL('.', document.baseURI))
}
