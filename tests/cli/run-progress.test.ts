import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { watchRun } from '../../service/cli/run-progress.ts'
import { ADA } from '../support/people.ts'
import { connect, testWithFew as test } from '../support/service.ts'

describe('whoever follows a run', () => {
  test('waits while a worker is busy with others, and is told when there is none', async ({ db, service }) => {
    await connect(service)
    const { rows } = await db.admin.query<{ id: string }>('select id from sync_runs')
    await db.admin.query("insert into ops.workers (pool_id) values ('busy')")
    let told: unknown
    const key = { userId: ADA, runId: rows[0]!.id }
    const watching = watchRun(service.db, key, { asJson: false, nobodyAfterMs: 100 }).catch((error: unknown) => {
      told = error
    })
    await sleep(1_000)
    expect(told).toBeUndefined()
    await db.admin.query('delete from ops.workers')
    await watching
    expect(told).toMatchObject({ message: 'nobody works on it: start a worker, then see npm run tributary -- jobs' })
  })
})
