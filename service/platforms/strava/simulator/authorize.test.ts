import { describe, expect, test } from 'vitest'
import { openApplication } from './application-under-test.ts'

describe('the consent page', () => {
  test.for([
    ['another client id', { client_id: '1' }, { resource: 'Application', field: 'client_id', code: 'invalid' }],
    [
      'a redirect to another host',
      { redirect_uri: 'https://evil.example/' },
      { resource: 'Application', field: 'redirect_uri', code: 'invalid' },
    ],
    [
      'a redirect that is no address',
      { redirect_uri: 'callback' },
      { resource: 'Application', field: 'redirect_uri', code: 'invalid' },
    ],
    [
      'another response type',
      { response_type: 'token' },
      { resource: 'Application', field: 'response_type', code: 'invalid' },
    ],
    ['an unknown scope', { scope: 'read,everything' }, { resource: 'Authorize', field: 'scope', code: 'invalid' }],
    [
      'scopes joined by a space',
      { scope: 'read activity:read_all' },
      { resource: 'Authorize', field: 'scope', code: 'invalid' },
    ],
    [
      'an unknown approval prompt',
      { approval_prompt: 'never' },
      { resource: 'Application', field: 'approval_prompt', code: 'invalid' },
    ],
  ] as const)('refuses %s without a redirect', async ([, parameters, problem]) => {
    const { authorize } = await openApplication()
    const { response, location } = await authorize(parameters)
    expect([response.statusCode, location]).toEqual([400, undefined])
    expect(response.json()).toEqual({ message: 'Bad Request', errors: [problem] })
  })

  test('allows the callback domain and what is below it, not what merely ends like it', async () => {
    const { authorize } = await openApplication({ callbackDomain: 'app.example' })
    const statusFor = async (redirect_uri: string) => (await authorize({ redirect_uri })).response.statusCode
    expect(await statusFor('https://app.example/cb')).toBe(302)
    expect(await statusFor('https://my.app.example/cb')).toBe(302)
    expect(await statusFor('https://evilapp.example/cb')).toBe(400)
  })

  test('redirects a refusal with its state and without a code', async () => {
    const { authorize } = await openApplication()
    expect((await authorize({ simulate: 'deny' })).location).toBe(
      'http://localhost:3000/callback?state=s-1&error=access_denied',
    )
  })

  test('says in the redirect which scopes were granted, commas and colons as they are', async () => {
    const { authorize } = await openApplication()
    expect((await authorize()).location).toMatch(
      /^http:\/\/localhost:3000\/callback\?state=s-1&code=[0-9a-f]{40}&scope=read,activity:read_all$/,
    )
    expect((await authorize({ simulate: 'read_only' })).answer.get('scope')).toBe('read')
  })

  test('gives two people who name no athlete two athletes, and a named one to whoever asks', async () => {
    const { connect } = await openApplication()
    const ids = [await connect(), await connect(), await connect({ simulate_athlete: '7' }), await connect()].map(
      ({ athlete }) => athlete?.id,
    )
    expect(ids).toEqual([1, 2, 7, 8])
  })

  test('shows a box for each scope and grants the ticked ones', async () => {
    const { authorize, post } = await openApplication()
    const { response } = await authorize({ simulate: '', scope: 'read,activity:read,activity:read_all' })
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(response.body.match(/<input type="checkbox"/g)).toHaveLength(3)
    const sent = {
      client_id: '24523',
      redirect_uri: 'http://127.0.0.1/',
      response_type: 'code',
      scope: 'read,activity:read,activity:read_all',
      state: '',
    }
    const answer = await post('/oauth/accept_application', { ...sent, decision: 'approve', granted: 'activity:read' })
    expect(new URL(answer.headers.location!).searchParams.get('scope')).toBe('read,activity:read')
    const cancelled = await post('/oauth/accept_application', { ...sent, decision: 'deny', granted: 'activity:read' })
    expect(cancelled.headers.location).toBe('http://127.0.0.1/?state=&error=access_denied')
  })

  test('writes what it was sent as text, never as markup', async () => {
    const { authorize } = await openApplication()
    const { response } = await authorize({ simulate: '', state: '"><script>alert(1)</script>' })
    expect(response.body).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"')
    expect(response.body).not.toContain('<script>')
  })
})
