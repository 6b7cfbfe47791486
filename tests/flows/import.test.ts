import { describe, expect } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import { connect, type TestService, test } from '../support/service.ts'

async function run(db: TestDatabase): Promise<Record<string, unknown>> {
  const { rows } = await db.admin.query<Record<string, unknown>>(
    "select status, pages_fetched, error_code, waiting_until from sync_runs where kind = 'history'",
  )
  return rows[0]!
}

/** Every activity id in the raw pages, each as often as it was stored. */
async function storedIds(db: TestDatabase): Promise<string[]> {
  const { rows } = await db.admin.query<{ id: string }>(`
    select activity ->> 'id' as id from raw_fitness_data, jsonb_array_elements(raw_data) as activity where data_type = 'activity_list'`)
  return rows.map(({ id }) => id)
}

async function servedIds({ simulate }: TestService): Promise<string[]> {
  const activities = (await simulate('GET', '/athletes/1/activities')) as readonly { id: number }[]
  return activities.map(({ id }) => String(id))
}

const faults = (service: TestService, next: readonly object[]) => service.simulate('POST', '/faults', { next })
/** Jobs that wait for a retry or for the next window are made due. */
const skipWaiting = (db: TestDatabase) => db.admin.query('update graphile_worker._private_jobs set run_at = now()')
const newWindow = (db: TestDatabase) => db.admin.query('update ops.request_budgets set used = 0')

describe('the import of a history', () => {
  test('keeps every activity in raw pages, and says that it is complete', async ({ db, service }) => {
    await connect(service)
    await service.work()
    expect(await run(db)).toMatchObject({ status: 'complete', error_code: null })
    expect(new Set(await storedIds(db))).toEqual(new Set(await servedIds(service)))
  })

  test('survives a platform that fails in the middle: no gap, progress kept', async ({ db, service }) => {
    await connect(service)
    await faults(service, [{ match: '/athlete/activities', status: 500, count: 1 }])
    await service.work()
    expect(await run(db)).toMatchObject({ status: 'running', pages_fetched: 0 })
    await skipWaiting(db)
    await service.work()
    expect(await run(db)).toMatchObject({ status: 'complete' })
    expect(new Set(await storedIds(db))).toEqual(new Set(await servedIds(service)))
  })

  test('waits for the request limit without using up attempts, and says until when', async ({ db, service }) => {
    await connect(service)
    await faults(service, [{ match: '/athlete/activities', status: 429, count: 1 }])
    await service.work()
    expect(await run(db)).toMatchObject({ status: 'running', waiting_until: expect.any(Date) })
    const { rows } = await db.admin.query(
      "select attempts, run_at > now() as later from graphile_worker.jobs where task_identifier = 'import_history'",
    )
    expect(rows).toEqual([{ attempts: 0, later: true }])
    await newWindow(db)
    await skipWaiting(db)
    await service.work()
    expect(await run(db)).toMatchObject({ status: 'complete', waiting_until: null })
  })

  test.for([
    ['429 and seconds', 429, '90'],
    ['503 and a date', 503, new Date(Date.now() + 90_000).toUTCString()],
  ] as const)(
    'waits as long as the platform says, by %s, without using up attempts',
    async ([, status, value], { db, service }) => {
      await connect(service)
      await faults(service, [{ match: '/athlete/activities', status, headers: { 'retry-after': value }, count: 1 }])
      await service.work()
      const { rows } = await db.admin.query(`
      select attempts, extract(epoch from run_at - now()) between 60 and 91 as as_asked
      from graphile_worker.jobs where task_identifier = 'import_history'`)
      expect(rows).toEqual([{ attempts: 0, as_asked: true }])
      const before = await service.simulate('GET', '/requests')
      await skipWaiting(db)
      await service.work()
      expect(await service.simulate('GET', '/requests')).toEqual(before)
      await db.admin.query('update ops.request_pauses set paused_until = now()')
      await skipWaiting(db)
      await service.work()
      expect(await run(db)).toMatchObject({ status: 'complete' })
    },
  )

  test('makes no request when the budget is known to be used up', async ({ db, service }) => {
    await connect(service)
    await db.admin.query('update ops.request_budgets set used = quota')
    const before = await service.simulate('GET', '/requests')
    await service.work()
    expect(await service.simulate('GET', '/requests')).toEqual(before)
  })

  test('of two workers on one page keeps one page', async ({ db, service }) => {
    await connect(service)
    const { rows } = await db.admin.query<{ payload: object }>('select payload from graphile_worker._private_jobs')
    await faults(service, [{ match: '/athlete/activities', latency_ms: 200, count: 2 }])
    await db.admin.query(
      `select graphile_worker.add_job('import_history', payload => $1::json, job_key => 'the same run once more')`,
      [JSON.stringify(rows[0]!.payload)],
    )
    await Promise.all([service.work(), service.work()])
    expect(await run(db)).toMatchObject({ status: 'complete' })
    const ids = await storedIds(db)
    const served = await servedIds(service)
    // Pages overlap by a second; a page kept twice would repeat two hundred.
    expect(ids.length - served.length).toBeLessThan(30)
    expect(new Set(ids)).toEqual(new Set(served))
  })

  test('ends when the person withdraws at the platform', async ({ db, service }) => {
    await connect(service)
    await service.simulate('POST', '/athletes/1/deauthorize')
    await service.work()
    expect(await run(db)).toMatchObject({ status: 'failed', error_code: 'connection/reauth_required' })
    const { rows } = await db.admin.query('select status from connections')
    expect(rows).toEqual([{ status: 'needs_reauth' }])
    const { values } = await service.metrics.syncOperations.get()
    expect(values).toMatchObject([{ labels: { platform: 'strava', kind: 'history', outcome: 'failed' }, value: 1 }])
  })
})
