import { describe, expect } from 'vitest'
import { importFile } from '../../service/ingestion/import-file.ts'
import { importLocalFile, type LocalResult } from '../../service/ingestion/import-local-file.ts'
import { importUpload } from '../../service/ingestion/import-upload.task.ts'
import {
  type SimulatedExport,
  simulateExport,
  type Totals,
} from '../../service/platforms/apple-health/simulator/export.ts'
import type { UploadedFile } from '../../service/platforms/contract.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'
import { send, ZIP } from '../support/upload-scene.ts'

/** A year with both changes of the clock, ten days on the other side of the date line, and a new watch. */
const YEAR: SimulatedExport = {
  seed: 42,
  firstDay: '2023-12-20',
  days: 366,
  heartRatesPerDay: 8,
  trip: [20, 30],
  watchChange: 200,
}

function make(options: SimulatedExport): { file: UploadedFile; totals: Totals } {
  const { text, totals } = simulateExport(options)
  const bytes = Buffer.from([...text].join(''))
  return { file: asFile(bytes), totals }
}

function asFile(bytes: Buffer): UploadedFile {
  return { size: bytes.length, read: async (position, length) => bytes.subarray(position, position + length) }
}

const importOf = ({ uploads }: TestService, file: UploadedFile): Promise<LocalResult> =>
  importLocalFile(uploads, { userId: ADA, platform: 'apple-health', file })

/** As the generator counted them: by day, kind and source. */
async function stored(db: TestDatabase): Promise<Record<string, { count: number; sum: string }>> {
  const { rows } = await db.admin.query<{ key: string; count: number; sum: number }>(`
    select local_day || '|' || kind || '|' || source as key, count(*)::integer as count, sum(value)::float8 as sum
    from samples group by 1`)
  return Object.fromEntries(rows.map(({ key, count, sum }) => [key, { count, sum: sum.toFixed(6) }]))
}

const expected = (totals: Totals) =>
  Object.fromEntries(
    [...totals].map(([key, { count, sum }]) => [key.replace('&amp;', '&'), { count, sum: sum.toFixed(6) }]),
  )

const countRaw = async (db: TestDatabase) =>
  (await db.admin.query<{ n: number }>('select count(*)::integer as n from raw_fitness_data')).rows[0]!.n

async function run(db: TestDatabase) {
  const { rows } = await db.admin.query(
    "select kind, status, progress::float8, records_fetched, error_code from sync_runs where kind = 'upload'",
  )
  return rows
}

/** Over HTTP, as a phone sends it, and then imported by the job; answers what the phone was told. */
async function upload(service: TestService, bytes: Buffer): Promise<Record<string, unknown>> {
  const { status, body } = await send(service, { headers: ZIP, payload: bytes })
  expect(status).toBe(202)
  await service.work()
  return body
}

const bytesOf = ({ file }: { file: UploadedFile }) => file.read(0, file.size)

describe("a person's year of Apple Health that is uploaded", () => {
  test('is stored with the totals that its generator counted, each day where the person was', async ({
    db,
    service,
  }) => {
    const year = make(YEAR)
    const { file, totals } = year
    const records = [...totals.values()].reduce((sum, { count }) => sum + count, 0)
    expect(await upload(service, await bytesOf(year))).toMatchObject({ receivedBytes: file.size, alreadyKnown: false })
    expect(await stored(db)).toEqual(expected(totals))
    expect(await run(db)).toEqual([
      { kind: 'upload', status: 'complete', progress: 1, records_fetched: records, error_code: null },
    ])
    expect((await db.admin.query('select from raw_fitness_data where processed_at is null')).rowCount).toBe(0)
  })

  test('again, later and earlier: the newest export is what holds', async ({ db, service }) => {
    const first = make({ ...YEAR, days: 90, lateDays: [30, 60] })
    const second = make({ ...YEAR, days: 91, deletedDays: [50] })
    await upload(service, await bytesOf(first))
    expect(await stored(db)).toEqual(expected(first.totals))
    expect(await upload(service, await bytesOf(first))).toMatchObject({ alreadyKnown: true })
    await upload(service, await bytesOf(second))
    expect(await stored(db)).toEqual(expected(second.totals))
    // The same old export in other bytes: what was deleted since does not come back.
    const { text } = simulateExport({ ...YEAR, days: 90, lateDays: [30, 60] })
    await upload(service, Buffer.from(`${[...text].join('')}\n`))
    expect(await stored(db)).toEqual(expected(second.totals))
  })

  test('read again from its raw payloads changes nothing', async ({ db, service }) => {
    const { file, totals } = make({ ...YEAR, days: 40 })
    await importOf(service, file)
    const before = (await db.admin.query('select * from samples order by 1, 2, 3, 4, 5, 6, 7')).rows
    await db.admin.query("update raw_fitness_data set metadata = metadata - 'normalized_on_arrival'")
    await db.admin.query(`select graphile_worker.add_job('normalize_raw_data', job_key => 'normalize_raw_data:' || id,
      payload => json_build_object('userId', user_id, 'createdAt', created_at::text, 'rawId', id)) from raw_fitness_data`)
    await service.work()
    expect((await db.admin.query('select * from samples order by 1, 2, 3, 4, 5, 6, 7')).rows).toEqual(before)
    expect(await stored(db)).toEqual(expected(totals))
  })
})

/** Dies before it has stored anything. */
function failing(service: TestService): TestService {
  const openBatch = () => {
    throw new Error('killed')
  }
  return { ...service, uploads: { ...service.uploads, openBatch } }
}

