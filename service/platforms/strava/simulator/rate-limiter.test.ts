import { describe, expect, test } from 'vitest'
import { openApplication } from './application-under-test.ts'

const limitsOf = (headers: Record<string, unknown>) =>
  ['x-ratelimit-limit', 'x-ratelimit-usage', 'x-readratelimit-limit', 'x-readratelimit-usage'].map(
    (name) => headers[name],
  )

describe('the rate limits', () => {
  test('refuse what is over the quarter hour until the next natural quarter, and count it for the day', async () => {
    const { connect, get, clock } = await openApplication({
      rateLimits: { overall15Minutes: 20, overallDay: 200, read15Minutes: 2, readDay: 100 },
    })
    const { access_token } = await connect()
    clock.now = new Date('2026-11-23T12:14:58Z')
    await get('/athlete', access_token)
    const last = await get('/athlete', access_token)
    expect([last.statusCode, limitsOf(last.headers)]).toEqual([200, ['20,200', '2,2', '2,100', '2,2']])
    const refused = await get('/athlete', access_token)
    expect([refused.statusCode, limitsOf(refused.headers)]).toEqual([429, ['20,200', '3,3', '2,100', '3,3']])
    expect(refused.json()).toEqual({
      message: 'Rate Limit Exceeded',
      errors: [{ resource: 'Application', field: 'rate limit', code: 'exceeded' }],
    })
    clock.now = new Date('2026-11-23T12:15:00Z')
    const next = await get('/athlete', access_token)
    expect([next.statusCode, limitsOf(next.headers)]).toEqual([200, ['20,200', '1,4', '2,100', '1,4']])
  })

  test('refuse what is over the day until midnight in UTC', async () => {
    const { connect, get, clock } = await openApplication({
      rateLimits: { overall15Minutes: 20, overallDay: 200, read15Minutes: 20, readDay: 1 },
    })
    clock.now = new Date('2026-11-23T23:00:00Z')
    const { access_token } = await connect()
    expect((await get('/athlete', access_token)).statusCode).toBe(200)
    clock.now = new Date('2026-11-23T23:59:59Z')
    expect((await get('/athlete', access_token)).statusCode).toBe(429)
    clock.now = new Date('2026-11-24T00:00:00Z')
    const next = await get('/athlete', access_token)
    expect([next.statusCode, limitsOf(next.headers)]).toEqual([200, ['20,200', '1,1', '20,1', '1,1']])
  })

  test('are of the application: all athletes share them, and a 404 counts', async () => {
    const { connect, get } = await openApplication()
    const [one, other] = [await connect(), await connect()]
    await get('/athlete', one.access_token)
    const response = await get('/activities/1', other.access_token)
    expect([response.statusCode, limitsOf(response.headers)]).toEqual([404, ['200,2000', '2,2', '100,1000', '2,2']])
  })
})
