import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'

const SCRIPT = join(import.meta.dirname, '../support/lingering-worker.ts')

async function startWorker(db: TestDatabase, how: 'forever' | 'briefly'): Promise<ChildProcess> {
  const child = spawn(process.execPath, [SCRIPT, db.serviceUrl, how], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout!, 'data')
  return child
}

describe('a worker that is killed in the middle of a job', () => {
  test('is succeeded within 90 seconds, also in what was queued behind that job', async ({ db }) => {
    await db.admin.query(`create table ops.ran (index integer, what text, at timestamptz default now());
      grant select, insert on ops.ran to tributary_service`)
    const killed = await startWorker(db, 'forever')
    // Three in one serial queue: the second and third wait for the first.
    for (const index of [1, 2, 3])
      await db.service.query(
        "select graphile_worker.add_job('linger', $1::json, queue_name => 'in-turn', job_key => 'linger:' || $2)",
        [JSON.stringify({ index }), index],
      )
    const ran = async (what: string) =>
      (
        await db.admin.query<{ index: number }>('select distinct index from ops.ran where what = $1 order by index', [
          what,
        ])
      ).rows.map(({ index }) => index)
    while ((await ran('began')).length === 0) await sleep(50)
    await startWorker(db, 'briefly')
    killed.kill('SIGKILL')
    const at = performance.now()
    while ((await ran('ended')).length < 3 && performance.now() - at < 90_000) await sleep(200)
    const seconds = (performance.now() - at) / 1000
    process.stdout.write(`jobs of a killed worker ran again after ${seconds.toFixed(1)} s\n`)
    expect(await ran('ended')).toEqual([1, 2, 3])
    expect(seconds).toBeLessThan(90)
  })
})
