/**
 * Who may come in: one password, signed-in browsers, and named tokens for programs. Nobody may before a password was
 * set, and that is done by a link that Shoal prints where only its owner sees it.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { NewToken, Scope, TokenInfo } from '../../contract/index.ts'
import { HttpProblem } from '../problem.ts'
import { type AccessRecord, readAccess, writeAccess } from './access-file.ts'
import { MIN_PASSWORD_CHARS, Passwords } from './password.ts'

/** Who asks, by what they showed. */
export interface Caller {
  readonly kind: 'session' | 'token' | 'password' | 'link'
  /** Of the token; for the log. */
  readonly name: string
  readonly scope: Scope
  /** What they showed, hashed: {@link Access.isCurrent}. */
  readonly credential: string
}

export interface AccessOptions {
  /** Seconds since 1970. */
  readonly now?: () => number
  /** Of scrypt; lower in tests only. */
  readonly passwordCost?: number
}

/** A month: a browser that came by is not asked again every day. */
export const SESSION_SECONDS: number = 30 * 86_400
/** Whoever starts a daemon, or asks for a link, is there to open it. */
export const SETUP_SECONDS: number = 3600
/** Links to files in a playlist work for a day. */
export const LINK_SECONDS: number = 86_400
const MAX_SESSIONS = 200
const MAX_TOKENS = 200
/** When a token was used is not worth a write each time. */
const USED_STEP_SECONDS = 3600
const SECRET_BYTES = 32
const TOKEN_PREFIX = 'shoal_'

export async function openAccess(path: string, options: AccessOptions = {}): Promise<Access> {
  const kept = await readAccess(path)
  const access = new Access(kept ?? NOBODY, record => writeAccess(path, record), options)
  if (kept === undefined) await access.save()
  return access
}

/** Nobody may come in yet. */
export const NOBODY: AccessRecord = { version: 1, password: null, tokens: [], sessions: [], linkKey: '' }

export class Access {
  readonly #write: (record: AccessRecord) => Promise<void>
  readonly #now: () => number
  readonly #passwords: Passwords
  #record: AccessRecord
  #saving: Promise<void> = Promise.resolve()
  #setup: { readonly hash: string; readonly expiresAt: number } | undefined
  /** Of passwords that were right, by HMAC: Basic authentication brings the same one with every request. */
  #right: string | undefined
  readonly #rightKey = randomBytes(SECRET_BYTES)
  /** Of {@link createLocalToken}, hashed. */
  #local: string | undefined

  /** {@link openAccess} keeps it in a file. */
  constructor(
    record: AccessRecord,
    write: (record: AccessRecord) => Promise<void>,
    options: AccessOptions = {},
  ) {
    this.#write = write
    this.#now = options.now ?? (() => Date.now() / 1000)
    this.#passwords = new Passwords(options.passwordCost)
    this.#record = record.linkKey === '' ? { ...record, linkKey: secret() } : record
  }

  /** No password has been set. */
  get isNew(): boolean {
    return this.#record.password === null
  }

  /** A key for the link where the password is set, for an hour, for once; earlier ones end. */
  createSetupKey(): string {
    const key = secret()
    this.#setup = { hash: digest(key), expiresAt: this.#now() + SETUP_SECONDS }
    return key
  }

  /** Sets the password, also a new one for a lost one. @returns a session @throws HttpProblem `FORBIDDEN` */
  async setUp(key: string, password: string): Promise<string> {
    const setup = this.#setup
    if (setup === undefined || setup.expiresAt < this.#now() || !same(setup.hash, digest(key))) {
      throw new HttpProblem(
        'FORBIDDEN',
        'This link was used already, is older than an hour, or was replaced by a newer one. On the machine where Shoal runs, `shoal password --link` prints a new one.',
        { where: 'body.key' },
      )
    }
    requireGood(password)
    await this.#setPassword(password)
    return this.#createSession()
  }

  /** Sets another one for one that was lost. @returns how many browsers have to sign in again */
  async resetPassword(password: string): Promise<number> {
    requireGood(password)
    const now = this.#now()
    const signedOut = this.#record.sessions.filter(({ expiresAt }) => expiresAt >= now).length
    await this.#setPassword(password)
    return signedOut
  }

  /** @returns a session; undefined: that is not the password */
  async signIn(password: string): Promise<string | undefined> {
    return (await this.isPassword(password)) ? this.#createSession() : undefined
  }

