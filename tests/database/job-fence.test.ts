import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { type Database, openDatabase, type Tx } from '../../service/runtime/db.ts'
import { createJobFence } from '../../service/runtime/job-fence.ts'
import type { HeldJob } from '../../service/runtime/job-queries.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { sql } from '../../service/runtime/sql.ts'
import { test as base, type TestDatabase } from '../support/database.ts'

const fence = createJobFence()

const test = base.extend<{ plain: Database; guarded: Database }>({
  plain: async ({ db }, use) => {
    const plain = openDatabase({
      url: new Secret(db.serviceUrl),
      maxConnections: 3,
      applicationName: 'test',
      onIdleError: () => {},
    })
    await use(plain)
    await plain.close()
  },
  guarded: async ({ plain }, use) => use(fence.guard(plain)),
})

/** A job as a worker of that name holds it since now. */
async function hold({ admin }: TestDatabase, worker: string): Promise<HeldJob> {
  await admin.query("select graphile_worker.add_job('any', job_key => 'any')")
  const { rows } = await admin.query<{ id: string; lockedAt: Date }>(
    `update graphile_worker._private_jobs set locked_by = $1, locked_at = now(), attempts = attempts + 1
     returning id, locked_at as "lockedAt"`,
    [worker],
  )
  return { ...rows[0]!, key: 'any', attempts: 1, maxAttempts: 25, worker }
}

const releaseAll = ({ admin }: TestDatabase) =>
  admin.query("select graphile_worker.force_unlock_workers(array['worker-1'])")
const insert = (name: string) => sql`insert into public.platforms (id, display_name) values (${name}, '')`
const written = async ({ admin }: TestDatabase) =>
  (await admin.query<{ id: string }>('select id from platforms order by 1')).rows.map(({ id }) => id)

describe('a job that another worker has taken over', () => {
  test('writes nothing, in a transaction or outside', async ({ db, guarded }) => {
    const job = await hold(db, 'worker-1')
    await releaseAll(db)
    await hold(db, 'worker-2')
    await expect(fence.run(job, () => guarded.query(insert('alone')))).rejects.toThrow('job/taken_over')
    await expect(fence.run(job, () => guarded.transaction((tx) => tx.query(insert('together'))))).rejects.toThrow(
      'job/taken_over',
    )
    expect(await written(db)).toEqual([])
  })

  test('keeps nothing of the transaction that it was in', async ({ db, guarded }) => {
    const job = await hold(db, 'worker-1')
    const work = fence.run(job, () =>
      guarded.transaction(async (tx) => {
        await tx.query(insert('early'))
        await releaseAll(db)
      }),
    )
    await expect(work).rejects.toThrow('job/taken_over')
    expect(await written(db)).toEqual([])
  })

  test('is told from the same job that its own process holds anew', async ({ db, guarded }) => {
    const job = await hold(db, 'worker-1')
    await releaseAll(db)
    await sleep(5)
    await hold(db, 'worker-1')
    await expect(fence.run(job, () => guarded.query(insert('late')))).rejects.toThrow('job/taken_over')
  })

  test('is told from one that another took at the same moment', async ({ db, guarded }) => {
    const job = await hold(db, 'worker-1')
    await db.admin.query("update graphile_worker._private_jobs set locked_by = 'worker-2'")
    await expect(fence.run(job, () => guarded.query(insert('late')))).rejects.toThrow('job/taken_over')
  })

  test('may still read', async ({ db, guarded }) => {
    const job = await hold(db, 'worker-1')
    await releaseAll(db)
    const read = await fence.run(job, () => guarded.query(sql`select 1 as one`))
    expect(read.rows).toEqual([{ one: 1 }])
  })
})

test('of two transactions that wait for each other one is told to try again, and that works', async ({ db, plain }) => {
  await db.admin.query("insert into public.platforms (id, display_name) values ('a', ''), ('b', '')")
  const { promise: both, resolve: go } = Promise.withResolvers<void>()
  let holding = 0
  const take = (tx: Tx, id: string) => tx.query(sql`select from public.platforms where id = ${id} for update`)
  const rename = (first: string, second: string) =>
    plain.transaction(async (tx) => {
      await take(tx, first)
      holding += 1
      if (holding === 2) go()
      await both
      await take(tx, second)
    })
  const results = await Promise.allSettled([rename('a', 'b'), rename('b', 'a')])
  const refused = results.filter((result) => result.status === 'rejected')
  expect(refused).toMatchObject([{ reason: { code: 'request/try_again', spec: { httpStatus: 503, retry: true } } }])
  await rename('b', 'a')
})

describe('a job that is still its own', () => {
  test('writes, although its key was queued anew meanwhile', async ({ db, guarded }) => {
    const job = await hold(db, 'worker-1')
    await db.admin.query("select graphile_worker.add_job('any', job_key => 'any')")
    await fence.run(job, () => guarded.query(insert('alone')))
    await fence.run(job, () => guarded.transaction((tx) => tx.query(insert('together'))))
    expect(await written(db)).toEqual(['alone', 'together'])
  })

  test('loses a transaction in which nothing happens for ten seconds, and no other', async ({ db, guarded }) => {
    const job = await hold(db, 'worker-1')
    const limit = await fence.run(job, () =>
      guarded.transaction((tx) =>
        tx.query<{ limit: string }>(sql`
        select current_setting('idle_in_transaction_session_timeout') as limit`),
      ),
    )
    expect(limit.rows).toEqual([{ limit: '10s' }])
    const outside = await guarded.transaction((tx) =>
      tx.query<{ limit: string }>(sql`
      select current_setting('idle_in_transaction_session_timeout') as limit`),
    )
    expect(outside.rows).toEqual([{ limit: '0' }])
  })
})
