import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import { test } from '../support/working-processes.ts'

/** As if the last tick of the daily task had been so many days ago. */
const lastTick = (db: TestDatabase, days: number) =>
  db.admin.query(
    `insert into graphile_worker._private_known_crontabs (identifier, known_since, last_execution)
     values ('tick', now() - interval '30 days', date_trunc('day', now()) + interval '2 hours' - make_interval(days => $1))`,
    [days],
  )

describe('several workers that start at once', () => {
  test('owe the ticks that were missed while none ran, once', async ({ db, workers }) => {
    await lastTick(db, 4)
    await Promise.all(['one', 'two', 'three'].map((name) => workers.start(name)))
    await workers.until('ticked')
    await sleep(1500)
    expect((await workers.marks()).filter(({ what }) => what === 'ticked')).toHaveLength(1)
  })
})

describe('a worker that is told to end', () => {
  test('finishes what it has begun', async ({ db, workers }) => {
    const child = await workers.start('one', 1500)
    await db.admin.query("select graphile_worker.add_job('slow', job_key => 'slow')")
    await workers.until('began')
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    const marks = (await workers.marks()).map(({ what }) => what).filter((what) => !what.startsWith('minute'))
    expect(marks).toEqual(['began', 'done'])
    expect((await db.admin.query("select from graphile_worker.jobs where task_identifier = 'slow'")).rowCount).toBe(0)
  })
})