  async isPassword(password: string): Promise<boolean> {
    const kept = this.#record.password
    if (kept === null) return false
    const mac = createHmac('sha256', this.#rightKey).update(password).digest('base64')
    if (this.#right !== undefined && same(this.#right, mac)) return true
    if (!(await this.#passwords.matches(password, kept))) return false
    // Another one may have been set meanwhile.
    if (this.#record.password !== kept) return false
    this.#right = mac
    return true
  }

  /** All browsers but the one that changes it have to sign in again, and links to files end. */
  async changePassword(current: string, next: string): Promise<string> {
    if (!(await this.isPassword(current))) {
      throw new HttpProblem('FORBIDDEN', 'That is not the present password.', { where: 'body.current' })
    }
    requireGood(next)
    await this.#setPassword(next)
    return this.#createSession()
  }

  async signOut(caller: Caller): Promise<void> {
    const sessions = this.#record.sessions.filter(({ hash }) => hash !== caller.credential)
    await this.#change({ sessions })
  }

  bySession(id: string): Caller | undefined {
    const credential = digest(id)
    const session = this.#record.sessions.find(({ hash }) => same(hash, credential))
    if (session === undefined || session.expiresAt < this.#now()) return undefined
    return { kind: 'session', name: 'browser', scope: 'full', credential }
  }

  byToken(text: string): Caller | undefined {
    if (!text.startsWith(TOKEN_PREFIX)) return undefined
    const credential = digest(text)
    if (this.#local !== undefined && same(this.#local, credential)) {
      return { kind: 'token', name: 'this machine', scope: 'full', credential }
    }
    const token = this.#record.tokens.find(({ hash }) => same(hash, credential))
    if (token === undefined) return undefined
    const now = Math.floor(this.#now())
    if (token.usedAt === null || now - token.usedAt >= USED_STEP_SECONDS) {
      const tokens = this.#record.tokens.map(each => (each === token ? { ...each, usedAt: now } : each))
      // It is only for people to look at: a disk that is full must not keep programs out.
      this.#change({ tokens }).catch(() => undefined)
    }
    return { kind: 'token', name: token.name, scope: token.scope, credential }
  }

  /** Whether it would be let in still. */
  isCurrent({ kind, credential }: Caller): boolean {
    if (kind === 'session') {
      return this.#record.sessions.some(
        ({ hash, expiresAt }) => hash === credential && expiresAt >= this.#now(),
      )
    }
    if (kind === 'token') {
      return credential === this.#local || this.#record.tokens.some(({ hash }) => hash === credential)
    }
    return true
  }

  get tokens(): readonly TokenInfo[] {
    return this.#record.tokens.map(({ name, scope, createdAt, usedAt }) => ({
      name,
      scope,
      createdAt,
      usedAt,
    }))
  }

  /** @throws HttpProblem `CONFLICT`: there is one of that name */
  async createToken(name: string, scope: Scope): Promise<NewToken> {
    const others = this.#record.tokens
    if (others.some(each => each.name === name)) {
      throw new HttpProblem('CONFLICT', `There is a token called ${JSON.stringify(name)} already.`, {
        where: 'body.name',
      })
    }
    if (others.length >= MAX_TOKENS) {
      throw new HttpProblem('CONFLICT', `There are ${MAX_TOKENS} tokens, which is as many as there may be.`)
    }
    const token = `${TOKEN_PREFIX}${secret()}`
    const info = { name, scope, createdAt: Math.floor(this.#now()), usedAt: null }
    await this.#change({ tokens: [...others, { ...info, hash: digest(token) }] })
    return { ...info, token }
  }

  /** For programs of the user who runs this process: it may do all, until the process ends. Earlier ones end. */
  createLocalToken(): string {
    const token = `${TOKEN_PREFIX}${secret()}`
    this.#local = digest(token)
    return token
  }

  /** Whether it is a program of the user who runs this process: who could read its files as well. */
  isLocal({ kind, credential }: Caller): boolean {
    return kind === 'token' && credential === this.#local
  }

  async removeToken(name: string): Promise<boolean> {
    const tokens = this.#record.tokens.filter(each => each.name !== name)
    if (tokens.length === this.#record.tokens.length) return false
    await this.#change({ tokens })
    return true
  }

  /** What lets a player without a password fetch one file for a day. */
  signLink(path: string): string {
    const expiresAt = Math.floor(this.#now()) + LINK_SECONDS
    return `${expiresAt}.${this.#linkMac(path, expiresAt)}`
  }

  byLink(path: string, key: string): Caller | undefined {
    const match = /^(\d{1,12})\.([A-Za-z0-9_-]{43})$/.exec(key)
    if (match === null) return undefined
    const expiresAt = Number(match[1])
    if (expiresAt < this.#now() || !same(match[2]!, this.#linkMac(path, expiresAt))) return undefined
    return { kind: 'link', name: 'link', scope: 'read', credential: '' }
  }

  /** Writes what there is, after all that is being written. */
  async save(): Promise<void> {
    await this.#change({})
  }

  #linkMac(path: string, expiresAt: number): string {
    return createHmac('sha256', this.#record.linkKey).update(`${expiresAt} ${path}`).digest('base64url')
  }

  /** A link that was made for it is of no use any more. */
  async #setPassword(password: string): Promise<void> {
    this.#setup = undefined
    const hash = await this.#passwords.hash(password)
    this.#right = undefined
    await this.#change({ password: hash, sessions: [], linkKey: secret() })
  }

  async #createSession(): Promise<string> {
    const id = secret()
    const now = this.#now()
    const sessions = this.#record.sessions.filter(({ expiresAt }) => expiresAt >= now).slice(1 - MAX_SESSIONS)
    await this.#change({ sessions: [...sessions, { hash: digest(id), expiresAt: now + SESSION_SECONDS }] })
    return id
  }

  /** In force at once, and answered when it is on the disk. */
  async #change(change: Partial<AccessRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change }
    const saving = this.#saving.then(() => this.#write(this.#record))
    this.#saving = saving.catch(() => undefined)
    await saving
  }
}

function requireGood(password: string): void {
  if ([...password].length >= MIN_PASSWORD_CHARS) return
  throw new HttpProblem('INVALID', `The password must have at least ${MIN_PASSWORD_CHARS} characters.`, {
    where: 'body.password',
  })
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

/** Takes as long for what is nearly right as for what is not. */
function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
