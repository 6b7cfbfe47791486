import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { createIntake } from '../../service/ingestion/intake.ts'
import { queueDeliveriesTask } from '../../service/ingestion/queue-deliveries.task.ts'
import { plainTracer, runInTrace } from '../../service/runtime/trace.ts'
import type { TestDatabase } from '../support/database.ts'
import { testWithFew as test } from '../support/service.ts'

const delivery = (dedupeKey: string) => ({
  platform: 'strava',
  dedupeKey,
  body: Buffer.from(dedupeKey),
})

const atOnce = <Result>(work: () => Result): Result => work()

async function jobsOf(db: TestDatabase, task: string): Promise<unknown[]> {
  const { rows } = await db.admin.query<{ payload: unknown }>(
    `select j.payload from graphile_worker._private_jobs j join graphile_worker.jobs q on q.id = j.id where q.task_identifier = $1`,
    [task],
  )
  return rows.map(({ payload }) => payload)
}

describe('the intake of deliveries', () => {
  test('flushes what arrives together in few statements, and tells each whether it was news', async ({ service }) => {
    let statements = 0
    const counted = {
      ...service.db,
      query: (...query: Parameters<typeof service.db.query>) => ((statements += 1), service.db.query(...query)),
    }
    const intake = createIntake({ ...service.ingestion, db: counted as typeof service.db })
    const keys = Array.from({ length: 300 }, (_value, index) => `key-${index % 100}`)
    const outcomes = await Promise.all(keys.map((key) => intake.store(delivery(key))))
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(100)
    expect(statements).toBeLessThan(6)
    expect(await intake.store(delivery('key-7'))).toBe('duplicate')
  })

  test('gives each of many a job of its own later, in its chain of work, unless it is dealt with', async ({
    db,
    service,
  }) => {
    const intake = createIntake(service.ingestion)
    const context = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true }
    const inTrace = <Result>(work: () => Result) => runInTrace({ context, tracer: plainTracer }, work)
    const keys = Array.from({ length: 20 }, (_value, index) => `key-${index}`)
    await Promise.all(keys.map((key) => (key === 'key-7' ? inTrace : atOnce)(() => intake.store(delivery(key)))))
    expect(await jobsOf(db, 'process_delivery')).toEqual([])
    await db.admin.query(
      "update ops.webhook_deliveries set state = 'processed', processed_at = now() where dedupe_key = 'key-3'",
    )
    const together = await jobsOf(db, 'queue_deliveries')
    expect(together).toHaveLength(1)
    const payload = queueDeliveriesTask.payload.parse(together[0])
    await queueDeliveriesTask.run(payload, service)
    await queueDeliveriesTask.run(payload, service)
    const { rows } = await db.admin.query(
      `select d.dedupe_key as key, j.max_attempts, j.payload ->> '_trace' as trace from ops.webhook_deliveries d
       join graphile_worker._private_jobs j on j.key = 'process_delivery:' || d.id and j.payload ->> 'deliveryId' = d.id::text`,
    )
    expect(rows).toHaveLength(19)
    expect(rows).not.toContainEqual(expect.objectContaining({ key: 'key-3' }))
    expect(rows.filter(({ max_attempts }) => max_attempts === 3)).toHaveLength(19)
    expect(rows.filter((row) => row.trace !== null)).toEqual([
      {
        key: 'key-7',
        max_attempts: 3,
        trace: '{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}',
      },
    ])
  })

  test('refuses the one that the database does not take, and keeps the others', async ({ db, service }) => {
    const intake = createIntake(service.ingestion)
    const stored = ['one', 'two', 'three'].map((key) => intake.store(delivery(key)))
    const outcomes = await Promise.allSettled([...stored, intake.store(delivery('no text of the database: \0'))])
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.code))).toEqual([
      'stored',
      'stored',
      'stored',
      '22021',
    ])
    expect((await db.admin.query('select from ops.webhook_deliveries')).rowCount).toBe(3)
  })

  test('answers nothing before the commit: a transaction that fails refuses all of them', async ({ db, service }) => {
    await db.admin.query('alter table ops.webhook_deliveries rename to taken_away')
    const intake = createIntake(service.ingestion)
    const outcomes = await Promise.allSettled([intake.store(delivery('a')), intake.store(delivery('b'))])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await db.admin.query('alter table ops.taken_away rename to webhook_deliveries')
    expect(await intake.store(delivery('a'))).toBe('stored')
  })

  test('goes on beside a statement that never ends', async ({ service }) => {
    let isFirst = true
    const stuck = {
      ...service.db,
      query: (...query: Parameters<typeof service.db.query>) => {
        if (!isFirst) return service.db.query(...query)
        isFirst = false
        return new Promise<never>(() => {})
      },
    }
    const intake = createIntake({ ...service.ingestion, db: stuck as typeof service.db })
    void intake.store(delivery('stuck'))
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    const late = new Promise((resolve) => setTimeout(resolve, 5_000, 'late'))
    expect(await Promise.race([intake.store(delivery('next')), late])).toBe('stored')
  })

  test('of two processes that are sent the same keeps one', async ({ service }) => {
    const [one, other] = [createIntake(service.ingestion), createIntake(service.ingestion)]
    const keys = Array.from({ length: 50 }, () => randomUUID())
    const both = await Promise.all([
      ...keys.map((key) => one.store(delivery(key))),
      ...keys.toReversed().map((key) => other.store(delivery(key))),
    ])
    expect(both.filter((outcome) => outcome === 'stored')).toHaveLength(50)
  })
})
