import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { createIntake } from '../../service/ingestion/intake.ts'
import { testWithFew as test } from '../support/service.ts'

const delivery = (dedupeKey: string, platform = 'strava') => ({
  platform,
  dedupeKey,
  bodySealed: Buffer.from(dedupeKey),
})

describe('the intake of deliveries', () => {
  test('flushes what arrives together in few statements, and tells each whether it was news', async ({
    db,
    service,
  }) => {
    let statements = 0
    const counted = {
      ...service.db,
      query: (...query: Parameters<typeof service.db.query>) => ((statements += 1), service.db.query(...query)),
    }
    const intake = createIntake(counted as typeof service.db)
    const keys = Array.from({ length: 300 }, (_value, index) => `key-${index % 100}`)
    const outcomes = await Promise.all(keys.map((key) => intake.store(delivery(key))))
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(100)
    expect(statements).toBeLessThan(6)
    const { rows } = await db.admin.query(
      `select count(*)::int as deliveries, count(distinct j.key)::int as jobs from ops.webhook_deliveries d
       left join graphile_worker.jobs j on j.key = 'process_delivery:' || d.id and j.max_attempts = 3`,
    )
    expect(rows).toEqual([{ deliveries: 100, jobs: 100 }])
    expect(await intake.store(delivery('key-7'))).toBe('duplicate')
  })

  test('refuses the one that the database does not take, and keeps the others', async ({ db, service }) => {
    const intake = createIntake(service.db)
    const stored = ['one', 'two', 'three'].map((key) => intake.store(delivery(key)))
    const outcomes = await Promise.allSettled([...stored, intake.store(delivery('wrong', 'nobody-knows-it'))])
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.code))).toEqual([
      'stored',
      'stored',
      'stored',
      '23503',
    ])
    expect((await db.admin.query('select from ops.webhook_deliveries')).rowCount).toBe(3)
  })

  test('answers nothing before the commit: a transaction that fails refuses all of them', async ({ db, service }) => {
    await db.admin.query('alter table ops.webhook_deliveries rename to taken_away')
    const intake = createIntake(service.db)
    const outcomes = await Promise.allSettled([intake.store(delivery('a')), intake.store(delivery('b'))])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await db.admin.query('alter table ops.taken_away rename to webhook_deliveries')
    expect(await intake.store(delivery('a'))).toBe('stored')
  })

  test('of two processes that are sent the same keeps one', async ({ service }) => {
    const [one, other] = [createIntake(service.db), createIntake(service.db)]
    const keys = Array.from({ length: 50 }, () => randomUUID())
    const both = await Promise.all([
      ...keys.map((key) => one.store(delivery(key))),
      ...keys.toReversed().map((key) => other.store(delivery(key))),
    ])
    expect(both.filter((outcome) => outcome === 'stored')).toHaveLength(50)
  })
})
