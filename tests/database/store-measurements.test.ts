import { describe, expect } from 'vitest'
import { METRIC_KINDS } from '../../service/platforms/metric-kinds.ts'
import { type TestDatabase, test } from '../support/database.ts'
import { ADA, insertConnectedPerson } from '../support/people.ts'

const RAW_1 = '00000000-0000-4000-8000-000000000001'
const RAW_2 = '00000000-0000-4000-8000-000000000002'
const MORNING = '2026-03-29T10:00:00Z'
const EVENING = '2026-03-29T20:00:00Z'

const night = {
  sourceId: 'sleep-1',
  source: 'watch',
  startedAt: '2026-03-28T22:00:00Z',
  endedAt: '2026-03-29T05:30:00Z',
  endOffsetSeconds: 7200,
  timeZone: 'Europe/Berlin',
  nap: false,
  asleepS: 25_200,
  inBedS: 27_000,
  awakeS: 1800,
  lightS: 14_400,
  deepS: 5400,
  remS: 5400,
  score: 82,
  finality: 1,
  stages: [
    { stage: 'light', startedAt: '2026-03-28T22:00:00Z', endedAt: '2026-03-29T02:00:00Z' },
    { stage: 'deep', startedAt: '2026-03-29T02:00:00Z', endedAt: '2026-03-29T03:30:00Z' },
  ],
}

interface Version {
  readonly rawId?: string
  readonly observedAt?: string
  readonly deleted?: readonly string[]
}

async function storeSleep(db: TestDatabase, sessions: readonly object[], version: Version = {}): Promise<string[]> {
  const { rawId = RAW_1, observedAt = MORNING, deleted = [] } = version
  const { rows } = await db.service.query<{ days: string[] }>(
    "select ops.store_sleep_sessions($1, 'strava', $2, now(), $3, $4::jsonb, $5)::text[] as days",
    [ADA, rawId, observedAt, JSON.stringify(sessions), deleted],
  )
  return rows[0]?.days ?? []
}

async function sleepOf(db: TestDatabase) {
  const { rows } = await db.service.query<{ local_day: string; score: string; stages: string[] }>(`
    select s.local_day::text, s.score::text, array(select t.stage from public.sleep_stages t
      where t.sleep_session_id = s.id order by t.started_at) as stages from public.sleep_sessions s`)
  return rows
}

describe('storing sleep', () => {
  test('never lets a tentative version replace a final one, however late it comes', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    expect(await storeSleep(db, [night])).toEqual(['2026-03-29'])
    const tentative = { ...night, finality: 0, score: 10, stages: [] }
    expect(await storeSleep(db, [tentative], { rawId: RAW_2, observedAt: EVENING })).toEqual([])
    expect(await sleepOf(db)).toEqual([{ local_day: '2026-03-29', score: '82', stages: ['light', 'deep'] }])
  })

  test('lets a final version replace a tentative one, stages and all', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await storeSleep(db, [{ ...night, finality: 0, score: 10 }], { rawId: RAW_2, observedAt: EVENING })
    await storeSleep(db, [{ ...night, stages: [{ ...night.stages[0], stage: 'rem' }] }])
    expect(await sleepOf(db)).toEqual([{ local_day: '2026-03-29', score: '82', stages: ['rem'] }])
  })

  test('belongs to the day of waking, where the person woke', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    const days = async (session: object) => storeSleep(db, [{ ...night, ...session }])
    expect(await days({ sourceId: 'west', endOffsetSeconds: -28_800 })).toEqual(['2026-03-28'])
    expect(await days({ sourceId: 'named', localDay: '2026-03-30' })).toEqual(['2026-03-30'])
  })

  test('that a newer version moves to another day has both days merged again', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await storeSleep(db, [night])
    const moved = { ...night, localDay: '2026-03-28' }
    expect(await storeSleep(db, [moved], { rawId: RAW_2, observedAt: EVENING })).toEqual(['2026-03-28', '2026-03-29'])
  })

  test('is removed when it is gone at the source, and does not come back', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await storeSleep(db, [night])
    expect(await storeSleep(db, [], { rawId: RAW_2, observedAt: EVENING, deleted: ['sleep-1'] })).toEqual([
      '2026-03-29',
    ])
    await storeSleep(db, [night])
    expect(await sleepOf(db)).toEqual([])
  })
})

describe('storing daily metrics', () => {
  const storeDaily = async (db: TestDatabase, value: number, { rawId = RAW_1, observedAt = MORNING } = {}) => {
    const { rows } = await db.service.query<{ days: string[] }>(
      "select ops.store_daily_metrics($1, 'strava', $2, now(), $3, $4::jsonb)::text[] as days",
      [ADA, rawId, observedAt, JSON.stringify([{ localDay: '2026-03-29', kind: 'steps', value }])],
    )
    return rows[0]?.days
  }

  test('keeps the newest word and answers the days that changed', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    expect(await storeDaily(db, 4000)).toEqual(['2026-03-29'])
    expect(await storeDaily(db, 4000)).toEqual([])
    expect(await storeDaily(db, 9000, { rawId: RAW_2, observedAt: EVENING })).toEqual(['2026-03-29'])
    expect(await storeDaily(db, 4000)).toEqual([])
    const { rows } = await db.service.query('select value::text, derived from public.daily_metrics')
    expect(rows).toEqual([{ value: '9000', derived: false }])
  })
})

describe('the vocabulary of metrics', () => {
  test('is the same in the code and in the database', async ({ db }) => {
    const { rows } = await db.service.query<{ id: string; unit: string; aggregation: string }>(
      'select id, unit, aggregation from public.metric_kinds',
    )
    expect(Object.fromEntries(rows.map(({ id, ...kind }) => [id, kind]))).toEqual(METRIC_KINDS)
  })

  test.for([
    ['_m', 'm'],
    ['_s', 's'],
    ['_ms', 'ms'],
    ['_kcal', 'kcal'],
    ['_bpm', '/min'],
    ['_per_min', '/min'],
    ['_percent', '%'],
    ['_kg', 'kg'],
    ['_cm', 'cm'],
    ['_celsius', 'Cel'],
    ['_mmhg', 'mm[Hg]'],
    ['_score', '{score}'],
    ['_g', 'g'],
    ['_mg', 'mg'],
    ['_ml', 'mL'],
    ['_w', 'W'],
    ['_per_s', 'm/s'],
  ] as const)('says with %s that the unit is %s', ([ending, unit]) => {
    // A litre a minute, a metre a second: there the ending is half of the unit.
    const compound = ending === '_per_min' ? '_l_per_min' : `_per${ending}`
    const kinds = Object.entries(METRIC_KINDS).filter(([id]) => id.endsWith(ending) && !id.endsWith(compound))
    expect(kinds.length).toBeGreaterThan(0)
    expect(kinds.filter(([, kind]) => kind.unit !== unit)).toEqual([])
  })
})
