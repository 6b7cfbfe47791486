import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { checkAccount } from '../../service/ingestion/check-account.task.ts'
import { followCallback } from '../../service/ingestion/follow-callback.task.ts'
import { importHistory } from '../../service/ingestion/import-history.task.ts'
import { importUpload } from '../../service/ingestion/import-upload.task.ts'
import { processDelivery } from '../../service/ingestion/process-delivery.task.ts'
import { requestBackfill } from '../../service/ingestion/request-backfill.task.ts'
import { owedForMs, runJobs } from '../../service/runtime/job-runner.ts'
import { bindTask, defineTask, enqueue, type QueueName } from '../../service/runtime/jobs.ts'
import { admitByRate } from '../../service/wire-failures.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { ADA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'
import { tryIt } from '../support/try-it.ts'

/** Jobs that take a moment, in each of the queues; how many ran at once, and how many ran. */
function scene(
  service: TestService,
  {
    admit,
    takesMs = 100,
    timeoutSeconds,
  }: { admit?: ReturnType<typeof admitByRate>; takesMs?: number; timeoutSeconds?: number } = {},
) {
  const most: Record<string, number> = {}
  const ran: Record<string, number> = {}
  const now: Record<string, number> = {}
  const taskOf = (queue: QueueName) =>
    defineTask<object>()({
      identifier: `linger_in_${queue}`,
      payload: z.object({ index: z.number() }),
      jobKey: ({ index }) => `linger:${queue}:${index}`,
      queue,
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      async run() {
        now[queue] = (now[queue] ?? 0) + 1
        most[queue] = Math.max(most[queue] ?? 0, now[queue])
        await sleep(takesMs)
        now[queue] -= 1
        ran[queue] = (ran[queue] ?? 0) + 1
        return undefined
      },
    })
  const tasks = (['webhooks', 'imports', 'reconciliation', 'general'] as const).map(taskOf)
  const options = { db: service.db, log: service.log, observe: () => {}, admit }
  return {
    most,
    ran,
    queue: (name: QueueName, jobs: number) =>
      service.db.transaction(async (tx) => {
        const task = tasks.find(({ queue }) => queue === name)!
        for (let index = 0; index < jobs; index += 1) await enqueue(tx, task, { payload: { index } })
      }),
    run: () =>
      runJobs({
        db: service.db,
        tasks: tasks.map((task) => bindTask(task, {}, options)),
        concurrency: service.config.worker.atOnce,
        onPool: async () => {},
      }),
  }
}

