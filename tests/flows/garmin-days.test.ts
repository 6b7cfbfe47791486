import { describe, expect } from 'vitest'
import { type Book, between, summariesAsBook } from '../support/garmin-book.ts'
import { connectBoth, normalizeAll, test } from '../support/garmin-scene.ts'

describe('twelve days over the date line', () => {
  test('come to what the simulator’s book says, with days late, cut short, sent again and corrected', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    expect(door.url).toContain('garmin')
    const days = between('2025-07-14', '2025-07-26')
    const { book } = (await service.simulateGarmin('POST', '/people/1/live', days)) as { book: Book }
    await service.work()
    await normalizeAll(service, db)
    await service.work()
    expect(Object.keys(book).length).toBeGreaterThan(10)
    expect(await summariesAsBook(db)).toEqual(book)
    expect((await db.admin.query('select from activity_duplicates')).rowCount).toBeGreaterThan(0)
  })
})
