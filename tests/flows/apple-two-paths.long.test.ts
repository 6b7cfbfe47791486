import { describe, expect } from 'vitest'
import { importLocalFile } from '../../service/ingestion/import-local-file.ts'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import type { UploadedFile } from '../../service/platforms/contract.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

const WATCH = 'Ada’s Apple Watch'
const PLATFORM = 'apple-health'

interface Scene {
  readonly db: TestDatabase
  readonly service: TestService
}

/** Keeps a payload and normalizes it, as the worker would; later ones are newer. */
async function arrive({ db, service }: Scene, dataType: string, payload: object): Promise<void> {
  const { rows } = await db.admin.query(
    `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata) values ($1, $2, $3, $4, '{}')
     returning user_id as "userId", created_at::text as "createdAt", id as "rawId"`,
    [ADA, PLATFORM, dataType, JSON.stringify(payload)],
  )
  await normalizeRaw(service.normalization, rows[0])
  await service.work()
}

function asFile(body: string): UploadedFile {
  const bytes = Buffer.from(`<?xml version="1.0"?><HealthData locale="en_US">${body}</HealthData>`)
  return { size: bytes.length, read: async (position, length) => bytes.subarray(position, position + length) }
}

async function importExport(service: TestService, body: string): Promise<void> {
  await importLocalFile(service.uploads, { userId: ADA, platform: PLATFORM, file: asFile(body) })
  await service.work()
}

const record = (type: string, value: string, more: string) =>
  `<Record type="${type}" sourceName="${WATCH}" value="${value}" ${more}/>`
const source = { name: WATCH, bundleIdentifier: 'com.apple.health' }
const sdk = (data: object) => ({ provider: 'apple', data: { records: [], sleep: [], workouts: [], ...data } })
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

async function newPerson({ admin }: TestDatabase): Promise<void> {
  await admin.query("insert into app_users (user_id, time_zone) values ($1, 'America/New_York')", [ADA])
}

const FROM_SDK = sdk({
  records: [
    {
      id: uuid(1),
      type: 'HKQuantityTypeIdentifierStepCount',
      unit: 'count',
      value: 120,
      source,
      startDate: '2024-02-01T15:00:00.512Z',
      endDate: '2024-02-01T15:05:03.999Z',
    },
    {
      id: uuid(2),
      type: 'HKQuantityTypeIdentifierHeartRate',
      unit: 'count/min',
      value: 71,
      source,
      startDate: '2024-02-01T15:01:09.001Z',
      endDate: '2024-02-01T15:01:09.001Z',
    },
  ],
})
const FROM_EXPORT = [
  record(
    'HKQuantityTypeIdentifierStepCount',
    '120',
    'unit="count" startDate="2024-02-01 10:00:00 -0500" endDate="2024-02-01 10:05:03 -0500"',
  ),
  record(
    'HKQuantityTypeIdentifierHeartRate',
    '71',
    'unit="count/min" startDate="2024-02-01 10:01:09 -0500" endDate="2024-02-01 10:01:09 -0500"',
  ),
].join('')

describe('one reading that comes from the SDK and in an export', () => {
  test.for([['the SDK first'], ['the export first']] as const)(
    'counts once, %s, and where the person was stays known',
    async ([order], { db, service }) => {
      await newPerson(db)
      const steps = [() => arrive({ db, service }, 'sdk_sync', FROM_SDK), () => importExport(service, FROM_EXPORT)]
      for (const step of order === 'the SDK first' ? steps : steps.toReversed()) await step()
      const { rows } = await db.admin.query(
        'select kind, value::int, source_id, start_offset_seconds, local_day::text from samples order by kind',
      )
      expect(rows).toEqual([
        {
          kind: 'heart_rate_bpm',
          value: 71,
          source_id: uuid(2),
          start_offset_seconds: -18_000,
          local_day: '2024-02-01',
        },
        { kind: 'steps', value: 120, source_id: uuid(1), start_offset_seconds: -18_000, local_day: '2024-02-01' },
      ])
      const merged = await db.admin.query("select value::int from merged_metrics where kind = 'steps'")
      expect(merged.rows).toEqual([{ value: 120 }])
    },
  )
})

