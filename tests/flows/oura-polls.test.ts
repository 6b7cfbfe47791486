import { expect } from 'vitest'
import { queueIncremental } from '../../service/ingestion/start-sync.ts'
import type { TestDatabase } from '../support/database.ts'
import { OURA, told } from '../support/oura-scene.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

/** A poll to its end. Answers how many payloads of each list it stored, and the wait before the next. */
async function poll(service: TestService, db: TestDatabase) {
  await db.admin.query("update connections set synced_through = now() where platform = 'oura'")
  const asked = { userId: ADA, platform: OURA, askedBy: 'schedule' } as const
  const runId = await service.db.transaction((tx) => queueIncremental(service.ingestion.platforms, tx, asked))
  await service.work()
  const stored = await db.admin.query<{ list: string }>(
    "select data_type as list from raw_fitness_data where metadata ->> 'sync_run_id' = $1 order by 1",
    [runId],
  )
  const plan = await db.admin.query<{ wait: number }>('select poll_interval_s as wait from ops.sync_plans')
  return { stored: stored.rows.map(({ list }) => list), wait: plan.rows[0]!.wait }
}

test('a poll of many lists stores those that have news alone, and comes again the sooner for them', async ({
  db,
  service,
}) => {
  // Only lists by day: what is asked for by the moment is another answer each second.
  await connect(service, { platform: OURA, simulate: 'read_only', query: '&simulate_person=1' })
  await db.admin.query("update sync_runs set status = 'cancelled', finished_at = now()")
  await db.admin.query("insert into ops.sync_plans (user_id, platform, next_poll_at) values ($1, 'oura', now())", [ADA])
  const lists = ['daily_activity', 'daily_readiness', 'daily_sleep', 'sleep']
  expect(await poll(service, db)).toEqual({ stored: lists, wait: 900 })
  expect(await poll(service, db)).toEqual({ stored: [], wait: 1800 })
  const yesterday = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10)
  const [night] = await told(service, 'daily_sleep', { from: yesterday, to: new Date().toISOString().slice(0, 10) })
  await service.simulateAt(OURA)('PATCH', `/people/1/daily_sleep/${String(night!['id'])}`, { score: 42 })
  expect(await poll(service, db)).toEqual({ stored: ['daily_sleep'], wait: 900 })
  expect(await poll(service, db)).toEqual({ stored: [], wait: 1800 })
})
