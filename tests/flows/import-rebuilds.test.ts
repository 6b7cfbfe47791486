import { describe, expect } from 'vitest'
import { importLocalFile } from '../../service/ingestion/import-local-file.ts'
import { simulateExport } from '../../service/platforms/apple-health/simulator/export.ts'
import { AppError } from '../../service/runtime/errors.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

const DAYS = 40

/** Of some thousand records: a few batches. */
function importOf({ uploads }: TestService, beforeBatch: (batch: number) => Promise<void>): Promise<unknown> {
  const { text } = simulateExport({ seed: 7, firstDay: '2024-02-01', days: DAYS, heartRatesPerDay: 200 })
  const bytes = Buffer.from([...text].join(''))
  let batches = 0
  const openBatch: TestService['uploads']['openBatch'] = (owner) => {
    const batch = uploads.openBatch(owner)
    const close = async () => {
      batches += 1
      await beforeBatch(batches)
      return batch.close()
    }
    return { add: (payload) => batch.add(payload), close }
  }
  const read = async (position: number, length: number) => bytes.subarray(position, position + length)
  return importLocalFile(
    { ...uploads, openBatch },
    { userId: ADA, platform: 'apple-health', file: { size: bytes.length, read } },
  )
}

/** In how many seconds the days are merged; undefined: there is no job. */
async function mergedInSeconds({ admin }: TestDatabase): Promise<number | undefined> {
  const { rows } = await admin.query<{ seconds: number }>(
    `select extract(epoch from run_at - clock_timestamp())::float8 as seconds from graphile_worker.jobs
     where task_identifier = 'rebuild_summaries'`,
  )
  expect(rows.length).toBeLessThanOrEqual(1)
  return rows[0]?.seconds
}

const summaries = async ({ admin }: TestDatabase) =>
  (await admin.query<{ n: number }>('select count(*)::integer as n from daily_summaries')).rows[0]!.n

describe('the days that an import changes', () => {
  test('are merged at its end, and not between its batches', async ({ db, service }) => {
    const before: (number | undefined)[] = []
    await importOf(service, async () => void before.push(await mergedInSeconds(db)))
    expect(before.length).toBeGreaterThan(2)
    expect(before[0]).toBeUndefined()
    for (const seconds of before.slice(1)) {
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThanOrEqual(5)
    }
    expect(await mergedInSeconds(db)).toBeLessThanOrEqual(0)
    await service.work()
    expect(await summaries(db)).toBe(DAYS)
  })

  test('are merged when it dies, five seconds after its last batch', async ({ db, service }) => {
    const dying = importOf(service, async (batch) => {
      if (batch === 3) throw new Error('killed')
    })
    await expect(dying).rejects.toThrow('killed')
    const seconds = await mergedInSeconds(db)
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(5)
  })

  test('are merged at once when the file turns out to be damaged', async ({ db, service }) => {
    const refused = importOf(service, async (batch) => {
      if (batch === 3) throw new AppError('upload/damaged', { problem: 'not_xml' })
    })
    await expect(refused).rejects.toThrow('upload/damaged')
    expect(await mergedInSeconds(db)).toBeLessThanOrEqual(0)
  })

  test('are merged meanwhile when one of them has waited for five minutes', async ({ db, service }) => {
    const before: (number | undefined)[] = []
    await importOf(service, async (batch) => {
      before.push(await mergedInSeconds(db))
      if (batch === 2)
        await db.admin.query("update ops.summary_rebuilds set requested_at = now() - interval '6 minutes'")
    })
    expect(before[1]).toBeGreaterThan(0)
    expect(before[2]).toBeLessThanOrEqual(0)
  })
})
