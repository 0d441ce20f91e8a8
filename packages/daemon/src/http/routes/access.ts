/** Signing in and out, the password, and tokens. */
import { z } from 'zod'
import type { NewToken, SetupInfo, SetupLink, SignedOut, TokenInfo } from '../../contract/index.ts'
import { type Access, type Caller, SESSION_SECONDS, SETUP_SECONDS } from '../access/access.ts'
import { MAX_PASSWORD_CHARS } from '../access/password.ts'
import { sessionCookie } from '../doors/entrance.ts'
import type { Visit } from '../doors/visit.ts'
import { HttpProblem } from '../problem.ts'
import { type Route, route, WithHeaders } from '../route.ts'
import { name } from '../schema/basics.ts'
import {
  newToken,
  setupInfo,
  setupLink,
  signedOut,
  type TokenRequest,
  tokenInfo,
  tokenRequest,
} from '../schema/session.ts'
import { shape } from '../schema/shape.ts'

/** Whoever sends these has not signed in. */
const SMALL_BYTES = 8 * 1024

const password = z.string().min(1).max(MAX_PASSWORD_CHARS)

interface Login {
  readonly password: string
}

interface Setup {
  readonly key: string
  readonly password: string
}

interface PasswordChange {
  readonly current: string
  readonly password: string
}

interface PasswordReset {
  readonly password: string
}

interface OfToken {
  readonly name: string
}

export const accessRoutes: readonly Route[] = [
  route<unknown, unknown, unknown, SetupInfo>({
    method: 'GET',
    path: '/setup',
    scope: 'open',
    summary: 'Whether a password has to be set first.',
    answers: { kind: 'json', schema: setupInfo },
    handle: (_, { access }) => ({ needed: access.isNew }),
  }),
  route<unknown, unknown, Setup, undefined>({
    method: 'POST',
    path: '/setup',
    scope: 'open',
    summary: 'Sets the password, with the key of the link that Shoal printed at its start; signs in.',
    body: shape<Setup>({ key: z.string().min(1).max(200), password }, 'SetupRequest'),
    maxBodyBytes: SMALL_BYTES,
    answers: { kind: 'none' },
    handle: async ({ body, visit }, { access, entrance }) => {
      entrance.requirePatience(visit)
      try {
        const session = await access.setUp(body.key, body.password)
        entrance.onPassword(visit, true)
        return signedIn(session, visit)
      } catch (error) {
        if (error instanceof HttpProblem && error.code === 'FORBIDDEN')
          entrance.onPassword(visit, false, 'link')
        throw error
      }
    },
  }),
  route<unknown, unknown, Login, undefined>({
    method: 'POST',
    path: '/login',
    scope: 'open',
    summary: 'Signs a browser in: answers with a cookie.',
    body: shape<Login>({ password }, 'LoginRequest'),
    maxBodyBytes: SMALL_BYTES,
    answers: { kind: 'none' },
    handle: async ({ body, visit }, { access, entrance }) => {
      if (access.isNew) {
        throw new HttpProblem(
          'SETUP_NEEDED',
          'No password has been set. Shoal printed a link at its start that leads to where it is set.',
        )
      }
      entrance.requirePatience(visit)
      const session = await access.signIn(body.password)
      entrance.onPassword(visit, session !== undefined)
      if (session === undefined) {
        throw new HttpProblem('UNAUTHORIZED', 'The password is wrong.', { where: 'body.password' })
      }
      return signedIn(session, visit)
    },
  }),
  route<unknown, unknown, unknown, undefined>({
    method: 'POST',
    path: '/logout',
    scope: 'read',
    summary: 'Signs the browser out.',
    answers: { kind: 'none' },
    handle: async ({ caller, visit }, { access }) => {
      if (caller !== undefined) await access.signOut(caller)
      return new WithHeaders(undefined, { 'Set-Cookie': sessionCookie('', 0, visit) })
    },
  }),
  route<unknown, unknown, PasswordChange, undefined>({
    method: 'PUT',
    path: '/password',
    scope: 'full',
    summary: 'Changes the password. All browsers are signed out but this one; tokens stay.',
    body: shape<PasswordChange>({ current: password, password }, 'PasswordRequest'),
    maxBodyBytes: SMALL_BYTES,
    answers: { kind: 'none' },
    handle: async ({ body, visit, caller }, { access, entrance }) => {
      entrance.requirePatience(visit)
      try {
        const session = await access.changePassword(body.current, body.password)
        entrance.onPassword(visit, true)
        return caller?.kind === 'session' ? signedIn(session, visit) : undefined
      } catch (error) {
        if (error instanceof HttpProblem && error.code === 'FORBIDDEN') entrance.onPassword(visit, false)
        throw error
      }
    },
  }),
  route<unknown, unknown, PasswordReset, SignedOut>({
    method: 'POST',
    path: '/password/reset',
    scope: 'full',
    summary:
      'Sets another password for one that was lost, for programs of the user who runs Shoal. All browsers are signed out; tokens stay.',
    body: shape<PasswordReset>({ password }, 'PasswordResetRequest'),
    maxBodyBytes: SMALL_BYTES,
    answers: { kind: 'json', schema: signedOut },
    handle: async ({ body, caller }, { access }) => {
      requireLocal(access, caller)
      return { signedOut: await access.resetPassword(body.password) }
    },
  }),
  route<unknown, unknown, unknown, SetupLink>({
    method: 'POST',
    path: '/password/link',
    scope: 'full',
    summary:
      'Makes the key of a link where a new password is set, for programs of the user who runs Shoal. It is told only now.',
    answers: { kind: 'json', schema: setupLink, status: 201 },
    handle: ({ caller }, { access }) => {
      requireLocal(access, caller)
      return { key: access.createSetupKey(), expiresAt: Math.floor(Date.now() / 1000) + SETUP_SECONDS }
    },
  }),
  route<unknown, unknown, unknown, readonly TokenInfo[]>({
    method: 'GET',
    path: '/tokens',
    scope: 'full',
    summary: 'The tokens that there are, without the tokens themselves.',
    answers: { kind: 'json', schema: z.array(tokenInfo) },
    handle: (_, { access }) => access.tokens,
  }),
  route<unknown, unknown, TokenRequest, NewToken>({
    method: 'POST',
    path: '/tokens',
    scope: 'full',
    summary: 'Makes a token for a program. It is told only now.',
    body: tokenRequest,
    answers: { kind: 'json', schema: newToken, status: 201 },
    handle: ({ body }, { access }) => access.createToken(body.name, body.scope),
  }),
  route<OfToken, unknown, unknown, undefined>({
    method: 'DELETE',
    path: '/tokens/:name',
    scope: 'full',
    summary: 'Takes a token back; streams that it opened end within seconds.',
    params: shape<OfToken>({ name }),
    answers: { kind: 'none' },
    handle: async ({ params }, { access }) => {
      if (await access.removeToken(params.name)) return
      throw new HttpProblem('NOT_FOUND', 'There is no token of that name.', { where: 'path.name' })
    },
  }),
]

/** Tokens of other programs are for what they do: none of them is a way to become the owner. */
function requireLocal(access: Access, caller: Caller | undefined): void {
  if (caller !== undefined && access.isLocal(caller)) return
  throw new HttpProblem(
    'FORBIDDEN',
    'Only `shoal password`, run by the user of the daemon on its machine, may do this.',
  )
}

function signedIn(session: string, visit: Visit): WithHeaders<undefined> {
  return new WithHeaders(undefined, { 'Set-Cookie': sessionCookie(session, SESSION_SECONDS, visit) })
}
