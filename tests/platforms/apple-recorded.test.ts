import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import platform from '../../service/platforms/apple-health/platform.ts'
import type { Records } from '../../service/platforms/records.ts'
import { parseJson } from '../../service/runtime/json.ts'

/** Examples and exports of others; not part of this repository. */
const FOLDER = join(
  process.env['TRIBUTARY_SHARED_DATA'] ?? join(import.meta.dirname, '../../../shared/data'),
  'apple-health',
)
const missing = !existsSync(FOLDER)
if (missing) process.stderr.write(`apple-recorded: skipped, there is no ${FOLDER}; set TRIBUTARY_SHARED_DATA\n`)

const read = (name: string) => parseJson(readFileSync(join(FOLDER, name), 'utf8'))
const { normalize } = platform
const hae = (name: string) => normalize.health_auto_export(read(`health-auto-export/${name}.json`))

describe.skipIf(missing)('payloads of others', () => {
  test('an export of 2019: records, a workout in miles, the rings', async () => {
    const bytes = readFileSync(join(FOLDER, 'dogsheep/zip_contents/apple_health_export/export.xml'))
    const file = {
      size: bytes.length,
      read: async (from: number, length: number) => bytes.subarray(from, from + length),
    }
    const all: Records[] = []
    const upload = platform.upload(platform.env.parse({}))
    for await (const { dataType, payload } of upload.readFile(file))
      all.push(normalize[dataType as keyof typeof normalize](payload, {}))
    const samples = all.flatMap((records) => records.samples ?? [])
    expect(samples.map(({ kind, value, source }) => [kind, value, source])).toEqual([
      ['body_mass_index', 22.5312, 'Health Mate'],
      ['heart_rate_bpm', 72, 'Apple\u00a0Watch'],
    ])
    const [workout] = all.flatMap((records) => records.activities ?? [])
    expect(workout).toMatchObject({ sport: 'run', localDay: '2016-11-14', timeZone: 'America/Los_Angeles' })
    expect(workout?.distanceM).toBeCloseTo(0.4971749504535062 * 1609.344, 6)
    expect(workout?.movingTimeS).toBe(Math.round(5.19412346680959 * 60))
    const days = all.flatMap((records) => records.dailyMetrics ?? [])
    expect(days).toContainEqual({ localDay: '2016-11-16', kind: 'exercise_time_s', value: 39 * 60 })
  })

  test('Health Auto Export: energy in kilojoules, both forms of sleep, a workout of version 1', () => {
    const energy = hae('irvinlim-06').samples ?? []
    expect(energy.map(({ value }) => value)).toEqual([
      expect.closeTo(0.7685677437484512 / 4.184, 10),
      expect.closeTo(0.377848256251549 / 4.184, 10),
    ])
    expect(hae('irvinlim-07').activities).toMatchObject([
      { sport: 'walk', localDay: '2021-12-24', elevationGainM: 16.36, startOffsetSeconds: 28_800, elapsedTimeS: 1150 },
    ])
    expect(hae('irvinlim-08').sleepSessions).toMatchObject([
      {
        asleepS: Math.round(6.108333333333333 * 3600),
        inBedS: Math.round(6.809728874299261 * 3600),
        localDay: '2021-12-18',
      },
    ])
    expect(hae('irvinlim-09').sleepSessions).toMatchObject([{ lightS: 23_760, stages: [{ stage: 'light' }] }])
    for (const name of ['irvinlim-06', 'irvinlim-07', 'irvinlim-08', 'irvinlim-09'])
      expect(hae(name).rejected).toEqual([])
  })

  test('the SDK of Open Wearables: every record, night and workout', () => {
    const bodies = read('open-wearables-sdk/healthkit-sync-requests.json') as {
      data: { workouts?: { id: string }[] }
    }[]
    const { samples, sleepSessions, activities, rejected } = normalize.sdk_sync(bodies)
    expect(rejected).toEqual([])
    expect(samples).toMatchObject([{ kind: 'steps', value: 66, offsetSeconds: null }])
    expect(sleepSessions).toHaveLength(1)
    const ids = bodies.flatMap(({ data }) => data.workouts ?? []).map(({ id }) => id.toLowerCase())
    expect(activities?.map(({ sourceId }) => sourceId)).toEqual(ids)
  })

  test('react-native-health: each answer becomes a sample or is refused with a reason', () => {
    const { samples = [], rejected } = normalize.react_native_health(read('react-native-health/doc-examples.json'))
    const valuesOf = (kind: string) => samples.filter((sample) => sample.kind === kind).map(({ value }) => value)
    expect(valuesOf('hrv_sdnn_ms')).toEqual([422.3])
    expect(valuesOf('oxygen_saturation_percent')).toEqual([98, 97, 95, 97])
    expect(valuesOf('body_weight_kg')).toContain(90.718474)
    expect(valuesOf('dietary_water_ml')).toEqual([600])
    expect(rejected).toContainEqual({ position: 13, reason: 'endDate: before startDate' })
    for (const { reason } of rejected)
      expect(reason).toMatch(
        /: (nothing is made of it|no sample|missing|before startDate|does not say which day|single beats)/,
      )
  })
})
