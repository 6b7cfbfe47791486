import { describe, expect } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'
import { ADA, insertConnectedPerson } from '../support/people.ts'

const RAW_1 = '00000000-0000-4000-8000-000000000001'
const RAW_2 = '00000000-0000-4000-8000-000000000002'
const MORNING = '2026-03-01T10:00:00Z'
const EVENING = '2026-03-01T20:00:00Z'

const steps = {
  kind: 'steps',
  startedAt: '2026-03-01T09:00:00Z',
  endedAt: '2026-03-01T09:15:00Z',
  offsetSeconds: 3600,
  value: 420,
  source: 'watch',
  variant: '',
  sourceId: null,
  manual: false,
}
const quarter = {
  kinds: ['steps'],
  source: 'watch',
  variant: null,
  from: '2026-03-01T09:00:00Z',
  to: '2026-03-01T09:15:00Z',
}

interface Payload {
  readonly samples?: readonly object[]
  readonly spans?: readonly object[]
  readonly deleted?: readonly string[]
  readonly rawId?: string
  readonly observedAt?: string
}

async function store(db: TestDatabase, payload: Payload): Promise<string[]> {
  const { samples = [], spans = [], deleted = [], rawId = RAW_1, observedAt = MORNING } = payload
  await db.service.query("select ops.create_sample_partitions('{2026-02-01,2026-03-01}')")
  const { rows } = await db.service.query<{ days: string[] }>(
    "select ops.store_samples($1, 'strava', $2, now(), $3, $4::jsonb, $5::jsonb, $6)::text[] as days",
    [ADA, rawId, observedAt, JSON.stringify(samples), JSON.stringify(spans), deleted],
  )
  return rows[0]?.days ?? []
}

async function all(db: TestDatabase): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await db.service.query<Record<string, unknown>>(
    `select started_at at time zone 'UTC' as start, extract(epoch from ended_at - started_at)::integer as seconds, value::text, source,
       local_day::text, start_offset_seconds, raw_id, xmin::text as version from public.samples order by started_at, source, ended_at`,
  )
  return rows
}

const values = async (db: TestDatabase) => (await all(db)).map(({ value }) => value)

describe('storing samples', () => {
  test('keeps the local day of the place, and that of the person where the place is unknown', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await db.admin.query("update public.app_users set time_zone = 'Pacific/Auckland'")
    const late = { ...steps, startedAt: '2026-02-28T23:30:00Z', endedAt: '2026-02-28T23:45:00Z' }
    expect(await store(db, { samples: [late, { ...late, source: 'phone', offsetSeconds: null }] })).toEqual([
      '2026-03-01',
    ])
    const inHawaii = { ...late, source: 'phone', offsetSeconds: -36_000 }
    expect(await store(db, { samples: [inHawaii], rawId: RAW_2, observedAt: EVENING })).toEqual([
      '2026-02-28',
      '2026-03-01',
    ])
    expect(await all(db)).toMatchObject([
      { source: 'phone', local_day: '2026-02-28', start_offset_seconds: -36_000 },
      { source: 'watch', local_day: '2026-03-01', start_offset_seconds: 3600 },
    ])
  })

  test('changes nothing when the same payload comes again', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    const payload = { samples: [steps, { ...steps, source: 'phone', value: 7 }], spans: [quarter] }
    await store(db, payload)
    const before = await all(db)
    expect(await store(db, payload)).toEqual([])
    expect(await all(db)).toEqual(before)
  })

  test('answers no day for a later payload that repeats a reading, and its day for one that corrects it', async ({
    db,
  }) => {
    await insertConnectedPerson(db.admin, ADA)
    const evening = { ...steps, startedAt: '2026-02-28T18:00:00Z', endedAt: '2026-02-28T18:15:00Z' }
    expect(await store(db, { samples: [steps, evening] })).toEqual(['2026-02-28', '2026-03-01'])
    const corrected = [steps, { ...evening, value: 1 }]
    expect(await store(db, { samples: corrected, rawId: RAW_2, observedAt: EVENING })).toEqual(['2026-02-28'])
  })

  test('never lets an older payload replace a newer one', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await store(db, { samples: [{ ...steps, value: 500 }], rawId: RAW_2, observedAt: EVENING })
    expect(await store(db, { samples: [steps] })).toEqual([])
    expect(await values(db)).toEqual(['500'])
  })

  test.for([
    ['in order', [false, true]],
    ['in reverse', [true, false]],
  ] as const)('replaces an interval that grew, with its payloads %s', async ([, order], { db }) => {
    await insertConnectedPerson(db.admin, ADA)
    const half = { ...steps, endedAt: '2026-03-01T09:07:30Z', value: 200 }
    const neighbours = [
      { ...half, source: 'phone', value: 3 },
      { ...steps, startedAt: '2026-03-01T09:15:00Z', endedAt: '2026-03-01T09:30:00Z', value: 5 },
    ]
    for (const whole of order)
      await store(
        db,
        whole
          ? { samples: [steps], spans: [quarter], rawId: RAW_2, observedAt: EVENING }
          : { samples: [half, ...neighbours], spans: [quarter] },
      )
    expect(await values(db)).toEqual(['3', '420', '5'])
  })

  test('removes what is gone at the source, and an older payload does not bring it back', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    const known = { ...steps, sourceId: 'E8A2' }
    await store(db, { samples: [known, { ...steps, source: 'phone', sourceId: 'F001' }] })
    expect(await store(db, { deleted: ['E8A2'], rawId: RAW_2, observedAt: EVENING })).toEqual(['2026-03-01'])
    await store(db, { samples: [known] })
    expect(await all(db)).toMatchObject([{ source: 'phone' }])
  })

  test('needs a kind that the vocabulary has', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await expect(store(db, { samples: [{ ...steps, kind: 'mood' }] })).rejects.toThrow('samples_kind_fkey')
  })

  test('makes a month once, whoever asks at the same time', async ({ db }) => {
    const ask = () =>
      db.service.query<{ made: number }>("select ops.create_sample_partitions('{1998-07-15,1998-07-01}') as made")
    const answers = await Promise.all(Array.from({ length: 10 }, ask))
    expect(answers.filter(({ rows }) => rows[0]?.made === 1)).toHaveLength(1)
    expect(answers.filter(({ rows }) => rows[0]?.made === 0)).toHaveLength(9)
  })
})
