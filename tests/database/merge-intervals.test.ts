import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'
import { ADA } from '../support/people.ts'

const MINUTE_MS = 60_000
// The clocks of Berlin go forward in the night to 29 March 2026 and back in the night to 25 October.
const STARTS = [Date.UTC(2026, 2, 28), Date.UTC(2026, 9, 24), Date.UTC(2026, 6, 1)]
const DEVICES = ['garmin/', 'apple-health/Watch', 'apple-health/iPhone', 'oura/'] as const

interface Measured {
  readonly device: string
  /** Minutes since the start of the period. */
  readonly start: number
  readonly minutes: number
  readonly value: number
  readonly offsetSeconds: number
}

const berlinOffset = (at: number): number =>
  at >= Date.UTC(2026, 2, 29, 1) && at < Date.UTC(2026, 9, 25, 1) ? 7200 : 3600

const measured = fc.record({
  device: fc.constantFrom(...DEVICES),
  start: fc.integer({ min: 0, max: 3 * 1440 - 1 }),
  minutes: fc.integer({ min: 0, max: 180 }),
  value: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: 1, max: 900 }) }),
  /** One device may still live in Honolulu or already in Auckland. */
  away: fc.constantFrom(0, 0, 0, 0, -36_000, 46_800),
})

const scene = fc.record({
  from: fc.constantFrom(...STARTS),
  samples: fc.array(measured, { maxLength: 60 }),
  ranks: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: DEVICES.length, maxLength: DEVICES.length }),
})

/** Minute by minute: who of those that saw something comes first? Day → value. */
function countByMinute(samples: readonly Measured[], order: readonly string[], from: number): Map<string, number> {
  const days = new Map<string, number>()
  const covers = (sample: Measured, minute: number) =>
    sample.value > 0 && sample.start <= minute && minute < sample.start + sample.minutes
  const winner = (minute: number) =>
    order.find((device) => samples.some((sample) => sample.device === device && covers(sample, minute)))
  const add = ({ start, offsetSeconds }: Measured, value: number) => {
    const day = new Date(from + start * MINUTE_MS + offsetSeconds * 1000).toISOString().slice(0, 10)
    days.set(day, (days.get(day) ?? 0) + value)
  }
  for (let minute = 0; minute < 3 * 1440 + 180; minute++) {
    const first = winner(minute)
    for (const sample of samples)
      if (sample.device === first && covers(sample, minute)) add(sample, sample.value / sample.minutes)
  }
  for (const sample of samples.filter(({ minutes, value }) => minutes === 0 && value > 0)) {
    const better = order.slice(0, order.indexOf(sample.device))
    if (!samples.some((other) => better.includes(other.device) && covers(other, sample.start)))
      add(sample, sample.value)
  }
  return days
}

const split = (device: string) => device.split('/') as [string, string]

async function store(db: TestDatabase, samples: readonly Measured[], from: number): Promise<void> {
  const rows = samples.map((sample, index) => {
    const [platform, source] = split(sample.device)
    const start = from + sample.start * MINUTE_MS
    return {
      platform,
      source,
      variant: String(index),
      value: sample.value,
      started_at: new Date(start),
      ended_at: new Date(start + sample.minutes * MINUTE_MS),
      local_day: new Date(start + sample.offsetSeconds * 1000).toISOString().slice(0, 10),
    }
  })
  await db.service.query(
    `insert into samples (user_id, kind, started_at, ended_at, platform, source, variant, value, local_day, raw_id, raw_created_at, observed_at)
     select $1, 'steps', r.started_at, r.ended_at, r.platform, r.source, r.variant, r.value, r.local_day, gen_random_uuid(), now(), now()
     from jsonb_to_recordset($2::jsonb) as r (platform text, source text, variant text, value numeric, started_at timestamptz,
       ended_at timestamptz, local_day date)`,
    [ADA, JSON.stringify(rows)],
  )
}

async function prepare(db: TestDatabase): Promise<void> {
  await db.admin.query(`
    insert into platforms (id, display_name) values ('garmin', ''), ('apple-health', ''), ('oura', ''), ('strava', '')`)
  await db.admin.query("update platforms set policy = '{\"combinable\": false}' where id = 'strava'")
  await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
  await db.service.query(
    "select ops.create_sample_partitions('{2026-03-01,2026-04-01,2026-06-01,2026-07-01,2026-10-01}')",
  )
}

async function rank(db: TestDatabase, device: string, place: number): Promise<void> {
  const [platform, source] = split(device)
  await db.admin.query(
    'insert into source_priorities (user_id, kind, platform, source, rank) values ($1, $2, $3, $4, $5)',
    [ADA, 'steps', platform, source, place],
  )
}

