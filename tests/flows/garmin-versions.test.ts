import { describe, expect } from 'vitest'
import { connectBoth, normalizeAll, person, test } from '../support/garmin-scene.ts'

describe('two versions of one thing in one delivery', () => {
  const START = { startTimeInSeconds: 1_768_003_200, startTimeOffsetInSeconds: 0 }
  const epoch = { ...START, activityType: 'WALKING' }
  const night = { ...START, calendarDate: '2026-01-10' }
  const details = (heartRate: number) => ({
    activityId: 7,
    summary: { ...START, activityType: 'RUNNING', durationInSeconds: 60 },
    samples: [{ startTimeInSeconds: START.startTimeInSeconds, heartRate }],
    laps: [START],
  })

  test('are the one that stands, whichever comes first', async ({ db, service, door }) => {
    await connectBoth(service)
    const userId = person.ada
    await door.post({
      dailies: [
        { ...night, userId, durationInSeconds: 86_400, steps: 9000 },
        { ...night, userId, durationInSeconds: 900, steps: 100 },
      ],
      sleeps: [
        { ...night, userId, durationInSeconds: 28_000, validation: 'ENHANCED_FINAL' },
        { ...night, userId, durationInSeconds: 20_000, validation: 'AUTO_TENTATIVE' },
      ],
      epochs: [
        { ...epoch, userId, summaryId: 'a', durationInSeconds: 900, steps: 400 },
        { ...epoch, userId, summaryId: 'b', durationInSeconds: 300, steps: 100 },
      ],
      activityDetails: [
        { ...details(120), userId },
        { ...details(121), userId },
      ],
    })
    await service.work()
    await normalizeAll(service, db)
    const read = async (query: string) => (await db.admin.query<{ told: string }>(query)).rows.map(({ told }) => told)
    expect(await read("select value::text as told from daily_metrics where kind = 'steps'")).toEqual(['9000'])
    expect(await read('select asleep_s::text as told from sleep_sessions')).toEqual(['28000'])
    expect(await read("select value::text as told from samples where kind = 'steps'")).toEqual(['400'])
    expect(await read('select "values"::text as told from activity_streams')).toEqual(['{121}'])
    expect(await read('select lap_number::text as told from activity_laps')).toEqual(['1'])
  })
})

const day = (steps: number, more: object = {}) => ({
  userId: person.ada,
  calendarDate: '2026-01-10',
  startTimeInSeconds: 1_768_003_200,
  startTimeOffsetInSeconds: 0,
  durationInSeconds: 86_400,
  steps,
  ...more,
})

describe('what two deliveries say of one day', () => {
  test('is true as the later one says, whichever is acted on first, and raw rows tell when each came', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    await door.post({ dailies: [day(4_000)] })
    await db.admin.query(`update graphile_worker._private_jobs set run_at = now() + interval '1 hour'`)
    await door.post({ dailies: [day(9_000)] })
    await service.work()
    await normalizeAll(service, db)
    await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
    await service.work()
    await normalizeAll(service, db)
    const { rows: steps } = await db.admin.query("select value::int from daily_metrics where kind = 'steps'")
    expect(steps).toEqual([{ value: 9_000 }])
    const { rows } = await db.admin.query(`
      select w.raw_data #> '{0,steps}' as steps, w.received_at = d.received_at as came
      from raw_fitness_data w join ops.webhook_deliveries d on d.id::text = w.metadata ->> 'delivery_id' order by w.created_at`)
    expect(rows).toEqual([
      { steps: 9_000, came: true },
      { steps: 4_000, came: true },
    ])
  })
})

test('what comes later in one delivery came later', async ({ db, service, door }) => {
  await connectBoth(service)
  // More than are stored together.
  const items = Array.from({ length: 401 }, (_, index) => day(index, { startTimeInSeconds: index + 1 }))
  await door.post({ dailies: items })
  await service.work()
  const { rows } = await db.admin.query(`
    select w.raw_data #> '{0,steps}' as first, round(extract(epoch from w.received_at - d.received_at) * 1e6)::int as after
    from raw_fitness_data w, ops.webhook_deliveries d order by w.received_at`)
  expect(rows).toEqual([
    { first: 0, after: 0 },
    { first: 200, after: 200 },
    { first: 400, after: 400 },
  ])
})
