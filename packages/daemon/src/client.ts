/**
 * Shoal's API for programs: in browsers, where a cookie says who asks, and in Node, with a token. Each route is a
 * method; what is refused is an {@link ApiError} with the daemon's own words.
 */
import type {
  ActionRequest,
  AddOptions,
  AddRequest,
  AddResult,
  Ban,
  Category,
  ConversationEvent,
  Demo,
  FilePatch,
  FileRow,
  Finding,
  FolderInfo,
  Inspection,
  ListQuery,
  Lists,
  LogLine,
  MoveRequest,
  NewToken,
  PeerRow,
  PickRequest,
  PiecesView,
  ProblemBody,
  ProblemCode,
  RateHistory,
  RemoveRequest,
  RowPart,
  Scope,
  SessionInfo,
  Setting,
  SetupInfo,
  SetupLink,
  ShoalEvent,
  SignedOut,
  TokenInfo,
  TorrentDetail,
  TorrentPage,
  TorrentPatch,
  TorrentRow,
  TrackerRow,
} from './contract/index.ts'

export interface ClientOptions {
  /** Where Shoal is, without `/api/v1`: `http://127.0.0.1:9160`, or, in its own page, `.` or the base path. */
  readonly url: string
  readonly token?: string | undefined
  /** In place of the global one. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface EventOptions extends CallOptions {
  /** Of this window of the list only; all torrents unless given. */
  readonly window?: ListQuery
  /** Of a {@link TorrentPage}: what came after it is told. */
  readonly cursor?: string
  /** Told when a connection stands, and when it is lost: another one is tried until `signal` is aborted. */
  readonly onState?: (state: 'open' | 'lost', error: unknown) => void
}

/** What the daemon refused; or, with `status` 0, that it did not answer. */
export class ApiError extends Error {
  readonly status: number
  readonly code: ProblemCode
  /** Where in the request: `body.options.dir`. */
  readonly where: string | undefined
  /** `TOO_MANY` and the like: seconds to wait. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    status: number,
    code: ProblemCode,
    text: string,
    details: {
      readonly where?: string | undefined
      readonly retryAfterSeconds?: number | undefined
      readonly cause?: unknown
    } = {},
  ) {
    super(text, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.where = details.where
    this.retryAfterSeconds = details.retryAfterSeconds
  }
}

export function createClient(options: ClientOptions): Client {
  return new Client(options)
}

export class Client {
  readonly #api: string
  readonly #root: string
  readonly #token: string | undefined
  readonly #fetch: (url: string, init: RequestInit) => Promise<Response>

  /** {@link createClient} makes one. */
  constructor({ url, token, fetch: own }: ClientOptions) {
    this.#root = url.replace(/\/+$/, '')
    this.#api = `${this.#root}/api/v1`
    this.#token = token
    this.#fetch = own ?? ((target, init) => fetch(target, init))
  }

  health(options?: CallOptions): Promise<{ readonly ok: true }> {
    return this.#json('GET', '/health', undefined, options)
  }

  session(options?: CallOptions): Promise<SessionInfo> {
    return this.#json('GET', '/session', undefined, options)
  }

  history(options?: CallOptions): Promise<RateHistory> {
    return this.#json('GET', '/history', undefined, options)
  }

  torrents(query: ListQuery = {}, options?: CallOptions): Promise<TorrentPage> {
    return this.#json('GET', `/torrents${queryText(query)}`, undefined, options)
  }

  /** Some fields of all that match, however many. */
  pick(request: PickRequest, options?: CallOptions): Promise<readonly RowPart[]> {
    return this.#json('POST', '/torrents/pick', request, options)
  }

  add(request: AddRequest, options?: CallOptions): Promise<readonly AddResult[]> {
    return this.#json('POST', '/torrents', request, options)
  }

