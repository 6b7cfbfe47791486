import { expect } from 'vitest'
import { normalizeAll } from '../support/garmin-scene.ts'
import { allowRequests, listRequests, runsOf, servedIds, storedIds, testWithHistory } from '../support/long-history.ts'
import { connect } from '../support/service.ts'

/** Pages of four that each begin with the last of the one before: a hundred of them hold 4 + 99 × 3. */
const test = testWithHistory({ activities: 301, everyHours: 96, pageSize: 4 })
const PLENTY = 10_000

test('a token that is revoked at page 40 of 100 leaves 40 pages; the next consent brings the rest, with no gap and no duplicate', async ({
  db,
  service,
}) => {
  await connect(service)
  await allowRequests(db, 40)
  await service.work()
  expect(await runsOf(db, 'history')).toMatchObject([{ status: 'running', pages_fetched: 40 }])
  await service.simulate('POST', '/athletes/1/deauthorize')
  await allowRequests(db, PLENTY)
  await service.work()
  expect(await runsOf(db, 'history')).toMatchObject([
    {
      status: 'failed',
      error_code: 'connection/reauth_required',
      pages_fetched: 40,
      results: expect.arrayContaining([
        // 4 + 39 × 3
        { data_type: 'activity_list', outcome: 'partial', records: 121, reason: 'connection/reauth_required' },
      ]),
    },
  ])
  const before = await listRequests(service)
  await connect(service, { query: '&simulate_athlete=1' })
  await allowRequests(db, PLENTY)
  await service.work()
  expect((await runsOf(db, 'history')).at(-1)).toMatchObject({ status: 'complete', error_code: null })
  // Two pages for the last fourteen days; then, from where it broke off, sixty, one that is its last activity again, and an empty one.
  expect((await listRequests(service)) - before).toBe(64)
  const served = await servedIds(service)
  expect(served).toHaveLength(301)
  expect(new Set(await storedIds(db))).toEqual(new Set(served))
  await normalizeAll(service, db)
  const { rows } = await db.admin.query<{ id: string }>('select source_id as id from activities')
  expect(rows.map(({ id }) => id).toSorted()).toEqual(served.toSorted())
})
