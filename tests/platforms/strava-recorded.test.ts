import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ActivityRecord } from '../../service/platforms/records.ts'
import platform from '../../service/platforms/strava/platform.ts'
import { parseJson } from '../../service/runtime/json.ts'

/** Answers recorded from Strava by others; not part of this repository. */
const FOLDER = join(process.env['TRIBUTARY_SHARED_DATA'] ?? join(import.meta.dirname, '../../../shared/data'), 'strava')
const missing = !existsSync(FOLDER)
if (missing) process.stderr.write(`strava-recorded: skipped, there is no ${FOLDER}; set TRIBUTARY_SHARED_DATA\n`)

interface Recorded {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: unknown
}

const read = (name: string) => parseJson(readFileSync(join(FOLDER, name), 'utf8'))
const body = (name: string) => recorded(name).body
/** An int64 inside is written back as it was. */
const write = (value: unknown) =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? (JSON as unknown as RawJson).rawJSON(String(inner)) : inner,
  )
interface RawJson {
  rawJSON(text: string): unknown
}

function recorded(name: string): Recorded {
  const [exchange] = read(`strava-ruby-client/decoded/${name}.json`) as {
    response: { status: number; headers: Record<string, string>; body: unknown }
  }[]
  const { status, headers, body: answer } = exchange!.response
  return { status, headers: new Headers(headers), text: write(answer), body: answer }
}

type Json = Record<string, unknown>

/** Computed from the answer by another way than the product's: text and subtraction. */
function expected(item: Json): Partial<ActivityRecord> {
  const zone = String(item['timezone']).split(' ')[1]!
  return {
    sourceId: String(item['id']),
    sourceSport: String(item['sport_type'] ?? item['type']),
    name: item['name'] as string,
    localDay: String(item['start_date_local']).split('T')[0]!,
    startedAt: new Date(item['start_date'] as string),
    startOffsetSeconds:
      (Date.parse(item['start_date_local'] as string) - Date.parse(item['start_date'] as string)) / 1000,
    timeZone: zone,
    startTimeHidden: false,
    distanceM: item['distance'] as number,
    movingTimeS: item['moving_time'] as number,
    elapsedTimeS: item['elapsed_time'] as number,
    elevationGainM: item['total_elevation_gain'] as number,
    meanSpeedMPerS: item['average_speed'] as number,
    heartRateMeanBpm: (item['average_heartrate'] as number | undefined) ?? null,
    heartRateMaxBpm: (item['max_heartrate'] as number | undefined) ?? null,
    cadenceMeanRpm: (item['average_cadence'] as number | undefined) ?? null,
    manual: item['manual'] as boolean,
  }
}

const local = platform.env.parse({
  STRAVA_CLIENT_ID: '1',
  STRAVA_CLIENT_SECRET: 's',
  STRAVA_WEBHOOK_SECRET: 'w'.repeat(32),
  STRAVA_WEBHOOK_VERIFY_TOKEN: 'v'.repeat(16),
})
const { api, oauth } = platform.connect(local)!

