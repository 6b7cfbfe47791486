import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { test } from '../support/working-processes.ts'

describe('a worker that is frozen and given up for dead', () => {
  test('writes nothing when it wakes: its job is another one’s', async ({ db, workers }) => {
    const frozen = await workers.start('frozen', 3000)
    await db.admin.query("select graphile_worker.add_job('slow', job_key => 'slow')")
    await workers.until('began')
    frozen.kill('SIGSTOP')
    await workers.start('heir', 20_000)
    // The heir takes over after fifteen seconds of silence, and is still at it when the frozen one wakes.
    await workers.until('began', 2)
    frozen.kill('SIGCONT')
    await sleep(5_000)
    const marks = async () => (await workers.marks()).filter(({ what }) => !what.startsWith('minute'))
    expect(await marks()).toEqual([
      { process: 'frozen', what: 'began' },
      { process: 'heir', what: 'began' },
    ])
    await workers.until('done')
    await sleep(1_000)
    expect((await marks()).filter(({ what }) => what === 'done')).toEqual([{ process: 'heir', what: 'done' }])
    expect((await db.admin.query("select from graphile_worker.jobs where task_identifier = 'slow'")).rowCount).toBe(0)
  })
})

describe('three workers', () => {
  test('make one job of each minute’s tick', async ({ workers }) => {
    await Promise.all(['one', 'two', 'three'].map((name) => workers.start(name)))
    await sleep(125_000)
    const minutes = (await workers.marks()).map(({ what }) => what)
    expect(minutes.length).toBeGreaterThanOrEqual(2)
    expect(new Set(minutes).size).toBe(minutes.length)
  })
})