  /** Torrent files as they are. */
  async addFiles(
    files: readonly (Blob | Uint8Array)[],
    addOptions?: AddOptions,
    options?: CallOptions,
  ): Promise<readonly AddResult[]> {
    const form = formOf(files)
    if (addOptions !== undefined) form.append('options', JSON.stringify(addOptions))
    const response = await this.#send('POST', '/torrents', { body: form }, options)
    return (await response.json()) as readonly AddResult[]
  }

  /** Unknown ids are left out, here and in the next two; the answer counts the others. */
  act(request: ActionRequest, options?: CallOptions): Promise<{ readonly count: number }> {
    return this.#json('POST', '/torrents/actions', request, options)
  }

  remove(request: RemoveRequest, options?: CallOptions): Promise<{ readonly count: number }> {
    return this.#json('POST', '/torrents/remove', request, options)
  }

  move(request: MoveRequest, options?: CallOptions): Promise<{ readonly count: number }> {
    return this.#json('POST', '/torrents/move', request, options)
  }

  inspect(source: string, options?: CallOptions): Promise<Inspection> {
    return this.#json('POST', '/inspect', { source }, options)
  }

  async inspectFile(file: Blob | Uint8Array, options?: CallOptions): Promise<Inspection> {
    const response = await this.#send('POST', '/inspect', { body: formOf([file]) }, options)
    return (await response.json()) as Inspection
  }

  torrent(id: string, options?: CallOptions): Promise<TorrentDetail> {
    return this.#json('GET', `/torrents/${id}`, undefined, options)
  }

  patch(id: string, change: TorrentPatch, options?: CallOptions): Promise<TorrentRow> {
    return this.#json('PATCH', `/torrents/${id}`, change, options)
  }

  async removeOne(id: string, remove: { readonly data: boolean }, options?: CallOptions): Promise<void> {
    await this.#send('DELETE', `/torrents/${id}?data=${remove.data}`, {}, options)
  }

  files(id: string, options?: CallOptions): Promise<readonly FileRow[]> {
    return this.#json('GET', `/torrents/${id}/files`, undefined, options)
  }

  patchFiles(id: string, changes: readonly FilePatch[], options?: CallOptions): Promise<readonly FileRow[]> {
    return this.#json('PATCH', `/torrents/${id}/files`, changes, options)
  }

  peers(id: string, options?: CallOptions): Promise<readonly PeerRow[]> {
    return this.#json('GET', `/torrents/${id}/peers`, undefined, options)
  }

  async addPeers(id: string, addresses: readonly string[], options?: CallOptions): Promise<void> {
    await this.#send('POST', `/torrents/${id}/peers`, jsonBody({ addresses }), options)
  }

  async banPeer(id: string, address: string, options?: CallOptions): Promise<void> {
    await this.#send('POST', `/torrents/${id}/peers/ban`, jsonBody({ address }), options)
  }

  /**
   * What that peer and we say to each other, until the connection to it ends (`end` comes last), or `signal` is aborted.
   * Fails with an {@link ApiError}, also where the daemon goes away meanwhile.
   */
  async *conversation(
    id: string,
    address: string,
    options: CallOptions = {},
  ): AsyncGenerator<ConversationEvent, void, undefined> {
    const { signal } = options
    const path = `/torrents/${id}/peers/${encodeURIComponent(address)}/conversation`
    try {
      const headers = { Accept: 'text/event-stream' }
      const response = await this.#send('GET', path, { headers }, { signal })
      for await (const { data } of messagesOf(response)) {
        if (data === '') continue
        const event = JSON.parse(data) as ConversationEvent
        yield event
        if (event.type === 'end') return
      }
    } catch (error) {
      if (signal?.aborted === true) return
      if (error instanceof ApiError) throw error
      throw new ApiError(0, 'UNAVAILABLE', `The connection to Shoal has ended (${reasonOf(error)}).`, {
        cause: error,
      })
    }
    throw new ApiError(0, 'UNAVAILABLE', 'The connection to Shoal has ended.')
  }

