import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClone, type TestDatabase } from '../support/database.ts'
import { type EngineUnderTest, openEngineUnderTest } from '../support/engine-under-test.ts'
import { judgeByAsking } from './asked.ts'
import { judgeActionsByAsking } from './asked-actions.ts'
import { loosenEach } from './loosen.ts'
import { askOverHttp, unseen, worldOf } from './over-graphql.ts'
import { plantBoth, removeBoth } from './planted-people.ts'
import { readMatrix } from './promises.ts'
import { productMetadata } from './two-worlds.ts'

const matrix = readMatrix()
const metadata = await productMetadata()
const tables = metadata.sources[0].tables.map(({ table }) => table.name)
const roles = [...Object.keys(matrix.roles), 'anonymous']

describe('permissions.yaml, done over HTTP as A, as B, as a stranger and as nobody,', () => {
  let engine: EngineUnderTest
  beforeAll(async () => {
    engine = await openEngineUnderTest()
    await removeBoth(engine.admin)
    await plantBoth(engine.admin)
  })
  afterAll(async () => {
    await removeBoth(engine.admin)
    await engine.close()
  })

  test.for(tables)('holds for %s', async (table) => {
    const world = { pool: engine.admin, ask: askOverHttp(engine.url, engine.adminSecret) }
    const problems = await Promise.all(roles.map((role) => judgeByAsking(world, matrix, { role, table })))
    expect(problems.flat()).toEqual([])
  })

  test.for(roles)('gives role %s its actions and no other', async (role) => {
    const world = { ask: askOverHttp(engine.url, engine.adminSecret) }
    expect(await judgeActionsByAsking(world, matrix, role)).toEqual([])
  })
})

describe('in the stand-in', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await createClone()
    await plantBoth(db.admin)
  })
  afterAll(() => db.drop())

  test('no answer holds more rows than its limit', async () => {
    const world = await worldOf(db, metadata)
    const pairs = tables.flatMap((table) => roles.map((role) => ({ role, table })))
    const problems = await Promise.all(pairs.map((pair) => judgeByAsking(world, matrix, pair)))
    expect(problems.flat()).toEqual([])
  })

  // One rule of each kind; every rule there is: over-graphql.long.test.ts.
  const loosened = loosenEach(metadata, Object.keys(matrix.roles)).filter((one) => unseen(one, matrix) === undefined)
  const ofTables = loosened.filter(({ name }) => /^\w+\.\w+\.\w+:/.test(name))
  const sample = [...new Map(ofTables.map((one) => [one.name.replace(/^.*?\./, ''), one] as const)).values()]

  test.for(sample.map((one) => [one.name, one.metadata] as const))(
    'an operation notices %s',
    async ([name, looser]) => {
      const [, table = '', role = ''] = /^(\w+)\.\w+\.(\w+):/.exec(name) ?? []
      expect(await judgeByAsking(await worldOf(db, looser), matrix, { role, table })).not.toEqual([])
    },
  )
})