describe.skipIf(missing)('answers recorded from Strava', () => {
  test('a list of thirty activities is read whole', () => {
    const items = body('athlete_activities') as Json[]
    const { activities = [], rejected } = platform.normalize.activity_list(items)
    expect(items).toHaveLength(30)
    expect(rejected).toEqual([])
    for (const [index, activity] of activities.entries()) expect(activity).toMatchObject(expected(items[index]!))
    const day = (item: Json) => Date.parse(item['start_date'] as string) / 1000
    expect(api.history.read(items, { before: 2_000_000_000, page: 1 })).toEqual({
      recordCount: 30,
      reached: new Date(Math.min(...items.map(day)) * 1000),
      next: { before: Math.min(...items.map(day)) + 1, page: 1, repeated: 1 },
    })
  })

  test.each([
    ['a run', () => body('activity') as Json],
    ['a ride', () => read('strava-ruby-client/models/detailed_activities/ride.json') as Json],
    ['a swim entered by hand', () => read('strava-ruby-client/models/detailed_activities/swim.json') as Json],
    ['a hike entered by hand', () => read('stravalib/activity-manual.3.json') as Json],
  ])('%s with its details is read', (_name, load) => {
    const item = load()
    const { activities, rejected } = platform.normalize.activity(item)
    expect(rejected).toEqual([])
    expect(activities).toEqual([
      expect.objectContaining({ ...expected(item), energyKcal: item['calories'] ?? null, detailed: true }),
    ])
  })

  test('laps are read, from the detailed activity and from their own list', () => {
    const [lap] = body('activity_laps') as [Json]
    const expectedLap = {
      sourceId: String((lap['activity'] as Json)['id']),
      lapNumber: 1,
      startedAt: new Date(lap['start_date'] as string),
      elapsedTimeS: lap['elapsed_time'],
      distanceM: lap['distance'],
    }
    expect(platform.normalize.activity_laps(body('activity_laps'), {})).toMatchObject({ rejected: [] })
    expect(platform.normalize.activity_laps(body('activity_laps'), {}).activityLaps?.[0]).toMatchObject(expectedLap)
    const detail = body('activity') as Json & { laps: Json[] }
    const { activityLaps } = platform.normalize.activity(detail)
    expect(activityLaps?.map(({ distanceM }) => distanceM)).toEqual(detail.laps.map((item) => item['distance']))
    expect(activityLaps?.map(({ sourceId }) => sourceId)).toEqual(detail.laps.map(() => String(detail['id'])))
  })

  test("the profile's weight is read", () => {
    const athlete = body('athlete') as Json
    expect(platform.normalize.athlete(athlete, {})).toEqual({
      dailyMetrics: [
        { localDay: String(athlete['updated_at']).split('T')[0], kind: 'body_weight_kg', value: athlete['weight'] },
      ],
      rejected: [],
    })
  })

  test('time in zones is read', () => {
    const times = (payload: unknown, kind: string) =>
      platform.normalize
        .activity_zones(payload, { source_id: '7' })
        .activityZones?.filter((zone) => zone.kind === kind)
        .map(({ lowerBound, upperBound, timeS }) => [lowerBound, upperBound, timeS])
    expect(times(body('activity_zones'), 'heart_rate_bpm')).toEqual([
      [0, 116, 19],
      [117, 144, 57],
      [145, 158, 1390],
      [159, 173, 6934],
      [174, null, 4685],
    ])
    expect(times(body('activity_zones'), 'speed_m_per_s')?.map(([, , seconds]) => seconds)).toEqual([
      3408, 4679, 4269, 401, 152, 176,
    ])
    expect(times(read('stravalib/example_zone_response.json'), 'heart_rate_bpm')).toContainEqual([120, 149, 2732])
    const athlete = platform.normalize.athlete_zones(body('athlete_zones'), { fetched_at: '2025-10-18T23:04:28Z' })
    expect(athlete.dailyMetrics?.map(({ value }) => value)).toEqual([111, 139, 152, 166])
  })

  test('a stream without time is rejected, not guessed', () => {
    const { activityStreams, rejected } = platform.normalize.activity_streams(body('activity_streams'), {
      source_id: '1946417534',
    })
    expect(activityStreams).toEqual([])
    expect(rejected).toEqual([{ position: 0, reason: 'time: missing or unreadable' }])
  })

  test('a stream of thirteen thousand points is read whole', () => {
    const { distance } = body('activity_streams') as { distance: { data: number[] } }
    const seconds = distance.data.map((_value, index) => index)
    const { activityStreams } = platform.normalize.activity_streams(
      { distance, time: { data: seconds } },
      { source_id: '1' },
    )
    expect(activityStreams).toEqual([
      { sourceId: '1', kind: 'distance_m', unit: 'm', offsetsS: seconds, values: distance.data },
    ])
    expect(seconds).toHaveLength(13_129)
  })

  test('limits and usage are learnt', () => {
    expect(api.readBudget(recorded('athlete').headers)).toEqual([
      { name: 'overall_15m', quota: 200, used: 68 },
      { name: 'overall_day', quota: 2000, used: 211 },
      { name: 'read_15m', quota: 100, used: 67 },
      { name: 'read_day', quota: 1000, used: 210 },
    ])
  })

  test('refusals are understood', () => {
    expect(api.classify(recorded('authorization_error'))).toEqual({ kind: 'unauthorized' })
    expect(api.classify(recorded('activity_with_ratelimit_exceeded'))).toEqual({ kind: 'rate_limited' })
    expect(oauth.classifyTokenError(recorded('token_invalid_code'))).toBe('invalid_grant')
  })

  test('the token answer names the account', () => {
    const answer = body('token_authorization_code') as { athlete: { id: number } }
    expect(oauth.platformUserId({ ...answer })).toBe(answer.athlete.id.toString())
    expect(oauth.platformUserId(body('token_refresh_token') as Json)).toBeUndefined()
  })
})
