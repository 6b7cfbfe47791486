import { describe, expect } from 'vitest'
import { exportMyData } from '../../service/compliance/export/export-my-data.ts'
import { ACTIVITIES } from '../../service/compliance/processing.ts'
import { PURPOSES } from '../../service/compliance/purposes.ts'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import { wireExports } from '../../service/wire-privacy.ts'
import type { TestDatabase } from '../support/database.ts'
import { normalizeAll } from '../support/garmin-scene.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

async function records({ admin }: TestDatabase): Promise<Record<string, string>> {
  const { rows } = await admin.query<{ activity: string; times: string; platform: string }>(
    'select activity, platform, times from processing_activities where user_id = $1 order by activity',
    [ADA],
  )
  return Object.fromEntries(rows.map(({ activity, platform, times }) => [`${activity} ${platform}`.trim(), times]))
}

/** As `npm run replay -- --all` does, and as a policy does that takes one record out of a payload: neither is another payload read. */
async function readAgain({ normalization }: TestService, { admin }: TestDatabase): Promise<void> {
  const { rows } = await admin.query<{ userId: string; createdAt: string; rawId: string }>(
    'select user_id as "userId", created_at::text as "createdAt", id as "rawId" from raw_fitness_data',
  )
  for (const key of rows) await normalizeRaw(normalization, key, { replay: true })
  await admin.query('update raw_fitness_data set raw_data = raw_data')
}

describe('records of processing', () => {
  test('are of every kind, one row a day, and the person reads their own', async ({ db, service }) => {
    await connect(service)
    await service.work()
    const { rows: raws } = await db.admin.query<{ n: string }>('select count(*) as n from raw_fitness_data')
    await normalizeAll(service, db)
    await readAgain(service, db)
    await service.work()
    await exportMyData(wireExports(service), { userId: ADA, actor: { kind: 'user', id: ADA } })
    await db.admin.query(
      "insert into policy_effects (user_id, platform, effect, record_type, records) values ($1, 'strava', 'expired', 'activity', 1)",
      [ADA],
    )
    await disconnectPlatform(service.connections, { userId: ADA, platform: 'strava' })
    const { merge, ...rest } = await records(db)
    expect(rest).toEqual({
      'connect strava': '1',
      'receive strava': raws[0]!.n,
      'normalize strava': raws[0]!.n,
      'expire strava': '1',
      export: '1',
      'disconnect strava': '1',
    })
    expect(Number(merge)).toBeGreaterThan(0)
  })

  test('have the kinds and purposes that the page describes, and go with the person', async ({ db, service }) => {
    const { rows } = await db.admin.query<{ kinds: string }>(`
      select pg_get_constraintdef(oid) as kinds from pg_constraint where conname = 'processing_activities_activity_check'`)
    const kinds = [...rows[0]!.kinds.matchAll(/'(\w+)'/g)].map(([, kind = '']) => kind)
    expect(new Set(kinds)).toEqual(new Set(Object.keys(ACTIVITIES)))
    await connect(service)
    await service.work()
    const { rows: noted } = await db.admin.query<{ activity: string; purpose: string }>(
      'select activity, purpose from processing_activities',
    )
    for (const { activity, purpose } of noted)
      expect([activity, ACTIVITIES[activity]?.purpose]).toEqual([activity, purpose])
    expect(noted.every(({ purpose }) => Object.hasOwn(PURPOSES, purpose))).toBe(true)
    await db.admin.query('delete from app_users where user_id = $1', [ADA])
    expect((await db.admin.query('select from processing_activities')).rowCount).toBe(0)
  })
})
