import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openApplication } from './application-under-test.ts'

const folder = mkdtempSync(join(tmpdir(), 'strava-simulator-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('faults', () => {
  test('that are none are refused', async () => {
    const { control } = await openApplication()
    for (const next of [[{}], [{ status: 200 }], [{ status: 500, colour: 'red' }], 'all']) {
      expect((await control('POST', '/faults', { next })).statusCode).toBe(400)
    }
  })

  test('strike as often as planned, only where they match', async () => {
    const { connect, get, control } = await openApplication()
    const { access_token } = await connect()
    await control('POST', '/faults', { next: [{ match: '/athlete/activities', status: 500, count: 2 }] })
    const statuses = []
    for (const path of ['/athlete', '/athlete/activities', '/athlete/activities', '/athlete/activities'])
      statuses.push((await get(path, access_token)).statusCode)
    expect(statuses).toEqual([200, 500, 500, 200])
  })

  test.for([
    [
      401,
      '{"message":"Authorization Error","errors":[{"resource":"Athlete","field":"access_token","code":"invalid"}]}',
    ],
    [403, '{"message":"Forbidden","errors":[{"resource":"Application","field":"Status","code":"Inactive"}]}'],
    [
      429,
      '{"message":"Rate Limit Exceeded","errors":[{"resource":"Application","field":"rate limit","code":"exceeded"}]}',
    ],
    [500, '{"message":"Internal Server Error"}'],
    [502, '<html><head><title>502</title></head><body>502</body></html>'],
  ] as const)('of status %i have the body that goes with it, and the headers asked for', async ([status, body]) => {
    const { get, control } = await openApplication()
    await control('POST', '/faults', { next: [{ status, headers: { 'x-ratelimit-usage': '200,900' } }] })
    const response = await get('/athlete', '')
    expect([response.statusCode, response.body, response.headers['x-ratelimit-usage']]).toEqual([
      status,
      body,
      '200,900',
    ])
  })

  test('delay an answer', async () => {
    const { authorize, control } = await openApplication()
    await control('POST', '/faults', { next: [{ match: '/oauth/authorize', latency_ms: 120 }] })
    const startedAt = performance.now()
    expect((await authorize()).response.statusCode).toBe(302)
    expect(performance.now() - startedAt).toBeGreaterThan(110)
  })
})

test("requests are counted by route, the simulator's own doors left out", async () => {
  const { connect, get, control } = await openApplication()
  const { access_token } = await connect()
  for (const path of ['/activities/1', '/activities/2', '/nothing']) await get(path, access_token)
  expect((await control('GET', '/requests')).json()).toEqual({
    'GET /oauth/authorize': 1,
    'POST /oauth/token': 1,
    'GET /api/v3/activities/:id': 2,
    'GET no such path': 1,
  })
})

describe('a changed activity', () => {
  test.for(['[', '[]', '7', '{"athlete_id":0}', '{"athlete_id":"me"}'])('is refused for the body %s', async (body) => {
    const { control } = await openApplication()
    expect((await control('POST', '/activity', body)).statusCode).toBe(400)
  })

  test('keeps its dependent fields in line', async () => {
    const { control } = await openApplication()
    const made = (
      await control('POST', '/activity', {
        start_date: '2026-07-01T10:00:00Z',
        sport_type: 'TrailRun',
        distance: 3000,
        moving_time: 1000,
      })
    ).json()
    expect(made).toMatchObject({
      start_date_local: '2026-07-01T12:00:00Z',
      utc_offset: 7200,
      type: 'Run',
      average_speed: 3,
    })
  })

  test('of an athlete nobody named is that of the last one who authorized; an unknown one is a 404', async () => {
    const { connect, control } = await openApplication()
    await connect()
    await connect({ simulate_athlete: '5' })
    expect((await control('POST', '/activity')).json().athlete.id).toBe(5)
    expect((await control('PATCH', '/activity/1', { name: 'x' })).statusCode).toBe(404)
    expect((await control('DELETE', '/activity/1')).statusCode).toBe(404)
  })
})

describe('the state file', () => {
  test('that is something else stops the start', async () => {
    const stateFile = join(folder, 'other.json')
    writeFileSync(stateFile, '{"a":1}')
    await expect(openApplication({ stateFile })).rejects.toThrow(
      /^STRAVA_SIMULATOR_STATE: .* is not a state of this simulator/,
    )
  })

  test('keeps tokens, athletes and changes over a restart', async () => {
    const stateFile = join(folder, 'made', 'state.json')
    const before = await openApplication({ stateFile })
    const { access_token } = await before.connect()
    await before.control('POST', '/activity', '{"id":9007199254740993}')
    await before.close()
    expect(readFileSync(stateFile, 'utf8')).toContain('"id":9007199254740993,')
    const after = await openApplication({ stateFile })
    expect((await after.get('/athlete/activities?per_page=1', access_token)).body).toContain('"id":9007199254740993,')
    expect((await after.connect()).athlete?.id).toBe(2)
  })
})

describe('a file of activities', () => {
  const withFile = (text: string) => {
    const activitiesFile = join(folder, 'activities.json')
    writeFileSync(activitiesFile, text)
    return openApplication({ activitiesFile })
  }

  test.for([
    ['{}', 'must be a JSON array'],
    ['[{"id":1}]', 'item 0 is none'],
    ['[', 'cannot read'],
  ])('with %s stops the start', async ([text, problem]) => {
    await expect(withFile(text!)).rejects.toThrow(problem)
  })

  test('that is missing stops the start', async () => {
    await expect(openApplication({ activitiesFile: join(folder, 'missing.json') })).rejects.toThrow(
      'STRAVA_SIMULATOR_ACTIVITIES: cannot read',
    )
  })

  test('is served to everybody, numbers as written, newest first', async () => {
    const old = '{"id":3455410090770304386,"start_date":"2019-05-01T10:00:00Z","distance":5000.0,"athlete":{"id":9}}'
    const { connect, get } = await withFile(`[${old},{"id":2,"start_date":"2020-05-01T10:00:00Z","private":true}]`)
    const all = await connect()
    const list = '[{"id":2,"start_date":"2020-05-01T10:00:00Z","private":true,"athlete":{"id":1,"resource_state":1}}'
    const written =
      '{"id":3455410090770304386,"start_date":"2019-05-01T10:00:00Z","distance":5000.0,"athlete":{"id":1,"resource_state":1}}'
    expect((await get('/athlete/activities', all.access_token)).body).toBe(`${list},${written}]`)
    expect((await get('/activities/3455410090770304386', all.access_token)).body).toBe(written)
    const some = await connect({ scope: 'activity:read' })
    expect((await get('/athlete/activities', some.access_token)).json()).toHaveLength(1)
    expect((await get('/athlete/activities?before=1577836800', all.access_token)).json()).toHaveLength(1)
  })

  test('has streams too, also where its numbers are not as JavaScript would write them', async () => {
    const numbers = '"moving_time":60,"elapsed_time":60,"distance":300.0,"start_latlng":[52.50,13.40]'
    const { connect, get } = await withFile(`[{"id":1,"start_date":"2019-05-01T10:00:00Z",${numbers}}]`)
    const { access_token } = await connect()
    const streams = (await get('/activities/1/streams?keys=latlng,distance&key_by_type=true', access_token)).json()
    expect([streams.latlng.data[0], streams.distance.data[60]]).toEqual([[52.5, 13.4], 300])
  })
})