describe('an import that is cut off', () => {
  const options = { ...YEAR, days: 90, heartRatesPerDay: 60 }

  test('goes on behind what was stored, and stores nothing twice', async ({ db, service }) => {
    const { file, totals } = make(options)
    let batches = 0
    const dying: TestService['uploads'] = {
      ...service.uploads,
      openBatch: (owner) => {
        batches += 1
        if (batches === 2) throw new Error('killed')
        return service.uploads.openBatch(owner)
      },
    }
    await expect(importOf({ ...service, uploads: dying }, file)).rejects.toThrow('killed')
    const before = await countRaw(db)
    expect(before).toBeGreaterThan(0)
    expect(await importOf(service, file)).toMatchObject({ is: 'imported', continued: true })
    expect(await stored(db)).toEqual(expected(totals))
    const again = await countRaw(db)
    expect(again).toBeGreaterThan(before)
    const { rows } = await db.admin.query(
      'select from raw_fitness_data group by md5(raw_data::text) having count(*) > 1',
    )
    expect(rows).toEqual([])
  })

  test('is done once when two processes go on with it at the same moment', async ({ db, service }) => {
    const { file, totals } = make({ ...YEAR, days: 40, heartRatesPerDay: 60 })
    await expect(importOf(failing(service), file)).rejects.toThrow('killed')
    const { promise: both, resolve: go } = Promise.withResolvers<void>()
    let ready = 0
    const waiting: TestService['uploads'] = {
      ...service.uploads,
      openBatch: (owner) => {
        const batch = service.uploads.openBatch(owner)
        const close = async () => {
          ready += 1
          if (ready === 2) go()
          await both
          return batch.close()
        }
        return { add: (payload) => batch.add(payload), close }
      },
    }
    const one = () => importOf({ ...service, uploads: waiting }, file)
    const results = await Promise.allSettled([one(), one()])
    expect(ready).toBeGreaterThanOrEqual(2)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await importOf(service, file)).toMatchObject({ is: 'known' })
    expect(await stored(db)).toEqual(expected(totals))
    const { rows } = await db.admin.query(
      'select from raw_fitness_data group by md5(raw_data::text) having count(*) > 1',
    )
    expect(rows).toEqual([])
  })

  test('by the end of its slice goes on in a new job, as often as it takes', async ({ db, service }) => {
    const { text, totals } = simulateExport(options)
    const { body } = await send(service, { headers: ZIP, payload: Buffer.from([...text].join('')) })
    const job = { userId: ADA, uploadId: body['uploadId'] as string, runId: body['syncRunId'] as string }
    let slices = 0
    while ((await importUpload.run(job, { ...service.uploads, sliceMs: 0 })) !== undefined) slices += 1
    // 10,213 records in payloads of a thousand, the first with one element that is none: behind 2,999, 4,999, 6,999 and 8,999.
    expect(slices).toBe(4)
    expect(await run(db)).toMatchObject([{ status: 'complete', progress: 1 }])
    expect(await stored(db)).toEqual(expected(totals))
  })

  test('by its last attempt goes on when its dead letter is retried, though there is no connection', async ({
    db,
    service,
  }) => {
    const { text, totals } = simulateExport({ ...YEAR, days: 10 })
    await send(service, { headers: ZIP, payload: Buffer.from([...text].join('')) })
    await db.admin.query("update graphile_worker._private_jobs set locked_by = 'lost', locked_at = now(), attempts = 5")
    await db.admin.query(
      "select ops.bury_job(id, 'lost', key, 'job/worker_lost', '{}') from graphile_worker._private_jobs",
    )
    expect(await run(db)).toMatchObject([{ status: 'failed', error_code: 'job/worker_lost' }])
    await db.admin.query('select ops.revive_dead_letters(array(select id from dead_letters))')
    await service.work()
    expect(await run(db)).toMatchObject([{ status: 'complete', error_code: null }])
    expect(await stored(db)).toEqual(expected(totals))
  })

  test('by a command that nobody repeats makes room for the next file after ten minutes', async ({ db, service }) => {
    await expect(importOf(failing(service), make({ ...YEAR, days: 10 }).file)).rejects.toThrow('killed')
    const other = make({ ...YEAR, days: 11 })
    await expect(importOf(service, other.file)).rejects.toThrow('upload/busy')
    await db.admin.query("update sync_runs set updated_at = now() - interval '11 minutes'")
    expect(await importOf(service, other.file)).toMatchObject({ is: 'imported' })
    expect(await run(db)).toContainEqual(expect.objectContaining({ status: 'failed', error_code: 'upload/abandoned' }))
  })
})

test('a file that breaks off keeps what it told, and its run says why it failed', async ({ db, service }) => {
  const { text } = simulateExport({ ...YEAR, days: 10 })
  const cut = asFile(Buffer.from([...text].join('').slice(0, 50_000)))
  await expect(importOf(service, cut)).rejects.toThrow('upload/damaged')
  expect(await run(db)).toMatchObject([{ status: 'failed', error_code: 'upload/damaged' }])
})

test('a run that ended elsewhere is not continued', async ({ service }) => {
  const { file } = make({ ...YEAR, days: 2 })
  const upload = service.uploads.platforms.get('apple-health')!.upload!
  const key = { userId: ADA, uploadId: ADA, runId: ADA }
  expect(await importFile(service.uploads, { key, upload, file, receivedAt: new Date() })).toBe('elsewhere')
})
