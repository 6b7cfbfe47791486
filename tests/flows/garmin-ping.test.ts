import { describe, expect } from 'vitest'
import { queueHistory } from '../../service/ingestion/start-sync.ts'
import type { TestDatabase } from '../support/database.ts'
import { connectBoth, normalizeAll, person, test } from '../support/garmin-scene.ts'
import { ADA } from '../support/people.ts'
import { connect } from '../support/service.ts'

async function callbacks({ admin }: TestDatabase): Promise<unknown[]> {
  return (await admin.query('select data_type, state, outcome from ops.callbacks order by created_at')).rows
}

async function raws({ admin }: TestDatabase): Promise<unknown[]> {
  const { rows } = await admin.query(
    `select data_type, metadata ->> 'from' as source, metadata -> 'verified' as verified from raw_fitness_data order by 1`,
  )
  return rows
}

const statusOf = async ({ admin }: TestDatabase) =>
  (
    await admin.query<{ status: string }>("select status from connections where platform = 'garmin' and user_id = $1", [
      ADA,
    ])
  ).rows[0]!.status

describe('what a ping announces', () => {
  test('is fetched with the owner’s token, is verified by that, and becomes rows', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    await service.simulateGarmin('POST', '/settings', { mode: 'ping' })
    await service.simulateGarmin('POST', '/people/1/sync')
    await service.simulateGarmin('POST', '/settle')
    await service.work()
    const stored = await raws(db)
    expect(stored).toEqual(expect.arrayContaining([{ data_type: 'dailies', source: 'callback', verified: true }]))
    expect(stored).not.toContainEqual(expect.objectContaining({ source: 'push' }))
    await normalizeAll(service, db)
    expect((await db.admin.query("select from daily_metrics where kind = 'steps'")).rowCount).toBeGreaterThan(0)
  })

  test('of a file is downloaded whole, and the run in it has its series', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    const file = (await service.simulateGarmin('POST', '/people/1/file')) as { activityId: number; startS: number }
    await service.work()
    await normalizeAll(service, db)
    const { rows } = await db.admin.query(
      `select a.source_id, a.sport, a.distance_m::int, extract(epoch from a.started_at)::int as start, a.start_offset_seconds,
        cardinality(s."values") as beats, s."values"[60]::int as last
      from activities a join activity_streams s on s.activity_id = a.id and s.kind = 'heart_rate_bpm'`,
    )
    // A minute at three metres a second; the heart beats 100 times at first, and once more each second.
    expect(rows).toEqual([
      {
        source_id: String(file.activityId),
        sport: 'run',
        distance_m: 180,
        start: file.startS,
        start_offset_seconds: 3600,
        beats: 60,
        last: 159,
      },
    ])
  })

  test('waits for a new access token where the old one has ended', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    await service.simulateGarmin('POST', '/people/1/expire')
    await service.simulateGarmin('POST', '/people/1/file')
    await service.work()
    expect(await callbacks(db)).toEqual([{ data_type: 'activityFiles', state: 'stored', outcome: null }])
    expect(await statusOf(db)).toBe('active')
  })

  test.for([
    [410, 'fetched before'],
    [412, 'switched off by the person'],
    [404, 'not there'],
  ] as const)('and is refused with %i, %s, fails alone', async ([status], { db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    await service.simulateGarmin('POST', '/faults', { statuses: [status] })
    await service.simulateGarmin('POST', '/people/1/file')
    await service.work()
    expect(await callbacks(db)).toEqual([{ data_type: 'activityFiles', state: 'failed', outcome: 'not_there' }])
    expect(await statusOf(db)).toBe('active')
    expect(await raws(db)).toEqual([])
  })

  test('is asked for again after a failure of Garmin’s', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    await service.simulateGarmin('POST', '/faults', { statuses: [503] })
    await service.simulateGarmin('POST', '/people/1/file')
    await service.work()
    expect(await callbacks(db)).toEqual([{ data_type: 'activityFiles', state: 'waiting', outcome: null }])
    await db.admin.query('update graphile_worker._private_jobs set run_at = now() where last_error is not null')
    await service.work()
    expect(await callbacks(db)).toEqual([{ data_type: 'activityFiles', state: 'stored', outcome: null }])
  })

  test('twice at one address is fetched once, and what was fetched elsewhere is gone', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    const { callbackURL } = (await service.simulateGarmin('POST', '/people/1/file')) as { callbackURL: string }
    await door.post({ activityFiles: [{ userId: person.ada, callbackURL, again: true }] })
    await door.post({ activityFiles: [{ userId: person.ada, callbackURL: `${callbackURL}&x=1`, fileType: 'FIT' }] })
    await service.work()
    expect(await callbacks(db)).toEqual([
      { data_type: 'activityFiles', state: 'stored', outcome: null },
      { data_type: 'activityFiles', state: 'failed', outcome: 'not_there' },
    ])
  })
})

describe('history that Garmin does not give', () => {
  test('because it is too old is asked for from later on, and the run says how far it came', async ({
    db,
    service,
    door,
  }) => {
    expect(door.url).toContain('garmin')
    await service.simulateGarmin('POST', '/settings', { historyDays: 4 })
    await connect(service, { platform: 'garmin', userId: ADA })
    await service.work()
    const { rows } = await db.admin.query(
      `select outcome, extract(epoch from window_end - window_start) / 86400 as days from ops.backfill_requests
      where data_type = 'dailies' order by 2 desc`,
    )
    expect(rows.map(({ outcome, days }) => [outcome, Math.round(Number(days) * 100) / 100])).toEqual([
      ['too_old', 30],
      ['too_old', 29],
      ['too_old', 14.5],
      ['too_old', 7.25],
      ['accepted', 3.63],
    ])
    const { rows: runs } = await db.admin.query(
      `select status, error_code, round(extract(epoch from until - reached) / 86400, 2)::float as days from sync_runs where platform = 'garmin'`,
    )
    expect(runs).toEqual([{ status: 'complete', error_code: null, days: 3.63 }])
  })

  test('because it was asked for before counts as asked: nothing is waited for', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await service.simulateGarmin('POST', '/settings', { historyDays: 1_000 })
    await connect(service, { platform: 'garmin', userId: ADA })
    // Garmin has answered 202 to all of it, and this database has forgotten.
    await service.work()
    await db.admin.query('delete from ops.backfill_requests')
    const since = "(select since from sync_runs where platform = 'garmin' limit 1)"
    const key = { userId: ADA, platform: 'garmin' }
    const { runId } = await service.db.transaction(async (tx) => ({
      runId: await queueHistory(service.config.platforms, tx, key),
    }))
    await db.admin.query(
      `update sync_runs set since = ${since}, until = (select until from sync_runs where platform = 'garmin' order by started_at limit 1) where id = $1`,
      [runId],
    )
    await service.work()
    const { rows } = await db.admin.query('select outcome, count(*)::int from ops.backfill_requests group by 1')
    expect(rows).toEqual([{ outcome: 'asked_before', count: 15 }])
    const { rows: runs } = await db.admin.query('select status from sync_runs where id = $1', [runId])
    expect(runs).toEqual([{ status: 'complete' }])
  })
})
