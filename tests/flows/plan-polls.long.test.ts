import { expect } from 'vitest'
import { planDuePolls } from '../../service/ingestion/plan-polls.task.ts'
import { planNight } from '../../service/ingestion/plan-reconciliations.task.ts'
import { registerPlatforms } from '../../service/ingestion/register-platforms.ts'
import { testWithFew as test } from '../support/service.ts'

const CONNECTIONS = 50_000

test('fifty thousand connections due at once are planned apart from each other, in flat memory', async ({
  db,
  service,
}) => {
  await registerPlatforms(service.db, service.ingestion.platforms)
  await db.admin.query(`
    with people as (insert into app_users (user_id) select gen_random_uuid() from generate_series(1, ${CONNECTIONS}) returning user_id)
    insert into connections (user_id, platform, status, platform_user_id, strategy, polling_since)
    select user_id, 'strava', 'active', user_id::text, 'hybrid', now() from people`)
  await db.admin.query(`
    insert into ops.sync_plans (user_id, platform, next_poll_at) select user_id, platform, date_trunc('hour', now()) from connections`)
  await db.admin.query('analyze')
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  const started = performance.now()
  await planDuePolls.run({}, service.ingestion)
  const polls = performance.now() - started
  await planNight.run({}, service.ingestion)
  const both = performance.now() - started
  const grownMb = (process.memoryUsage().heapUsed - before) / 1e6
  const { rows } = await db.admin.query<{ task: string; jobs: number; most: number }>(`
    select task_identifier as task, sum(n)::int as jobs, max(n)::int as most from (
      select task_identifier, date_trunc('minute', run_at) as minute, count(*) as n from graphile_worker.jobs group by 1, 2) m
    group by 1 order by 1`)
  process.stdout.write(
    `${CONNECTIONS} polls planned in ${Math.round(polls)} ms, their comparisons in ${Math.round(both - polls)} ms; heap grew by ${grownMb.toFixed(1)} MB; ${JSON.stringify(rows)}\n`,
  )
  // Of 100 reads in a quarter of an hour, and 1,000 a day, the poorer is kept to: 1000 * 0.9 / 86400 a second, under one a minute.
  expect(rows).toEqual([
    { task: 'poll_connection', jobs: CONNECTIONS, most: expect.any(Number) },
    { task: 'start_reconciliation', jobs: CONNECTIONS, most: expect.any(Number) },
  ])
  expect(rows[0]!.most).toBeLessThanOrEqual(2)
  expect(rows[1]!.most).toBeLessThan(600)
  expect(grownMb).toBeLessThan(30)
})
