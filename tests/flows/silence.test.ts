import { describe, expect } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'
import { type Door, openDoor } from '../support/strava-door.ts'

/** As if so much time had passed since everything that is known of the connection. */
async function passDays(db: TestDatabase, days: number): Promise<void> {
  const by = `make_interval(secs => ${days * 86_400})`
  await db.admin.query(
    `update connections set connected_at = connected_at - ${by}, last_webhook_at = last_webhook_at - ${by}`,
  )
  await db.admin.query(`
    update ops.sync_plans set silent_after = silent_after - ${by}, next_poll_at = next_poll_at - ${by},
      heard_at = array(select h - ${by} from unnest(heard_at) as h order by h)`)
  await db.admin.query(`update graphile_worker._private_jobs set run_at = run_at - ${by}`)
}

async function tick({ service, db }: { service: TestService; db: TestDatabase }): Promise<void> {
  for (const task of ['watch_connections', 'plan_polls'])
    await db.admin.query('select graphile_worker.add_job($1, job_key => $1)', [task])
  await service.work()
}

const connection = async (db: TestDatabase) => {
  const { rows } = await db.admin.query<Record<string, unknown>>(
    'select strategy, polling_since is not null as polling, strategy_reason as reason from connections',
  )
  return rows[0]
}
const changes = async (db: TestDatabase) =>
  (await db.admin.query('select polling, reason from connection_strategy_changes order by changed_at')).rows
const polls = async (db: TestDatabase) =>
  (await db.admin.query("select status from sync_runs where asked_by = 'schedule' and kind = 'incremental'")).rows
    .length

/** A run each so many days, its webhook delivered; as many times as it takes to know somebody's rhythm. */
async function train({ service, db, door }: { service: TestService; db: TestDatabase; door: Door }, gap: number) {
  for (let run = 0; run < 6; run += 1) {
    await passDays(db, gap)
    await door.send('create', String(run))
    await service.work()
  }
}

describe('a connection whose webhooks stop', () => {
  test('is polled by its own rhythm and with the reason visible, until something is heard again', async ({
    db,
    service,
  }) => {
    const door = await openDoor(service, db)
    await connect(service)
    await service.work()
    await train({ service, db, door }, 1)
    await tick({ service, db })
    expect(await connection(db)).toEqual({ strategy: 'hybrid', polling: false, reason: 'webhooks_arrive' })
    await passDays(db, 1.9)
    await tick({ service, db })
    expect(await connection(db)).toMatchObject({ polling: false })
    await passDays(db, 0.2)
    await tick({ service, db })
    expect(await connection(db)).toEqual({ strategy: 'hybrid', polling: true, reason: 'silent' })
    expect(await polls(db)).toBe(1)
    await door.send('create', 'again')
    await service.work()
    expect(await connection(db)).toEqual({ strategy: 'hybrid', polling: false, reason: 'heard_again' })
    await passDays(db, 1)
    await tick({ service, db })
    expect(await polls(db)).toBe(1)
    expect(await changes(db)).toEqual([
      { polling: true, reason: 'silent' },
      { polling: false, reason: 'heard_again' },
    ])
    const counted = await service.metrics.strategyChanges.get()
    expect(counted.values.map(({ labels, value }) => [labels.to, labels.reason, value])).toEqual([
      ['polling', 'silent', 1],
      ['webhooks', 'heard_again', 1],
    ])
    await door.close()
  })

  test('of somebody who trains weekly is not silent after two days, nor after ten', async ({ db, service }) => {
    const door = await openDoor(service, db)
    await connect(service)
    await service.work()
    await train({ service, db, door }, 7)
    for (const days of [2, 8]) {
      await passDays(db, days)
      await tick({ service, db })
      expect(await connection(db)).toMatchObject({ polling: false, reason: 'webhooks_arrive' })
    }
    await passDays(db, 4.1)
    await tick({ service, db })
    expect(await connection(db)).toMatchObject({ polling: true, reason: 'silent' })
    await door.close()
  })

  test('of somebody new is expected by the days that had something before, nights and numbers as well', async ({
    db,
    service,
  }) => {
    await connect(service)
    await service.work()
    await db.admin.query(
      `insert into daily_metrics (user_id, local_day, platform, kind, value, raw_id, raw_created_at, observed_at)
       select user_id, current_date - d, 'strava', 'steps', 1, gen_random_uuid(), now(), now() from connections, generate_series(1, 9) as d`,
    )
    await passDays(db, 1.9)
    await tick({ service, db })
    expect(await connection(db)).toMatchObject({ polling: false, reason: 'waiting_for_the_first' })
    await passDays(db, 0.2)
    await tick({ service, db })
    expect(await connection(db)).toMatchObject({ polling: true, reason: 'never_heard' })
  })

  test('is polled less and less often while nothing is new, and the same answer is stored once', async ({
    db,
    service,
  }) => {
    await connect(service)
    await service.work()
    await passDays(db, 31)
    await tick({ service, db })
    expect(await connection(db)).toMatchObject({ polling: true, reason: 'never_heard' })
    const waits: number[] = []
    for (let poll = 0; poll < 3; poll += 1) {
      const { rows } = await db.admin.query<{ seconds: number }>(
        'select poll_interval_s as seconds from ops.sync_plans',
      )
      waits.push(rows[0]!.seconds)
      // Imports would have to wait: what is new goes before the past.
      await db.admin.query('update ops.request_budgets set used = ceil(quota * 0.8)')
      await passDays(db, 1)
      await tick({ service, db })
    }
    expect(waits).toEqual([900, 1800, 3600])
    expect(await polls(db)).toBe(4)
    const { rowCount } = await db.admin.query(`
      select from raw_fitness_data r join sync_runs s on s.id::text = r.metadata ->> 'sync_run_id' where s.asked_by = 'schedule' and s.kind = 'incremental'`)
    expect(rowCount).toBe(1)
    const { rows } = await db.admin.query('select user_id from connections')
    expect(rows).toEqual([{ user_id: ADA }])
  })
})
