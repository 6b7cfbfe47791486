import { describe, expect, test } from 'vitest'
import { AppError } from '../../runtime/errors.ts'
import { Secret } from '../../runtime/secret.ts'
import { garminApi } from './api.ts'
import { readPermissions } from './oauth.ts'
import { garminEnvironment } from './settings.ts'
import { garminWebhook, isCallbackAllowed } from './webhook.ts'

const settings = garminEnvironment.parse({})
const application = { clientId: 'app-1', clientSecret: new Secret('s'), webhookSecret: new Secret('w') }
const ALLOWED = ['https://apis.garmin.com/wellness-api/rest']

describe('the header garmin-client-id', () => {
  const webhook = garminWebhook(application, settings)
  test.for([
    ['is missing', {}],
    ['is empty', { 'garmin-client-id': '' }],
    ["is another application's", { 'garmin-client-id': 'app-2' }],
    ['is longer', { 'garmin-client-id': 'app-11' }],
    ['comes twice', { 'garmin-client-id': ['app-1', 'app-1'] }],
  ] as const)('refuses a delivery when it %s', ([, headers]) => {
    expect(() => webhook.verifyHeaders(headers)).toThrow(AppError)
  })

  test('is ours, or is missing where that is configured; never another', () => {
    webhook.verifyHeaders({ 'garmin-client-id': 'app-1' })
    const lenient = garminWebhook(application, garminEnvironment.parse({ GARMIN_WEBHOOK_HEADER: 'optional' }))
    lenient.verifyHeaders({})
    expect(() => lenient.verifyHeaders({ 'garmin-client-id': 'app-2' })).toThrow(AppError)
  })
})

describe('an address in a ping', () => {
  test.for([
    'http://apis.garmin.com/wellness-api/rest/dailies',
    'https://apis.garmin.com:8443/wellness-api/rest/dailies',
    'https://apis.garmin.com.evil.example/wellness-api/rest/dailies',
    'https://evil.example/wellness-api/rest/dailies',
    'https://apis.garmin.com@evil.example/wellness-api/rest/dailies',
    'https://user:pw@apis.garmin.com/wellness-api/rest/dailies',
    'https://apis.garmin.com\\@evil.example/wellness-api/rest/dailies',
    'https://apis.garmin.com/wellness-api/rest/../../oauth',
    'https://apis.garmin.com/wellness-api/restless/dailies',
    'https://apis.garmin.com/wellness-api/rest/dailies#x',
    'https://apis.garmin.com/wellness-api/rest/dailies\n',
    ' https://apis.garmin.com/wellness-api/rest/dailies',
    '//apis.garmin.com/wellness-api/rest/dailies',
    'file:///etc/passwd',
    'http://169.254.169.254/wellness-api/rest/dailies',
    '',
  ])('is refused: %j', (url) => {
    expect(isCallbackAllowed(url, ALLOWED)).toBe(false)
  })

  test('is followed below the configured ones, port 443 named or not', () => {
    expect(
      isCallbackAllowed(
        'https://apis.garmin.com/wellness-api/rest/dailies?uploadStartTimeInSeconds=1&token=t',
        ALLOWED,
      ),
    ).toBe(true)
    expect(isCallbackAllowed('https://apis.garmin.com:443/wellness-api/rest/activityFile?id=1', ALLOWED)).toBe(true)
  })
})

describe('answers to a request for history', () => {
  const { backfill } = garminApi(settings)
  test.for([
    [202, '', 'accepted'],
    [409, '', 'asked_before'],
    [403, '', 'not_permitted'],
    [412, '', 'not_permitted'],
    [400, '{"errorMessage":"start before min start time of 2026"}', 'too_old'],
    [400, 'no', undefined],
    [401, '', undefined],
    [429, '', undefined],
    [500, '', undefined],
  ] as const)('%i %j means %s', ([status, text, meaning]) => {
    expect(backfill.understand({ status, text })).toBe(meaning)
  })

  test('ask by seconds of recording, under names of their own', () => {
    const window = { dataType: 'allDayRespiration', from: new Date(1_000_000), to: new Date(2_000_500) }
    expect(backfill.request(window).url).toBe(
      'https://apis.garmin.com/wellness-api/rest/backfill/respiration?summaryStartTimeInSeconds=1000&summaryEndTimeInSeconds=2000',
    )
  })
})

test('permissions are read in each of their three shapes', () => {
  expect(readPermissions(['A', 'B', 3])).toEqual(['A', 'B'])
  expect(readPermissions({ permissions: ['A'] })).toEqual(['A'])
  expect(readPermissions({ permissions: { A: true, B: false } })).toEqual(['A'])
  for (const unreadable of ['A', null, { error: 'x' }]) expect(readPermissions(unreadable)).toBeUndefined()
})

test('a client id needs its companions, and values are never shown', () => {
  const { error } = garminEnvironment.safeParse({ GARMIN_CLIENT_ID: 'c', GARMIN_API_URL: 'http://evil.example/s3cret' })
  const { error: alone } = garminEnvironment.safeParse({ GARMIN_CLIENT_ID: 'c' })
  expect(alone?.issues.map(({ path }) => path[0])).toEqual(['GARMIN_CLIENT_SECRET', 'GARMIN_WEBHOOK_SECRET'])
  expect(JSON.stringify(error?.issues)).not.toContain('s3cret')
})
