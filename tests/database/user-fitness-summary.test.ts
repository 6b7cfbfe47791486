import { describe, expect } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'
import { ADA, BELA, insertConnectedPerson } from '../support/people.ts'

/** The architecture decision's own definition of the view. */
const DECISION = `
  select user_id, date(created_at)::text as date, platform, count(*)::int as data_points, jsonb_agg(distinct data_type) as data_types
  from raw_fitness_data group by user_id, date(created_at), platform order by 1, 2, 3`
const OURS = `
  select user_id, date::text, platform, data_points::int, data_types from user_fitness_summary order by 1, 2, 3`

async function insertRaw(
  db: TestDatabase,
  rows: readonly { user: string; type: string; day: number }[],
): Promise<void> {
  await db.service.query(
    `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, created_at)
     select r.user, 'strava', r.type, '{}', '{}', date_trunc('month', now()) + make_interval(days => r.day)
     from jsonb_to_recordset($1::jsonb) as r ("user" uuid, type text, day integer)`,
    [JSON.stringify(rows)],
  )
}

async function expectEqual(db: TestDatabase, groups: number): Promise<void> {
  const { rows: expected } = await db.admin.query(DECISION)
  const { rows: actual } = await db.admin.query(OURS)
  expect(expected).toHaveLength(groups)
  expect(actual).toEqual(expected)
}

describe('user_fitness_summary', () => {
  test("equals the decision's own query after inserts in many statements and deletions", async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await insertConnectedPerson(db.admin, BELA, '43')
    await insertRaw(db, [
      { user: ADA, type: 'activity_list', day: 0 },
      { user: ADA, type: 'activity_list', day: 0 },
      { user: ADA, type: 'activity', day: 1 },
      { user: BELA, type: 'activity', day: 1 },
    ])
    await insertRaw(db, [{ user: ADA, type: 'activity', day: 0 }])
    await expectEqual(db, 3)
    await db.service.query("delete from raw_fitness_data where data_type = 'activity'")
    await expectEqual(db, 1)
    await db.service.query('delete from raw_fitness_data')
    await expectEqual(db, 0)
  })

  test('twenty inserts at once are all counted', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    const types = ['activity', 'activity_list', 'activity_streams']
    await Promise.all(
      Array.from({ length: 20 }, (_unused, index) => insertRaw(db, [{ user: ADA, type: types[index % 3]!, day: 2 }])),
    )
    await expectEqual(db, 1)
  })
})
