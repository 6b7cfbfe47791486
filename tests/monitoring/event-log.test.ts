import { describe, expect } from 'vitest'
import { cleanEventLog } from '../../service/monitoring/clean-event-log.task.ts'
import { readMetric, STATE_METRICS } from '../../service/monitoring/state-queries.ts'
import { ADA, insertConnectedPerson } from '../support/people.ts'
import { testWithFew as test } from '../support/service.ts'
import { startStandIn } from '../support/stand-in.ts'

const EVENTS = STATE_METRICS.find(({ name }) => name === 'event_trigger_events')!
const OLDEST = STATE_METRICS.find(({ name }) => name === 'event_trigger_oldest_seconds')!
const PAYLOAD = `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata) values ('${ADA}', 'strava', 'x', '{}', '{}')`

describe("Hasura's log of events", () => {
  test('is measured, and emptied of what was delivered long ago', async ({ db, service }) => {
    // Nothing to measure, and nothing to clean, before Hasura's first start.
    await cleanEventLog.run({}, { db: service.db, eventLogRetentionDays: 7 })
    expect(await readMetric(service.db, EVENTS)).toEqual([])

    const engine = await startStandIn(db, {
      HASURA_GRAPHQL_ADMIN_SECRET: 'a'.repeat(20),
      SERVICE_INTERNAL_URL: 'http://127.0.0.1:9',
      HASURA_ACTION_SECRET: 'unused',
      HASURA_EVENT_SECRET: 'unused',
    })
    await insertConnectedPerson(db.admin, ADA)
    for (let count = 0; count < 4; count += 1) await db.admin.query(PAYLOAD)
    await engine.close()
    const age = (row: number, change: string) =>
      db.admin.query(
        `update hdb_catalog.event_log set ${change} where id = (select id from hdb_catalog.event_log order by id offset ${row} limit 1)`,
      )
    await age(0, "delivered = true, created_at = now() - interval '8 days'")
    await age(1, "error = true, created_at = now() - interval '12 hours'")
    await age(2, "delivered = true, created_at = now() - interval '6 days'")
    await age(3, "created_at = now() - interval '10 minutes'")
    await db.admin.query(
      'insert into hdb_catalog.event_invocation_logs (event_id, status) select id, 200 from hdb_catalog.event_log',
    )

    expect(await readMetric(service.db, EVENTS)).toEqual([
      { labels: { trigger: 'raw_data_inserted', state: 'pending' }, value: 1 },
      { labels: { trigger: 'raw_data_inserted', state: 'failed' }, value: 1 },
    ])
    const [oldest] = await readMetric(service.db, OLDEST)
    expect(oldest?.value).toBeCloseTo(600, -1)

    await cleanEventLog.run({}, { db: service.db, eventLogRetentionDays: 7 })
    const left = await db.admin.query('select delivered, error from hdb_catalog.event_log order by created_at')
    expect(left.rows).toEqual([
      { delivered: true, error: false },
      { delivered: false, error: true },
      { delivered: false, error: false },
    ])
    const attempts = await db.admin.query('select 1 from hdb_catalog.event_invocation_logs where status = 200')
    expect(attempts.rowCount).toBeGreaterThanOrEqual(3)
  })
})
