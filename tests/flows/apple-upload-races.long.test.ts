import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { cancelUpload } from '../../service/ingestion/cancel-upload.ts'
import { type ReceivedUpload, receiveFile } from '../../service/ingestion/receive-upload.ts'
import { simulateExport, type Totals } from '../../service/platforms/apple-health/simulator/export.ts'
import type { AppError } from '../../service/runtime/errors.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA, BELA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

const PLATFORM = 'apple-health'
const PIECE = 700_000

function anExport(): { bytes: Buffer; totals: Totals } {
  const { text, totals } = simulateExport({ seed: 3, firstDay: '2024-02-01', days: 20, heartRatesPerDay: 220 })
  return { bytes: Buffer.from([...text].join('')), totals }
}

interface Sender {
  readonly uploadId: string
  readonly bytes: Buffer
  readonly offset?: number
  /** What happens before the piece that begins here is sent. */
  readonly before?: (from: number) => Promise<void>
}

/** One request; its end, or the code with which it was refused. */
async function sendWith(
  { uploads }: TestService,
  { uploadId, bytes, offset = 0, before = async () => undefined }: Sender,
): Promise<ReceivedUpload | string> {
  async function* body() {
    for (let from = offset; from < bytes.length; from += PIECE) {
      await before(from)
      yield bytes.subarray(from, from + PIECE)
    }
  }
  return receiveFile(uploads, { userId: ADA, platform: PLATFORM, uploadId, offset, body: body() }).catch(
    (error: AppError) => error.code,
  )
}

async function imported({ admin }: TestDatabase): Promise<Record<string, string>> {
  const { rows } = await admin.query<{ key: string; sum: string }>(
    "select local_day || '|' || kind || '|' || source as key, count(*) || ' ' || round(sum(value), 3)::float8 as sum from samples group by 1",
  )
  return Object.fromEntries(rows.map(({ key, sum }) => [key, sum]))
}

const expected = (totals: Totals) =>
  Object.fromEntries(
    [...totals].map(([key, { count, sum }]) => [key.replace('&amp;', '&'), `${count} ${Number(sum.toFixed(3))}`]),
  )

/** Each waits for the others at each of its pieces: they are always about to store the same bytes. */
function inStep(count: number) {
  let waiting: (() => void)[] = []
  return () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length < count) return setTimeout(() => (waiting.splice(0).forEach((go) => go()), undefined), 200)
      const all = waiting
      waiting = []
      for (const go of all) go()
      return undefined
    })
}

describe('two senders of one upload at once', () => {
  test('store each byte once: one of them ends, the others are told, and the import has equal rows', async ({
    db,
    service,
  }) => {
    const { bytes, totals } = anExport()
    expect(bytes.length).toBeGreaterThan(3 * PIECE)
    const uploadId = randomUUID()
    const before = inStep(3)
    const ends = await Promise.all([1, 2, 3].map(() => sendWith(service, { uploadId, bytes, before })))
    expect(ends.filter((end) => typeof end !== 'string')).toHaveLength(1)
    expect(ends.filter((end) => end === 'upload/wrong_offset')).toHaveLength(2)
    const { rows } = await db.admin.query(
      `select received_bytes::int as received, (select sum(byte_count)::int from ops.upload_chunks) as stored,
        (select count(*)::int from sync_runs where kind = 'upload') as runs from ops.uploads`,
    )
    expect(rows).toEqual([{ received: bytes.length, stored: bytes.length, runs: 1 }])
    await service.work()
    expect(await imported(db)).toEqual(expected(totals))
  })

  test('that complete it at the same time begin one import', async ({ db, service }) => {
    const { bytes } = anExport()
    const uploadId = randomUUID()
    const cut = bytes.length - 1000
    expect(await sendWith(service, { uploadId, bytes: bytes.subarray(0, cut) })).toMatchObject({ receivedBytes: cut })
    // The first part alone was taken for a whole file; its import is stopped, and the race is about another id.
    await cancelUpload(service.uploads.db, { userId: ADA, uploadId, platform: PLATFORM })
    const again = randomUUID()
    const ends = await Promise.all(
      [1, 2, 3, 4].map(() => sendWith(service, { uploadId: again, bytes, before: inStep(1) })),
    )
    const begun = ends.filter((end) => typeof end !== 'string')
    expect(begun.length).toBeGreaterThan(0)
    expect(new Set(begun.map(({ syncRunId }) => syncRunId)).size).toBe(1)
    const { rows } = await db.admin.query(
      "select status, count(*)::int as n from sync_runs where kind = 'upload' group by 1 order by 1",
    )
    expect(rows).toEqual([
      { status: 'cancelled', n: 1 },
      { status: 'running', n: 1 },
    ])
  })
})

describe('an upload that its person cancels', () => {
  test('while it is sent is gone with its bytes, and its sender is told', async ({ db, service }) => {
    const { bytes } = anExport()
    const uploadId = randomUUID()
    const before = async (from: number) => {
      if (from === 4 * PIECE) await cancelUpload(service.uploads.db, { userId: ADA, uploadId, platform: PLATFORM })
    }
    expect(await sendWith(service, { uploadId, bytes, before })).toBe('upload/wrong_offset')
    const { rows } = await db.admin.query('select from ops.uploads union all select from ops.upload_chunks')
    expect(rows).toEqual([])
  })

  test('while it is imported stops, keeps what is stored, and leaves room for the next file', async ({
    db,
    service,
  }) => {
    const { bytes, totals } = anExport()
    const uploadId = randomUUID()
    await sendWith(service, { uploadId, bytes })
    await cancelUpload(service.uploads.db, { userId: ADA, uploadId, platform: PLATFORM })
    await cancelUpload(service.uploads.db, { userId: ADA, uploadId, platform: PLATFORM })
    await service.work()
    expect(await imported(db)).toEqual({})
    const { rows } = await db.admin.query(
      "select status, (select count(*)::int from ops.upload_chunks) as chunks, (select state from ops.uploads) as state from sync_runs where kind = 'upload'",
    )
    expect(rows).toEqual([{ status: 'cancelled', chunks: 0, state: 'failed' }])
    expect(await sendWith(service, { uploadId: randomUUID(), bytes })).toMatchObject({ alreadyKnown: false })
    await service.work()
    expect(await imported(db)).toEqual(expected(totals))
  })

  test('is nobody else’s to cancel', async ({ service }) => {
    const { bytes } = anExport()
    const uploadId = randomUUID()
    await sendWith(service, { uploadId, bytes })
    const cancelled = cancelUpload(service.uploads.db, { userId: BELA, uploadId, platform: PLATFORM })
    await expect(cancelled).rejects.toMatchObject({ code: 'upload/not_found' })
  })
})
