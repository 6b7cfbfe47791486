import { describe, expect, test } from 'vitest'
import { NOON, openApplication } from './application-under-test.ts'

const after = (seconds: number) => new Date(NOON.getTime() + seconds * 1000)
const wrongCode = { message: 'Bad Request', errors: [{ resource: 'Application', field: 'code', code: 'invalid' }] }
const wrongRefreshToken = {
  message: 'Bad Request',
  errors: [{ resource: 'RefreshToken', field: 'refresh_token', code: 'invalid' }],
}

describe('an authorization code', () => {
  test('is refused with another client secret, and still good afterwards', async () => {
    const { authorize, token, post, application } = await openApplication()
    const code = (await authorize()).answer.get('code')!
    const refused = await post('/oauth/token', {
      ...application,
      client_secret: 'wrong',
      grant_type: 'authorization_code',
      code,
    })
    expect(refused.statusCode).toBe(400)
    expect(refused.json()).toEqual({
      message: 'Bad Request',
      errors: [{ resource: 'Application', field: 'client_id', code: 'invalid' }],
    })
    expect((await token({ grant_type: 'authorization_code', code })).statusCode).toBe(200)
  })

  test('works once', async () => {
    const { authorize, token } = await openApplication()
    const code = (await authorize()).answer.get('code')!
    expect((await token({ grant_type: 'authorization_code', code })).statusCode).toBe(200)
    const second = await token({ grant_type: 'authorization_code', code })
    expect([second.statusCode, second.json()]).toEqual([400, wrongCode])
  })

  test('works for ten minutes', async () => {
    const { authorize, token, clock } = await openApplication()
    const [late, early] = [(await authorize()).answer.get('code')!, (await authorize()).answer.get('code')!]
    clock.now = after(599)
    expect((await token({ grant_type: 'authorization_code', code: early })).statusCode).toBe(200)
    clock.now = after(600)
    expect((await token({ grant_type: 'authorization_code', code: late })).json()).toEqual(wrongCode)
  })

  test('becomes a pair of tokens for six hours, with the athlete and without the scopes', async () => {
    const { connect } = await openApplication()
    const answer = await connect()
    expect(answer).toMatchObject({
      token_type: 'Bearer',
      expires_at: 1795456800,
      expires_in: 21600,
      athlete: { id: 1, resource_state: 2 },
    })
    expect(answer).not.toHaveProperty('scope')
  })
})

describe('a refresh', () => {
  test('is refused for an unknown token', async () => {
    const { token } = await openApplication()
    const response = await token({ grant_type: 'refresh_token', refresh_token: 'nobody knows it' })
    expect([response.statusCode, response.json()]).toEqual([400, wrongRefreshToken])
  })

  test('gives the same tokens back while the access token has more than an hour left', async () => {
    const { connect, token, clock } = await openApplication()
    const first = await connect()
    clock.now = after(21600 - 3601)
    const answer = (await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token })).json()
    expect(answer).toEqual({
      token_type: 'Bearer',
      access_token: first.access_token,
      refresh_token: first.refresh_token,
      expires_at: first.expires_at,
      expires_in: 3601,
    })
  })

  test('gives a new pair afterwards; the old refresh token is dead at once, the old access token lives out its time', async () => {
    const { connect, token, get, clock } = await openApplication()
    const first = await connect()
    clock.now = after(21600 - 3600)
    const second = (await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token })).json()
    expect(second.access_token).not.toBe(first.access_token)
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(second).not.toHaveProperty('athlete')
    const again = await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token })
    expect([again.statusCode, again.json()]).toEqual([400, wrongRefreshToken])
    expect((await get('/athlete', first.access_token)).statusCode).toBe(200)
    clock.now = after(21600)
    expect((await get('/athlete', first.access_token)).statusCode).toBe(401)
    expect((await get('/athlete', second.access_token)).statusCode).toBe(200)
  })
})

describe('taking a grant back', () => {
  const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`24523:${secret}`).toString('base64')}` })

  test('needs the application itself', async () => {
    const { connect, post, get } = await openApplication()
    const { access_token } = await connect()
    expect((await post('/oauth/revoke', { token: access_token }, basic('wrong'))).statusCode).toBe(401)
    expect((await post('/oauth/revoke', { token: access_token })).statusCode).toBe(401)
    expect((await get('/athlete', access_token)).statusCode).toBe(200)
  })

  test.for(['access_token', 'refresh_token'] as const)('by its %s ends both tokens', async (kind) => {
    const { connect, post, get, token } = await openApplication()
    const tokens = await connect()
    expect((await post('/oauth/revoke', { token: tokens[kind] }, basic('simulated-client-secret'))).statusCode).toBe(
      200,
    )
    expect((await get('/athlete', tokens.access_token)).statusCode).toBe(401)
    expect((await token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })).json()).toEqual(
      wrongRefreshToken,
    )
  })

  test('by the old way answers with the token', async () => {
    const { connect, post, get } = await openApplication()
    const { access_token } = await connect()
    const response = await post('/oauth/deauthorize', {}, { authorization: `Bearer ${access_token}` })
    expect([response.statusCode, response.json()]).toEqual([200, { access_token }])
    expect((await get('/athlete', access_token)).statusCode).toBe(401)
  })
})