const part = (n: number, stage: string, [startDate, endDate]: readonly [string, string]) => ({
  id: uuid(n),
  stage,
  startDate,
  endDate,
  source,
})
const FIRST_HALF = [
  part(11, 'core', ['2024-02-02T04:00:00.200Z', '2024-02-02T06:00:00.100Z']),
  part(12, 'deep', ['2024-02-02T06:00:00.100Z', '2024-02-02T07:00:00Z']),
]
const SECOND_HALF = [
  part(13, 'rem', ['2024-02-02T08:00:00Z', '2024-02-02T09:00:00Z']),
  part(14, 'awake', ['2024-02-02T09:00:00Z', '2024-02-02T09:10:00Z']),
  part(15, 'core', ['2024-02-02T09:10:00Z', '2024-02-02T11:00:00Z']),
]

async function nights({ admin }: TestDatabase): Promise<unknown[]> {
  const { rows } = await admin.query(
    `select local_day::text as day, to_char(started_at, 'HH24:MI:SS') as from, to_char(ended_at, 'HH24:MI:SS') as to, asleep_s, light_s, deep_s, rem_s, awake_s,
      (select count(*)::int from sleep_stages t where t.sleep_session_id = s.id) as stages from sleep_sessions s order by started_at`,
  )
  return rows
}

/** By hand: core 2 h and 1 h 50 min, deep 1 h, REM 1 h, awake 10 min. */
const WHOLE = {
  day: '2024-02-02',
  from: '04:00:00',
  to: '11:00:00',
  asleep_s: 21_000,
  light_s: 13_800,
  deep_s: 3600,
  rem_s: 3600,
  awake_s: 600,
  stages: 5,
}

async function everything({ admin }: TestDatabase): Promise<unknown> {
  const tables = ['samples', 'sleep_sessions', 'sleep_stages', 'activities', 'merged_metrics', 'daily_summaries']
  return Promise.all(
    tables.map(
      async (table) => (await admin.query<{ row: string }>(`select t::text as row from ${table} t order by 1`)).rows,
    ),
  )
}

async function replayAll({ db, service }: Scene): Promise<void> {
  const { rows } = await db.admin.query(
    'select user_id as "userId", created_at::text as "createdAt", id as "rawId" from raw_fitness_data order by created_at, id',
  )
  for (const key of rows) await normalizeRaw(service.normalization, key, { replay: true })
  await service.work()
}

