import { describe, expect } from 'vitest'
import { installEventCatalog } from '../../hasura/local/events/catalog.ts'
import { enforcePolicy } from '../../service/compliance/enforce-policy.task.ts'
import { applyRetention } from '../../service/compliance/retention/apply-retention.task.ts'
import { RETENTION_ENVIRONMENT, type Retention } from '../../service/compliance/retention/settings.ts'
import { A, B } from '../permissions/planted-people.ts'
import type { TestDatabase } from '../support/database.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

const apply = ({ db, audit }: TestService, retention: Retention) =>
  applyRetention.run({}, { db, audit, retention, expireArchives: async () => 0 })

/** A and B with a payload and a sample of three years ago and of today. */
async function scene({ admin, hasura }: TestDatabase): Promise<void> {
  const client = await hasura.connect()
  await installEventCatalog(client)
  client.release()
  await admin.query(
    `create table public.raw_fitness_data_2023_05 partition of public.raw_fitness_data for values from ('2023-05-01') to ('2023-06-01')`,
  )
  await admin.query('alter table public.raw_fitness_data_2023_05 owner to tributary_migration')
  await admin.query(`select ops.create_sample_partitions(array[date '2023-05-01', now()::date])`)
  for (const userId of [A, B]) {
    await admin.query('insert into app_users (user_id) values ($1)', [userId])
    for (const at of ['2023-05-31 23:59:59Z', 'now']) {
      await admin.query(
        `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, created_at) values ($1, 'strava', 'activity', '{}', '{}', $2)`,
        [userId, at],
      )
      await admin.query(
        `insert into samples (user_id, kind, started_at, ended_at, platform, source, variant, value, local_day, raw_id, raw_created_at, observed_at)
         values ($1, 'steps', $2, $2, 'strava', 's', 'v', 1, $2::timestamptz::date, gen_random_uuid(), now(), now())`,
        [userId, at],
      )
    }
  }
  await admin.query(
    `insert into ops.rejected_records (user_id, raw_created_at, raw_id, position, reason) select user_id, created_at, id, 0, 'r' from raw_fitness_data`,
  )
}

async function counts({ admin }: TestDatabase): Promise<Record<string, number>> {
  const { rows } = await admin.query(
    `select (select count(*)::int from raw_fitness_data) as raw, (select count(*)::int from samples) as samples,
      (select count(*)::int from user_fitness_summary) as summary, (select count(*)::int from ops.rejected_records) as rejected,
      (select count(*)::int from pg_class where relname in ('raw_fitness_data_2023_05', 'samples_2023_05')) as months`,
  )
  return rows[0]
}

const hold = ({ admin }: TestDatabase, userId: string | null) =>
  admin.query(`insert into legal_holds (user_id, everybody, reason) values ($1, $1::uuid is null, 'a court order')`, [
    userId,
  ])

describe('data that is kept for a time', () => {
  test('goes with its month, with what hangs on it, and says so once', async ({ service, db }) => {
    await scene(db)
    await apply(service, { raw_fitness_data: 1200, samples: 1200 })
    expect(await counts(db)).toEqual({ raw: 2, samples: 2, summary: 2, rejected: 2, months: 0 })
    await apply(service, { raw_fitness_data: 1200, samples: 1200 })
    const { rows } = await db.admin.query(
      "select v.details from audit.events e join audit.personal_values v on v.event_id = e.id where action = 'retention.applied' order by 1",
    )
    expect(rows.map(({ details }) => details)).toEqual([
      '{"kind":"raw_fitness_data","days":1200,"rows":2}',
      '{"kind":"samples","days":1200,"rows":2}',
    ])
  })

  test('stays while a part of its month is younger', async ({ service, db }) => {
    await scene(db)
    const { rows } = await db.admin.query<{ days: number }>(`select (now()::date - date '2023-05-31') as days`)
    await apply(service, { raw_fitness_data: rows[0]!.days + 1, samples: rows[0]!.days + 1 })
    expect(await counts(db)).toEqual({ raw: 4, samples: 4, summary: 4, rejected: 4, months: 2 })
  })

  test("stays for whoever a legal hold is about, and everybody else's goes", async ({ service, db }) => {
    await scene(db)
    await hold(db, A)
    await apply(service, { raw_fitness_data: 1200, samples: 1200 })
    expect(await counts(db)).toEqual({ raw: 3, samples: 3, summary: 3, rejected: 3, months: 2 })
    await db.admin.query("update legal_holds set released_at = now(), release_reason = 'it is over'")
    await apply(service, { raw_fitness_data: 1200, samples: 1200 })
    expect(await counts(db)).toMatchObject({ raw: 2, samples: 2, months: 0 })
  })

  test('stays for everybody under a hold on all data, whatever the kind and whatever a platform demands', async ({
    service,
    db,
  }) => {
    await scene(db)
    await db.admin.query(
      `insert into sync_runs (user_id, platform, kind, since, until, reached, status, finished_at) values ($1, 'strava', 'history', now(), now(), now(), 'complete', now() - interval '2 years')`,
      [A],
    )
    await db.admin.query(
      `insert into ops.webhook_deliveries (platform, dedupe_key, state, processed_at) values ('strava', 'k', 'dropped', now() - interval '2 years')`,
    )
    await db.admin.query(
      `insert into hdb_catalog.event_log (schema_name, table_name, trigger_name, payload, delivered, created_at) values ('public', 'x', 'x', '{}', true, now() - interval '2 years'), ('public', 'x', 'x', '{}', false, now() - interval '2 years')`,
    )
    const all = { raw_fitness_data: 1200, samples: 1200, sync_runs: 365, webhook_keys: 60, event_log: 14 }
    const left = async () => {
      const { rows } = await db.admin.query(
        'select (select count(*)::int from sync_runs) as runs, (select count(*)::int from ops.webhook_deliveries) as keys, (select count(*)::int from hdb_catalog.event_log) as events',
      )
      return rows[0]
    }
    await hold(db, null)
    await apply(service, all)
    await db.admin.query(`update platforms set policy = '{"retentionDays": 7}' where id = 'strava'`)
    expect((await db.admin.query('select from ops.find_policy_work(10)')).rowCount).toBe(0)
    await enforcePolicy.run(
      { userId: A, platform: 'strava' },
      { db: service.db, queueRebuild: async () => {}, countPolicyEffect: () => {} },
    )
    expect(await counts(db)).toMatchObject({ raw: 4, samples: 4 })
    expect(await left()).toEqual({ runs: 1, keys: 1, events: 2 })
    await db.admin.query("update legal_holds set released_at = now(), release_reason = 'it is over'")
    expect((await db.admin.query('select from ops.find_policy_work(10)')).rowCount).toBe(2)
    await apply(service, all)
    expect(await left()).toEqual({ runs: 0, keys: 0, events: 1 }) // the one that is not delivered is still to be done
  })

  test.for(['samples', 'samples=0', 'tokens=3', 'samples=3;raw_fitness_data=4', 'samples=100000'])(
    'is refused as %s',
    (text) => {
      expect(RETENTION_ENVIRONMENT.RETENTION_DAYS.safeParse(text).success).toBe(false)
    },
  )
})