  trackers(id: string, options?: CallOptions): Promise<readonly TrackerRow[]> {
    return this.#json('GET', `/torrents/${id}/trackers`, undefined, options)
  }

  pieces(id: string, options?: CallOptions): Promise<PiecesView> {
    return this.#json('GET', `/torrents/${id}/pieces`, undefined, options)
  }

  /** Of one torrent, or of the daemon and all. */
  log(id?: string, options?: CallOptions): Promise<readonly LogLine[]> {
    return this.#json('GET', id === undefined ? '/log' : `/torrents/${id}/log`, undefined, options)
  }

  async torrentFile(id: string, options?: CallOptions): Promise<Uint8Array> {
    const response = await this.#send('GET', `/torrents/${id}/torrent`, {}, options)
    return new Uint8Array(await response.arrayBuffer())
  }

  async magnet(id: string, options?: CallOptions): Promise<string> {
    return (await (await this.#send('GET', `/torrents/${id}/magnet`, {}, options)).text()).trim()
  }

  async playlist(id: string, options?: CallOptions): Promise<string> {
    return (await this.#send('GET', `/torrents/${id}/playlist.m3u`, {}, options)).text()
  }

  /** The bytes of a file; `range` as in HTTP: `bytes=0-99`. The caller reads its body. */
  content(id: string, file: number, options?: CallOptions & { readonly range?: string }): Promise<Response> {
    const headers = options?.range === undefined ? {} : { Range: options.range }
    return this.#send('GET', `/torrents/${id}/files/${file}/content`, { headers }, options)
  }

  /** Addresses that a browser, where one has signed in, opens by itself. */
  contentUrl(id: string, file: number, options: { readonly inline?: boolean } = {}): string {
    return `${this.#api}/torrents/${id}/files/${file}/content${options.inline === true ? '?inline=true' : ''}`
  }

  playlistUrl(id: string): string {
    return `${this.#api}/torrents/${id}/playlist.m3u`
  }

  torrentFileUrl(id: string): string {
    return `${this.#api}/torrents/${id}/torrent`
  }

  categories(options?: CallOptions): Promise<readonly Category[]> {
    return this.#json('GET', '/categories', undefined, options)
  }

  async setCategory({ name, ...rest }: Category, options?: CallOptions): Promise<void> {
    await this.#send('PUT', `/categories/${encodeURIComponent(name)}`, jsonBody(rest), options)
  }

  async removeCategory(name: string, options?: CallOptions): Promise<void> {
    await this.#send('DELETE', `/categories/${encodeURIComponent(name)}`, {}, options)
  }

  labels(options?: CallOptions): Promise<Readonly<Record<string, number>>> {
    return this.#json('GET', '/labels', undefined, options)
  }

  settings(options?: CallOptions): Promise<readonly Setting[]> {
    return this.#json('GET', '/settings', undefined, options)
  }

  changeSettings(
    changes: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<readonly Setting[]> {
    return this.#json('PATCH', '/settings', changes, options)
  }

  /** Null: as the timetable says. */
  async setAlternative(on: boolean | null, options?: CallOptions): Promise<void> {
    await this.#send('PUT', '/alternative', jsonBody({ on }), options)
  }

  folders(path?: string, options?: CallOptions): Promise<FolderInfo> {
    return this.#json('GET', `/folders${queryText(path === undefined ? {} : { path })}`, undefined, options)
  }

  bans(options?: CallOptions): Promise<readonly Ban[]> {
    return this.#json('GET', '/bans', undefined, options)
  }

  /** IP addresses, with or without a port. */
  async ban(addresses: readonly string[], options?: CallOptions): Promise<void> {
    await this.#send('POST', '/bans', jsonBody({ addresses }), options)
  }

  async unban(address: string, options?: CallOptions): Promise<void> {
    await this.#send('DELETE', `/bans/${encodeURIComponent(address)}`, {}, options)
  }

  /** Blocklist and countries: what is in force, and what went wrong. */
  lists(options?: CallOptions): Promise<Lists> {
    return this.#json('GET', '/lists', undefined, options)
  }

  reloadLists(options?: CallOptions): Promise<Lists> {
    return this.#json('POST', '/lists/reload', undefined, options)
  }

  doctor(options?: CallOptions): Promise<readonly Finding[]> {
    return this.#json('GET', '/doctor', undefined, options)
  }

  tokens(options?: CallOptions): Promise<readonly TokenInfo[]> {
    return this.#json('GET', '/tokens', undefined, options)
  }

  /** The token itself is told only now. */
  addToken(
    token: { readonly name: string; readonly scope: Scope },
    options?: CallOptions,
  ): Promise<NewToken> {
    return this.#json('POST', '/tokens', token, options)
  }

  async removeToken(name: string, options?: CallOptions): Promise<void> {
    await this.#send('DELETE', `/tokens/${encodeURIComponent(name)}`, {}, options)
  }

  async login(password: string, options?: CallOptions): Promise<void> {
    await this.#send('POST', '/login', jsonBody({ password }), options)
  }

  async logout(options?: CallOptions): Promise<void> {
    await this.#send('POST', '/logout', {}, options)
  }

  async changePassword(current: string, password: string, options?: CallOptions): Promise<void> {
    await this.#send('PUT', '/password', jsonBody({ current, password }), options)
  }

  setup(options?: CallOptions): Promise<SetupInfo> {
    return this.#json('GET', '/setup', undefined, options)
  }

  /** `key` is of the link that Shoal printed at its start. */
  async setUp(key: string, password: string, options?: CallOptions): Promise<void> {
    await this.#send('POST', '/setup', jsonBody({ key, password }), options)
  }

  /** Sets another password for one that was lost. With the token that programs of the same user find; so the next. */
  resetPassword(password: string, options?: CallOptions): Promise<SignedOut> {
    return this.#json('POST', '/password/reset', { password }, options)
  }

  /** The key of a link where a new password is set. */
  passwordLink(options?: CallOptions): Promise<SetupLink> {
    return this.#json('POST', '/password/link', undefined, options)
  }

  /** A small swarm on the machine of the daemon; the one that is there, if there is one. */
  demo(options?: CallOptions): Promise<Demo> {
    return this.#json('POST', '/demo', undefined, options)
  }

  openApi(options?: CallOptions): Promise<unknown> {
    return this.#json('GET', '/openapi.json', undefined, options)
  }

  async metrics(options?: CallOptions): Promise<string> {
    return (await this.#call('GET', `${this.#root}/metrics`, {}, options)).text()
  }

  /**
   * What changes, until `signal` is aborted. After a lost connection it goes on from where it was, if the daemon knows
   * that still, or with `reset`. Ends with an {@link ApiError} where coming again is no use: 401 and the like.
   */
  async *events(options: EventOptions = {}): AsyncGenerator<ShoalEvent, void, undefined> {
    const { signal, onState } = options
    let cursor = options.cursor
    let failures = 0
    const isOver = (): boolean => signal?.aborted === true
    while (!isOver()) {
      try {
        const response = await this.#openEvents(options.window, cursor, signal)
        failures = 0
        onState?.('open', undefined)
        for await (const message of messagesOf(response)) {
          cursor = message.id ?? cursor
          if (message.data !== '') yield JSON.parse(message.data) as ShoalEvent
        }
        throw new ApiError(0, 'UNAVAILABLE', 'The connection to Shoal has ended.')
      } catch (error) {
        if (isOver()) return
        if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429)
          throw error
        onState?.('lost', error)
        const told = error instanceof ApiError ? error.retryAfterSeconds : undefined
        const ms = Math.min(RECONNECT_MAX_MS, RECONNECT_MS * 2 ** failures++)
        await pause(told === undefined ? ms : told * 1000, signal)
      }
    }
  }

  #openEvents(
    window: ListQuery | undefined,
    cursor: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const query = window === undefined ? { cursor } : { ...window, window: true }
    const headers = { Accept: 'text/event-stream' }
    return this.#send('GET', `/events${queryText(query)}`, { headers }, { signal })
  }

  async #json<T>(method: string, path: string, body: unknown, options: CallOptions | undefined): Promise<T> {
    const response = await this.#send(method, path, body === undefined ? {} : jsonBody(body), options)
    return (await response.json()) as T
  }

  #send(
    method: string,
    path: string,
    init: RequestInit,
    options: CallOptions | undefined,
  ): Promise<Response> {
    return this.#call(method, `${this.#api}${path}`, init, options)
  }

  async #call(
    method: string,
    url: string,
    init: RequestInit,
    options: CallOptions | undefined,
  ): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.#token === undefined) headers.set('X-Shoal', '1')
    else headers.set('Authorization', `Bearer ${this.#token}`)
    const signal = options?.signal
    let response: Response
    try {
      response = await this.#fetch(url, {
        ...init,
        method,
        headers,
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (cause) {
      if (signal?.aborted === true) throw cause
      throw new ApiError(0, 'UNAVAILABLE', `Shoal does not answer at ${this.#root} (${reasonOf(cause)}).`, {
        cause,
      })
    }
    if (!response.ok) throw await errorOf(response)
    return response
  }
}

