import { describe, expect, test } from 'vitest'
import { openApplication } from './application-under-test.ts'

const problem = (resource: string, field: string, code: string) =>
  expect.objectContaining({ errors: [{ resource, field, code }] })

describe('the API', () => {
  test.for([
    ['no token', '/athlete', ''],
    ['an unknown token', '/athlete/activities', 'deadbeef'],
  ])('answers 401 to %s and shows no limits', async ([, path, token]) => {
    const { get } = await openApplication()
    const response = await get(path!, token!)
    expect(response.statusCode).toBe(401)
    expect(response.json()).toEqual({
      message: 'Authorization Error',
      errors: [{ resource: 'Athlete', field: 'access_token', code: 'invalid' }],
    })
    expect(response.headers).not.toHaveProperty('x-ratelimit-usage')
  })

  test('takes no token from the query', async () => {
    const { connect, app } = await openApplication()
    const { access_token } = await connect()
    expect((await app.inject({ url: '/strava/api/v3/athlete', query: { access_token } })).statusCode).toBe(401)
  })

  test('answers 401 "missing" to an athlete who granted no activities', async () => {
    const { connect, get } = await openApplication()
    const { access_token } = await connect({ simulate: 'read_only' })
    for (const path of ['/athlete/activities', '/activities/1', '/activities/1/streams?keys=time&key_by_type=true']) {
      const response = await get(path, access_token)
      expect([response.statusCode, response.json()]).toEqual([
        401,
        problem('AccessToken', 'activity:read_permission', 'missing'),
      ])
    }
  })

  test('answers 404 to an activity that is unknown or of another athlete, and to an unknown path', async () => {
    const { connect, get, control } = await openApplication()
    const { access_token } = await connect()
    const [{ id }] = (await control('GET', '/athletes/2/activities')).json()
    for (const unknown of [id, 1]) {
      const response = await get(`/activities/${unknown}`, access_token)
      expect([response.statusCode, response.json()]).toEqual([404, problem('Activity', '', 'not found')])
    }
    expect((await get('/nothing', access_token)).json()).toEqual({
      message: 'Record Not Found',
      errors: [{ resource: 'resource', field: 'path', code: 'invalid' }],
    })
  })

  test('shows private activities with activity:read_all only', async () => {
    const { connect, get, control } = await openApplication()
    const all = await connect({ simulate_athlete: '1' })
    const some = await connect({ simulate_athlete: '2', scope: 'read,activity:read' })
    const mine = (await control('POST', '/activity', { athlete_id: 1, private: true })).json()
    const theirs = (await control('POST', '/activity', { athlete_id: 2, private: true })).json()
    expect((await get(`/activities/${mine.id}`, all.access_token)).json()).toMatchObject({
      id: mine.id,
      visibility: 'only_me',
    })
    expect((await get(`/activities/${theirs.id}`, some.access_token)).statusCode).toBe(404)
    expect((await get('/athlete/activities', all.access_token)).json()[0].id).toBe(mine.id)
    const seen = (await get('/athlete/activities?per_page=200', some.access_token)).json() as { visibility: string }[]
    expect(seen).toHaveLength(200)
    expect(seen.filter(({ visibility }) => visibility === 'only_me')).toEqual([])
  })

  test('writes ids beyond 2^53 exactly', async () => {
    const { connect, get, control } = await openApplication()
    const { access_token } = await connect()
    const created = await control('POST', '/activity', '{"id":9007199254740993,"name":"Odd","distance":5000.0}')
    expect(created.body).toContain('"id":9007199254740993,')
    expect((await get('/athlete/activities?per_page=1', access_token)).body).toContain('"id":9007199254740993,')
    const detail = (await get('/activities/9007199254740993', access_token)).body
    expect(detail).toContain('"distance":5000.0,')
    const efforts = [
      ...detail.slice(detail.indexOf('"best_efforts"')).matchAll(/\{"id":(\d+),"resource_state":2,"name":"(\w+)/g),
    ]
    expect(efforts.map(([, id, name]) => [BigInt(id!) > 2n ** 53n, BigInt(id!) % 2n, name])).toEqual([
      [true, 1n, '400m'],
      [true, 1n, '1'],
      [true, 1n, '1K'],
      [true, 1n, '1'],
      [true, 1n, '2'],
      [true, 1n, '5K'],
    ])
  })

  test('has streams of one length that end where the activity ends, keyed or as a list', async () => {
    const { connect, get, control } = await openApplication()
    const { access_token } = await connect()
    const { id } = (await control('POST', '/activity', { moving_time: 600, elapsed_time: 660, distance: 2000 })).json()
    const response = await get(
      `/activities/${id}/streams?keys=time,distance,heartrate,latlng,power&key_by_type=true`,
      access_token,
    )
    const streams = response.json()
    expect(Object.keys(streams).sort()).toEqual(['distance', 'heartrate', 'latlng', 'time'])
    for (const stream of Object.values(streams))
      expect(stream).toMatchObject({ original_size: 601, series_type: 'distance', resolution: 'high' })
    expect([streams.time.data[0], streams.time.data[600], streams.distance.data[600]]).toEqual([0, 660, 2000])
    const list = (await get(`/activities/${id}/streams?keys=time`, access_token)).json()
    expect(list).toEqual([expect.objectContaining({ type: 'time', original_size: 601 })])
  })

  test('has no streams for what was typed in by hand, though the activity is there', async () => {
    const { connect, get, control } = await openApplication()
    const { access_token } = await connect()
    const { id } = (await control('POST', '/activity', { manual: true })).json()
    const response = await get(`/activities/${id}/streams?keys=time&key_by_type=true`, access_token)
    expect([response.statusCode, response.json()]).toEqual([404, { message: 'Resource Not Found', errors: [] }])
    expect((await get(`/activities/${id}`, access_token)).statusCode).toBe(200)
  })
})
