import { describe, expect } from 'vitest'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import type { TestDatabase } from '../support/database.ts'
import { test } from '../support/garmin-scene.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService } from '../support/service.ts'

type Told = { outcome: string; records: number; requested: number; reason: string | null }

async function results({ admin }: TestDatabase): Promise<Record<string, Told>> {
  const { rows } = await admin.query<{ kind: string; told: Told }>(
    `select result ->> 'data_type' as kind, result - 'data_type' as told
    from sync_runs, jsonb_array_elements(results) as result where platform = 'garmin' and kind = 'history'`,
  )
  return Object.fromEntries(rows.map(({ kind, told }) => [kind, told]))
}

/** What the simulator sent of this time, out of its own payloads. */
async function sent({ admin }: TestDatabase, kind: string, name: string): Promise<number> {
  const { rows } = await admin.query<{ records: number }>(
    `select count(distinct item -> $2 #>> '{}')::int as records
    from raw_fitness_data w, jsonb_array_elements(w.raw_data) as item, sync_runs r
    where w.data_type = $1 and r.kind = 'history' and to_timestamp((item ->> 'startTimeInSeconds')::float8) between r.since and r.until`,
    [kind, name],
  )
  return rows[0]!.records
}

async function look(service: TestService, { admin }: TestDatabase): Promise<void> {
  await admin.query('update graphile_worker._private_jobs set run_at = now()')
  await service.work()
}

const settleAll = async (service: TestService) => {
  await service.work()
  await service.simulateGarmin('POST', '/settle')
  await service.work()
}

const isLookedAt = async ({ admin }: TestDatabase) =>
  (await admin.query("select from graphile_worker.jobs where task_identifier = 'settle_backfill'")).rowCount === 1

const hoursLater = ({ admin }: TestDatabase, hours: number) =>
  admin.query(`with items as (update ops.delivered_items set received_at = received_at - interval '${hours} hours')
    update ops.requested_windows set asked_at = asked_at - interval '${hours} hours'`)

async function windows({ admin }: TestDatabase) {
  const { rows } = await admin.query<{ kind: string; outcome: string; records: number }>(
    'select data_type as kind, outcome, records from ops.requested_windows order by 1',
  )
  return rows
}

describe('what Garmin was asked to send', () => {
  test('is counted as it comes, once however often and in whatever form; a day later what did not come is said to be so', async ({
    db,
    service,
    door,
  }) => {
    expect(door.url).toContain('garmin')
    await connect(service, { platform: 'garmin', userId: ADA, query: '&simulate_person=1' })
    await settleAll(service)
    expect((await results(db))['dailies']).toEqual({ outcome: 'requested', records: 0, requested: 1, reason: null })
    await look(service, db)
    const dailies = await sent(db, 'dailies', 'startTimeInSeconds')
    expect(dailies).toBeGreaterThanOrEqual(29)
    const told = await results(db)
    expect(told['dailies']).toEqual({ outcome: 'requested', records: dailies, requested: 1, reason: null })
    expect(told['activities']!.records).toBe(await sent(db, 'activities', 'activityId'))
    expect(told['hrv']).toEqual({ outcome: 'requested', records: 0, requested: 1, reason: null })
    // The watch syncs: the last days come again, as they stand now and under other ids.
    await service.simulateGarmin('POST', '/people/1/sync')
    await settleAll(service)
    await hoursLater(db, 1)
    await look(service, db)
    expect((await results(db))['dailies']).toEqual({ ...told['dailies']!, outcome: 'complete' })
    expect((await results(db))['hrv']!.outcome).toBe('requested')
    expect(await isLookedAt(db)).toBe(true)
    await hoursLater(db, 24)
    await look(service, db)
    expect((await results(db))['dailies']).toEqual({ ...told['dailies']!, outcome: 'complete' })
    expect((await results(db))['hrv']).toEqual({
      outcome: 'not_available',
      records: 0,
      requested: 1,
      reason: 'nothing_came',
    })
    expect(await windows(db)).toEqual(
      expect.arrayContaining([
        { kind: 'dailies', outcome: 'arrived', records: dailies },
        { kind: 'hrv', outcome: 'nothing_came', records: 0 },
      ]),
    )
    expect(await isLookedAt(db)).toBe(false)
  })

  test('counts where it is fetched from an address, too, and what has come stays counted when the consent ends', async ({
    db,
    service,
    door,
  }) => {
    expect(door.url).toContain('garmin')
    await service.simulateGarmin('POST', '/settings', { mode: 'ping' })
    await connect(service, { platform: 'garmin', userId: ADA, query: '&simulate_person=1' })
    await settleAll(service)
    await look(service, db)
    const sleeps = await sent(db, 'sleeps', 'startTimeInSeconds')
    expect(sleeps).toBeGreaterThan(20)
    expect((await results(db))['sleeps']).toMatchObject({ outcome: 'requested', records: sleeps })
    await disconnectPlatform(service.connections, { userId: ADA, platform: 'garmin' })
    await look(service, db)
    expect((await results(db))['sleeps']).toMatchObject({ outcome: 'complete', records: sleeps })
    expect((await results(db))['hrv']).toMatchObject({ outcome: 'partial', records: 0, reason: 'cancelled' })
    expect((await windows(db)).find(({ kind }) => kind === 'hrv')).toMatchObject({ outcome: 'accepted' })
    expect(await isLookedAt(db)).toBe(false)
  })
})
