import { describe, expect } from 'vitest'
import { runDueJobs } from '../../service/runtime/jobs.ts'
import { mergeAnew } from '../../service/summaries/merge-anew.task.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA, BELA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

const CLEO = '33333333-3333-4333-8333-333333333333'

/** Two months of 9,000 steps a day, which older rules made 1 of; Cleo's were merged by the present ones. */
async function prepare(db: TestDatabase): Promise<void> {
  await db.admin.query("insert into platforms (id, display_name) values ('garmin', '') on conflict do nothing")
  await db.admin.query('insert into app_users (user_id) select unnest($1::uuid[])', [[ADA, BELA, CLEO]])
  await db.admin.query(`
    insert into daily_metrics (user_id, local_day, platform, kind, value, observed_at)
    select user_id, day, 'garmin', 'steps', 9000, now()
    from app_users cross join generate_series('2026-01-01'::date, '2026-03-01', '1 day') as day`)
  await db.admin.query(`
    insert into daily_summaries (user_id, local_day, activity_count, steps) select user_id, local_day, 0, 1 from daily_metrics`)
  await db.admin.query('update app_users set merging_rules = 1 where user_id = any ($1)', [[ADA, BELA]])
}

const tick = (db: TestDatabase) => db.service.query("select graphile_worker.add_job('sweep_rebuilds', '{}')")

/** Nobody is waited for who rests, or whose turn comes again after a failure. */
async function workOn(db: TestDatabase, service: TestService): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
    await service.work()
  }
}

const steps = async (db: TestDatabase) =>
  (
    await db.admin.query(
      'select user_id, steps::integer, count(*)::integer as days from daily_summaries group by 1, 2 order by 1',
    )
  ).rows

describe('days that older rules merged', () => {
  test('are merged anew, each once, and those of nobody else', async ({ db, service }) => {
    await prepare(db)
    await tick(db)
    await workOn(db, service)
    expect(await steps(db)).toEqual([
      { user_id: ADA, steps: 9000, days: 60 },
      { user_id: BELA, steps: 9000, days: 60 },
      { user_id: CLEO, steps: 1, days: 60 },
    ])
    const written = 'select max(updated_at) as at from daily_summaries'
    const before = (await db.admin.query(written)).rows
    await tick(db)
    await db.service.query("select graphile_worker.add_job('merge_anew', '{}')")
    await service.work()
    expect((await db.admin.query(written)).rows).toEqual(before)
    expect((await db.admin.query('select task_identifier from graphile_worker.jobs')).rows).toEqual([])
  })

  test('wait behind everything else, and none is noted before its turn', async ({ db, service }) => {
    await prepare(db)
    await tick(db)
    const tasks = bindTasks(service)
    await runDueJobs({ db: service.db, tasks: tasks.filter(({ identifier }) => identifier === 'sweep_rebuilds') })
    const { rows } = await db.admin.query('select task_identifier as task, priority from graphile_worker.jobs')
    expect(rows).toEqual([{ task: 'merge_anew', priority: 20 }])
    expect(tasks.find(({ identifier }) => identifier === 'merge_anew')?.queue).toBe('enrichment')
    expect((await db.admin.query('select from ops.summary_rebuilds')).rowCount).toBe(0)
  })

  test('rest after each person as long as their days took', async ({ db, service }) => {
    await prepare(db)
    await mergeAnew.run({}, { db: service.db, countKeptApart: () => undefined })
    expect((await steps(db)).filter((row) => row.steps === 9000)).toHaveLength(1)
    const { rows } = await db.admin.query('select run_at > created_at as rests from graphile_worker._private_jobs')
    expect(rows).toEqual([{ rests: true }])
  })

  test('of one person that cannot be merged hold up nobody, and are not forgotten', async ({ db, service }) => {
    await prepare(db)
    await db.admin.query(`
      create function refuse_ada() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
      create trigger refuse before update on daily_summaries for each row when (old.user_id = '${ADA}') execute function refuse_ada()`)
    await tick(db)
    await workOn(db, service)
    expect((await steps(db)).map((row) => row.steps)).toEqual([1, 9000, 1])
    await db.admin.query('drop trigger refuse on daily_summaries')
    await tick(db)
    await workOn(db, service)
    expect((await steps(db)).map((row) => row.steps)).toEqual([9000, 9000, 1])
  })
})
