import { expect } from 'vitest'
import { reconcileUser } from '../../service/ingestion/reconcile-user.ts'
import { normalizeAll } from '../support/garmin-scene.ts'
import { allowRequests, servedIds, testWithPages } from '../support/long-history.ts'
import { ADA } from '../support/people.ts'
import { connect } from '../support/service.ts'

const test = testWithPages(2)

test('a comparison deletes nothing that the platform still has, whatever a page of its list leaves out', async ({
  db,
  service,
}) => {
  await connect(service)
  await allowRequests(db, 10_000)
  await service.work()
  await normalizeAll(service, db)
  // The second page has it; here it looks as if the first had to.
  const [moved] = (await servedIds(service)).slice(205)
  const { rowCount } = await db.admin.query(
    "update activities set started_at = now() - interval '1 day', ended_at = now() where source_id = $1",
    [moved],
  )
  expect(rowCount).toBe(1)
  await reconcileUser(service.ingestion, { userId: ADA, askedBy: 'operator' })
  await allowRequests(db, 10_000)
  await service.work()
  await normalizeAll(service, db)
  const { rows } = await db.admin.query('select kind, source_id, state from reconciliation_findings order by kind')
  expect(rows).toEqual([
    { kind: 'changed', source_id: moved, state: 'repaired' },
    { kind: 'deleted', source_id: moved, state: 'not_confirmed' },
  ])
  const after = await db.admin.query(
    "select started_at < now() - interval '30 days' as mended from activities where source_id = $1",
    [moved],
  )
  expect(after.rows).toEqual([{ mended: true }])
})