describe('a night that the SDK sends in parts', () => {
  test.for([
    ['in order', [FIRST_HALF, SECOND_HALF]],
    ['the other way round', [SECOND_HALF, FIRST_HALF]],
    ['and again, whole', [FIRST_HALF, SECOND_HALF, [...FIRST_HALF, ...SECOND_HALF]]],
    ['each part by itself', [...FIRST_HALF, ...SECOND_HALF].map((one) => [one])],
    [
      'with the middle last',
      [FIRST_HALF.slice(0, 1), SECOND_HALF.slice(2), [...FIRST_HALF.slice(1), ...SECOND_HALF.slice(0, 2)]],
    ],
  ] as const)('is one night, %s, and stays it when it is read again', async ([, requests], { db, service }) => {
    await newPerson(db)
    for (const sleep of requests) await arrive({ db, service }, 'sdk_sync', sdk({ sleep }))
    expect(await nights(db)).toEqual([WHOLE])
    const merged = await db.admin.query("select value::int from merged_metrics where kind = 'sleep_asleep_s'")
    expect(merged.rows).toEqual([{ value: WHOLE.asleep_s }])
    const before = await everything(db)
    await replayAll({ db, service })
    expect(await everything(db)).toEqual(before)
  })

  test('loses the part whose uuid is deleted, for good, and goes with its last', async ({ db, service }) => {
    await newPerson(db)
    await arrive({ db, service }, 'sdk_sync', sdk({ sleep: FIRST_HALF }))
    await arrive({ db, service }, 'sdk_sync', sdk({ sleep: SECOND_HALF }))
    const older = await db.admin.query(
      'select user_id as "userId", created_at::text as "createdAt", id as "rawId" from raw_fitness_data order by created_at',
    )
    await arrive({ db, service }, 'samples', { samples: [], deleted: [uuid(15), uuid(14)] })
    const shorter = { ...WHOLE, to: '09:00:00', asleep_s: 14_400, light_s: 7200, awake_s: null, stages: 3 }
    expect(await nights(db)).toEqual([shorter])
    for (const key of older.rows) await normalizeRaw(service.normalization, key, { replay: true })
    expect(await nights(db)).toEqual([shorter])
    await arrive({ db, service }, 'samples', { samples: [], deleted: [11, 12, 13].map(uuid) })
    expect(await nights(db)).toEqual([])
  })

  test('is another one after more than ninety minutes', async ({ db, service }) => {
    await newPerson(db)
    await arrive({ db, service }, 'sdk_sync', sdk({ sleep: FIRST_HALF }))
    await arrive(
      { db, service },
      'sdk_sync',
      sdk({ sleep: [part(16, 'core', ['2024-02-02T08:30:01Z', '2024-02-02T09:00:00Z'])] }),
    )
    expect(await nights(db)).toHaveLength(2)
  })

  test('is told anew by an export, which knows all of it', async ({ db, service }) => {
    await newPerson(db)
    await arrive({ db, service }, 'sdk_sync', sdk({ sleep: SECOND_HALF }))
    const stage = (value: string, from: string, to: string) =>
      record(
        'HKCategoryTypeIdentifierSleepAnalysis',
        `HKCategoryValueSleepAnalysis${value}`,
        `startDate="2024-02-0${from} -0500" endDate="2024-02-0${to} -0500"`,
      )
    await importExport(
      service,
      stage('AsleepCore', '1 23:00:00', '2 01:00:00') +
        stage('AsleepDeep', '2 01:00:00', '2 02:00:00') +
        stage('AsleepREM', '2 03:00:00', '2 04:00:00'),
    )
    expect(await nights(db)).toEqual([
      { ...WHOLE, to: '09:00:00', asleep_s: 14_400, light_s: 7200, awake_s: null, stages: 3 },
    ])
    const before = await everything(db)
    await replayAll({ db, service })
    expect(await everything(db)).toEqual(before)
  })
})

describe('one workout that comes from the SDK and in an export, which has no ids', () => {
  test('is shown once, with both', async ({ db, service }) => {
    await newPerson(db)
    const values = [
      { type: 'distance', unit: 'm', value: 5000 },
      { type: 'duration', unit: 's', value: 1800 },
    ]
    const workout = {
      id: uuid(21),
      type: 'running',
      startDate: '2024-02-03T12:00:00.700Z',
      endDate: '2024-02-03T12:30:00.200Z',
      source,
      values,
    }
    await arrive({ db, service }, 'sdk_sync', sdk({ workouts: [workout] }))
    await importExport(
      service,
      `<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="30" durationUnit="min" totalDistance="5" totalDistanceUnit="km" sourceName="${WATCH}" startDate="2024-02-03 07:00:00 -0500" endDate="2024-02-03 07:30:00 -0500"/>`,
    )
    const { rows } = await db.admin.query(
      'select (select count(*)::int from activities) as told, (select count(*)::int from merged_activities) as shown',
    )
    expect(rows).toEqual([{ told: 2, shown: 1 }])
    const days = await db.admin.query('select activity_count, distance_m::int from daily_summaries')
    expect(days.rows).toEqual([{ activity_count: 1, distance_m: 5000 }])
  })
})
