import { describe, expect, test } from 'vitest'
import { stravaApi } from './api.ts'

const api = stravaApi({ apiUrl: 'https://strava.example/api/v3', enrichDays: 90, zoneDays: 14 })
const body = (resource: string, field: string, code: string) =>
  JSON.stringify({ message: 'x', errors: [{ resource, field, code }] })

describe('an answer', () => {
  test.for([
    ['a token that is not accepted', 401, body('Athlete', 'access_token', 'invalid'), 'unauthorized'],
    ['a token that is not accepted, other words', 401, body('Application', '', 'invalid'), 'unauthorized'],
    ['a 401 without a body', 401, '', 'unauthorized'],
    ['a missing scope', 401, body('AccessToken', 'activity:read_permission', 'missing'), 'scope_missing'],
    ['an application without subscription', 403, body('Application', 'Status', 'Inactive'), 'suspended'],
    ['a 403 that names something else', 403, body('Activity', '', 'forbidden'), 'misconfigured'],
    ['the limit of athletes', 403, '{"message":"Limit of connected athletes exceeded"}', 'misconfigured'],
    ['a 403 from a firewall', 403, '<html>Forbidden</html>', 'unavailable'],
    ['an activity that is gone', 404, body('Activity', '', 'not found'), 'not_found'],
    ['an activity that is gone, old form', 404, '', 'not_found'],
    ['an activity without streams', 404, '{"message":"Resource Not Found","errors":[]}', 'not_found'],
    ['a wrong path', 404, body('resource', 'path', 'invalid'), 'misconfigured'],
    ['a 404 from a proxy', 404, '<html>no such host</html>', 'unavailable'],
    ['a 404 in JSON that is not of Strava', 404, '{"message":"no route"}', 'unavailable'],
    ['too many requests', 429, body('Application', 'rate limit', 'exceeded'), 'rate_limited'],
    ['too many requests in the words of 2018', 429, '{"errors":"Rate Limit Exceeded","status":429}', 'rate_limited'],
    ['too many requests from a proxy', 429, '<html>', 'rate_limited'],
    ['a failure', 500, '{"message":"Internal Server Error"}', 'unavailable'],
    ['a failure that is not JSON', 502, '<html>Bad Gateway</html>', 'unavailable'],
    ['a redirect', 302, '', 'unavailable'],
    ['a body that is JSON but no object', 404, '[1]', 'unavailable'],
    ['success', 200, '[]', 'ok'],
  ] as const)('is understood: %s', ([, status, text, kind]) => {
    expect(api.classify({ status, text })).toEqual({ kind })
  })
})

describe('the request budget', () => {
  const read = (headers: Record<string, string>) => api.readBudget(new Headers(headers))

  test.each([
    ['there are no headers', {}],
    ['usage is missing', { 'X-RateLimit-Limit': '200,2000' }],
    ['a number is not one', { 'X-RateLimit-Limit': '200,many', 'X-RateLimit-Usage': '1,2' }],
    ['there is one number', { 'X-RateLimit-Limit': '200', 'X-RateLimit-Usage': '1' }],
    ['headers come twice', { 'X-RateLimit-Limit': '200,2000, 200,2000', 'X-RateLimit-Usage': '1,2' }],
    ['a limit of nothing', { 'X-RateLimit-Limit': '0,2000', 'X-RateLimit-Usage': '0,2' }],
    ['a number is absurd', { 'X-RateLimit-Limit': '200,99999999999', 'X-RateLimit-Usage': '1,2' }],
  ])('learns nothing when %s', (_name, headers) => {
    expect(read(headers)).toEqual([])
  })

  test('is learnt from all four headers, whatever their case', () => {
    expect(
      read({
        'X-Ratelimit-Limit': '600,6000',
        'x-ratelimit-usage': '7, 26',
        'X-READRATELIMIT-LIMIT': '300,3000',
        'X-ReadRateLimit-Usage': '5,20',
      }),
    ).toEqual([
      { name: 'overall_15m', quota: 600, used: 7 },
      { name: 'overall_day', quota: 6000, used: 26 },
      { name: 'read_15m', quota: 300, used: 5 },
      { name: 'read_day', quota: 3000, used: 20 },
    ])
  })

  test('is learnt from the overall headers alone', () => {
    expect(read({ 'X-RateLimit-Limit': '200,2000', 'X-RateLimit-Usage': '7,26' }).map(({ name }) => name)).toEqual([
      'overall_15m',
      'overall_day',
    ])
  })

  test('begins with what a new application may do', () => {
    expect(api.budget).toEqual([
      { name: 'overall_15m', seconds: 900, quota: 200 },
      { name: 'overall_day', seconds: 86400, quota: 2000 },
      { name: 'read_15m', seconds: 900, quota: 100 },
      { name: 'read_day', seconds: 86400, quota: 1000 },
    ])
  })
})

