import { describe, expect, test } from 'vitest'
import { SESSION_ID_HEADER } from '../../src/transmission/rpc.ts'
import { createRig, PASSWORD } from '../http/rig.ts'
import { StandIn } from './stand-in.ts'

const PATH = '/transmission/rpc'
const CALL = { method: 'session-get', arguments: { fields: ['rpc-version'] } }

function basic(password: string, user = 'anybody'): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

describe("the protocol behind the daemon's doors", () => {
  test('asks for a password, then for the session id, then answers', async () => {
    await using rig = await createRig({ parts: new StandIn().rpc.parts })
    const closed = await rig.ask('GET', PATH, undefined, { authorization: '' })
    expect(closed.status).toBe(401)
    expect(closed.headers.get('www-authenticate')).toBe('Basic realm="Shoal"')
    expect(closed.headers.get(SESSION_ID_HEADER)).toBeNull()

    const stale = await rig.ask('GET', PATH, undefined, basic(PASSWORD))
    expect(stale.status).toBe(409)
    const id = { [SESSION_ID_HEADER]: stale.headers.get(SESSION_ID_HEADER)! }
    const open = await rig.ask('POST', `${PATH}/`, CALL, { ...basic(PASSWORD, ''), ...id })
    expect(await open.json()).toEqual({ arguments: { 'rpc-version': 18 }, result: 'success' })
    expect(open.headers.get('cache-control')).toBe('no-store')
  })

  test('takes a token in place of the password, for what it is good for', async () => {
    const shoal = new StandIn()
    await using rig = await createRig({ parts: shoal.rpc.parts })
    const token = basic(rig.token.read)
    const id = (await rig.ask('GET', PATH, undefined, token)).headers.get(SESSION_ID_HEADER)!
    const answer = await rig.ask(
      'POST',
      PATH,
      { method: 'session-close' },
      { ...token, [SESSION_ID_HEADER]: id },
    )
    expect(await answer.json()).toMatchObject({ result: expect.stringContaining('full is needed') })
    expect(shoal.asked).toEqual([])
  })

  test('refuses other names before it looks at the password', async () => {
    await using rig = await createRig({ parts: new StandIn().rpc.parts })
    const { status } = await rig.ask('GET', PATH, undefined, { ...basic(PASSWORD), host: 'evil.example' })
    expect(status).toBe(421)
  })

  test('lets nobody in before a password was set', async () => {
    await using rig = await createRig({ parts: new StandIn().rpc.parts, withoutPassword: true })
    expect((await rig.ask('GET', PATH, undefined, basic(''))).status).toBe(401)
  })

  test('slows down who guesses', async () => {
    await using rig = await createRig({ parts: new StandIn().rpc.parts })
    const statuses: number[] = []
    for (let i = 0; i < 7; i++) {
      statuses.push((await rig.ask('GET', PATH, undefined, basic(`guess ${i}`))).status)
    }
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401])
    expect(statuses.at(-1)).toBe(429)
    expect((await rig.ask('GET', PATH, undefined, basic(PASSWORD))).status).toBe(429)
  })

  test('reads no more of a body than it may have', async () => {
    await using rig = await createRig({ parts: new StandIn().rpc.parts })
    const headers = { ...basic(PASSWORD), 'content-length': String(50 * 2 ** 20) }
    expect((await rig.ask('POST', PATH, '{}', headers)).status).toBe(413)
  })
})
