import { describe, expect, test } from 'vitest'
import { Secret } from '../../runtime/secret.ts'
import platform from './platform.ts'

const complete = {
  STRAVA_CLIENT_ID: '24523',
  STRAVA_CLIENT_SECRET: 'a-client-secret',
  STRAVA_WEBHOOK_SECRET: 'w'.repeat(32),
  STRAVA_WEBHOOK_VERIFY_TOKEN: 'v'.repeat(16),
}
const problems = (env: Record<string, string>) =>
  platform.env.safeParse(env).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)

describe('the settings', () => {
  test.each(['STRAVA_CLIENT_SECRET', 'STRAVA_WEBHOOK_SECRET', 'STRAVA_WEBHOOK_VERIFY_TOKEN'])(
    'are refused by name when %s is missing',
    (name) => {
      const { [name]: _, ...rest } = complete as Record<string, string>
      expect(problems(rest)).toEqual([`${name}: is needed beside STRAVA_CLIENT_ID`])
    },
  )

  test.each([
    ['STRAVA_WEBHOOK_SECRET', 'w'.repeat(31)],
    ['STRAVA_WEBHOOK_SECRET', `${'w'.repeat(32)}/`],
    ['STRAVA_WEBHOOK_VERIFY_TOKEN', 'v'.repeat(15)],
    ['STRAVA_API_URL', 'http://strava.example/api/v3'],
    ['STRAVA_API_URL', 'http://localhost.example/api/v3'],
    ['STRAVA_API_URL', 'ftp://localhost/api/v3'],
    ['STRAVA_OAUTH_URL', 'https://user:secret@strava.example/oauth'],
    ['STRAVA_OAUTH_URL', 'not an address'],
    ['STRAVA_OAUTH_URL', 'https://www.strava.com.evil.example/oauth'],
    ['STRAVA_OAUTH_URL', 'https://evilstrava.com/oauth'],
    ['STRAVA_API_URL', 'https://www.evil.example/api/v3'],
    ['STRAVA_REVOKE_URL', 'https://www.evil.example/oauth/revoke'],
    ['STRAVA_REVOKE_STYLE', 'delete'],
    ['STRAVA_RETENTION_DAYS', '0'],
    ['STRAVA_RETENTION_DAYS', '7.5'],
    ['STRAVA_RETENTION_DAYS', 'never'],
    ['STRAVA_ENRICH_DAYS', '-1'],
  ])('are refused when %s is %s, without showing the value', (name, value) => {
    const found = problems({ ...complete, [name]: value })
    expect(found).toEqual([expect.stringMatching(`^${name}: `)])
    expect(found?.join()).not.toContain(value)
  })

  test('leave Strava off without a client id', () => {
    expect(platform.connect(platform.env.parse({}))).toBeUndefined()
  })

  test('have Strava itself as the default', () => {
    const connected = platform.connect(platform.env.parse(complete))
    expect(connected?.oauth).toMatchObject({
      clientId: '24523',
      authorizationUrl: 'https://www.strava.com/oauth/authorize',
      tokenUrl: 'https://www.strava.com/oauth/token',
    })
    expect(connected?.api.probe).toEqual({ method: 'GET', url: 'https://www.strava.com/api/v3/athlete' })
    expect(connected?.api.enrichment.days).toBe(90)
    expect(connected?.oauth.clientSecret).toBeInstanceOf(Secret)
    expect(connected?.webhook.pathSecret.reveal()).toBe('w'.repeat(32))
  })

  test('may name the host of 2027', () => {
    const connected = platform.connect(platform.env.parse({ ...complete, STRAVA_API_URL: 'https://api-v3.strava.com' }))
    expect(connected?.api.probe.url).toBe('https://api-v3.strava.com/athlete')
  })

  test.each(['http://localhost:4000/strava/api/v3', 'http://127.0.0.1:4000/strava/api/v3/'])(
    'may name a simulator: %s',
    (url) => {
      const connected = platform.connect(platform.env.parse({ ...complete, STRAVA_API_URL: url }))
      expect(connected?.api.probe.url).toMatch(/^http:\/\/(localhost|127\.0\.0\.1):4000\/strava\/api\/v3\/athlete$/)
    },
  )
})

describe('the policy', () => {
  const policy = (env: Record<string, string>) => platform.policy(platform.env.parse(env))

  test('is what Strava published unless the operator says otherwise', () => {
    expect(policy({})).toEqual({
      retentionDays: 7,
      deleteAfterSourceDeletionHours: 48,
      deleteAfterDeauthorizationDays: 30,
      combinable: false,
      attribution: 'Powered by Strava',
      displayRules: [
        'Show it only to the person whose data it is.',
        'Link each activity to source_url with the text "View on Strava".',
        'Name the recording device where device_name is a Garmin.',
      ],
      overrideReason: null,
    })
  })

  test('never differs without a reason beside it', () => {
    const agreed = policy({ STRAVA_RETENTION_DAYS: 'off', STRAVA_RETENTION_REASON: 'Agreement of 1 May' })
    expect(agreed).toMatchObject({ retentionDays: null, overrideReason: 'Agreement of 1 May' })
    expect(policy({ STRAVA_RETENTION_DAYS: '30' })).toMatchObject({
      retentionDays: 30,
      overrideReason: 'Set by the operator, who gave no reason.',
    })
    expect(policy({ STRAVA_RETENTION_REASON: 'not needed' }).overrideReason).toBeNull()
    expect(policy({ STRAVA_SOURCE_DELETION_HOURS: '24', STRAVA_DEAUTHORIZATION_DAYS: 'off' })).toMatchObject({
      deleteAfterSourceDeletionHours: 24,
      deleteAfterDeauthorizationDays: null,
      overrideReason: 'Set by the operator, who gave no reason.',
    })
  })

  test('lets data be combined only with a reason', () => {
    const problems = platform.env.safeParse({ STRAVA_COMBINABLE: 'true' }).error?.issues
    expect(problems).toMatchObject([{ path: ['STRAVA_POLICY_REASON'], message: 'is needed beside STRAVA_COMBINABLE' }])
    expect(policy({ STRAVA_COMBINABLE: 'true', STRAVA_POLICY_REASON: 'Agreement of 1 May' })).toMatchObject({
      combinable: true,
      overrideReason: 'Agreement of 1 May',
    })
  })
})
