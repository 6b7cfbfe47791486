import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { describe, expect } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'

interface Job {
  readonly payload: object
  readonly runAt?: Date
  readonly key?: string
  readonly task?: string
}

function add(client: pg.Pool | pg.PoolClient, { payload, runAt, key = 'key', task = 'any' }: Job): Promise<unknown> {
  return client.query('select ops.add_job($1, $2, $3, 25, $4, 0)', [task, payload, runAt ?? null, key])
}

const take = ({ admin }: TestDatabase) =>
  admin.query("update graphile_worker._private_jobs set locked_by = 'worker-1', locked_at = now(), attempts = 1")

const jobs = async ({ admin }: TestDatabase) =>
  (
    await admin.query<object>(
      `select payload, key, locked_by as worker, attempts < max_attempts as "runsAgain"
       from graphile_worker._private_jobs order by id`,
    )
  ).rows

describe('a job that is queued', () => {
  test('is one with the job of its key that waits: the newer payload and time', async ({ db }) => {
    await add(db.service, { payload: { version: 1 }, runAt: new Date('2030-01-01T00:00:00Z') })
    await add(db.service, { payload: { version: 2 }, runAt: new Date('2031-01-01T00:00:00Z') })
    expect(await jobs(db)).toEqual([{ payload: { version: 2 }, key: 'key', worker: null, runsAgain: true }])
    const { rows } = await db.admin.query('select run_at, attempts from graphile_worker._private_jobs')
    expect(rows).toEqual([{ run_at: new Date('2031-01-01T00:00:00Z'), attempts: 0 }])
  })

  test('is a further one beside the job of its key that runs, which does not run again', async ({ db }) => {
    await add(db.service, { payload: { version: 1 } })
    await take(db)
    await add(db.service, { payload: { version: 2 } })
    await add(db.service, { payload: { version: 3 } })
    expect(await jobs(db)).toEqual([
      { payload: { version: 1 }, key: null, worker: 'worker-1', runsAgain: false },
      { payload: { version: 3 }, key: 'key', worker: null, runsAgain: true },
    ])
  })

  test('is a further one beside the job of its key that has failed for good', async ({ db }) => {
    await add(db.service, { payload: { version: 1 } })
    await db.admin.query('update graphile_worker._private_jobs set attempts = max_attempts')
    await add(db.service, { payload: { version: 2 } })
    expect(await jobs(db)).toMatchObject([
      { runsAgain: false },
      { payload: { version: 2 }, key: 'key', runsAgain: true },
    ])
  })

  test('waits for whoever queues the same key at the moment, and is the newer', async ({ db }) => {
    const first = await db.service.connect()
    await first.query('begin')
    await add(first, { payload: { version: 1 } })
    const second = add(db.service, { payload: { version: 2 } })
    await sleep(200)
    await first.query('commit')
    first.release()
    await second
    expect(await jobs(db)).toEqual([{ payload: { version: 2 }, key: 'key', worker: null, runsAgain: true }])
  })
})

test('workers are told of each job that is due, by its task, and of none that is not', async ({ db }) => {
  const heard: { task?: string; jobs?: number }[] = []
  const listening = await db.service.connect()
  listening.on('notification', ({ payload = '{}' }) => heard.push(JSON.parse(payload)))
  await listening.query('listen "jobs:insert"')
  const adding = await db.service.connect()
  await adding.query('begin')
  for (const key of ['a', 'b']) await add(adding, { payload: {}, key, task: 'fetch' })
  await add(adding, { payload: {}, key: 'c', task: 'compare' })
  await add(adding, { payload: {}, key: 'd', task: 'later', runAt: new Date(Date.now() + 60_000) })
  await adding.query('commit')
  adding.release()
  for (let waited = 0; waited < 50 && heard.length < 7; waited += 1) await sleep(20)
  listening.release(true)
  expect(heard.filter(({ task }) => task !== undefined)).toMatchObject([
    { task: 'fetch', jobs: 1 },
    { task: 'fetch', jobs: 1 },
    { task: 'compare', jobs: 1 },
  ])
})

test('who looks for jobs of its own does not read those of others that wait before them', async ({ db }) => {
  await add(db.service, { payload: {}, task: 'mine', runAt: new Date(Date.now() + 60_000) })
  await db.admin.query(
    `insert into graphile_worker._private_jobs (task_id, key, run_at)
     select (select max(id) + 1 from graphile_worker._private_tasks), 'k' || n, now() - n * interval '1 s' from generate_series(1, 5000) n`,
  )
  await db.admin.query('analyze graphile_worker._private_jobs')
  const { rows } = await db.admin.query<{ 'QUERY PLAN': [{ Plan: { 'Shared Hit Blocks': number } }] }>(
    `explain (analyze, buffers, format json)
     select id from graphile_worker._private_jobs
     where is_available and run_at <= now()
       and task_id = any (array(select id from graphile_worker._private_tasks where identifier = 'mine'))
     order by priority, run_at limit 1`,
  )
  // The rows alone are on some sixty pages, and each would be visited for each of its jobs.
  expect(rows[0]!['QUERY PLAN'][0].Plan['Shared Hit Blocks']).toBeLessThan(60)
})
