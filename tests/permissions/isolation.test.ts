import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { A, B } from './planted-people.ts'
import { columnsOf } from './promises.ts'
import { createWorlds, lookForLeaks, productMetadata, type TwoWorlds } from './two-worlds.ts'

const FIRST_SEED = Number(process.env['ISOLATION_SEED'] ?? 1)
const OPERATIONS = 400

let worlds: TwoWorlds
beforeAll(async () => {
  worlds = await createWorlds()
})
afterAll(() => worlds.drop())

describe('the planted people', () => {
  test("have a row each in every tracked table of rows that are somebody's", async () => {
    const { tables } = (await productMetadata()).sources[0]
    const personal = tables.filter((table) => columnsOf(table).includes('user_id')).map(({ table }) => table.name)
    expect(personal).toContain('samples')
    const rows = await Promise.all(personal.map((table) => peopleIn(worlds.withB.admin, table)))
    expect(Object.fromEntries(personal.map((table, index) => [table, rows[index]]))).toEqual(
      Object.fromEntries(personal.map((table) => [table, [A, B]])),
    )
  })
})

describe('random operations as one person', () => {
  test(`reveal and change nothing of another (seeds from ${FIRST_SEED})`, async () => {
    const seeds = Array.from({ length: OPERATIONS }, (_, index) => FIRST_SEED + index)
    const { leaks, telling } = await lookForLeaks(worlds, await productMetadata(), { seeds })
    expect(leaks).toEqual([])
    expect(telling).toBeGreaterThan(OPERATIONS / 5)
  }, 60_000)

  test('notice a row filter that is gone', async () => {
    const metadata = structuredClone(await productMetadata())
    const table = metadata.sources[0].tables.find((candidate) => candidate.table.name === 'activities')
    Object.assign(table!.select_permissions!.find(({ role }) => role === 'user')!.permission, { filter: {} })
    const seeds = Array.from({ length: OPERATIONS }, (_, index) => index + 1)
    const { leaks } = await lookForLeaks(worlds, metadata, { seeds, stopAtFirst: true, about: 'activities' })
    expect(leaks).toHaveLength(1)
  }, 60_000)
})

async function peopleIn(pool: pg.Pool, table: string): Promise<string[]> {
  const { rows } = await pool.query<{ user_id: string }>(`select distinct user_id from ${table} order by user_id`)
  return rows.map((row) => row.user_id)
}