test('requests name what they ask for and never hold a token', () => {
  expect(api.item({ sourceId: '3455410090770304386' })).toMatchObject({
    dataType: 'activity',
    request: { method: 'GET', url: 'https://strava.example/api/v3/activities/3455410090770304386' },
    deletion: { dataType: 'activity_deletion', payload: { id: '3455410090770304386' } },
  })
  expect(api.enrichment.requests('7')).toMatchObject([
    { dataType: 'activity', request: { method: 'GET', url: 'https://strava.example/api/v3/activities/7' } },
    {
      dataType: 'activity_streams',
      request: {
        method: 'GET',
        url: 'https://strava.example/api/v3/activities/7/streams?keys=time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth&key_by_type=true',
      },
    },
    {
      dataType: 'activity_zones',
      days: 14,
      request: { method: 'GET', url: 'https://strava.example/api/v3/activities/7/zones' },
    },
  ])
  expect(api.history.request({ before: 1700000000, page: 2 })).toEqual({
    method: 'GET',
    url: 'https://strava.example/api/v3/athlete/activities?before=1700000000&page=2&per_page=200',
  })
})

describe('an activity that was read back', () => {
  test.each([
    ['its own athlete', '{"id":1,"athlete":{"id":134815,"resource_state":1}}', true],
    ['another athlete', '{"id":1,"athlete":{"id":134816}}', false],
    ['an athlete beyond 2^53, one digit off', '{"id":1,"athlete":{"id":9007199254740993}}', false],
    ['no athlete', '{"id":1}', true],
    ['what is no athlete', '{"id":1,"athlete":"me"}', true],
    ['half a body', '{"id":1,"ath', true],
  ])('is the owner’s when it names %s', (_name, text, expected) => {
    expect(api.item({ sourceId: '1' }).isOf(text, '134815')).toBe(expected)
    expect(api.item({ sourceId: '1' }).isOf('{"athlete":{"id":9007199254740993}}', '9007199254740992')).toBe(false)
  })

  test.each([
    ['{"manual":true}', ['activity']],
    ['{"manual":false}', ['activity', 'activity_streams']],
    ['{}', ['activity', 'activity_streams']],
    ['{"available_zones":[]}', ['activity', 'activity_streams']],
    ['{"available_zones":null}', ['activity', 'activity_streams']],
    ['{"available_zones":["heartrate"]}', ['activity', 'activity_streams', 'activity_zones']],
  ])('has series unless it was typed in, and zones where it says so: %s', (details, kinds) => {
    const wanted = api.enrichment.requests('7').filter((each) => each.wanted?.(details) !== false)
    expect(wanted.map(({ dataType }) => dataType)).toEqual(kinds)
  })
})

describe('zones', () => {
  const [, , zones] = api.enrichment.requests('7')

  test.for([
    ['payment required', 402, '{"message":"Payment Required","errors":[]}', true],
    ['payment required, as HTML', 402, '<html>', true],
    ['forbidden', 403, '{"message":"Forbidden","errors":[]}', true],
    ['an application that is not served', 403, body('Application', 'Status', 'Inactive'), false],
    ['a token that is not accepted', 401, body('Athlete', 'access_token', 'invalid'), false],
    ['too many requests', 429, '', false],
    ['a failure', 500, '', false],
    ['zones', 200, '[]', false],
  ] as const)('are a subscriber’s: refused to others by %s', ([, status, text, expected]) => {
    expect(zones?.refused?.({ status, text })).toBe(expected)
  })

  test('are not asked for where that is set', () => {
    const without = stravaApi({ apiUrl: 'https://strava.example/api/v3', enrichDays: 90, zoneDays: 0 })
    expect(without.enrichment.requests('7').map(({ dataType }) => dataType)).toEqual(['activity', 'activity_streams'])
  })
})