interface Merged {
  readonly day: string
  readonly value: number
  readonly method: string
  readonly sources: unknown
  readonly kept_apart: unknown
}

async function merge(db: TestDatabase, days: readonly string[], kind = 'steps'): Promise<readonly Merged[]> {
  await db.service.query('select ops.rebuild_daily_summaries($1, $2::date[])', [ADA, days])
  const { rows } = await db.service.query<Merged>(
    `select local_day::text as day, value::float8 as value, method, sources, kept_apart from merged_metrics
     where user_id = $1 and kind = $2 order by local_day`,
    [ADA, kind],
  )
  return rows
}

const daysFrom = (from: number) =>
  Array.from({ length: 7 }, (_, index) => new Date(from + (index - 2) * 86_400_000).toISOString().slice(0, 10))

describe('merging what several devices measured', () => {
  test('counts every minute once, whoever measured it and wherever they were', async ({ db }) => {
    await prepare(db)
    await fc.assert(
      fc.asyncProperty(scene, async ({ from, samples: drawn, ranks }) => {
        await db.admin.query('delete from samples; delete from source_priorities; delete from merged_metrics')
        for (const [index, device] of DEVICES.entries()) await rank(db, device, ranks[index]!)
        const samples = drawn.map(({ away, ...sample }) => ({
          ...sample,
          offsetSeconds: away === 0 ? berlinOffset(from + sample.start * MINUTE_MS) : away,
        }))
        await store(db, samples, from)
        const order = DEVICES.map((device, index) => ({ device, place: [ranks[index]!, ...split(device)] as const }))
          .toSorted((a, b) => (a.place < b.place ? -1 : 1))
          .map(({ device }) => device)
        const expected = countByMinute(samples, order, from)
        const merged = await merge(db, daysFrom(from))
        const found = new Map(merged.map(({ day, value }) => [day, value]))
        for (const day of daysFrom(from)) expect(found.get(day) ?? 0).toBeCloseTo(expected.get(day) ?? 0, 2)
        expect(await merge(db, daysFrom(from).slice(3, 4))).toEqual(merged)
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  test('gives the same when only one day is merged after a late upload', async ({ db }) => {
    await prepare(db)
    const from = STARTS[0]!
    const sample = { start: 600, minutes: 60, value: 600, offsetSeconds: 3600 }
    await store(db, [{ ...sample, device: 'apple-health/iPhone' }], from)
    await store(db, [{ ...sample, device: 'apple-health/iPhone', start: 600 + 1440 }], from)
    const before = await merge(db, daysFrom(from))
    const changes = 'select local_day::text as day, updated_at from daily_summaries order by 1'
    const { rows: written } = await db.admin.query(changes)
    await store(db, [{ ...sample, device: 'garmin/', minutes: 30, value: 450 }], from)
    const after = await merge(db, ['2026-03-28'])
    expect(before.map(({ value }) => value)).toEqual([600, 600])
    expect(after).toMatchObject([
      { day: '2026-03-28', value: 750, method: 'segments' },
      { day: '2026-03-29', value: 600 },
    ])
    expect(after[0]?.sources).toEqual([
      { platform: 'apple-health', source: 'iPhone', value: 300 },
      { platform: 'garmin', source: '', value: 450 },
    ])
    const { rows } = await db.admin.query(changes)
    expect(rows[1]).toEqual(written[1])
    expect(rows[0]).not.toEqual(written[0])
  })

  test('goes on counting for the day before when an interval crosses midnight', async ({ db }) => {
    await prepare(db)
    const from = STARTS[0]!
    // Berlin's 29 March begins at 23:00 UTC of the 28th.
    await store(
      db,
      [{ device: 'apple-health/iPhone', start: 1320, minutes: 120, value: 120, offsetSeconds: 3600 }],
      from,
    )
    await merge(db, daysFrom(from))
    await store(db, [{ device: 'garmin/', start: 1380, minutes: 60, value: 7, offsetSeconds: 3600 }], from)
    expect(await merge(db, ['2026-03-29'])).toMatchObject([
      { day: '2026-03-28', value: 60 },
      { day: '2026-03-29', value: 7 },
    ])
  })

  test.for([
    ['the total where there are no intervals', 8000, [], 8000, 'daily_total'],
    ['the total where intervals are missing', 8000, [5000], 8000, 'daily_total'],
    ['the intervals where the total is older', 4000, [5000], 5000, 'segments'],
  ] as const)('takes %s, and never both', async ([, total, intervals, value, method], { db }) => {
    await prepare(db)
    await db.service.query(
      `insert into daily_metrics (user_id, local_day, platform, kind, value, observed_at) values ($1, '2026-03-28', 'garmin', 'steps', $2, now())`,
      [ADA, total],
    )
    const samples = intervals.map((steps) => ({ start: 600, minutes: 60, value: steps, offsetSeconds: 3600 }))
    await store(
      db,
      samples.map((sample) => ({ ...sample, device: 'garmin/' })),
      STARTS[0]!,
    )
    expect(await merge(db, ['2026-03-28'])).toMatchObject([{ value, method }])
  })

  test('names as sources only those that something was counted of', async ({ db }) => {
    await prepare(db)
    const from = Date.UTC(2026, 6, 1)
    const quarter = { start: 600, minutes: 15, offsetSeconds: 0 }
    const samples = [
      { ...quarter, device: 'garmin/', value: 400 },
      { ...quarter, device: 'apple-health/iPhone', start: 602, minutes: 10, value: 350 },
    ]
    await store(db, samples, from)
    const [day] = await merge(db, ['2026-07-01'])
    expect(day).toMatchObject({ value: 400, sources: [{ platform: 'garmin', source: '', value: 400 }] })
  })

  test('counts walking towards distance, beside what a device calls distance', async ({ db }) => {
    await prepare(db)
    await store(db, [{ device: 'garmin/', start: 600, minutes: 60, value: 4000, offsetSeconds: 3600 }], STARTS[0]!)
    await db.admin.query("update samples set kind = 'distance_m'")
    const phone = { device: 'apple-health/iPhone', minutes: 60, value: 3000, offsetSeconds: 3600 }
    await store(
      db,
      [
        { ...phone, start: 600 },
        { ...phone, start: 900 },
      ],
      STARTS[0]!,
    )
    await db.admin.query("update samples set kind = 'walking_running_distance_m' where kind = 'steps'")
    expect(await merge(db, ['2026-03-28'], 'distance_m')).toMatchObject([{ value: 7000 }])
    expect(await merge(db, ['2026-03-28'], 'walking_running_distance_m')).toMatchObject([{ value: 6000 }])
  })

  test('keeps a platform apart whose data may not be combined, and counts that', async ({ db }) => {
    await prepare(db)
    const hour = { start: 600, minutes: 60, value: 1000, offsetSeconds: 3600 }
    await store(db, [{ ...hour, device: 'strava/' }], STARTS[0]!)
    expect(await merge(db, ['2026-03-28'])).toMatchObject([{ value: 1000, kept_apart: [] }])
    await store(db, [{ ...hour, device: 'garmin/', start: 900, value: 10 }], STARTS[0]!)
    expect(await merge(db, ['2026-03-28'])).toMatchObject([
      { value: 10, kept_apart: [{ platform: 'strava', value: 1000 }] },
    ])
    const effects = 'select platform, effect, records::integer from policy_effects'
    expect((await db.admin.query(effects)).rows).toEqual([{ platform: 'strava', effect: 'kept_apart', records: 1 }])
    await db.admin.query("delete from samples where platform = 'garmin'")
    expect(await merge(db, ['2026-03-28'])).toMatchObject([{ value: 1000, kept_apart: [] }])
    expect((await db.admin.query(effects)).rows).toMatchObject([{ records: 0 }])
  })

  test('marks all days again when the person changes the order, or a platform its policy', async ({ db }) => {
    await prepare(db)
    const hour = { start: 600, minutes: 60, value: 1000, offsetSeconds: 3600 }
    await store(
      db,
      [
        { ...hour, device: 'strava/' },
        { ...hour, device: 'garmin/' },
      ],
      STARTS[0]!,
    )
    await merge(db, ['2026-03-28'])
    const marked = async () => {
      const { rows } = await db.admin.query<{ day: string }>(
        'delete from ops.summary_rebuilds returning local_day::text as day',
      )
      return rows.map(({ day }) => day)
    }
    await rank(db, 'garmin/', 1)
    expect(await marked()).toEqual(['2026-03-28'])
    await db.admin.query("insert into user_fitness_summary values ($1, '2026-03-28', 'strava', 1, '[]')", [ADA])
    await db.service.query("update platforms set policy = '{\"combinable\": false}' where id = 'strava'")
    expect(await marked()).toEqual([])
    await db.service.query("update platforms set policy = '{\"combinable\": true}' where id = 'strava'")
    expect(await marked()).toEqual(['2026-03-28'])
  })
})
