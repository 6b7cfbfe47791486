import { describe, expect } from 'vitest'
import { sweepStuck } from '../../service/ingestion/sweep-stuck.task.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { connect, testWithFew as test } from '../support/service.ts'

const id = (digit: number) => '11111111-1111-4111-8111-111111111111'.replaceAll('1', String(digit))
const RUNS = [
  { id: id(1), platform: 'strava', kind: 'history', job: 'import_history' },
  { id: id(2), platform: 'strava', kind: 'incremental', job: 'import_history' },
  { id: id(3), platform: 'strava', kind: 'enrichment', job: 'enrich_activities' },
  { id: id(5), platform: 'strava', kind: 'reconciliation', job: 'reconcile_connection' },
  { id: id(6), platform: 'garmin', kind: 'history', job: 'request_backfill' },
] as const

/** Ada's, each as old as it is said, and no job for any of it. */
async function plant({ admin }: TestDatabase, age: string): Promise<void> {
  await admin.query('insert into app_users (user_id) values ($1)', [ADA])
  for (const run of RUNS)
    await admin.query(
      `insert into sync_runs (user_id, id, platform, kind, since, until, reached, updated_at)
       values ($1, $2, $3, $4, now(), now(), now(), now() - $5::interval)`,
      [ADA, run.id, run.platform, run.kind, age],
    )
  await admin.query(
    `insert into ops.webhook_deliveries (id, platform, dedupe_key, received_at) values ($1, 'strava', 'k', now() - $2::interval)`,
    [id(7), age],
  )
  await admin.query(
    `insert into ops.callbacks (user_id, id, platform, data_type, url_sealed, url_digest, delivery_id, created_at)
     values ($1, $2, 'garmin', 'activities', '', '', $3, now() - $4::interval)`,
    [ADA, id(8), id(7), age],
  )
}

const keys = async ({ admin }: TestDatabase) =>
  (await admin.query<{ key: string }>('select key from graphile_worker.jobs order by key')).rows.map(({ key }) => key)

const ALL = [
  ...RUNS.map((run) => `${run.job}:${run.id}`),
  `follow_callback:${id(8)}`,
  `process_delivery:${id(7)}`,
].toSorted()

describe('the sweep for what is stuck', () => {
  test('leaves what is younger than two minutes', async ({ db, service }) => {
    await plant(db, '1 minute 50 seconds')
    await sweepStuck.run({}, service.ingestion)
    expect(await keys(db)).toEqual([])
  })

  test('gives every delivery, address and run that waits without a job one, and one only', async ({ db, service }) => {
    await plant(db, '3 minutes')
    await sweepStuck.run({}, service.ingestion)
    expect(await keys(db)).toEqual(ALL)
    await sweepStuck.run({}, service.ingestion)
    expect(await keys(db)).toEqual(ALL)
  })

  test('leaves what has ended, what arrives still, and an upload, with which its person goes on', async ({
    db,
    service,
  }) => {
    await plant(db, '3 minutes')
    await db.admin.query(`
      update sync_runs set status = 'complete', finished_at = now() where id = '${id(1)}';
      update sync_runs set kind = 'upload' where id = '${id(2)}';
      update ops.callbacks set state = 'stored', finished_at = now();
      insert into ops.webhook_deliveries (platform, dedupe_key, state, received_at)
      values ('strava', 'l', 'receiving', now() - interval '3 minutes');
      update ops.webhook_deliveries set state = 'dropped', processed_at = now() where dedupe_key = 'k'`)
    await sweepStuck.run({}, service.ingestion)
    expect(await keys(db)).toEqual(ALL.filter((key) => [3, 5, 6].some((digit) => key.endsWith(id(digit)))))
  })

  test('leaves what is in dead_letters, waiting or given up, and not what was retried', async ({ db, service }) => {
    await plant(db, '3 minutes')
    await db.admin.query(
      `with letters as (
         insert into dead_letters (task, cause, attempts, queued_at, state, resolved_at)
         select split_part(key, ':', 1), 'internal/unexpected', 3, now(), state, case when state <> 'waiting' then now() end
         from (values ($1, 'waiting'), ($2, 'discarded'), ($3, 'retried')) as l (key, state)
         returning id, task, state
       )
       insert into ops.dead_jobs (dead_letter_id, task, job_key, payload, priority, max_attempts)
       select id, task, case state when 'waiting' then $1 when 'discarded' then $2 else $3 end, '{}', 0, 3 from letters`,
      [`import_history:${id(1)}`, `process_delivery:${id(7)}`, `follow_callback:${id(8)}`],
    )
    await sweepStuck.run({}, service.ingestion)
    expect(await keys(db)).toEqual(
      ALL.filter((key) => key !== `import_history:${id(1)}` && key !== `process_delivery:${id(7)}`),
    )
  })

  test('brings an import whose job was lost to its end', async ({ db, service }) => {
    await connect(service)
    await db.admin.query('delete from graphile_worker._private_jobs')
    await db.admin.query("update sync_runs set updated_at = now() - interval '3 minutes'")
    await db.admin.query("select graphile_worker.add_job('sweep_stuck', job_key => 'sweep_stuck')")
    await service.work()
    const { rows } = await db.admin.query("select status from sync_runs where kind = 'history'")
    expect(rows).toEqual([{ status: 'complete' }])
  })
})