/** The same object with another method. */
function instead<Target extends object>(target: Target, name: keyof Target, method: unknown): Target {
  return new Proxy(target, {
    get(_target, asked) {
      if (asked === name) return method
      const value: unknown = Reflect.get(target, asked)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('the queues', () => {
  test('run ten webhooks, two imports and one reconciliation at once, and none waits for another', async ({
    service,
  }) => {
    const { most, ran, queue, run } = scene(service)
    await queue('imports', 6)
    await queue('webhooks', 30)
    await queue('reconciliation', 3)
    const runner = await run()
    for (
      let waited = 0;
      waited < 60 && ((ran['webhooks'] ?? 0) < 30 || (ran['imports'] ?? 0) < 6 || (ran['reconciliation'] ?? 0) < 3);
      waited += 1
    )
      await sleep(100)
    await runner.stop()
    expect(ran).toEqual({ webhooks: 30, imports: 6, reconciliation: 3 })
    expect(most).toEqual({ webhooks: 10, imports: 2, reconciliation: 1 })
  })

  test('begin a job when it is queued, not when they would have looked again', async ({ service }) => {
    const { ran, queue, run } = scene(service, { takesMs: 1 })
    const runner = await run()
    // The only place has just looked in vain each time, and looks again a second later.
    const started = performance.now()
    for (let job = 1; job <= 4; job += 1) {
      await queue('reconciliation', 1)
      for (let waited = 0; waited < 400 && (ran['reconciliation'] ?? 0) < job; waited += 1) await sleep(10)
    }
    const tookMs = performance.now() - started
    await runner.stop()
    expect(ran).toEqual({ reconciliation: 4 })
    expect(tookMs).toBeLessThan(2_000)
  })

  test('keep a job that was put back for now, however late the queue notes that its run did not succeed', async ({
    db,
    service,
  }) => {
    let runs = 0
    let noted = false
    const lateNotes = async (client: pg.PoolClient, statement: pg.QueryConfig) => {
      const isNote = statement.text?.includes("last_error = (el->>'message')") === true
      for (let waited = 0; waited < 500 && isNote && runs < 2; waited += 1) await sleep(10)
      const result = await client.query(statement)
      noted ||= isNote
      return result
    }
    // For the connection that listens the library hands a callback over.
    const pool = instead(service.db.pool, 'connect', async (listen?: () => void) => {
      if (listen !== undefined) return service.db.pool.connect(listen)
      const client = await service.db.pool.connect()
      return instead(client, 'query', (statement: pg.QueryConfig) => lateNotes(client, statement))
    })
    const whoHolds = "select locked_by, last_error, attempts from graphile_worker.jobs where key = 'twice'"
    let seen: unknown
    const twice = defineTask<object>()({
      identifier: 'twice',
      payload: z.unknown(),
      jobKey: () => 'twice',
      queue: 'webhooks',
      async run() {
        runs += 1
        if (runs === 1) return { runAgainAt: new Date() }
        for (let waited = 0; waited < 500 && !noted; waited += 1) await sleep(10)
        seen = (await db.admin.query(whoHolds)).rows
        return undefined
      },
    })
    await service.db.transaction((tx) => enqueue(tx, twice, { payload: {} }))
    const options = { db: service.db, log: service.log, observe: () => {} }
    const runner = await runJobs({
      db: { ...service.db, pool },
      tasks: [bindTask(twice, {}, options)],
      concurrency: service.config.worker.atOnce,
      onPool: async () => {},
    })
    for (let waited = 0; waited < 1_000 && seen === undefined; waited += 1) await sleep(10)
    await runner.stop()
    expect(noted).toBe(true)
    expect(seen).toEqual([{ locked_by: expect.stringMatching(/^pool-/), last_error: null, attempts: 1 }])
    expect(runs).toBe(2)
  })

  test('end together when the queue is upgraded beyond what they can serve, although one of them is told', async ({
    db,
    service,
  }) => {
    const { ran, queue, run } = scene(service)
    const runner = await run()
    // Told until it hears: it begins to listen in its own time, and says by the exit code that it ends.
    for (let told = 0; told < 100 && process.exitCode === undefined; told += 1) {
      await db.admin.query(`select pg_notify('worker:migrate', '{"breaking": true, "migrationNumber": 99}')`)
      await sleep(100)
    }
    await sleep(1_000)
    await queue('reconciliation', 1)
    await sleep(1_200)
    await runner.stop()
    // graphile-worker has the process end with it.
    process.exitCode = undefined
    expect(ran).toEqual({})
  })

  test('hold each task where it belongs', ({ service }) => {
    const queues = Object.fromEntries(bindTasks(service).map(({ identifier, queue }) => [identifier, queue]))
    expect(queues).toMatchObject({
      queue_deliveries: 'webhooks',
      process_delivery: 'webhooks',
      follow_callback: 'webhooks',
      import_history: 'imports',
      request_backfill: 'imports',
      import_upload: 'imports',
      plan_reconciliations: 'reconciliation',
      start_reconciliation: 'reconciliation',
      reconcile_connection: 'reconciliation',
      normalize_raw_data: 'general',
    })
  })

  test('give up as the decision says: webhooks after 3 attempts from 2 seconds, imports after 5 of at most 10 minutes', () => {
    // What is not said is two seconds and no limit; 'a job that fails' has the two seconds.
    for (const task of [processDelivery, followCallback, checkAccount])
      expect([task.maxAttempts, task.backoffSeconds, task.timeoutSeconds]).toEqual([3, undefined, undefined])
    for (const task of [importHistory, requestBackfill, importUpload])
      expect([task.maxAttempts, task.backoffSeconds, task.timeoutSeconds]).toEqual([5, 10, 600])
  })

  test('are filled by the clock: comparisons at two at night, what looks for forgotten work every minute', ({
    service,
  }) => {
    const schedules = Object.fromEntries(bindTasks(service).map(({ identifier, schedule }) => [identifier, schedule]))
    expect(schedules).toMatchObject({
      plan_reconciliations: '0 2 * * *',
      sweep_stuck: '* * * * *',
      sweep_unprocessed: '* * * * *',
      revive_dead_letters: '* * * * *',
      watch_connections: '* * * * *',
      plan_polls: '* * * * *',
    })
    // Missed while no worker ran: the night's comparison is owed for a day.
    expect(owedForMs('0 2 * * *')).toBe(86_400_000)
  })

  test('owe what the clock missed once, however often it did', async ({ db, service }) => {
    await db.admin.query(
      `insert into graphile_worker._private_known_crontabs (identifier, known_since, last_execution)
       values ('weekly', now() - interval '60 days', now() - interval '30 days')`,
    )
    const held = Promise.withResolvers<void>()
    const task = { queue: 'general', priority: 0, perform: () => held.promise } as const
    // It takes the only place, so that none of the ticks has run before the last is queued.
    await db.service.query("select graphile_worker.add_job('hold', priority => -100)")
    const runner = await runJobs({
      db: service.db,
      tasks: [
        { identifier: 'hold', ...task },
        { identifier: 'weekly', ...task, schedule: '0 2 * * 1' },
      ],
      concurrency: { ...service.config.worker.atOnce, general: 1 },
      onPool: async () => {},
    })
    const isOwed =
      "select from graphile_worker._private_known_crontabs where last_execution > now() - interval '8 days'"
    for (let waited = 0; waited < 100 && (await db.admin.query(isOwed)).rowCount === 0; waited += 1) await sleep(20)
    const { rowCount } = await db.admin.query("select from graphile_worker.jobs where task_identifier = 'weekly'")
    held.resolve()
    await runner.stop()
    expect(rowCount).toBe(1)
  })

  test('with a rate begin no more jobs within a minute, and the rest burn no attempt', async ({ db, service }) => {
    const { ran, queue, run } = scene(service, { admit: admitByRate(service.db, { webhooks: 4 }), takesMs: 1 })
    await queue('webhooks', 10)
    await queue('imports', 5)
    const runner = await run()
    await sleep(1_500)
    await runner.stop()
    expect(ran).toEqual({ webhooks: 4, imports: 5 })
    const { rows } = await db.admin.query(
      "select distinct attempts, run_at > now() + interval '30 seconds' as later from graphile_worker.jobs",
    )
    expect(rows).toEqual([{ attempts: 0, later: true }])
  })

  test('end a run that takes too long as a failure', async ({ db, service }) => {
    const { queue, run } = scene(service, { takesMs: 5_000, timeoutSeconds: 0.2 })
    await queue('imports', 1)
    const runner = await run()
    await sleep(1_000)
    await runner.stop()
    const { rows } = await db.admin.query('select attempts, last_error from graphile_worker.jobs')
    expect(rows).toEqual([{ attempts: 1, last_error: 'job/timed_out' }])
  })
})

describe('what is due', () => {
  test('has left the queue when it was run, however long the queue takes over that', async ({ db, service }) => {
    const { queue, work, jobs } = tryIt(service)
    await db.admin.query(`
      create function public.linger() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return old; end $$;
      create trigger linger before delete on graphile_worker._private_jobs for each row execute function public.linger()`)
    await queue({ userId: ADA })
    await work()
    expect(await jobs()).toEqual([])
  })
})