const RECONNECT_MS = 500
const RECONNECT_MAX_MS = 15_000

/** The daemon says something every 15 s; a machine that slept does not notice that its connections are gone. */
const SILENCE_MS = 45_000

/** Of a message. JSON holds U+2028 and U+2029 as they are, which end a line for regular expressions only. */
const FIELD = /^(\w+): ?(.*)$/s

interface Message {
  readonly id: string | undefined
  readonly data: string
}

/** Server-sent events, as far as ours go: `id` and `data`; comments and names are passed over. */
async function* messagesOf(response: Response): AsyncGenerator<Message, void, undefined> {
  if (response.body === null) return
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read())
      if (done) return
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        const fields = block.split('\n').map(line => FIELD.exec(line) ?? [])
        const last = (name: string): string | undefined => fields.findLast(field => field[1] === name)?.[2]
        yield { id: last('id'), data: last('data') ?? '' }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function withinSilence<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, failed) => {
    timer = setTimeout(() => failed(new ApiError(0, 'UNAVAILABLE', 'Shoal has gone silent.')), SILENCE_MS)
  })
  try {
    return await Promise.race([work, silence])
  } finally {
    clearTimeout(timer)
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const after = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfterSeconds = Number.isFinite(after) ? after : undefined
  const text = await response.text().catch(() => '')
  try {
    const { error } = JSON.parse(text) as ProblemBody
    return new ApiError(response.status, error.code, error.text, { where: error.where, retryAfterSeconds })
  } catch {
    // A proxy in between, or no Shoal at all.
    const said = `The answer is ${response.status} ${response.statusText}`.trim()
    return new ApiError(response.status, 'UNAVAILABLE', `${said}, and not from Shoal.`, { retryAfterSeconds })
  }
}

function jsonBody(value: unknown): RequestInit {
  return { body: JSON.stringify(value), headers: { 'Content-Type': 'application/json' } }
}

function formOf(files: readonly (Blob | Uint8Array)[]): FormData {
  const form = new FormData()
  for (const [at, file] of files.entries()) {
    form.append(
      'file',
      file instanceof Uint8Array ? new Blob([file as Uint8Array<ArrayBuffer>]) : file,
      `${at}.torrent`,
    )
  }
  return form
}

function queryText(query: object): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query) as [string, unknown][]) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) search.append(key, String(each))
  }
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') return inner.code
  return inner instanceof Error ? inner.message : String(inner)
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(done => {
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      done()
    })
  })
}
