import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClone, type TestDatabase } from '../support/database.ts'
import { judgeByAsking } from './asked.ts'
import { loosenEach } from './loosen.ts'
import { unseen, worldOf } from './over-graphql.ts'
import { plantBoth } from './planted-people.ts'
import { readMatrix } from './promises.ts'
import { productMetadata } from './two-worlds.ts'

const matrix = readMatrix()
const loosened = loosenEach(await productMetadata(), Object.keys(matrix.roles)).flatMap((one) => {
  const [, table, role] = /^(\w+)\.\w+\.(\w+): /.exec(one.name) ?? []
  return table === undefined || role === undefined ? [] : [{ one, table, role }]
})

let db: TestDatabase
let readOnly: ReadonlySet<string>
beforeAll(async () => {
  db = await createClone()
  await plantBoth(db.admin)
  readOnly = await readOnlyViews(db.admin)
})
afterAll(() => db.drop())

describe('every loosened rule is noticed by an operation, unless no operation can show it:', () => {
  test.for(loosened.map((loose) => [loose.one.name, loose] as const))('%s', async ([, { one, table, role }]) => {
    const problems = await judgeByAsking(await worldOf(db, one.metadata), matrix, { role, table })
    const isWrite = !one.name.includes('.select.')
    const why = isWrite && readOnly.has(table) ? 'nobody can write a view like this' : unseen(one, matrix)
    expect({ noticed: problems.length > 0, why }).toEqual({ noticed: why === undefined, why })
  })
})

async function readOnlyViews(pool: pg.Pool): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ name: string }>(
    `select table_name as name from information_schema.views where table_schema = 'public' and is_insertable_into = 'NO'`,
  )
  return new Set(rows.map(({ name }) => name))
}
