import { describe, expect } from 'vitest'
import { processDelivery } from '../../service/ingestion/process-delivery.task.ts'
import { AppError } from '../../service/runtime/errors.ts'
import type { TestDatabase } from '../support/database.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'
import { deliver, deliveries, newestActivity, normalizeAll } from '../support/strava-deliveries.ts'

type OpenBatch = TestService['ingestion']['openBatch']

async function arrive(db: TestDatabase, service: TestService, openBatch: OpenBatch): Promise<unknown> {
  await connect(service)
  expect(await deliver(service, { object_id: await newestActivity(service) })).toBe(200)
  const { rows } = await db.admin.query<{ id: string }>('select id from ops.webhook_deliveries')
  return processDelivery.run({ deliveryId: rows[0]!.id }, { ...service.ingestion, openBatch })
}

async function kept(db: TestDatabase): Promise<unknown> {
  const { rows } = await db.admin.query(`
    select (select count(*)::integer from raw_fitness_data) as payloads,
      (select count(*)::integer from raw_fitness_data where processed_at is not null) as processed,
      (select count(*)::integer from activities) as activities,
      (select count(*)::integer from graphile_worker.jobs where task_identifier = 'rebuild_summaries') as rebuilds`)
  return rows[0]
}

/** Reads as the real one does, and breaks when what was read is to be written. */
const breakingWith =
  (service: TestService, error: Error): OpenBatch =>
  (owner) => {
    const batch = service.ingestion.openBatch(owner)
    return {
      add: (payload) => batch.add(payload),
      async close() {
        const write = await batch.close()
        return async (tx, stored) => {
          await write(tx, stored)
          throw error
        }
      },
    }
  }

describe('what a webhook brings', () => {
  test('is rows with the payload, and its days are queued', async ({ db, service }) => {
    await arrive(db, service, service.ingestion.openBatch)
    expect(await kept(db)).toEqual({ payloads: 1, processed: 1, activities: 1, rebuilds: 1 })
  })

  test('is not lost when it cannot be read: a job of its own reads it again', async ({ db, service }) => {
    await arrive(db, service, () => {
      throw new TypeError('a mistake of ours')
    })
    expect(await deliveries(db)).toEqual([{ state: 'processed', outcome: 'store' }])
    expect(await kept(db)).toEqual({ payloads: 1, processed: 0, activities: 0, rebuilds: 0 })
    await normalizeAll(db)
    await service.work()
    expect(await kept(db)).toMatchObject({ activities: 1 })
  })

  test('is not lost when what it became cannot be written', async ({ db, service }) => {
    await arrive(db, service, breakingWith(service, new Error('violates a constraint')))
    expect(await deliveries(db)).toEqual([{ state: 'processed', outcome: 'store' }])
    expect(await kept(db)).toEqual({ payloads: 1, processed: 0, activities: 0, rebuilds: 0 })
  })

  test('is kept alone when the activity that it belongs to is not here yet', async ({ db, service }) => {
    const missing = new AppError('normalization/activity_missing', { platform: 'strava', activities: 1 })
    await arrive(db, service, breakingWith(service, missing))
    expect(await kept(db)).toEqual({ payloads: 1, processed: 0, activities: 0, rebuilds: 0 })
  })

  test('is not kept by a worker that lost the job', async ({ db, service }) => {
    const arriving = arrive(db, service, breakingWith(service, new AppError('job/taken_over')))
    await expect(arriving).rejects.toMatchObject({ code: 'job/taken_over' })
    expect(await deliveries(db)).toEqual([{ state: 'received', outcome: null }])
    expect(await kept(db)).toEqual({ payloads: 0, processed: 0, activities: 0, rebuilds: 0 })
  })
})
