import { describe, expect, test } from 'vitest'
import { Secret } from '../../runtime/secret.ts'
import { stravaOAuth } from './oauth.ts'
import { stravaEnvironment } from './settings.ts'

const settings = stravaEnvironment.parse({ STRAVA_OAUTH_URL: 'http://localhost:1/oauth' })
const application = {
  clientId: '24523',
  clientSecret: new Secret('s3cret'),
  webhookSecret: new Secret('w'),
  verifyToken: new Secret('v'),
}
const oauth = stravaOAuth(application, settings)
const body = (resource: string, field: string, code: string) => ({
  message: 'Bad Request',
  errors: [{ resource, field, code }],
})

describe('a refusal of the token endpoint', () => {
  test.for([
    ['a dead refresh token', 400, body('RefreshToken', 'refresh_token', 'invalid'), 'invalid_grant'],
    ['a used code', 400, body('Application', 'code', 'invalid'), 'invalid_grant'],
    ['a used code in the words of 2018', 400, body('RequestToken', 'code', 'invalid'), 'invalid_grant'],
    ['a wrong client id', 400, body('Application', 'client_id', 'invalid'), 'misconfigured'],
    ['a wrong client secret', 401, body('Application', '', 'invalid'), 'misconfigured'],
    ['a refresh token in a 401', 401, body('RefreshToken', 'refresh_token', 'invalid'), 'misconfigured'],
    ['an inactive application', 403, body('Application', 'Status', 'Inactive'), 'misconfigured'],
    ['too many requests', 429, '<html>', 'rate_limited'],
    ['any other 400', 400, body('RefreshToken', 'refresh_token', 'missing'), 'unavailable'],
    ['a 400 without a body', 400, '', 'unavailable'],
    ['a 400 from a proxy', 400, '<html>refresh_token invalid</html>', 'unavailable'],
    ['errors that are a text', 400, { errors: 'RefreshToken refresh_token invalid' }, 'unavailable'],
    ['a refresh token in a 500', 500, body('RefreshToken', 'refresh_token', 'invalid'), 'unavailable'],
    ['maintenance', 503, '<html>', 'unavailable'],
  ] as const)('is understood: %s', ([, status, answer, expected]) => {
    expect(oauth.classifyTokenError({ status, body: answer })).toBe(expected)
  })
})

describe('what was granted', () => {
  test.each([
    [
      'the callback',
      { fromCallback: 'read,activity:read', fromToken: 'read,activity:read_all' },
      ['read', 'activity:read'],
    ],
    [
      'the token answer when the callback is silent',
      { fromCallback: null, fromToken: 'read,activity:read_all' },
      ['read', 'activity:read_all'],
    ],
    ['neither', { fromCallback: null, fromToken: null }, []],
    ['a callback in which everything is unticked', { fromCallback: '', fromToken: 'read,activity:read_all' }, []],
    [
      'a list with spaces and repetitions',
      { fromCallback: 'read, read activity:read_all', fromToken: null },
      ['read', 'activity:read_all'],
    ],
  ])('comes from %s', (_name, answer, expected) => {
    expect(oauth.grantedScopes(answer)).toEqual(expected)
  })
})

describe('the account', () => {
  test.each([
    ['no athlete', {}],
    ['an athlete without id', { athlete: {} }],
    ['an id that is not a number', { athlete: { id: 'seven' } }],
    ['a fraction', { athlete: { id: 7.5 } }],
    ['zero', { athlete: { id: 0 } }],
  ])('is not made up from %s', (_name, answer) => {
    expect(oauth.platformUserId(answer)).toBeUndefined()
  })

  test('is exact text, however large', () => {
    expect(oauth.platformUserId({ athlete: { id: 134815 } })).toBe('134815')
    expect(oauth.platformUserId({ athlete: { id: 9007199254740993n } })).toBe('9007199254740993')
  })
})

test('a consent asks for exactly two scopes, joined as Strava wants it', () => {
  expect(oauth.scopes.join(oauth.scopeSeparator)).toBe('read,activity:read_all')
  expect(oauth.requiredScopes).toEqual(['activity:read_all'])
  expect(oauth.authorizationParameters).toEqual({ approval_prompt: 'auto' })
})

test('a revocation authenticates as the application and names the token in the form', () => {
  expect(oauth.revocation(new Secret('a-token'))).toEqual({
    method: 'POST',
    url: 'http://localhost:1/oauth/revoke',
    headers: { authorization: 'Basic MjQ1MjM6czNjcmV0' },
    form: { token: 'a-token' },
  })
})

const other = (env: Record<string, string>) => stravaOAuth(application, stravaEnvironment.parse(env))

describe('a revocation', () => {
  const token = new Secret('t0ken')
  test('is sent to revoke with the credentials of the application', () => {
    expect(other({}).revokedBy).toBe('refresh_token')
    expect(other({}).revocation(token)).toEqual({
      method: 'POST',
      url: 'https://www.strava.com/oauth/revoke',
      // 24523:s3cret
      headers: { authorization: 'Basic MjQ1MjM6czNjcmV0' },
      form: { token: 't0ken' },
    })
  })

  test('is sent in the old way, with the access token alone, where that is configured', () => {
    const old = other({ STRAVA_REVOKE_STYLE: 'deauthorize' })
    expect(old.revokedBy).toBe('access_token')
    expect(old.revocation(token)).toEqual({
      method: 'POST',
      url: 'https://www.strava.com/oauth/deauthorize',
      headers: { authorization: 'Bearer t0ken' },
    })
  })

  test('may have another address', () => {
    const moved = other({ STRAVA_REVOKE_URL: 'https://api-v3.strava.com/oauth/revoke' })
    expect(moved.revocation(token).url).toBe('https://api-v3.strava.com/oauth/revoke')
    expect(moved.hosts).toEqual(['www.strava.com', 'api-v3.strava.com'])
  })
})

describe('what is asked for', () => {
  test('is this and no more', () => {
    expect(oauth.scopes).toEqual(['read', 'activity:read_all'])
    expect(other({ STRAVA_ASK_PROFILE: 'true' }).scopes).toEqual(['read', 'activity:read_all', 'profile:read_all'])
    expect(other({ STRAVA_ASK_PROFILE: 'true' }).requiredScopes).toEqual(['activity:read_all'])
    expect(oauth.requiredScopes).toEqual(['activity:read_all'])
  })
})
