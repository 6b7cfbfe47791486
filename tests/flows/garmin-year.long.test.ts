import { describe, expect } from 'vitest'
import { type Book, between, summariesAsBook } from '../support/garmin-book.ts'
import { connectBoth, normalizeAll, test } from '../support/garmin-scene.ts'

describe('a simulated year', () => {
  test('comes to what the simulator’s book says, day by day, through deliveries, normalization and merging', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    const year = between('2025-01-01', '2026-01-01')
    expect(door.url).toContain('garmin')
    const { book } = (await service.simulateGarmin('POST', '/people/1/live', year)) as { book: Book }
    await service.work()
    await normalizeAll(service, db)
    await service.work()
    expect(Object.keys(book).length).toBeGreaterThan(363)
    expect(await summariesAsBook(db)).toEqual(book)
    const { rows } = await db.admin.query(
      `select count(distinct device_name)::int as devices, count(*) filter (where not counted)::int as wholes,
        (select count(*)::int from activity_duplicates) as twice,
        (select count(*)::int from ops.webhook_deliveries where state <> 'processed') as unprocessed
      from activities`,
    )
    expect(rows[0]).toMatchObject({ devices: 3, unprocessed: 0 })
    expect(rows[0].twice).toBeGreaterThan(20)
    expect(rows[0].wholes).toBeGreaterThan(2)
  })
})
