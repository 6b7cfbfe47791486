import { describe, expect } from 'vitest'
import { meet } from '../support/circle.ts'
import type { TestDatabase } from '../support/database.ts'
import { decide } from '../support/decide.ts'
import { test } from '../support/garmin-scene.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService } from '../support/service.ts'

/** Garmin gives no more than three days and some hours, where thirty are asked for. */
async function connectWithShortHistory(service: TestService): Promise<void> {
  await service.simulateGarmin('POST', '/settings', { historyDays: 3.4 })
  await connect(service, { platform: 'garmin', userId: ADA, query: '&simulate_person=1' })
  await service.work()
  await service.simulateGarmin('POST', '/settle')
  await service.work()
}

async function asked({ admin }: TestDatabase): Promise<unknown[]> {
  const { rows } = await admin.query(
    `select outcome, count(*)::int, count(distinct data_type)::int as kinds, min(extract(epoch from r.until - w.window_start) / 86400)::float8 as days
    from ops.requested_windows w, sync_runs r where r.kind = 'history' and r.platform = 'garmin' group by 1 order by 1`,
  )
  return rows
}

async function runs({ admin }: TestDatabase) {
  const { rows } = await admin.query<{
    status: string
    error: string | null
    days: number
    results: { data_type: string }[]
  }>(
    `select status, error_code as error, (extract(epoch from until - reached) / 86400)::float8 as days, results
    from sync_runs where platform = 'garmin' and kind = 'history' order by started_at`,
  )
  return rows
}

const KINDS =
  `activities activityDetails allDayRespiration bloodPressures bodyComps dailies epochs healthSnapshot hrv mct
  moveIQActivities pulseox skinTemp sleeps stressDetails userMetrics`.split(/\s+/)

describe('the history of Garmin', () => {
  test('is asked for once, as far back as Garmin gives it, and arrives; the results say what is not to be had', async ({
    db,
    service,
    door,
  }) => {
    expect(door.url).toContain('garmin')
    await connectWithShortHistory(service)
    // The first kind finds out: 30 days, 29, 14.5, 7.25 and 3.625 are too many; 1.8125 are not, nor is the day before. The others begin there.
    expect(await asked(db)).toEqual([
      { outcome: 'accepted', count: 16, kinds: 15, days: 1.8125 },
      { outcome: 'too_old', count: 15, kinds: 15, days: 30 },
    ])
    const [run] = await runs(db)
    expect(run).toMatchObject({ status: 'complete', error: null, days: 2.8125 })
    const reason = 'older_than_the_platform_gives'
    expect(run!.results.toSorted((a, b) => a.data_type.localeCompare(b.data_type))).toEqual(
      KINDS.map((kind) =>
        kind === 'mct'
          ? { data_type: kind, outcome: 'not_available', records: 0, requested: 0, reason: 'scope_missing' }
          : { data_type: kind, outcome: 'requested', records: 0, requested: kind === 'dailies' ? 2 : 1, reason },
      ),
    )
    const { rows: kinds } = await db.admin.query(
      "select distinct data_type as kind from raw_fitness_data where platform = 'garmin' order by 1",
    )
    // Not on every day is there a workout.
    expect(kinds).toEqual(expect.arrayContaining([{ kind: 'dailies' }, { kind: 'epochs' }, { kind: 'sleeps' }]))
  })

  test('is not there at all where Garmin gives less than a day, and says so', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await service.simulateGarmin('POST', '/settings', { historyDays: 0.001 })
    await connect(service, { platform: 'garmin', userId: ADA, query: '&simulate_person=1' })
    await service.work()
    const [run] = await runs(db)
    expect(run).toMatchObject({ status: 'complete', days: 0 })
    expect(new Set(run!.results.map((result) => (result as { outcome?: string }).outcome))).toEqual(
      new Set(['not_available']),
    )
    expect((await asked(db)).map((row) => (row as { outcome: string }).outcome)).toEqual(['too_old'])
  })

  test('that Garmin says was asked for before (409) is asked for no more, and no delivery is waited for', async ({
    db,
    service,
    door,
  }) => {
    expect(door.url).toContain('garmin')
    await connectWithShortHistory(service)
    await db.admin.query(
      "delete from ops.requested_windows where outcome = 'accepted' and data_type in ('dailies', 'sleeps')",
    )
    await db.admin.query(
      `with run as (
        insert into sync_runs (user_id, platform, kind, since, until, reached, next_cursor, asked_by, results)
        select user_id, platform, kind, since, until, until, '{"index": 0}', 'person', jsonb_build_array(
          jsonb_build_object('data_type', 'sleeps', 'outcome', 'running', 'records', 0, 'requested', 0, 'reason', null))
        from sync_runs where platform = 'garmin' and kind = 'history' returning user_id, id
      )
      select graphile_worker.add_job('request_backfill', json_build_object('userId', user_id, 'runId', id)) from run`,
    )
    await service.work()
    expect((await runs(db)).at(-1)).toMatchObject({
      status: 'complete',
      results: [{ data_type: 'sleeps', outcome: 'partial', requested: 0, reason: 'asked_before' }],
    })
    const { rows } = await db.admin.query(
      "select data_type, count(*)::int from ops.requested_windows where outcome = 'asked_before' group by 1 order by 1",
    )
    // Of the days the two windows have become one, which Garmin has not heard of.
    expect(rows).toEqual([{ data_type: 'sleeps', count: 1 }])
  })

  test('without permission says so and is not asked for', async ({ db, service, door }) => {
    expect(door.url).toContain('/webhooks/garmin/')
    await connect(service, { platform: 'garmin', userId: ADA, simulate: 'read_only' })
    await service.work()
    expect(await runs(db)).toMatchObject([{ status: 'failed', error: 'connection/scope_missing' }])
    expect((await db.admin.query('select from ops.requested_windows')).rowCount).toBe(0)
  })

  test('whose consent is withdrawn while a window is noted does not wait in a circle with it', async ({
    db,
    service,
    door,
  }) => {
    expect(door.url).toContain('/webhooks/garmin/')
    await connect(service, { platform: 'garmin', userId: ADA, query: '&simulate_person=1' })
    const withdraw = () => decide(service, { platform: 'garmin', granted: false })
    expect(await meet({ db, service }, withdraw)).toEqual([])
    const { rows } = await db.admin.query('select status from connections')
    expect(rows).toEqual([{ status: 'active' }])
  })
})
