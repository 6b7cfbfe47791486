import { describe, expect, test } from 'vitest'
import { openApplication } from './application-under-test.ts'
import { parseExactly } from './json.ts'
import { encodePolyline, loopRoute, pointsAlong } from './route-line.ts'

interface Activity {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly sport_type: string
  readonly distance: number
  readonly moving_time: number
  readonly elapsed_time: number
  readonly average_speed: number
  readonly max_speed: number
  readonly start_date: string
  readonly start_date_local: string
  readonly timezone: string
  readonly utc_offset: number
  readonly upload_id: number | null
  readonly manual: boolean
  readonly private: boolean
  readonly visibility: string
  readonly has_heartrate: boolean
  readonly start_latlng: number[]
}

async function historyAt(now: string, athleteId = 1) {
  const { control, close } = await openApplication({ now: () => new Date(now) })
  const { body } = await control('GET', `/athletes/${athleteId}/activities`)
  await close()
  return { text: body, activities: JSON.parse(body) as Activity[] }
}
const today = await historyAt('2026-11-23T12:00:00Z')
const isHidden = (activity: Activity) => activity.start_date.endsWith('T00:00:01Z')

describe('ten years of training', () => {
  test('are the same in every run, and different for every athlete', async () => {
    const [again, other] = [await historyAt('2026-11-23T12:00:00Z'), await historyAt('2026-11-23T12:00:00Z', 2)]
    expect(again.text).toBe(today.text)
    expect(other.activities.slice(0, 20).map(({ distance }) => distance)).not.toEqual(
      today.activities.slice(0, 20).map(({ distance }) => distance),
    )
  })

  test('keep their past when the clock moves on', async () => {
    const later = await historyAt('2026-12-02T09:00:00Z')
    const isPast = ({ start_date }: Activity) => start_date < '2026-11-23'
    expect(later.activities.filter(isPast)).toEqual(today.activities.filter(isPast))
    expect(later.activities.length).toBeGreaterThan(today.activities.length)
  })

  test('hold about three thousand activities of eight sports, none in the future, no id twice', async () => {
    const { activities } = today
    expect(activities.length).toBeGreaterThan(2700)
    expect(activities.length).toBeLessThan(3400)
    expect(new Set(activities.map(({ id }) => id)).size).toBe(activities.length)
    expect([...new Set(activities.map(({ sport_type }) => sport_type))].sort()).toEqual([
      'Hike',
      'Ride',
      'Run',
      'Swim',
      'TrailRun',
      'VirtualRide',
      'Walk',
      'WeightTraining',
    ])
    expect(activities.filter(({ start_date }) => start_date > '2026-11-23T12:00:00Z')).toEqual([])
    expect(activities.at(-1)!.start_date.slice(0, 7)).toBe('2016-01')
  })

  test('have wall times that differ from UTC by the offset, summer and winter, at home and abroad', async () => {
    const { activities } = today
    const shown = activities.filter((activity) => !isHidden(activity))
    const wrong = shown.filter(
      (one) => Date.parse(one.start_date_local) - Date.parse(one.start_date) !== one.utc_offset * 1000,
    )
    expect(wrong).toEqual([])
    const atHome = shown.filter(({ timezone }) => timezone === '(GMT+01:00) Europe/Berlin')
    expect(new Set(atHome.map(({ utc_offset }) => utc_offset))).toEqual(new Set([3600, 7200]))
    const june = atHome.filter(({ start_date }) => start_date.startsWith('2025-06'))
    expect(new Set(june.map(({ utc_offset }) => utc_offset))).toEqual(new Set([7200]))
    expect(new Set(shown.map(({ timezone }) => timezone)).size).toBeGreaterThan(3)
  })

  test('have the rare cases', async () => {
    const { activities, text } = today
    const rare = {
      byHand: activities.filter(({ manual, upload_id }) => manual && upload_id === null),
      private: activities.filter((one) => one.private && one.visibility === 'only_me'),
      startHidden: activities.filter((one) => isHidden(one) && one.start_date === one.start_date_local),
      withoutHeartRate: activities.filter(({ has_heartrate }) => !has_heartrate),
      withoutRoute: activities.filter(({ start_latlng }) => start_latlng.length === 0),
      trailRun: activities.filter(({ type, sport_type }) => type === 'Run' && sport_type === 'TrailRun'),
    }
    for (const [name, found] of Object.entries(rare)) expect([name, found.length > 10]).toEqual([name, true])
    expect(text).toMatch(/"utc_offset":3600\.0,/)
    expect(text).toMatch(/"total_elevation_gain":\d+,/)
    expect(text).toMatch(/"total_elevation_gain":\d+\.\d,/)
  })

  test('are within what people do', async () => {
    const { activities } = today
    const odd = activities.filter(
      ({ distance, moving_time, elapsed_time, average_speed, max_speed }) =>
        moving_time < 900 ||
        moving_time > 4 * 3600 ||
        elapsed_time < moving_time ||
        max_speed < average_speed ||
        average_speed > 12 ||
        Math.abs(distance / moving_time - average_speed) > 0.001,
    )
    expect(odd).toEqual([])
  })
})

test("a polyline is encoded as in Google's own example", () => {
  expect(
    encodePolyline([
      [38.5, -120.2],
      [40.7, -120.95],
      [43.252, -126.453],
    ]),
  ).toBe('_p~iF~ps|U_ulLnnqC_mqNvxq`@')
})

test('a loop is as long as it should be and ends where it began', () => {
  const points = pointsAlong(loopRoute({ seed: '1', from: [1, 1], distanceM: 10_000 }), 500)
  const lengthM = points
    .slice(1)
    .reduce(
      (sum, [latitude, longitude], index) =>
        sum + Math.hypot(latitude - points[index]![0], longitude - points[index]![1]) * 111_320,
      0,
    )
  expect(points.at(-1)).toEqual(points[0])
  expect(Math.abs(lengthM - 10_000)).toBeLessThan(50)
})

test('JSON keeps every number as it is written', () => {
  const text = '{"id":3455410090770304386,"offset":-14400.0,"speed":1e3,"plain":12,"half":0.5}'
  expect(JSON.stringify(parseExactly(text))).toBe(text)
})
